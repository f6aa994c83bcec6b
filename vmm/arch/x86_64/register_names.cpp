// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/register_names.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace remapstorm::x86_64 {
namespace {

struct Name {
  std::string_view whole, low;
  std::uint64_t Registers::*value;
};

constexpr Name kNames[] = {
    {"rax", "eax", &Registers::rax},  {"rbx", "ebx", &Registers::rbx},  {"rcx", "ecx", &Registers::rcx},
    {"rdx", "edx", &Registers::rdx},  {"rsi", "esi", &Registers::rsi},  {"rdi", "edi", &Registers::rdi},
    {"rsp", "esp", &Registers::rsp},  {"rbp", "ebp", &Registers::rbp},  {"r8", "r8d", &Registers::r8},
    {"r9", "r9d", &Registers::r9},    {"r10", "r10d", &Registers::r10}, {"r11", "r11d", &Registers::r11},
    {"r12", "r12d", &Registers::r12}, {"r13", "r13d", &Registers::r13}, {"r14", "r14d", &Registers::r14},
    {"r15", "r15d", &Registers::r15}, {"rip", "eip", &Registers::rip},
};

}  // namespace

std::optional<std::uint64_t> value_of(std::string_view name, const Registers& registers,
                                      const SystemRegisters& system) {
  if (name == "fs_base") return system.fs.base;
  if (name == "gs_base") return system.gs.base;
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const Name& one) { return one.whole == name || one.low == name; });
  if (found == std::end(kNames)) return std::nullopt;
  const std::uint64_t value = registers.*(found->value);
  return found->whole == name ? value : value & 0xffffffff;
}

}  // namespace remapstorm::x86_64
