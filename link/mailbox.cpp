// SPDX-License-Identifier: Apache-2.0
#include "link/mailbox.h"

#include <atomic>
#include <cstring>
#include <string>

#include "base/check.h"

namespace remapstorm {
namespace {

template <typename T>
void store(T& word, T value) {
  std::atomic_ref<T>(word).store(value, std::memory_order_release);
}

template <typename T>
T load(T& word) {
  return std::atomic_ref<T>(word).load(std::memory_order_acquire);
}

std::atomic_ref<__rs_u64> word_of(__rs_u64 (&words)[2], unsigned probe) {
  RS_CHECK(probe < RS_PROBE_LIMIT, "probe number out of range");
  return std::atomic_ref<__rs_u64>(words[probe / 64]);
}

std::uint64_t bit_of(unsigned probe) { return 1ULL << (probe % 64); }

}  // namespace

Mailbox::Mailbox(std::span<std::byte> region, unsigned vcpus) : region_(region) {
  RS_CHECK(region.size() >= RS_MAILBOX_BYTES, "mailbox region too small");
  RS_CHECK(vcpus >= 1 && vcpus <= RS_MAX_VCPUS, "mailbox for a number of vCPUs outside 1..RS_MAX_VCPUS");
  std::memset(region.data(), 0, RS_MAILBOX_BYTES);
  box().magic = RS_ABI_MAGIC;
  box().version = RS_ABI_VERSION;
  box().vcpus = vcpus;
  box().ring_entries = RS_RING_ENTRIES;
  box().ring_offset = RS_RING_OFFSET;
  silence(RS_PROBE_UPDATE_BEGIN);
}

void Mailbox::arm(unsigned probe) {
  unsilence(probe);
  word_of(box().armed, probe).fetch_or(bit_of(probe));
}

void Mailbox::disarm(unsigned probe) { word_of(box().armed, probe).fetch_and(~bit_of(probe)); }

void Mailbox::silence(unsigned probe) { word_of(box().quiet, probe).fetch_or(bit_of(probe)); }

void Mailbox::unsilence(unsigned probe) { word_of(box().quiet, probe).fetch_and(~bit_of(probe)); }

Status Mailbox::set_workload(std::string_view text) {
  if (text.size() >= RS_WORKLOAD_BYTES) {
    return usage_error("the workloads take " + std::to_string(text.size()) + " bytes as text; at most " +
                       std::to_string(RS_WORKLOAD_BYTES - 1) + " fit the mailbox");
  }
  std::memset(box().workload, 0, RS_WORKLOAD_BYTES);
  std::memcpy(box().workload, text.data(), text.size());
  store(box().workload_bytes, static_cast<std::uint32_t>(text.size()));
  return {};
}

void Mailbox::stop_workloads() { store(box().stop, 1U); }

std::uint32_t& Mailbox::token_word(unsigned vcpu, InterruptKind kind) const {
  RS_CHECK(vcpu < RS_MAX_VCPUS, "vCPU out of range");
  rs_vcpu_box& one = box().vcpu[vcpu];
  switch (kind) {
    case InterruptKind::line:
      return one.line_token;
    case InterruptKind::msi:
      return one.msi_token;
    case InterruptKind::nmi:
      return one.nmi_token;
    case InterruptKind::call:
      return one.call_token;
  }
  RS_CHECK(false, "unknown interrupt kind");
}

void Mailbox::prepare_interrupt(unsigned vcpu, InterruptKind kind, std::uint32_t token, std::uint32_t action) {
  std::uint32_t& token_field = token_word(vcpu, kind);
  rs_vcpu_box& one = box().vcpu[vcpu];
  std::uint32_t& action_field = kind == InterruptKind::line  ? one.line_action
                                : kind == InterruptKind::msi ? one.msi_action
                                : kind == InterruptKind::nmi ? one.nmi_action
                                                             : one.call_action;
  store(action_field, action);  // before the token: the handler reads the action once it has the token
  store(token_field, token);
}

std::uint32_t Mailbox::untaken_token(unsigned vcpu, InterruptKind kind) const { return load(token_word(vcpu, kind)); }

void Mailbox::set_held(std::uint32_t vcpus) { store(box().held, vcpus); }

void Mailbox::set_soft_hold(unsigned vcpu, std::uint32_t token) {
  RS_CHECK(vcpu < RS_MAX_VCPUS, "vCPU out of range");
  store(box().vcpu[vcpu].hold, token);
}

std::uint64_t Mailbox::target() const { return load(box().target); }
std::uint32_t Mailbox::guest_version() const { return load(box().guest_version); }

std::span<const std::byte> Mailbox::ring(unsigned vcpu) const {
  RS_CHECK(vcpu < RS_MAX_VCPUS, "vCPU out of range");
  return region_.subspan(RS_RING_OFFSET + vcpu * RS_RING_BYTES, RS_RING_BYTES);
}

std::uint64_t Mailbox::ring_head(unsigned vcpu) const {
  RS_CHECK(vcpu < RS_MAX_VCPUS, "vCPU out of range");
  return load(box().vcpu[vcpu].ring_head);
}

void Mailbox::set_ring_tail(unsigned vcpu, std::uint64_t sequence) {
  RS_CHECK(vcpu < RS_MAX_VCPUS, "vCPU out of range");
  store(box().vcpu[vcpu].ring_tail, __rs_u64{sequence});
}

}  // namespace remapstorm
