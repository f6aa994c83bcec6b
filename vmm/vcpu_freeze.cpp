// SPDX-License-Identifier: Apache-2.0
// The part of a vCPU that a snapshot keeps and KVM does not: where the run loop was.
#include <linux/kvm.h>

#include <algorithm>
#include <utility>

#include "vmm/arch/host_kvm.h"
#include "vmm/vcpu.h"

namespace remapstorm {
namespace {

// A repeated string instruction stops once for each piece KVM makes of it, at least a byte long. The guest can make it
// longer; then the vCPU cannot be reset.
constexpr unsigned kMaxAbandoned = 1u << 16;

}  // namespace

Result<Vcpu::RunState> Vcpu::freeze() const {
  RS_TRY(settle());
  RunState state;
  state.resume = resume_.state();
  state.step_from = step_from_;
  state.cr8 = run_->cr8;
  if (!deferred_) return state;
  if (const auto* io = std::get_if<IoExit>(&*deferred_); io != nullptr && io->is_write) {
    const auto data = area().subspan(io->data_offset, std::size_t{io->size} * io->count);
    state.pending_data.assign(data.begin(), data.end());
    state.pending_write = deferred_;
  } else if (const auto* mmio = std::get_if<MmioExit>(&*deferred_); mmio != nullptr && mmio->is_write) {
    state.pending_write = deferred_;
  }
  return state;
}

Status Vcpu::abandon() {
  for (unsigned i = 0;; ++i) {
    if (deferred_) access_pending_ = true;
    deferred_.reset();
    if (!access_pending_) break;
    if (i == kMaxAbandoned) {
      return host_error("vcpu " + std::to_string(index_) + " does not come to the end of a repeated port instruction");
    }
    RS_TRY(settle());
  }
  resume_.reset();
  step_from_.reset();
  run_to_.clear();
  stands_.reset();
  return apply_debug({});
}

Status Vcpu::thaw(const RunState& state) {
  stands_.reset();
  fault_entries_.reset();
  if (state.pending_write) {
    if (const auto* io = std::get_if<IoExit>(&*state.pending_write)) {
      const bool size_ok = io->size == 1 || io->size == 2 || io->size == 4;
      const std::uint64_t bytes = std::uint64_t{io->size} * io->count;
      if (!io->is_write || !size_ok || io->count == 0 || bytes != state.pending_data.size() ||
          io->data_offset < sizeof(kvm_run) || io->data_offset > area().size() ||
          bytes > area().size() - io->data_offset) {
        return usage_error("the snapshot has an impossible pending port write for vcpu " + std::to_string(index_));
      }
      std::copy(state.pending_data.begin(), state.pending_data.end(), area().data() + io->data_offset);
    } else if (const auto* mmio = std::get_if<MmioExit>(&*state.pending_write);
               mmio == nullptr || !mmio->is_write || mmio->size == 0 || mmio->size > mmio->data.size()) {
      return usage_error("the snapshot has an impossible pending MMIO write for vcpu " + std::to_string(index_));
    }
  }
  deferred_ = state.pending_write;
  resume_.set_state(state.resume);
  step_from_ = state.step_from;
  run_to_.clear();
  run_->cr8 = state.cr8;
  return {};
}

}  // namespace remapstorm
