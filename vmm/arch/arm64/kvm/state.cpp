// SPDX-License-Identifier: Apache-2.0
// Saving and restoring what KVM keeps of a machine. The order is in state_kinds.h.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstring>
#include <string>

#include "base/hex.h"
#include "base/syscall.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm/one_reg.h"
#include "vmm/arch/arm64/kvm/reset_vcpu.h"
#include "vmm/arch/arm64/kvm/vgic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/arm64/state_kinds.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm::host_kvm {
namespace {

using arm64::SavedWord;
using arm64::StateKind;
using arm64::StateWord;

std::string what_of(StateKind kind, std::size_t vcpu) {
  std::string text(arm64::state_name(kind));
  if (arm64::per_vcpu(kind)) text += " of vcpu " + std::to_string(vcpu);
  return text;
}

bool takes_part(StateKind kind, const StatePlan& plan) {
  return plan.interrupt_controller || !arm64::needs_interrupt_controller(kind);
}

std::vector<StateWord> words_of(StateKind kind, const StatePlan& plan) {
  if (kind != StateKind::registers) return arm64::gic_words(kind);
  std::vector<StateWord> words;
  for (const std::uint64_t id : plan.numbered_registers) words.push_back({id, 0, arm64::own_bits(id)});
  return words;
}

// One kind of words of one machine, and of a vCPU, whose number is its affinity level 0.
class Words {
 public:
  Words(StateKind kind, const MachineFds& machine, std::size_t vcpu) : kind_(kind), machine_(machine), vcpu_(vcpu) {}

  [[nodiscard]] Result<SavedWord> get(std::uint64_t id) const {
    SavedWord word{id, 0, 0};
    if (kind_ == StateKind::registers) {
      RS_TRY(get_one_reg(machine_.vcpus[vcpu_], id, &word.low));
    } else {
      RS_TRY(get_vgic(machine_.interrupt_controller, group(), attribute(id), &word.low));
    }
    return word;
  }
  [[nodiscard]] Status set(const SavedWord& word) const {
    if (kind_ == StateKind::registers) return put_one_reg(machine_.vcpus[vcpu_], word.id, &word.low);
    return set_vgic(machine_.interrupt_controller, group(), attribute(word.id), &word.low);
  }

 private:
  [[nodiscard]] std::uint32_t group() const {
    switch (kind_) {
      case StateKind::distributor:
        return KVM_DEV_ARM_VGIC_GRP_DIST_REGS;
      case StateKind::redistributor:
        return KVM_DEV_ARM_VGIC_GRP_REDIST_REGS;
      case StateKind::interface:
        return KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS;
      default:
        return KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO;
    }
  }
  [[nodiscard]] std::uint64_t attribute(std::uint64_t id) const {
    return arm64::per_vcpu(kind_) ? arm64::vcpu_attribute(vcpu_, id) : id;
  }

  StateKind kind_;
  const MachineFds& machine_;
  std::size_t vcpu_;
};

Result<std::vector<std::byte>> get_words(StateKind kind, const MachineFds& machine, std::size_t vcpu,
                                         const StatePlan& plan) {
  const std::vector<StateWord> wanted = words_of(kind, plan);
  const Words words(kind, machine, vcpu);
  std::vector<std::byte> out(wanted.size() * sizeof(SavedWord));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    RS_ASSIGN(const SavedWord word, words.get(wanted[i].id));
    std::memcpy(out.data() + i * sizeof(word), &word, sizeof(word));
  }
  return out;
}

Status set_words(StateKind kind, const MachineFds& machine, std::size_t vcpu, const StatePlan& plan,
                 std::span<const std::byte> item) {
  const std::vector<StateWord> wanted = words_of(kind, plan);
  const std::vector<SavedWord> saved = arm64::saved_words(item);
  bool same = saved.size() == wanted.size() && item.size() == saved.size() * sizeof(SavedWord);
  for (std::size_t i = 0; same && i < saved.size(); ++i) same = saved[i].id == wanted[i].id;
  if (!same) return usage_error("they are not those of this KVM");
  const Words words(kind, machine, vcpu);
  for (std::size_t i = 0; i < saved.size(); ++i) {
    RS_ASSIGN(const SavedWord now, words.get(wanted[i].id));
    if (((now.low ^ saved[i].low) & ~wanted[i].own) == 0 && now.high == saved[i].high) continue;
    if (wanted[i].clear != 0) {
      const SavedWord gone{wanted[i].clear, now.low & ~saved[i].low, 0};
      if (gone.low != 0) RS_TRY(words.set(gone));
    }
    RS_TRY(words.set(saved[i]));
  }
  return {};
}

Result<std::vector<std::byte>> get_struct(int vcpu_fd, unsigned long request, const char* name, std::size_t bytes) {
  std::vector<std::byte> out(bytes);
  RS_TRY(check_call(::ioctl(vcpu_fd, request, out.data()), name));
  return out;
}

Status set_struct(int vcpu_fd, unsigned long request, const char* name, std::size_t bytes,
                  std::span<const std::byte> item) {
  if (item.size() != bytes) return usage_error(std::to_string(item.size()) + " bytes, not " + std::to_string(bytes));
  // KVM only reads from the buffer of a SET.
  RS_TRY(check_call(::ioctl(vcpu_fd, request, const_cast<std::byte*>(item.data())), name));
  return {};
}

Result<std::vector<std::byte>> get(StateKind kind, const MachineFds& machine, std::size_t vcpu, const StatePlan& plan) {
  const int fd = machine.vcpus[vcpu];
  if (kind == StateKind::mp_state) {
    return get_struct(fd, KVM_GET_MP_STATE, "KVM_GET_MP_STATE", sizeof(kvm_mp_state));
  }
  if (kind == StateKind::events) {
    return get_struct(fd, KVM_GET_VCPU_EVENTS, "KVM_GET_VCPU_EVENTS", sizeof(kvm_vcpu_events));
  }
  if (kind != StateKind::counter) return get_words(kind, machine, vcpu, plan);
  RS_ASSIGN(const std::uint64_t counter, guest_counter(fd));
  const auto bytes = std::as_bytes(std::span(&counter, 1));
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

Status set(StateKind kind, const MachineFds& machine, std::size_t vcpu, const StatePlan& plan,
           std::span<const std::byte> item) {
  const int fd = machine.vcpus[vcpu];
  if (kind == StateKind::mp_state) {
    return set_struct(fd, KVM_SET_MP_STATE, "KVM_SET_MP_STATE", sizeof(kvm_mp_state), item);
  }
  if (kind == StateKind::events) {
    return set_struct(fd, KVM_SET_VCPU_EVENTS, "KVM_SET_VCPU_EVENTS", sizeof(kvm_vcpu_events), item);
  }
  if (kind != StateKind::counter) return set_words(kind, machine, vcpu, plan, item);
  if (item.size() != sizeof(std::uint64_t))
    return usage_error("a counter of " + std::to_string(item.size()) + " bytes");
  // Of one vCPU: KVM keeps one offset for the machine.
  return put_one_reg(fd, arm64::kTimerCounter, item.data());
}

// Calls `act` for each piece of the machine's state, in the order of restoring; `items`: where it is kept.
template <typename State, typename Act>
Status for_each(const MachineFds& machine, const StatePlan& plan, State& state, Act act) {
  for (const StateKind kind : arm64::kRestoreOrder) {
    if (!takes_part(kind, plan)) continue;
    if (!arm64::per_vcpu(kind)) {
      RS_TRY(act(kind, 0, state.vm));
      continue;
    }
    for (std::size_t i = 0; i < machine.vcpus.size(); ++i) RS_TRY(act(kind, i, state.vcpus[i]));
  }
  return {};
}

// The timers' interrupts that are being handled (kPrivateActive).
Result<std::uint64_t> active_timers(const MachineFds& machine, std::size_t vcpu) {
  RS_ASSIGN(const SavedWord now, Words(StateKind::redistributor, machine, vcpu).get(arm64::kPrivateActive));
  return now.low & arm64::kTimerLevels;
}

Result<bool> serror_is_new(const MachineFds& machine, std::size_t vcpu, const std::vector<StateItem>& items) {
  RS_ASSIGN(const bool now, serror_waits(machine.vcpus[vcpu]));
  const StateItem* item = find_item(items, static_cast<std::uint16_t>(StateKind::events));
  kvm_vcpu_events then = {};
  if (item != nullptr && item->bytes.size() == sizeof(then)) std::memcpy(&then, item->bytes.data(), sizeof(then));
  return now && then.exception.serror_pending == 0;
}

// What KVM lets nobody take back is ended by a reset of its vCPU: a timer's interrupt that was taken since (left
// active, it would not come again), an SError that waits since.
Status end_what_stays(const MachineFds& machine, const KvmState& state) {
  for (std::size_t i = 0; i < machine.vcpus.size(); ++i) {
    RS_ASSIGN(const std::uint64_t timers, active_timers(machine, i));
    RS_ASSIGN(const bool serror, serror_is_new(machine, i, state.vcpus[i]));
    if (timers != 0 || serror) RS_TRY(reset_vcpu(machine.vm, machine.vcpus[i], static_cast<unsigned>(i)));
  }
  return {};
}

}  // namespace

Result<KvmState> save_state(const MachineFds& machine, const StatePlan& plan) {
  KvmState state;
  state.vcpus.resize(machine.vcpus.size());
  RS_TRY(for_each(machine, plan, state, [&](StateKind kind, std::size_t vcpu, std::vector<StateItem>& items) -> Status {
    auto bytes = get(kind, machine, vcpu, plan);
    if (!bytes.ok()) return bytes.error().in("saving the " + what_of(kind, vcpu));
    items.push_back({static_cast<std::uint16_t>(kind), *std::move(bytes)});
    return {};
  }));
  return state;
}

Status restore_state(const MachineFds& machine, const StatePlan& plan, const KvmState& state, Restore /*how*/) {
  if (state.vcpus.size() != machine.vcpus.size()) {
    return usage_error("the snapshot has " + std::to_string(state.vcpus.size()) + " vCPUs, this machine " +
                       std::to_string(machine.vcpus.size()));
  }
  if (plan.interrupt_controller) RS_TRY(end_what_stays(machine, state));
  return for_each(machine, plan, state,
                  [&](StateKind kind, std::size_t vcpu, const std::vector<StateItem>& items) -> Status {
                    const StateItem* item = find_item(items, static_cast<std::uint16_t>(kind));
                    if (item == nullptr) return usage_error("the snapshot lacks the " + what_of(kind, vcpu));
                    if (Status status = set(kind, machine, vcpu, plan, item->bytes); !status.ok()) {
                      return status.error().in("restoring the " + what_of(kind, vcpu));
                    }
                    return {};
                  });
}

Status set_counter(const MachineFds& machine, std::uint64_t value) {
  return set_one_reg(machine.vcpus.front(), arm64::kTimerCounter, value);
}

std::string_view state_name(std::uint16_t kind) { return arm64::state_name(static_cast<StateKind>(kind)); }

std::vector<std::string> compare_item(std::uint16_t kind, std::span<const std::byte> want,
                                      std::span<const std::byte> have) {
  return arm64::compare_state(static_cast<StateKind>(kind), want, have);
}

}  // namespace remapstorm::host_kvm
