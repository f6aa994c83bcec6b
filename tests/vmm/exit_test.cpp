// SPDX-License-Identifier: Apache-2.0
// Made-up exits: no KVM involved.
#include "vmm/exit.h"

#include <gtest/gtest.h>
#include <linux/kvm.h>

#include <cstring>
#include <vector>

namespace remapstorm {
namespace {

class Area {
 public:
  Area() : bytes_(8192) {}
  kvm_run& run() { return *reinterpret_cast<kvm_run*>(bytes_.data()); }
  std::span<std::uint8_t> bytes() { return bytes_; }
  Exit decode() { return decode_exit(run(), bytes_.size()); }

 private:
  std::vector<std::uint8_t> bytes_;
};

class Device final : public BusDevice {
 public:
  std::optional<Stop> read(std::uint64_t, std::span<std::uint8_t> data) override {
    for (std::uint8_t& byte : data) byte = next++;
    return std::nullopt;
  }
  std::optional<Stop> write(std::uint64_t, std::span<const std::uint8_t> data) override {
    written.insert(written.end(), data.begin(), data.end());
    return DoorbellStop{data[0]};
  }
  std::uint8_t next = 1;
  std::vector<std::uint8_t> written;
};

Area io(std::uint16_t port, std::uint8_t size, std::uint32_t count, bool out, std::uint64_t offset = 4096) {
  Area area;
  area.run().exit_reason = KVM_EXIT_IO;
  area.run().io.direction = out ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
  area.run().io.size = size;
  area.run().io.port = port;
  area.run().io.count = count;
  area.run().io.data_offset = offset;
  return area;
}

TEST(DecodeExit, PortWrite) {
  Area area = io(0x5250, 4, 1, true);
  const Exit decoded = area.decode();
  const auto& exit = std::get<IoExit>(decoded);
  EXPECT_EQ(exit.port, 0x5250);
  EXPECT_EQ(exit.size, 4u);
  EXPECT_EQ(exit.count, 1u);
  EXPECT_TRUE(exit.is_write);
}

TEST(DecodeExit, PortDataOutsideTheAreaIsNotTrusted) {
  EXPECT_TRUE(std::holds_alternative<UnknownExit>(io(1, 4, 1, true, 8190).decode()));
  EXPECT_TRUE(std::holds_alternative<UnknownExit>(io(1, 4, 1, true, ~0ull).decode()));
  EXPECT_TRUE(std::holds_alternative<UnknownExit>(io(1, 4, 0xffffffff, true).decode()));
  EXPECT_TRUE(std::holds_alternative<UnknownExit>(io(1, 3, 1, true).decode()));
  EXPECT_TRUE(std::holds_alternative<UnknownExit>(io(1, 1, 0, true).decode()));
  EXPECT_TRUE(std::holds_alternative<IoExit>(io(1, 4, 1, true, 8188).decode()));
}

TEST(DecodeExit, FullDirtyRing) {
  Area area;
  area.run().exit_reason = KVM_EXIT_DIRTY_RING_FULL;
  EXPECT_TRUE(std::holds_alternative<DirtyRingFullExit>(area.decode()));
}

TEST(HandleExit, RepeatedPortAccessesReachTheDeviceAllOfThem) {
  Bus pio("pio"), mmio("mmio");
  Device device;
  ASSERT_TRUE(pio.attach(0x10, 4, "device", device).ok());
  Area area = io(0x10, 2, 3, true);
  for (std::uint8_t i = 0; i < 6; ++i) area.bytes()[4096 + i] = i;
  const Handled handled = handle_exit(area.decode(), pio, mmio, area.bytes());
  EXPECT_TRUE(handled.completes_on_entry);
  EXPECT_EQ(device.written, (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5}));
  ASSERT_TRUE(handled.stop.has_value());
  EXPECT_EQ(std::get<DoorbellStop>(*handled.stop).value, 0u) << "the first Stop wins";

  Area input = io(0x10, 1, 4, false);
  EXPECT_FALSE(handle_exit(input.decode(), pio, mmio, input.bytes()).stop.has_value());
  EXPECT_EQ(input.bytes()[4096], 1);
  EXPECT_EQ(input.bytes()[4099], 4);
}

TEST(HandleExit, MmioReadFillsTheData) {
  Bus pio("pio"), mmio("mmio");
  Device device;
  ASSERT_TRUE(mmio.attach(0xc0000000, 8, "device", device).ok());
  Area area;
  area.run().exit_reason = KVM_EXIT_MMIO;
  area.run().mmio.phys_addr = 0xc0000004;
  area.run().mmio.len = 4;
  area.run().mmio.is_write = 0;
  EXPECT_FALSE(handle_exit(area.decode(), pio, mmio, area.bytes()).stop.has_value());
  EXPECT_EQ(area.run().mmio.data[0], 1);
  EXPECT_EQ(area.run().mmio.data[3], 4);
  EXPECT_EQ(area.run().mmio.data[4], 0);
}

TEST(HandleExit, MmioWriteCarriesTheData) {
  Bus pio("pio"), mmio("mmio");
  Device device;
  ASSERT_TRUE(mmio.attach(0xc0000000, 8, "device", device).ok());
  Area area;
  area.run().exit_reason = KVM_EXIT_MMIO;
  area.run().mmio.phys_addr = 0xc0000000;
  area.run().mmio.len = 2;
  area.run().mmio.is_write = 1;
  area.run().mmio.data[0] = 0xab;
  area.run().mmio.data[1] = 0xcd;
  const Handled handled = handle_exit(area.decode(), pio, mmio, area.bytes());
  EXPECT_EQ(std::get<DoorbellStop>(*handled.stop).value, 0xabu);
  EXPECT_EQ(device.written, (std::vector<std::uint8_t>{0xab, 0xcd}));
}

TEST(DecodeExit, MmioOfImpossibleLength) {
  Area area;
  area.run().exit_reason = KVM_EXIT_MMIO;
  area.run().mmio.len = 9;
  EXPECT_TRUE(std::holds_alternative<UnknownExit>(area.decode()));
  area.run().mmio.len = 0;
  EXPECT_TRUE(std::holds_alternative<UnknownExit>(area.decode()));
}

TEST(DecodeExit, DebugTellsBreakpointFromStep) {
  Area area;
  area.run().exit_reason = KVM_EXIT_DEBUG;
  area.run().debug.arch.dr6 = 0xffff0ff2;
  const Exit first = area.decode();
  EXPECT_TRUE(std::get<DebugExit>(first).breakpoint);
  EXPECT_FALSE(std::get<DebugExit>(first).step);
  area.run().debug.arch.dr6 = 0xffff4ff0;
  const Exit second = area.decode();
  EXPECT_FALSE(std::get<DebugExit>(second).breakpoint);
  EXPECT_TRUE(std::get<DebugExit>(second).step);
}

Area internal_error(std::uint32_t suberror) {
  Area area;
  area.run().exit_reason = KVM_EXIT_INTERNAL_ERROR;
  area.run().internal.suberror = suberror;
  return area;
}

TEST(HandleExit, EmulationFailureKeepsTheBytes) {
  Bus pio("pio"), mmio("mmio");
  Area area = internal_error(KVM_INTERNAL_ERROR_EMULATION);
  area.run().emulation_failure.ndata = 3;
  area.run().emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
  area.run().emulation_failure.insn_size = 3;
  const std::uint8_t xrstor[] = {0x0f, 0xae, 0x2f};
  std::memcpy(area.run().emulation_failure.insn_bytes, xrstor, sizeof(xrstor));
  const Handled handled = handle_exit(area.decode(), pio, mmio, area.bytes());
  const auto& stop = std::get<HostErrorStop>(*handled.stop);
  EXPECT_TRUE(stop.emulation_failure);
  EXPECT_EQ(stop.instruction, (std::vector<std::uint8_t>{0x0f, 0xae, 0x2f}));
  EXPECT_EQ(stop.error.kind, ErrorKind::host);
  EXPECT_FALSE(handled.completes_on_entry);
}

TEST(HandleExit, EmulationFailureWithoutOrWithTooManyBytes) {
  Bus pio("pio"), mmio("mmio");
  Area none = internal_error(KVM_INTERNAL_ERROR_EMULATION);
  none.run().emulation_failure.insn_size = 15;
  EXPECT_TRUE(std::get<HostErrorStop>(*handle_exit(none.decode(), pio, mmio, none.bytes()).stop).instruction.empty());
  Area many = internal_error(KVM_INTERNAL_ERROR_EMULATION);
  many.run().emulation_failure.ndata = 4;
  many.run().emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
  many.run().emulation_failure.insn_size = 255;
  EXPECT_EQ(std::get<HostErrorStop>(*handle_exit(many.decode(), pio, mmio, many.bytes()).stop).instruction.size(), 15u);
}

TEST(HandleExit, OtherInternalErrorsNameTheirSuberror) {
  Bus pio("pio"), mmio("mmio");
  Area area = internal_error(KVM_INTERNAL_ERROR_DELIVERY_EV);
  area.run().internal.ndata = 1000;  // more than there is room for
  area.run().internal.data[0] = 0xdead;
  const Handled handled = handle_exit(area.decode(), pio, mmio, area.bytes());
  const auto& stop = std::get<HostErrorStop>(*handled.stop);
  EXPECT_FALSE(stop.emulation_failure);
  EXPECT_NE(stop.error.message.find("suberror 3"), std::string::npos);
  EXPECT_NE(stop.error.message.find("0xdead"), std::string::npos);
}

TEST(HandleExit, ShutdownsAndFailures) {
  Bus pio("pio"), mmio("mmio");
  Area area;
  area.run().exit_reason = KVM_EXIT_SHUTDOWN;
  EXPECT_EQ(std::get<ShutdownStop>(*handle_exit(area.decode(), pio, mmio, area.bytes()).stop).why,
            ShutdownStop::Why::triple_fault);
  area.run().exit_reason = KVM_EXIT_SYSTEM_EVENT;
  EXPECT_EQ(std::get<ShutdownStop>(*handle_exit(area.decode(), pio, mmio, area.bytes()).stop).why,
            ShutdownStop::Why::system_event);
  area.run().exit_reason = KVM_EXIT_HLT;
  EXPECT_TRUE(std::holds_alternative<HaltStop>(*handle_exit(area.decode(), pio, mmio, area.bytes()).stop));
  area.run().exit_reason = KVM_EXIT_FAIL_ENTRY;
  area.run().fail_entry.hardware_entry_failure_reason = 33;
  const Handled failed = handle_exit(area.decode(), pio, mmio, area.bytes());
  EXPECT_NE(std::get<HostErrorStop>(*failed.stop).error.message.find("33"), std::string::npos);
  area.run().exit_reason = 9999;
  const Handled other = handle_exit(area.decode(), pio, mmio, area.bytes());
  EXPECT_NE(std::get<HostErrorStop>(*other.stop).error.message.find("9999"), std::string::npos);
  area.run().exit_reason = KVM_EXIT_INTR;
  EXPECT_FALSE(handle_exit(area.decode(), pio, mmio, area.bytes()).stop.has_value());
}

TEST(DescribeStop, NamesEveryKind) {
  EXPECT_EQ(describe(DoorbellStop{2}), "doorbell 0x2");
  EXPECT_EQ(describe(BreakpointStop{Gva(0x10)}), "breakpoint at 0x10");
  EXPECT_EQ(describe(StepStop{Gva(0x11)}), "step to 0x11");
  EXPECT_EQ(describe(MmioStop{Gpa(0x12), 4, true, 1}), "MMIO write at 0x12");
  EXPECT_EQ(describe(HaltStop{}), "halt");
  EXPECT_EQ(describe(ShutdownStop{}), "triple fault");
  EXPECT_EQ(describe(InterruptedStop{}), "interrupted");
  EXPECT_EQ(describe(HostErrorStop{host_error("broken"), {}, Gva(0x13), false}), "broken at 0x13");
}

}  // namespace
}  // namespace remapstorm
