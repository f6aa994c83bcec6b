// SPDX-License-Identifier: Apache-2.0
#include "vmm/bus.h"

#include <gtest/gtest.h>

#include <array>

namespace remapstorm {
namespace {

class Probe final : public BusDevice {
 public:
  std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) override {
    last_offset = offset;
    for (std::uint8_t& byte : data) byte = 0x5a;
    return std::nullopt;
  }
  std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) override {
    last_offset = offset;
    written.assign(data.begin(), data.end());
    return DoorbellStop{7};
  }
  std::uint64_t last_offset = ~0ull;
  std::vector<std::uint8_t> written;
};

TEST(Bus, RoutesWithOffsetsAndPassesTheStop) {
  Bus bus("test");
  Probe low, high;
  ASSERT_TRUE(bus.attach(0x100, 8, "low", low).ok());
  ASSERT_TRUE(bus.attach(0x108, 4, "high", high).ok());
  std::array<std::uint8_t, 2> data = {1, 2};
  EXPECT_TRUE(bus.write(0x10a, data).has_value());
  EXPECT_EQ(high.last_offset, 2u);
  EXPECT_EQ(high.written, (std::vector<std::uint8_t>{1, 2}));
  EXPECT_FALSE(bus.read(0x107, std::span(data).first(1)).has_value());
  EXPECT_EQ(low.last_offset, 7u);
  EXPECT_EQ(data[0], 0x5a);
}

TEST(Bus, RefusesOverlapsOnEverySide) {
  Bus bus("test");
  Probe device;
  ASSERT_TRUE(bus.attach(0x100, 8, "first", device).ok());
  for (const auto& [start, size] : {std::pair{0x100, 8}, {0x0ff, 2}, {0x107, 1}, {0x0f0, 0x100}, {0x104, 1}}) {
    const Status status = bus.attach(start, size, "second", device);
    ASSERT_FALSE(status.ok()) << start;
    EXPECT_NE(status.error().message.find("first"), std::string::npos);
  }
  EXPECT_TRUE(bus.attach(0x108, 1, "behind", device).ok());
  EXPECT_TRUE(bus.attach(0x0ff, 1, "before", device).ok());
}

TEST(Bus, RefusesEmptyAndWrappingRanges) {
  Bus bus("test");
  Probe device;
  EXPECT_FALSE(bus.attach(0x100, 0, "empty", device).ok());
  EXPECT_FALSE(bus.attach(~0ull, 2, "wrapping", device).ok());
}

TEST(Bus, AnAccessAcrossTheEndOfADeviceBelongsToNobody) {
  Bus bus("test");
  Probe device;
  ASSERT_TRUE(bus.attach(0x100, 8, "device", device).ok());
  std::array<std::uint8_t, 4> data = {};
  EXPECT_FALSE(bus.read(0x106, data).has_value());
  EXPECT_EQ(device.last_offset, ~0ull);
  EXPECT_EQ(data, (std::array<std::uint8_t, 4>{0xff, 0xff, 0xff, 0xff}));
  EXPECT_EQ(bus.unclaimed_accesses(), 1u);
}

TEST(Bus, RemembersTheFirstUnclaimedAddressesOnceEach) {
  Bus bus("test");
  std::array<std::uint8_t, 1> data = {};
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint64_t address = 0; address < 100; ++address) bus.write(address, data);
  }
  EXPECT_EQ(bus.unclaimed_accesses(), 300u);
  ASSERT_EQ(bus.unclaimed_addresses().size(), 16u);
  EXPECT_EQ(bus.unclaimed_addresses().front(), 0u);
  EXPECT_EQ(bus.unclaimed_addresses().back(), 15u);
}

}  // namespace
}  // namespace remapstorm
