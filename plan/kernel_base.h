// SPDX-License-Identifier: Apache-2.0
// Which base the strategies are tried on. Linux 6.12.114 and later do not restore the vmemmap of a HugeTLB page as they
// should (docs/findings/restored-tails.md); the guest's kernel mends that unless it is told not to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace remapstorm {

enum class KernelBase : std::uint8_t {
  unknown,  // not said on the command line, or a kernel that does not know the word
  fixed,    // restored pages hold tails
  stock,    // as the kernel's own source has it
};

// "fixed", "stock"; empty for unknown.
std::string_view kernel_base_name(KernelBase base);
// The reverse; unknown for anything else.
KernelBase kernel_base_from_name(std::string_view name);

// What a kernel makes of remapstorm.stock_restore= on that command line: the last one that is a truth value counts
// (kstrtobool() of lib/kstrtox.c).
KernelBase kernel_base_of(std::string_view command_line);

}  // namespace remapstorm
