// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/register_names.h"

#include <charconv>

namespace remapstorm::arm64 {

std::optional<std::uint64_t> value_of(std::string_view name, const Registers& registers) {
  if (name == "xzr" || name == "wzr") return 0;
  if (name == "fp") return registers.x[29];
  if (name == "lr") return registers.x[30];
  if (name == "pc") return registers.pc;
  const bool el1h = (registers.pstate & kPstateModeMask) == kPstateEl1h;
  const std::uint64_t sp = el1h ? registers.sp_el1 : registers.sp;
  if (name == "sp") return sp;
  if (name == "wsp") return sp & 0xffffffff;
  if (name.size() < 2 || (name[0] != 'x' && name[0] != 'w')) return std::nullopt;
  unsigned number = 0;
  const char* end = name.data() + name.size();
  const auto [last, error] = std::from_chars(name.data() + 1, end, number);
  if (error != std::errc() || last != end || number >= registers.x.size()) return std::nullopt;
  return name[0] == 'x' ? registers.x[number] : registers.x[number] & 0xffffffff;
}

}  // namespace remapstorm::arm64
