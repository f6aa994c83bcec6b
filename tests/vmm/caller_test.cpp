// SPDX-License-Identifier: Apache-2.0
#include "vmm/caller.h"

#include <gtest/gtest.h>

#include <map>

namespace remapstorm {
namespace {

constexpr std::uint64_t kCallee = 0xffffffff81000000;
constexpr std::uint64_t kJumpedTo = 0xffffffff81000100;
constexpr std::uint64_t kCaller = 0xffffffff81001000;
constexpr std::uint64_t kOuter = 0xffffffff81002000;
constexpr std::uint64_t kFrame = 0xffffc90000010000;
constexpr std::uint8_t kCallOpcode = 0xe8, kJumpOpcode = 0xe9;

// What copy_page of Linux is on a processor without fast string operations: a jump to a function that moves the stack
// pointer and sets up no frame. vmemmap_restore_pte calls it, itself called by walk_pte_range.
class Caller : public ::testing::Test {
 protected:
  Caller()
      : symbols_({{"copy_page", Gva(kCallee), 0x10, false},
                  {"copy_page_regs", Gva(kJumpedTo), 0x80, false},
                  {"vmemmap_restore_pte", Gva(kCaller), 0x100, false},
                  {"walk_pte_range", Gva(kOuter), 0x100, false}}) {
    branch(kJumpOpcode, kCallee, kJumpedTo);
    branch(kCallOpcode, kCaller + 0x20, kCallee);
    branch(kCallOpcode, kOuter + 0x30, kCaller);
    // vmemmap_restore_pte's frame.
    word(kFrame + 0x80, kFrame + 0xc0);
    word(kFrame + 0x88, kOuter + 0x35);
    word(kFrame + 0xc0, 0);
    word(kFrame + 0xc8, 0);
  }

  void word(std::uint64_t at, std::uint64_t value) { put(at, value, 8); }
  void branch(std::uint8_t opcode, std::uint64_t at, std::uint64_t target) {
    put(at, opcode, 1);
    put(at + 1, target - at - 5, 4);
  }
  [[nodiscard]] std::string caller(std::uint64_t pc, std::uint64_t sp) const {
    CpuState state;
    state.pc = Gva(pc);
    state.sp = Gva(sp);
    state.frame_pointer = Gva(kFrame + 0x80);
    const ReadVirtual read = [this](Gva address, std::span<std::byte> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto found = bytes_.find(address.value + i);
        if (found == bytes_.end()) return false;
        out[i] = std::byte{found->second};
      }
      return true;
    };
    return caller_of(Isa::x86_64, state, read, symbols_);
  }

 private:
  void put(std::uint64_t at, std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) bytes_[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  Symbols symbols_;
  std::map<std::uint64_t, std::uint8_t> bytes_;
};

TEST_F(Caller, OfAFunctionWithoutAFrame) {
  word(kFrame, kCaller + 0x25);
  EXPECT_EQ(caller(kCallee + 5, kFrame), "vmemmap_restore_pte");
}

TEST_F(Caller, OfOneThatWasJumpedToAndKeepsWordsOnTheStack) {
  word(kFrame, 0x1234);
  word(kFrame + 8, kOuter + 0x35);  // another return address: of a call of something else
  word(kFrame + 16, kCaller + 0x25);
  EXPECT_EQ(caller(kJumpedTo + 0x20, kFrame), "vmemmap_restore_pte");
}

TEST_F(Caller, OfAFunctionWithAFrameIsInIt) {
  word(kFrame, 0x1234);
  EXPECT_EQ(caller(kCaller + 0x40, kFrame), "walk_pte_range");
}

}  // namespace
}  // namespace remapstorm
