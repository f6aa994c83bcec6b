// SPDX-License-Identifier: Apache-2.0
// Checkpoint: a frozen machine as a difference to a snapshot: the pages that were written since, and all that KVM
// keeps. Made and gone back to by a Reset of that snapshot, on any machine that has one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "vmm/kvm_state.h"
#include "vmm/memory.h"
#include "vmm/platform.h"
#include "vmm/vcpu.h"

namespace remapstorm {

struct Checkpoint {
  using PageBytes = std::array<std::byte, kGuestPageSize>;
  struct Page {
    std::size_t region = 0;
    std::uint64_t index = 0;
    std::shared_ptr<const PageBytes> bytes;  // shared with the checkpoints before that have the same
  };

  std::vector<Page> pages;  // ascending by region and index
  KvmState kvm;
  PlatformState platform;
  std::vector<Vcpu::RunState> run;
};

}  // namespace remapstorm
