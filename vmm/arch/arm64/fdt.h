// SPDX-License-Identifier: Apache-2.0
// Flattened device tree, version 17 (Devicetree Specification 0.4, chapter 5).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/described_device.h"

namespace remapstorm::arm64 {

inline constexpr std::uint32_t kFdtMagic = 0xd00dfeed;
inline constexpr std::uint32_t kFdtVersion = 17;
inline constexpr std::uint32_t kFdtLastCompatible = 16;
inline constexpr std::uint32_t kFdtBeginNode = 1;
inline constexpr std::uint32_t kFdtEndNode = 2;
inline constexpr std::uint32_t kFdtProperty = 3;
inline constexpr std::uint32_t kFdtEnd = 9;
inline constexpr std::size_t kFdtHeaderBytes = 40;

// Calls come in the order of the tree: properties of a node before its children. Ends that do not match are a bug and
// abort.
class FdtWriter {
 public:
  FdtWriter();
  void begin_node(std::string_view name);  // "" for the root
  void end_node();
  void empty(std::string_view name);
  void text(std::string_view name, std::string_view value);
  void texts(std::string_view name, std::initializer_list<std::string_view> values);
  void cells(std::string_view name, std::span<const std::uint32_t> values);
  void cells(std::string_view name, std::initializer_list<std::uint32_t> values) {
    cells(name, std::span(values.begin(), values.size()));
  }
  // Pairs of 64-bit address and size.
  void ranges(std::string_view name, std::initializer_list<std::uint64_t> values);
  void bytes(std::string_view name, std::span<const std::uint8_t> value);
  std::vector<std::uint8_t> finish();

 private:
  void word(std::uint32_t value);
  void pad();
  std::uint32_t name_offset(std::string_view name);

  std::vector<std::uint8_t> structure_;
  std::vector<std::uint8_t> strings_;
  std::map<std::string, std::uint32_t, std::less<>> offsets_;
  unsigned depth_ = 0;
};

struct DeviceTree {
  std::uint64_t ram_bytes = 0;
  unsigned cpus = 1;
  std::string command_line;
  std::uint64_t initramfs = 0;
  std::uint64_t initramfs_bytes = 0;
  std::span<const DescribedDevice> devices{};
};

// Memory, CPUs started through PSCI, GICv3, timer, serial port, chosen, and `devices`.
std::vector<std::uint8_t> make_device_tree(const DeviceTree& config);

}  // namespace remapstorm::arm64
