// SPDX-License-Identifier: Apache-2.0
// What bench/reset needs of an architecture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "vmm/snapshot.h"
#include "vmm/vm.h"

namespace remapstorm::bench {

struct TouchCode {
  std::span<const std::byte> code;  // writes one word into each page and comes to its end
  std::uint64_t end = 0;            // offset behind its last instruction
  Gva memory;                       // where Linux maps all memory (48-bit addresses, no KASLR)
};
TouchCode touch_code();
// For `pages` pages from `first` on, with interrupts off.
void prepare_touch(arch::Registers& registers, Gva first, std::uint64_t pages);

struct Call {
  int fd = -1;
  unsigned long number = 0;
  std::vector<std::byte> bytes;
};
// The ioctls without which no reset of registers and devices is: x86: the SETs of the snapshot's state; arm64: a GET of
// each register, by which those that differ are found.
std::vector<Call> floor_calls(const Vm& vm, const Snapshot& snapshot);

}  // namespace remapstorm::bench
