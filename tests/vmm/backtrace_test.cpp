// SPDX-License-Identifier: Apache-2.0
#include "vmm/backtrace.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

namespace remapstorm {
namespace {

using Kind = StackFrame::Kind;
constexpr std::uint64_t kText = 0xffffffff81000000;
constexpr std::uint64_t kStack = 0xffffc90000010000;
constexpr std::uint64_t kIrqStack = 0xffffc90000090000;

// Words at addresses; a read of anything else fails.
class Stack {
 public:
  void set(std::uint64_t address, std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) bytes_[address + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  void record(std::uint64_t address, std::uint64_t saved, std::uint64_t return_address) {
    set(address, saved);
    set(address + 8, return_address);
  }
  void code(std::uint64_t address, std::initializer_list<std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) bytes_[address++] = byte;
  }
  void pt_regs(std::uint64_t at, std::uint64_t rip, std::uint64_t rbp, std::uint64_t rsp, std::uint64_t cs = 0x10) {
    for (unsigned i = 0; i < 21; ++i) set(at + 8 * i, 0);
    set(at + 4 * 8, rbp);
    set(at + 16 * 8, rip);
    set(at + 17 * 8, cs);
    set(at + 18 * 8, 0x246);
    set(at + 19 * 8, rsp);
  }
  [[nodiscard]] ReadVirtual reader() const {
    return [this](Gva address, std::span<std::byte> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto found = bytes_.find(address.value + i);
        if (found == bytes_.end()) return false;
        out[i] = std::byte{found->second};
      }
      return true;
    };
  }

 private:
  std::map<std::uint64_t, std::uint8_t> bytes_;
};

CpuState cpu(std::uint64_t pc, std::uint64_t fp, std::uint64_t sp = kStack) {
  CpuState state;
  state.pc = Gva(pc);
  state.frame_pointer = Gva(fp);
  state.sp = Gva(sp);
  return state;
}

std::vector<StackFrame> trace(const CpuState& state, const Stack& stack, const Symbols& symbols = {},
                              std::size_t limit = 48) {
  return backtrace(Isa::x86_64, state, stack.reader(), symbols, limit);
}

TEST(Backtrace, FollowsFramePointers) {
  Stack stack;
  stack.record(kStack, kStack + 0x40, kText + 0x200);
  stack.record(kStack + 0x40, kStack + 0x80, kText + 0x300);
  stack.record(kStack + 0x80, 0, kText + 0x400);
  const auto frames = trace(cpu(kText + 0x100, kStack), stack);
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[0].kind, Kind::current);
  EXPECT_EQ(frames[0].pc, Gva(kText + 0x100));
  EXPECT_EQ(frames[3].pc, Gva(kText + 0x400));
}

TEST(Backtrace, GoesThroughAnInterruptToWhatItInterrupted) {
  Stack stack;
  const std::uint64_t regs = kStack + 0x100;
  stack.record(kIrqStack, kIrqStack + 0x20, kText + 0x200);
  stack.record(kIrqStack + 0x20, regs | 1, kText + 0x300);
  stack.pt_regs(regs, kText + 0x1000, kStack + 0x40 + 0x200, kStack + 0x1a8);
  stack.record(kStack + 0x240, 0, kText + 0x2000);
  const auto frames = trace(cpu(kText + 0x100, kIrqStack), stack);
  ASSERT_EQ(frames.size(), 5u);
  EXPECT_EQ(frames[3].kind, Kind::interrupted);
  EXPECT_EQ(frames[3].pc, Gva(kText + 0x1000));
  EXPECT_EQ(frames[4].kind, Kind::return_address);
  EXPECT_EQ(frames[4].pc, Gva(kText + 0x2000));
}

// The shape the deadlock proof shows: spin in the fault, in an interrupt, in the updater.
TEST(Backtrace, GoesThroughAFaultInsideAnInterrupt) {
  Stack stack;
  const std::uint64_t fault_regs = kIrqStack + 0x200;
  const std::uint64_t irq_regs = kStack + 0x100;
  stack.record(kIrqStack + 0x100, fault_regs | 1, kText + 0x110);
  stack.pt_regs(fault_regs, kText + 0x500, kIrqStack + 0x400, kIrqStack + 0x3f0);
  stack.record(kIrqStack + 0x400, irq_regs | 1, kText + 0x600);
  stack.pt_regs(irq_regs, kText + 0x700, kStack + 0x300, kStack + 0x2f0);
  stack.record(kStack + 0x300, kStack + 0x340, kText + 0x800);
  stack.record(kStack + 0x340, 0, kText + 0x900);
  const auto frames = trace(cpu(kText + 0x100, kIrqStack + 0x100), stack);
  std::vector<std::uint64_t> offsets;
  for (const StackFrame& frame : frames) offsets.push_back(frame.pc.value - kText);
  EXPECT_EQ(offsets, (std::vector<std::uint64_t>{0x100, 0x110, 0x500, 0x600, 0x700, 0x800, 0x900}));
}

// Linux calls an interrupt's handler on a stack of its own; the frame pointers lead back to the interrupted task's
// stack, which may lie below.
TEST(Backtrace, FollowsASwitchToALowerStack) {
  Stack stack;
  const std::uint64_t regs = kStack + 0x100;
  stack.record(kIrqStack + 0x40, kStack + 0x80, kText + 0x110);
  stack.record(kStack + 0x80, regs | 1, kText + 0x120);
  stack.pt_regs(regs, kText + 0x130, kStack + 0x300, kStack + 0x2f0);
  stack.record(kStack + 0x300, 0, kText + 0x140);
  const auto frames = trace(cpu(kText + 0x100, kIrqStack + 0x40), stack);
  std::vector<std::uint64_t> offsets;
  for (const StackFrame& frame : frames) offsets.push_back(frame.pc.value - kText);
  EXPECT_EQ(offsets, (std::vector<std::uint64_t>{0x100, 0x110, 0x120, 0x130, 0x140}));
}

// Two stacks that point to each other, and a longer and longer chain that never repeats: both end.
TEST(Backtrace, AHostileChainEnds) {
  Stack circle;
  circle.record(kStack, kIrqStack, kText + 1);
  circle.record(kIrqStack, kStack, kText + 2);
  EXPECT_EQ(trace(cpu(kText, kStack), circle).size(), 3u);
  Stack chain;
  for (std::uint64_t i = 0; i < 200; ++i) chain.record(kStack + 16 * i, kStack + 16 * (i + 1), kText + i);
  EXPECT_EQ(trace(cpu(kText, kStack), chain).size(), 48u);
}

TEST(Backtrace, EndsWhereUserModeWasInterrupted) {
  Stack stack;
  const std::uint64_t regs = kStack + 0x100;
  stack.record(kStack, regs | 1, kText + 0x200);
  stack.pt_regs(regs, 0x401000, 0x7ffe0000, 0x7ffd0000, 0x33);
  const auto frames = trace(cpu(kText, kStack), stack);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[2].pc, Gva(0x401000));
}

TEST(Backtrace, InUserModeThereIsOnlyThePc) {
  CpuState state = cpu(0x401000, 0x7ffe0000);
  state.user_mode = true;
  EXPECT_EQ(trace(state, Stack()).size(), 1u);
}

TEST(Backtrace, StopsAtLoopsAndNonsense) {
  Stack loop;
  loop.record(kStack, kStack, kText + 0x200);
  EXPECT_EQ(trace(cpu(kText, kStack), loop).size(), 2u);
  Stack back;
  back.record(kStack + 0x40, kStack, kText + 0x200);
  back.record(kStack, kStack + 0x40, kText + 0x300);
  EXPECT_EQ(trace(cpu(kText, kStack + 0x40), back).size(), 2u) << "frames go upwards";
  Stack data;
  data.record(kStack, kStack + 0x40, 0x1234);
  EXPECT_EQ(trace(cpu(kText, kStack), data).size(), 1u) << "no kernel address";
  EXPECT_EQ(trace(cpu(kText, 0), Stack()).size(), 1u);
  EXPECT_EQ(trace(cpu(kText, kStack + 4), Stack()).size(), 1u) << "not aligned";
  EXPECT_EQ(trace(cpu(kText, kStack), Stack()).size(), 1u) << "not mapped";
  EXPECT_EQ(trace(cpu(kText, 0x7ffe0001), Stack()).size(), 1u) << "a marked link outside the kernel";
}

TEST(Backtrace, ACircleThroughInterruptFramesIsBounded) {
  Stack stack;
  const std::uint64_t a = kStack, b = kStack + 0x200;
  stack.pt_regs(a, kText + 1, b | 1, kStack);
  stack.pt_regs(b, kText + 2, a | 1, kStack);
  EXPECT_EQ(trace(cpu(kText, a | 1), stack).size(), 3u) << "each once";
  EXPECT_EQ(trace(cpu(kText, a | 1), stack, {}, 2).size(), 2u);
  EXPECT_TRUE(trace(cpu(kText, a | 1), stack, {}, 0).empty());
  stack.pt_regs(a, kText + 1, a | 1, kStack);
  EXPECT_EQ(trace(cpu(kText, a | 1), stack).size(), 2u);
}

// Every pc up to and including `mov rbp, rsp` must show the caller, none behind it may show it twice.
void check_prologue(std::initializer_list<std::uint8_t> code, std::uint64_t push, std::uint64_t move) {
  const Symbols symbols({{"leaf", Gva(kText + 0x1000), 0x40, true}});
  Stack stack;
  for (unsigned i = 0; i < 0x40; ++i) stack.code(kText + 0x1000 + i, {0x90});
  stack.code(kText + 0x1000, code);
  stack.record(kStack + 0x80, 0, kText + 0x300);
  stack.set(kStack + 0x10, kText + 0x200);  // pushed by the call
  stack.set(kStack + 0x8, kStack + 0x80);   // pushed by push rbp
  for (std::uint64_t offset = 0; offset <= move; ++offset) {
    const std::uint64_t sp = kStack + (offset > push ? 0x8 : 0x10);
    const auto frames = trace(cpu(kText + 0x1000 + offset, kStack + 0x80, sp), stack, symbols);
    ASSERT_EQ(frames.size(), 3u) << offset;
    EXPECT_EQ(frames[1].pc, Gva(kText + 0x200));
  }
  EXPECT_EQ(trace(cpu(kText + 0x1000 + move + 3, kStack + 0x8, kStack + 0x8), stack, symbols).size(), 3u);
}

TEST(Backtrace, FindsTheCallerBeforeTheFrameIsSetUp) {
  check_prologue({0x55, 0x48, 0x89, 0xe5}, 0, 1);
  check_prologue({0x55, 0x45, 0x31, 0xc0, 0x48, 0x89, 0xe5}, 0, 4);              // xor r8d, r8d between
  check_prologue({0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5}, 4, 5);        // endbr64
  check_prologue({0x0f, 0x1f, 0x44, 0x00, 0x00, 0x55, 0x48, 0x89, 0xe5}, 5, 6);  // patched __fentry__
  check_prologue({0xf3, 0x0f, 0x1e, 0xfa, 0xe8, 0, 0, 0, 0, 0x55, 0x48, 0x89, 0xe5}, 9, 10);
}

TEST(Backtrace, AFunctionWithoutAFrameInventsNoCaller) {
  const Symbols symbols({{"leaf", Gva(kText + 0x1000), 0x40, true}});
  Stack stack;
  for (unsigned i = 0; i < 0x40; ++i) stack.code(kText + 0x1000 + i, {0x90});
  stack.set(kStack + 0x10, kText + 0x200);
  EXPECT_EQ(trace(cpu(kText + 0x1000, 0, kStack + 0x10), stack, symbols).size(), 1u);
}

TEST(Backtrace, TheStartOfAKernelThreadEndsQuietly) {
  Stack stack;
  const std::uint64_t regs = kStack + 0x100;
  stack.record(kStack, regs | 1, kText + 0x200);
  stack.pt_regs(regs, 0, 0, 0, 0);
  EXPECT_EQ(trace(cpu(kText, kStack), stack).size(), 2u);
}

TEST(BacktraceArm64, FollowsFrameRecords) {
  Stack stack;
  const std::uint64_t sp = 0xffff800080000000, text = 0xffff800010000000;
  stack.record(sp, sp + 0x40, text + 0x200);
  stack.record(sp + 0x40, 0, text + 0x300);
  auto frames = backtrace(Isa::arm64, cpu(text, sp), stack.reader(), {}, 48);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[2].pc, Gva(text + 0x300));
  stack.record(sp + 0x40, sp, text + 0x300);
  frames = backtrace(Isa::arm64, cpu(text, sp), stack.reader(), {}, 48);
  EXPECT_EQ(frames.size(), 48u) << "a circle is bounded by the limit";
}

}  // namespace
}  // namespace remapstorm
