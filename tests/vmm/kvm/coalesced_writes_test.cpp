// SPDX-License-Identifier: Apache-2.0
// Writes that KVM keeps in a ring, on a real Vm: all of them come, in the guest's order, and few make it leave KVM_RUN.
#include <gmock/gmock.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "tests/vmm/kvm/bare_guest.h"

namespace remapstorm {
namespace {

constexpr std::uint16_t kCoalescedPort = 0x3f8;
constexpr unsigned kWritten = 500;  // more than the ring holds, which is a page

class OrderRecorder final : public BusDevice {
 public:
  std::optional<Stop> read(std::uint64_t /*offset*/, std::span<std::uint8_t> data) override {
    std::ranges::fill(data, std::uint8_t{0});
    return std::nullopt;
  }
  std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) override {
    const std::lock_guard lock(mutex_);
    written_.emplace_back(offset, data[0]);
    return std::nullopt;
  }
  std::vector<std::pair<std::uint64_t, unsigned>> written() const {
    const std::lock_guard lock(mutex_);
    return written_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, unsigned>> written_;
};

// `code` finds kCoalescedPort in rdx, and the doorbell in rsi.
struct CoalescedGuest {
  explicit CoalescedGuest(const Code& code) : guest(code) {
    must(guest.vm().pio().attach(kCoalescedPort, 2, "recorder", recorder));
    must(guest.vm().coalesced_writes().add(guest.vm().pio(), kCoalescedPort, 1));
    auto registers = guest.registers();
    registers.rsi = registers.rdx;
    registers.rdx = kCoalescedPort;
    must(guest.vcpu().set_registers(registers));
  }
  OrderRecorder recorder;
  BareGuest guest;
};

const Code kRingAtTheEnd = {0x89, 0xf2, 0xef};  // mov edx, esi; out dx, eax

TEST(CoalescedWrites, AllComeInOrderAndFewLeaveTheGuest) {
  Code code = {0xb9, kWritten & 0xff, kWritten >> 8, 0, 0};      // mov ecx, kWritten
  const Code loop = {0x89, 0xc8, 0xee, 0xff, 0xc9, 0x75, 0xf9};  // mov eax, ecx; out dx, al; dec ecx; jnz back
  code.insert(code.end(), loop.begin(), loop.end());
  code.insert(code.end(), kRingAtTheEnd.begin(), kRingAtTheEnd.end());
  CoalescedGuest one(code);
  expect_stop<DoorbellStop>(one.guest.vcpu().run());
  const auto written = one.recorder.written();
  ASSERT_EQ(written.size(), kWritten);
  for (unsigned i = 0; i < kWritten; ++i) EXPECT_EQ(written[i].second, (kWritten - i) & 0xff) << "write " << i;
  const ExitCounts exits = one.guest.vcpu().take_exit_counts();
  const std::uint64_t accesses = exits[Exit(IoExit{}).index()];
  if (take(Kvm::open()).capability(KVM_CAP_COALESCED_PIO) > 0) {
    EXPECT_LT(accesses, kWritten / 10);
  } else {
    EXPECT_EQ(accesses, kWritten + 1);
  }
}

TEST(CoalescedWrites, AnAccessThatIsServedAtOnceComesAfterThoseBeforeIt) {
  Code code = {0xb0, 1,    0xee,               // mov al, 1; out dx, al
               0xb0, 2,    0xee,               // and 2
               0xb0, 3,    0xff, 0xc2, 0xee,   // mov al, 3; inc edx; out dx, al: the port beside it
               0xff, 0xca, 0xb0, 4,    0xee};  // dec edx; mov al, 4; out dx, al
  code.insert(code.end(), kRingAtTheEnd.begin(), kRingAtTheEnd.end());
  CoalescedGuest one(code);
  expect_stop<DoorbellStop>(one.guest.vcpu().run());
  EXPECT_THAT(one.recorder.written(),
              testing::ElementsAre(testing::Pair(0, 1), testing::Pair(0, 2), testing::Pair(1, 3), testing::Pair(0, 4)));
}

TEST(CoalescedWrites, WhatIsDiscardedNeverComes) {
  Code code = {0xb0, 1, 0xee, 0xb0, 2, 0xee};  // mov al, 1; out dx, al; and 2
  code.insert(code.end(), kRingAtTheEnd.begin(), kRingAtTheEnd.end());
  CoalescedGuest one(code);
  if (take(Kvm::open()).capability(KVM_CAP_COALESCED_PIO) > 0) {
    ASSERT_EQ(::ioctl(one.guest.vcpu().fd(), KVM_RUN, 0), 0) << "past Vcpu::run(), which delivers";
  }
  one.guest.vm().coalesced_writes().discard();
  one.guest.vm().coalesced_writes().deliver();
  EXPECT_THAT(one.recorder.written(), testing::IsEmpty());
}

TEST(CoalescedWrites, WhoLooksSeesWhatAGuestWroteThatNeverLeavesAgain) {
  CoalescedGuest one({0xb0, 7, 0xee, 0xeb, 0xfe});  // mov al, 7; out dx, al; jmp itself
  std::thread runs([&] { expect_stop<InterruptedStop>(one.guest.vcpu().run()); });
  while (one.recorder.written().empty()) {
    one.guest.vm().coalesced_writes().deliver();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  one.guest.vcpu().kick();
  runs.join();
  EXPECT_THAT(one.recorder.written(), testing::ElementsAre(testing::Pair(0, 7)));
}

}  // namespace
}  // namespace remapstorm
