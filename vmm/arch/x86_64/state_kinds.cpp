// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/state_kinds.h"

#include <cstring>

#include "base/hex.h"
#include "vmm/arch/x86_64/flags.h"

namespace remapstorm::x86_64 {
namespace {

std::uint64_t word_at(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint64_t value = 0;
  if (offset + sizeof(value) <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

void compare_bytes(std::span<const std::byte> want, std::span<const std::byte> have, std::vector<std::string>& out) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (want[i] == have[i]) continue;
    const std::size_t at = i & ~std::size_t{7};
    out.push_back("byte " + std::to_string(i) + ": " + hex(word_at(want, at)) + " became " + hex(word_at(have, at)));
    i = at + 7;
  }
}

void compare_msrs(std::span<const std::byte> want, std::span<const std::byte> have, std::vector<std::string>& out) {
  for (std::size_t at = 0; at + sizeof(MsrValue) <= want.size(); at += sizeof(MsrValue)) {
    MsrValue a;
    MsrValue b;
    std::memcpy(&a, want.data() + at, sizeof(a));
    std::memcpy(&b, have.data() + at, sizeof(b));
    if (a.index != b.index) {
      out.push_back("MSR " + hex(a.index) + " is missing");
    } else if (a.value != b.value) {
      out.push_back("MSR " + hex(a.index) + ": " + hex(a.value) + " became " + hex(b.value));
    }
  }
}

// Left out: the timer's current count, which runs down by itself (SDM volume 3, 11.5.4), and the processor priority
// (11.8.3.1), which follows from task priority and in-service bits. KVM works it out whenever it is used or read; what
// KVM_SET_LAPIC leaves in its place comes from the in-service bits that were there before.
void compare_local_apic(std::span<const std::byte> want, std::span<const std::byte> have,
                        std::vector<std::string>& out) {
  constexpr std::size_t kProcessorPriority = 0xa0;
  constexpr std::size_t kCurrentCount = 0x390;
  for (std::size_t at = 0; at + 16 <= want.size(); at += 16) {
    if (at == kCurrentCount || at == kProcessorPriority) continue;
    if (std::memcmp(want.data() + at, have.data() + at, 16) == 0) continue;
    out.push_back("register " + hex(at) + ": " + hex(word_at(want, at)) + " became " + hex(word_at(have, at)));
  }
}

}  // namespace

std::string_view state_name(StateKind kind) {
  switch (kind) {
    case StateKind::mp_state:
      return "run state";
    case StateKind::registers:
      return "registers";
    case StateKind::system_registers:
      return "system registers";
    case StateKind::fpu:
      return "FPU and vector registers";
    case StateKind::extended_control:
      return "extended control registers";
    case StateKind::debug_registers:
      return "debug registers";
    case StateKind::msrs:
      return "MSRs";
    case StateKind::counter:
      return "time-stamp counter";
    case StateKind::local_apic:
      return "local APIC";
    case StateKind::events:
      return "pending events";
    case StateKind::deadline:
      return "deadline timer";
    case StateKind::pic_master:
      return "first PIC";
    case StateKind::pic_slave:
      return "second PIC";
    case StateKind::ioapic:
      return "IOAPIC";
    case StateKind::pit:
      return "PIT";
    case StateKind::clock:
      return "clock";
  }
  return "unknown state";
}

bool msr_apart(std::uint32_t index) {
  return index == kMsrTsc || index == kMsrTscDeadline || index == kMsrHyperVRuntime ||
         index == kMsrHyperVReferenceCount;
}

std::vector<std::uint32_t> unlisted_msrs() {
  // SDM volume 3, 12.11: memory type range registers.
  std::vector<std::uint32_t> out = {kMsrMtrrDefaultType, 0x250, 0x258, 0x259};
  for (std::uint32_t fixed = 0x268; fixed <= 0x26f; ++fixed) out.push_back(fixed);
  for (std::uint32_t variable = 0x200; variable < 0x210; ++variable) out.push_back(variable);
  return out;
}

bool timer_in_deadline_mode(std::span<const std::byte> local_apic) {
  constexpr std::size_t kLvtTimer = 0x320;
  return ((word_at(local_apic, kLvtTimer) >> 17) & 3) == 2;
}

std::vector<std::string> compare_state(StateKind kind, std::span<const std::byte> want,
                                       std::span<const std::byte> have) {
  std::vector<std::string> out;
  if (want.size() != have.size()) {
    out.push_back(std::to_string(want.size()) + " bytes became " + std::to_string(have.size()));
    return out;
  }
  switch (kind) {
    case StateKind::counter:
    case StateKind::clock:
      if (word_at(have, 0) < word_at(want, 0)) {
        out.push_back("ran back from " + hex(word_at(want, 0)) + " to " + hex(word_at(have, 0)));
      }
      break;
    case StateKind::msrs:
      compare_msrs(want, have, out);
      break;
    case StateKind::local_apic:
      compare_local_apic(want, have, out);
      break;
    default:
      compare_bytes(want, have, out);
  }
  return out;
}

}  // namespace remapstorm::x86_64
