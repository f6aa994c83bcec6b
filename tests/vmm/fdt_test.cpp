// SPDX-License-Identifier: Apache-2.0
// Reads the written tree back with a parser of its own, which follows the Devicetree Specification and shares no code
// with the writer.
#include "vmm/arch/arm64/fdt.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "vmm/arch/arm64/boot.h"

namespace remapstorm::arm64 {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint32_t word(const Bytes& bytes, std::size_t at) {
  EXPECT_LE(at + 4, bytes.size());
  if (at + 4 > bytes.size()) return 0;
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
         bytes[at + 3];
}

std::string text(const Bytes& bytes, std::size_t at) {
  std::string out;
  while (at < bytes.size() && bytes[at] != 0) out.push_back(static_cast<char>(bytes[at++]));
  return out;
}

// "/cpus/cpu@1/reg" -> value
std::optional<std::map<std::string, Bytes>> parse(const Bytes& blob) {
  std::map<std::string, Bytes> properties;
  std::vector<std::string> path;
  std::size_t at = word(blob, 8);
  const std::size_t strings = word(blob, 12);
  for (;;) {
    if (at + 4 > blob.size()) return std::nullopt;
    const std::uint32_t token = word(blob, at);
    at += 4;
    if (token == 1) {
      path.push_back(text(blob, at));
      at += (path.back().size() + 1 + 3) / 4 * 4;
    } else if (token == 2) {
      if (path.empty()) return std::nullopt;
      path.pop_back();
    } else if (token == 3) {
      const std::size_t size = word(blob, at);
      std::string name;
      for (const std::string& part : path) name += part + "/";
      name += text(blob, strings + word(blob, at + 4));
      if (at + 8 + size > blob.size()) return std::nullopt;
      const auto begin = blob.begin() + static_cast<std::ptrdiff_t>(at + 8);
      properties[name] = Bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
      at += 8 + (size + 3) / 4 * 4;
    } else if (token == 9) {
      if (!path.empty()) return std::nullopt;
      return properties;
    } else {
      return std::nullopt;
    }
  }
}

TEST(Fdt, HeaderAndBlocks) {
  FdtWriter fdt;
  fdt.begin_node("");
  fdt.text("model", "x");
  fdt.end_node();
  const Bytes blob = fdt.finish();
  EXPECT_EQ(word(blob, 0), 0xd00dfeedu);
  EXPECT_EQ(word(blob, 4), blob.size());
  EXPECT_EQ(word(blob, 20), 17u);
  EXPECT_EQ(word(blob, 24), 16u);
  EXPECT_EQ(word(blob, 16) % 8, 0u) << "reservations are aligned to 8";
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(blob[word(blob, 16) + i], 0);
  const std::size_t structure = word(blob, 8);
  EXPECT_EQ(structure % 4, 0u);
  const std::uint32_t expected[] = {1, 0, 3, 2, 0, 0x78000000, 2, 9};
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(word(blob, structure + 4 * i), expected[i]) << i;
  EXPECT_EQ(word(blob, 36), sizeof(expected));
  EXPECT_EQ(text(blob, word(blob, 12)), "model");
  EXPECT_EQ(word(blob, 32), 6u);
}

TEST(Fdt, NamesAreStoredOnce) {
  FdtWriter fdt;
  fdt.begin_node("");
  fdt.cells("reg", {1});
  fdt.begin_node("child");
  fdt.cells("reg", {2});
  fdt.end_node();
  fdt.end_node();
  const Bytes blob = fdt.finish();
  EXPECT_EQ(word(blob, 32), 4u);
  const auto properties = parse(blob);
  ASSERT_TRUE(properties.has_value());
  EXPECT_EQ(properties->at("/reg"), (Bytes{0, 0, 0, 1}));
  EXPECT_EQ(properties->at("/child/reg"), (Bytes{0, 0, 0, 2}));
}

TEST(Fdt, MachineTree) {
  DeviceTree config;
  config.ram_bytes = 256 << 20;
  config.cpus = 3;
  config.command_line = "console=ttyS0";
  config.initramfs = 0x4f000000;
  config.initramfs_bytes = 0x1234;
  const Bytes blob = make_device_tree(config);
  const auto parsed = parse(blob);
  ASSERT_TRUE(parsed.has_value());
  const auto& properties = *parsed;
  EXPECT_EQ(text(properties.at("/chosen/bootargs"), 0), "console=ttyS0");
  EXPECT_EQ(properties.at("/chosen/linux,initrd-end"), (Bytes{0, 0, 0, 0, 0x4f, 0, 0x12, 0x34}));
  EXPECT_EQ(properties.at("/memory@40000000/reg"), (Bytes{0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0}));
  EXPECT_EQ(properties.at("/cpus/cpu@2/reg"), (Bytes{0, 0, 0, 2}));
  EXPECT_FALSE(properties.contains("/cpus/cpu@3/reg"));
  EXPECT_EQ(text(properties.at("/cpus/cpu@0/enable-method"), 0), "psci");
  EXPECT_EQ(text(properties.at("/psci/method"), 0), "hvc");
  EXPECT_TRUE(properties.at("/interrupt-controller@e1000000/interrupt-controller").empty());
  EXPECT_EQ(properties.at("/interrupt-controller@e1000000/phandle"), properties.at("/interrupt-parent"));
  const Bytes& gic = properties.at("/interrupt-controller@e1000000/reg");
  ASSERT_EQ(gic.size(), 32u);
  EXPECT_EQ(word(gic, 28), 0x20000u * 3) << "one redistributor per CPU";
  EXPECT_EQ(properties.at("/timer/interrupts").size(), 4u * 12);
  EXPECT_EQ(properties.at("/serial@e0000000/interrupts"), (Bytes{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(text(properties.at("/chosen/stdout-path"), 0), "/serial@e0000000");
}

TEST(Fdt, DevicesThatAreToBeDescribed) {
  const std::vector<DescribedDevice> devices = {{"test", "us,test", {1, 9, 4, 0, 16, 1}}, {"quiet", "us,quiet", {}}};
  DeviceTree config;
  config.ram_bytes = 64 << 20;
  config.devices = devices;
  const auto properties = parse(make_device_tree(config));
  ASSERT_TRUE(properties.has_value());
  EXPECT_EQ(text(properties->at("/test/compatible"), 0), "us,test");
  EXPECT_EQ(properties->at("/test/interrupts"),
            (Bytes{0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 1}));
  EXPECT_FALSE(properties->contains("/quiet/interrupts"));
}

TEST(Fdt, NoInitramfsNoProperty) {
  DeviceTree config;
  config.ram_bytes = 64 << 20;
  const auto properties = parse(make_device_tree(config));
  ASSERT_TRUE(properties.has_value());
  EXPECT_FALSE(properties->contains("/chosen/linux,initrd-start"));
}

TEST(FdtDeathTest, UnbalancedNodesAreABug) {
  FdtWriter open;
  open.begin_node("");
  EXPECT_DEATH(open.finish(), "no end");
  FdtWriter closed;
  EXPECT_DEATH(closed.end_node(), "did not begin");
}

}  // namespace
}  // namespace remapstorm::arm64
