// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "vmm/devices/access_trap.h"
#include "vmm/devices/cmos.h"
#include "vmm/devices/constant_ports.h"
#include "vmm/devices/doorbell.h"
#include "vmm/devices/i8042.h"
#include "vmm/devices/text_port.h"

namespace remapstorm {
namespace {

TEST(Doorbell, OnlyAWholeWordRings) {
  Doorbell doorbell;
  const std::array<std::uint8_t, 4> word = {0x02, 0x34, 0x12, 0x00};
  const auto stop = doorbell.write(0, word);
  ASSERT_TRUE(stop.has_value());
  EXPECT_EQ(std::get<DoorbellStop>(*stop).value, 0x123402u);
  EXPECT_FALSE(doorbell.write(0, std::span(word).first(2)).has_value());
  EXPECT_FALSE(doorbell.write(0, std::span(word).first(1)).has_value());
}

std::string read_all(TextPort& port, std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    std::array<std::uint8_t, 4> word = {};
    port.read(0, word);
    text.append(word.begin(), word.end());
  }
  return text;
}

TEST(TextPort, GivesTheTextThenZeroesAndRewinds) {
  TextPort port("vcpu=0\n");
  EXPECT_EQ(read_all(port, 3), std::string("vcpu=0\n\0\0\0\0\0", 12));
  const std::array<std::uint8_t, 4> any = {};
  port.write(0, any);
  EXPECT_EQ(read_all(port, 1), "vcpu");
}

TEST(I8042, OnlyTheResetLineStops) {
  I8042 keyboard;
  const std::uint8_t reset = 0xfe;
  const auto stop = keyboard.write(0, std::span(&reset, 1));
  ASSERT_TRUE(stop.has_value());
  EXPECT_EQ(std::get<ShutdownStop>(*stop).why, ShutdownStop::Why::reset);
  constexpr std::array<std::uint8_t, 5> kOthers = {0xad, 0x20, 0xff, 0xf1, 0x00};
  for (const std::uint8_t other : kOthers) {
    EXPECT_FALSE(keyboard.write(0, std::span(&other, 1)).has_value()) << int{other};
  }
  std::uint8_t status = 0xff;
  keyboard.read(0, std::span(&status, 1));
  EXPECT_EQ(status, 0);
}

TEST(Cmos, NeverUpdatesAndShowsAPlausibleDate) {
  Cmos cmos;
  const auto get = [&](std::uint8_t index) {
    cmos.write(0, std::span(&index, 1));
    std::uint8_t value = 0;
    cmos.read(1, std::span(&value, 1));
    return value;
  };
  EXPECT_EQ(get(0x0a) & 0x80, 0);
  EXPECT_EQ(get(0x07), 0x01);
  EXPECT_EQ(get(0x08), 0x01);
  EXPECT_EQ(get(0x09), 0x24);
  EXPECT_EQ(get(0x89), 0x24) << "bit 7 is the NMI mask";
  EXPECT_EQ(get(0x0d), 0x80);
}

TEST(AccessTrap, EveryAccessStops) {
  AccessTrap trap(Gpa(0xc0000000));
  std::array<std::uint8_t, 8> data = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto write = trap.write(0x10, data);
  EXPECT_EQ(std::get<MmioStop>(*write).address, Gpa(0xc0000010));
  EXPECT_EQ(std::get<MmioStop>(*write).value, 0x0807060504030201u);
  EXPECT_EQ(std::get<MmioStop>(*write).size, 8u);
  const auto read = trap.read(0, std::span(data).first(2));
  EXPECT_FALSE(std::get<MmioStop>(*read).is_write);
  EXPECT_EQ(data[1], 0xff);
}

TEST(ConstantPorts, ReadAsTheirByte) {
  ConstantPorts ports(0xff);
  std::array<std::uint8_t, 4> data = {};
  EXPECT_FALSE(ports.read(0, data).has_value());
  EXPECT_EQ(data[3], 0xff);
  EXPECT_FALSE(ports.write(0, data).has_value());
}

TEST(DeviceRecords, ComeBackAndAreChecked) {
  Cmos clock;
  const std::uint8_t index[1] = {0x0a};
  clock.write(0, index);
  Cmos other;
  EXPECT_TRUE(other.load(clock.save()));
  EXPECT_EQ(other.save(), clock.save());
  EXPECT_FALSE(other.load(std::vector<std::byte>{std::byte{0x80}}));
  EXPECT_FALSE(other.load({}));
  EXPECT_EQ(other.save(), clock.save());

  TextPort text("abcd");
  std::uint8_t two[2] = {};
  text.read(0, two);
  TextPort same("abcd"), shorter("a");
  EXPECT_TRUE(same.load(text.save()));
  EXPECT_EQ(same.save(), text.save());
  EXPECT_TRUE(shorter.load(text.save()));
  shorter.read(0, two);
  EXPECT_EQ(two[0], 0) << "at its end";
  EXPECT_FALSE(same.load(std::vector<std::byte>(7)));
  EXPECT_FALSE(same.load(std::vector<std::byte>(9)));

  ConstantPorts nothing(0xff);
  EXPECT_TRUE(nothing.save().empty());
  EXPECT_TRUE(nothing.load({}));
  EXPECT_FALSE(nothing.load(std::vector<std::byte>(1)));
}

}  // namespace
}  // namespace remapstorm
