// SPDX-License-Identifier: Apache-2.0
// Frame-pointer chains as x86-64 Linux builds them with CONFIG_FRAME_POINTER, including the marked link to a pt_regs
// that entry code leaves in RBP (ENCODE_FRAME_POINTER in arch/x86/include/asm/frame.h).
#pragma once

#include <cstddef>
#include <vector>

#include "vmm/backtrace.h"

namespace remapstorm::x86_64 {

// struct pt_regs, in words.
inline constexpr std::size_t kPtRegsRbp = 4;
inline constexpr std::size_t kPtRegsRip = 16;
inline constexpr std::size_t kPtRegsCs = 17;
inline constexpr std::size_t kPtRegsFlags = 18;
inline constexpr std::size_t kPtRegsRsp = 19;
inline constexpr std::size_t kPtRegsWords = 21;

std::vector<StackFrame> walk_frames(const CpuState& state, const ReadVirtual& read, const Symbols& symbols,
                                    std::size_t limit);

}  // namespace remapstorm::x86_64
