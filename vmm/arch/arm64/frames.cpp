// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/frames.h"

#include <array>

namespace remapstorm::arm64 {

std::vector<StackFrame> walk_frames(const CpuState& state, const ReadVirtual& read, std::size_t limit) {
  std::vector<StackFrame> frames;
  if (limit == 0) return frames;
  frames.push_back({StackFrame::Kind::current, state.pc});
  Gva record = state.frame_pointer;
  while (frames.size() < limit && record.value != 0 && record.value % 8 == 0) {
    std::array<std::uint64_t, 2> words = {};  // saved x29, return address
    if (!read(record, std::as_writable_bytes(std::span(words)))) break;
    if (words[1] >> 55 == 0) break;  // no kernel address
    frames.push_back({StackFrame::Kind::return_address, Gva(words[1])});
    // Records on one stack go upwards; a step to another stack may go anywhere, but only the limit bounds that.
    if (words[0] == record.value) break;
    record = Gva(words[0]);
  }
  return frames;
}

}  // namespace remapstorm::arm64
