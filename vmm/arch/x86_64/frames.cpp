// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/frames.h"

#include <algorithm>
#include <array>

namespace remapstorm::x86_64 {
namespace {

constexpr std::uint64_t kStackBytes = 16384;  // THREAD_SIZE and IRQ_STACK_SIZE, aligned to themselves

bool is_kernel(std::uint64_t address) { return address >> 47 == 0x1ffff; }

std::optional<std::uint64_t> word(const ReadVirtual& read, Gva address) {
  std::uint64_t value = 0;
  if (!read(address, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
  return value;
}

struct Cursor {
  Gva pc;
  Gva sp;     // only known at an exact state: the current one or an interrupted one
  Gva frame;  // RBP
};

// Where in a function's first bytes RBP becomes its own: the offsets of `push rbp` and of `mov rbp, rsp`. The compiler
// may put other instructions between the two.
struct Prologue {
  std::uint64_t push = 0;
  std::uint64_t move = 0;
};

std::optional<Prologue> find_prologue(Gva function, const ReadVirtual& read) {
  std::array<std::uint8_t, 24> head = {};
  if (!read(function, std::as_writable_bytes(std::span(head)))) return std::nullopt;
  Prologue prologue;
  // endbr64, or the five bytes of a call to __fentry__ or the nop in its place, may come first.
  if (head[0] == 0xf3 && head[1] == 0x0f && head[2] == 0x1e && head[3] == 0xfa) prologue.push = 4;
  if (head[prologue.push] == 0xe8 || (head[prologue.push] == 0x0f && head[prologue.push + 1] == 0x1f)) {
    prologue.push += 5;
  }
  if (head[prologue.push] != 0x55) return std::nullopt;
  for (std::size_t i = prologue.push + 1; i + 3 <= head.size(); ++i) {
    const bool store_form = head[i] == 0x48 && head[i + 1] == 0x89 && head[i + 2] == 0xe5;
    const bool load_form = head[i] == 0x48 && head[i + 1] == 0x8b && head[i + 2] == 0xec;
    if (!store_form && !load_form) continue;
    prologue.move = i;
    return prologue;
  }
  return std::nullopt;
}

// At an exact pc before `mov rbp, rsp` RBP is still the caller's, and the caller itself would be missing from the
// trace: its return address is on top of the stack, or below the pushed RBP.
void add_hidden_caller(const Cursor& at, const ReadVirtual& read, const Symbols& symbols,
                       std::vector<StackFrame>& frames) {
  const auto function = symbols.lookup(at.pc);
  if (!function) return;
  const auto prologue = find_prologue(function->start, read);
  if (!prologue || function->offset > prologue->move) return;
  const auto caller = word(read, at.sp + (function->offset > prologue->push ? 8 : 0));
  if (caller && is_kernel(*caller)) frames.push_back({StackFrame::Kind::return_address, Gva(*caller)});
}

}  // namespace

std::vector<StackFrame> walk_frames(const CpuState& state, const ReadVirtual& read, const Symbols& symbols,
                                    std::size_t limit) {
  std::vector<StackFrame> frames;
  if (limit == 0) return frames;
  frames.push_back({StackFrame::Kind::current, state.pc});
  if (state.user_mode) return frames;
  add_hidden_caller({state.pc, state.sp, state.frame_pointer}, read, symbols, frames);

  // Frames of one stack lie above each other. After a pt_regs the stack may be another one (IRQ, NMI and #DF stacks),
  // so the comparison starts anew; `limit` bounds a circle through several of them.
  Gva link = state.frame_pointer;
  std::vector<Gva> followed;
  while (frames.size() < limit) {
    if (std::find(followed.begin(), followed.end(), link) != followed.end()) break;
    if ((link.value & 1) != 0) {
      const Gva regs_at(link.value & ~std::uint64_t{1});
      if (!is_kernel(regs_at.value) || regs_at.value % 8 != 0) break;
      std::array<std::uint64_t, kPtRegsWords> regs = {};
      if (!read(regs_at, std::as_writable_bytes(std::span(regs)))) break;
      const bool user = (regs[kPtRegsCs] & 3) != 0;
      // The first frame of a kernel thread is a pt_regs that nothing was interrupted at.
      if (!user && !is_kernel(regs[kPtRegsRip])) break;
      frames.push_back({StackFrame::Kind::interrupted, Gva(regs[kPtRegsRip])});
      if (user) break;
      add_hidden_caller({Gva(regs[kPtRegsRip]), Gva(regs[kPtRegsRsp]), Gva(regs[kPtRegsRbp])}, read, symbols, frames);
      followed.push_back(link);
      link = Gva(regs[kPtRegsRbp]);
      continue;
    }
    if (!is_kernel(link.value) || link.value % 8 != 0) break;
    const bool same_stack = !followed.empty() && (followed.back().value & 1) == 0 &&
                            link.value / kStackBytes == followed.back().value / kStackBytes;
    if (same_stack && link < followed.back()) break;
    std::array<std::uint64_t, 2> record = {};  // saved RBP, return address
    if (!read(link, std::as_writable_bytes(std::span(record)))) break;
    if (!is_kernel(record[1])) break;
    frames.push_back({StackFrame::Kind::return_address, Gva(record[1])});
    followed.push_back(link);
    link = Gva(record[0]);
  }
  if (frames.size() > limit) frames.resize(limit);
  return frames;
}

}  // namespace remapstorm::x86_64
