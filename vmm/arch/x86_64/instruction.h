// SPDX-License-Identifier: Apache-2.0
// Questions about instruction bytes and interrupt frames that stepping has.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "vmm/breakpoint_resume.h"

namespace remapstorm::x86_64 {

// INS, OUTS, MOVS, CMPS, STOS, LODS, SCAS with a REP or REPNE prefix (SDM volume 2, 2.1.1).
bool is_repeated_string(std::span<const std::uint8_t> code);

inline constexpr std::size_t kFrameWords = 8;
inline constexpr std::size_t kFrameOwnWords = 5;  // RIP, CS, RFLAGS, RSP, SS
inline constexpr std::size_t kFrameFlags = 2;     // word of a frame

// Where in the words at the stack pointer a 64-bit interrupt frame begins (SDM volume 3, 6.14.2: RIP, CS, RFLAGS, RSP,
// SS) that will return to `interrupted`; nothing if there is none. Up to three words may lie below it: an error code,
// and what the handler's first instruction pushed, because KVM's emulator ends a step only behind that.
std::optional<std::size_t> find_frame_returning_to(std::span<const std::uint64_t, kFrameWords> words,
                                                   const BreakpointResume::Where& interrupted);

}  // namespace remapstorm::x86_64
