// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "vmm/devices/serial16550.h"

namespace remapstorm {
namespace {

class Port {
 public:
  explicit Port(SerialLimits limits = {})
      : serial(
            [this](std::string_view line, LineEnd end) {
              lines.emplace_back(line);
              ends.push_back(end);
            },
            [this](LineLevel level) { levels.push_back(level == LineLevel::high); }, limits) {}
  void out(std::uint64_t reg, std::uint8_t value) { serial.write(reg, std::span(&value, 1)); }
  std::uint8_t in(std::uint64_t reg) {
    std::uint8_t value = 0;
    serial.read(reg, std::span(&value, 1));
    return value;
  }
  void type(std::string_view text) {
    for (const char c : text) out(0, static_cast<std::uint8_t>(c));
  }
  std::vector<std::string> lines;
  std::vector<LineEnd> ends;
  std::vector<bool> levels;
  Serial16550 serial;
};

TEST(Serial, AssemblesLines) {
  Port port;
  port.type("hello\r\nworld\n\nrest");
  EXPECT_EQ(port.lines, (std::vector<std::string>{"hello", "world", ""}));
  port.serial.flush();
  EXPECT_EQ(port.lines.back(), "rest");
  port.serial.flush();
  EXPECT_EQ(port.lines.size(), 4u) << "nothing left to hand out";
}

// What reads a line has to know that it was begun anew, and where a long one was parted.
TEST(Serial, KeepsCarriageReturnsInsideALineAndSaysHowAPieceEnds) {
  Port port({.line_bytes = 4, .total_bytes = 12});
  port.type("a\rb\r\nabcdefghijk");
  EXPECT_EQ(port.lines,
            (std::vector<std::string>{"a\rb\r", "", "abcd", "efg", "[console output beyond 12 bytes dropped]"}));
  EXPECT_EQ(port.ends,
            (std::vector<LineEnd>{LineEnd::more, LineEnd::newline, LineEnd::more, LineEnd::newline, LineEnd::cut}));
}

TEST(Serial, TransmitterIsAlwaysEmpty) {
  Port port;
  EXPECT_EQ(port.in(5) & 0x61, 0x60);
  port.type("x");
  EXPECT_EQ(port.in(5) & 0x61, 0x60);
}

TEST(Serial, DivisorLatchHidesDataAndInterruptEnable) {
  Port port;
  port.out(1, 0x05);
  port.out(3, 0x83);
  port.out(0, 0x01);
  port.out(1, 0x02);
  EXPECT_EQ(port.in(0), 0x01);
  EXPECT_EQ(port.in(1), 0x02);
  port.out(3, 0x03);
  EXPECT_EQ(port.in(1), 0x05);
  EXPECT_TRUE(port.lines.empty());
  EXPECT_EQ(port.serial.bytes_written(), 0u);
}

TEST(Serial, LooksLikeA16550A) {
  Port port;
  port.out(7, 0xae);
  EXPECT_EQ(port.in(7), 0xae);  // an 8250 has no scratch register
  EXPECT_EQ(port.in(2) & 0xc0, 0x00);
  port.out(2, 0x01);
  EXPECT_EQ(port.in(2) & 0xc0, 0xc0);  // FIFO works: no plain 16550
  port.out(1, 0xff);
  EXPECT_EQ(port.in(1), 0x0f);  // no sleep mode: no 16750
}

TEST(Serial, LoopbackMirrorsTheModemLines) {
  Port port;
  port.out(4, 0x1a);  // loop, OUT2, RTS
  EXPECT_EQ(port.in(6) & 0xf0, 0x90);
  port.out(4, 0x15);  // loop, OUT1, DTR
  EXPECT_EQ(port.in(6) & 0xf0, 0x60);
  port.out(4, 0x00);
  EXPECT_EQ(port.in(6) & 0xf0, 0xb0);
}

TEST(Serial, LoopbackReceivesWhatWasSent) {
  Port port;
  port.out(4, 0x10);
  port.out(0, 0x55);
  EXPECT_EQ(port.in(5) & 1, 1);
  EXPECT_EQ(port.in(0), 0x55);
  EXPECT_EQ(port.in(5) & 1, 0);
  EXPECT_EQ(port.serial.bytes_written(), 0u);
}

TEST(Serial, TransmitInterruptRisesFallsAndRisesAgain) {
  Port port;
  port.out(4, 0x08);  // OUT2
  port.out(1, 0x02);  // THRI: transmitter is empty, so at once
  EXPECT_EQ(port.levels, (std::vector<bool>{true}));
  EXPECT_EQ(port.in(2) & 0x0f, 0x02);
  EXPECT_EQ(port.levels, (std::vector<bool>{true, false}));
  EXPECT_EQ(port.in(2) & 0x0f, 0x01);
  port.type("x");
  EXPECT_EQ(port.levels, (std::vector<bool>{true, false, true}));
  port.out(1, 0x00);
  EXPECT_EQ(port.levels, (std::vector<bool>{true, false, true, false}));
}

TEST(Serial, NoInterruptWithoutOut2) {
  Port port;
  port.out(1, 0x02);
  port.type("x");
  EXPECT_TRUE(port.levels.empty());
  port.out(4, 0x08);
  EXPECT_EQ(port.levels, (std::vector<bool>{true}));
}

TEST(Serial, ALongLineIsCut) {
  Port port({.line_bytes = 4, .total_bytes = 1000});
  port.type("abcdefghij\n");
  EXPECT_EQ(port.lines, (std::vector<std::string>{"abcd", "efgh", "ij"}));
}

TEST(Serial, OutputIsBoundedAndSaysSo) {
  Port port({.line_bytes = 100, .total_bytes = 10});
  for (int i = 0; i < 1000; ++i) port.type("0123456\n");
  ASSERT_EQ(port.lines.size(), 3u);
  EXPECT_EQ(port.lines[0], "0123456");
  EXPECT_EQ(port.lines[1], "01");
  EXPECT_NE(port.lines[2].find("dropped"), std::string::npos);
  EXPECT_TRUE(port.serial.truncated());
}

TEST(Serial, WideAccessesTouchNeighbouringRegisters) {
  Port port;
  std::uint8_t two[2] = {'a', 0x02};
  port.serial.write(0, two);
  EXPECT_EQ(port.in(1), 0x02);
  EXPECT_EQ(port.serial.bytes_written(), 1u);
}

TEST(Serial, AStateTravelsWithTheLevelOfTheLine) {
  Port port;
  port.out(4, 0x08);
  port.out(1, 0x02);
  port.type("half a li");
  const Serial16550State state = port.serial.state();
  Port other;
  EXPECT_TRUE(other.serial.load(port.serial.save()));
  EXPECT_EQ(other.levels, (std::vector<bool>{true})) << "KVM remembers the level outside the controllers' state";
  EXPECT_EQ(other.serial.state(), state);
  EXPECT_EQ(other.in(2) & 0x0f, 0x02);
  EXPECT_EQ(other.levels, (std::vector<bool>{true, false}));
  other.type("ne\n");
  EXPECT_EQ(other.lines, (std::vector<std::string>{"half a line"}));
}

TEST(Serial, ARecordThatItCannotHaveMadeChangesNothing) {
  Port port;
  port.out(7, 0x42);
  const std::vector<std::byte> good = port.serial.save();
  Port other;
  const Serial16550State before = other.serial.state();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(other.serial.load(std::span(good).first(size))) << size;
  }
  std::vector<std::byte> flag = good, line = good;
  flag[9] = std::byte{2};
  EXPECT_FALSE(other.serial.load(flag));
  line.resize(good.size() + 4096, std::byte{'x'});
  EXPECT_FALSE(other.serial.load(line)) << "a line longer than any that is begun and not ended";
  EXPECT_EQ(other.serial.state(), before);
  EXPECT_TRUE(other.serial.load(good));
  EXPECT_EQ(other.serial.state().scr, 0x42);
}

}  // namespace
}  // namespace remapstorm
