// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/fdt.h"

#include <cstdio>

#include "base/check.h"
#include "vmm/arch/arm64/boot.h"
#include "vmm/arch/arm64/gic.h"

namespace remapstorm::arm64 {
namespace {

void put32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::string unit(std::string_view name, std::uint64_t address) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "@%llx", static_cast<unsigned long long>(address));
  return std::string(name) + buffer;
}

}  // namespace

FdtWriter::FdtWriter() = default;

void FdtWriter::word(std::uint32_t value) { put32(structure_, value); }

void FdtWriter::pad() {
  while (structure_.size() % 4 != 0) structure_.push_back(0);
}

std::uint32_t FdtWriter::name_offset(std::string_view name) {
  if (const auto known = offsets_.find(name); known != offsets_.end()) return known->second;
  const auto offset = static_cast<std::uint32_t>(strings_.size());
  strings_.insert(strings_.end(), name.begin(), name.end());
  strings_.push_back(0);
  offsets_.emplace(name, offset);
  return offset;
}

void FdtWriter::begin_node(std::string_view name) {
  word(kFdtBeginNode);
  structure_.insert(structure_.end(), name.begin(), name.end());
  structure_.push_back(0);
  pad();
  ++depth_;
}

void FdtWriter::end_node() {
  RS_CHECK(depth_ > 0, "a device-tree node ends that did not begin");
  word(kFdtEndNode);
  --depth_;
}

void FdtWriter::bytes(std::string_view name, std::span<const std::uint8_t> value) {
  RS_CHECK(depth_ > 0, "a device-tree property outside every node");
  word(kFdtProperty);
  word(static_cast<std::uint32_t>(value.size()));
  word(name_offset(name));
  structure_.insert(structure_.end(), value.begin(), value.end());
  pad();
}

void FdtWriter::empty(std::string_view name) { bytes(name, {}); }

void FdtWriter::text(std::string_view name, std::string_view value) { texts(name, {value}); }

void FdtWriter::texts(std::string_view name, std::initializer_list<std::string_view> values) {
  std::vector<std::uint8_t> data;
  for (const std::string_view value : values) {
    data.insert(data.end(), value.begin(), value.end());
    data.push_back(0);
  }
  bytes(name, data);
}

void FdtWriter::cells(std::string_view name, std::span<const std::uint32_t> values) {
  std::vector<std::uint8_t> data;
  for (const std::uint32_t value : values) put32(data, value);
  bytes(name, data);
}

void FdtWriter::ranges(std::string_view name, std::initializer_list<std::uint64_t> values) {
  std::vector<std::uint8_t> data;
  for (const std::uint64_t value : values) {
    put32(data, static_cast<std::uint32_t>(value >> 32));
    put32(data, static_cast<std::uint32_t>(value));
  }
  bytes(name, data);
}

std::vector<std::uint8_t> FdtWriter::finish() {
  RS_CHECK(depth_ == 0, "a device-tree node has no end");
  word(kFdtEnd);
  // Header, an empty reservation list (one terminating entry, 8-byte aligned), structure, strings.
  constexpr std::size_t kReservations = kFdtHeaderBytes;
  constexpr std::size_t kStructure = kReservations + 16;
  const std::size_t strings = kStructure + structure_.size();
  const std::size_t total = (strings + strings_.size() + 7) / 8 * 8;
  std::vector<std::uint8_t> out;
  for (const std::size_t value :
       {std::size_t{kFdtMagic}, total, kStructure, strings, kReservations, std::size_t{kFdtVersion},
        std::size_t{kFdtLastCompatible}, std::size_t{0}, strings_.size(), structure_.size()}) {
    put32(out, static_cast<std::uint32_t>(value));
  }
  out.resize(kStructure, 0);
  out.insert(out.end(), structure_.begin(), structure_.end());
  out.insert(out.end(), strings_.begin(), strings_.end());
  out.resize(total, 0);
  return out;
}

std::vector<std::uint8_t> make_device_tree(const DeviceTree& config) {
  constexpr std::uint32_t kGicHandle = 1;
  constexpr std::uint32_t kClockHandle = 2;
  FdtWriter fdt;
  fdt.begin_node("");
  fdt.cells("#address-cells", {2});
  fdt.cells("#size-cells", {2});
  fdt.text("compatible", "linux,dummy-virt");
  fdt.cells("interrupt-parent", {kGicHandle});

  fdt.begin_node("chosen");
  fdt.text("bootargs", config.command_line);
  fdt.text("stdout-path", "/" + unit("serial", kSerialBase));
  if (config.initramfs_bytes != 0) {
    fdt.ranges("linux,initrd-start", {config.initramfs});
    fdt.ranges("linux,initrd-end", {config.initramfs + config.initramfs_bytes});
  }
  fdt.end_node();

  fdt.begin_node(unit("memory", kRamBase));
  fdt.text("device_type", "memory");
  fdt.ranges("reg", {kRamBase, config.ram_bytes});
  fdt.end_node();

  fdt.begin_node("psci");
  fdt.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
  fdt.text("method", "hvc");
  fdt.end_node();

  fdt.begin_node("cpus");
  fdt.cells("#address-cells", {1});
  fdt.cells("#size-cells", {0});
  for (unsigned cpu = 0; cpu < config.cpus; ++cpu) {
    fdt.begin_node(unit("cpu", cpu));
    fdt.text("device_type", "cpu");
    fdt.text("compatible", "arm,armv8");
    fdt.text("enable-method", "psci");
    fdt.cells("reg", {cpu});
    fdt.end_node();
  }
  fdt.end_node();

  fdt.begin_node(unit("interrupt-controller", kDistributorBase));
  fdt.text("compatible", "arm,gic-v3");
  fdt.cells("#address-cells", {0});
  fdt.cells("#interrupt-cells", {3});
  fdt.empty("interrupt-controller");
  fdt.ranges("reg", {kDistributorBase, kDistributorBytes, kRedistributorBase, kRedistributorBytes * config.cpus});
  fdt.cells("phandle", {kGicHandle});
  fdt.end_node();

  fdt.begin_node("timer");
  fdt.text("compatible", "arm,armv8-timer");
  fdt.empty("always-on");
  fdt.cells("interrupts", {kCellPpi, kTimerSecurePpi, kCellLevelHigh, kCellPpi, kTimerPpi, kCellLevelHigh, kCellPpi,
                           kTimerVirtualPpi, kCellLevelHigh, kCellPpi, kTimerHypervisorPpi, kCellLevelHigh});
  fdt.end_node();

  fdt.begin_node("serial-clock");
  fdt.text("compatible", "fixed-clock");
  fdt.cells("#clock-cells", {0});
  fdt.cells("clock-frequency", {1843200});
  fdt.cells("phandle", {kClockHandle});
  fdt.end_node();

  fdt.begin_node(unit("serial", kSerialBase));
  fdt.text("compatible", "ns16550a");
  fdt.ranges("reg", {kSerialBase, 8});
  fdt.cells("interrupts", {kCellSpi, kSerialSpi, kCellEdge});
  fdt.cells("clocks", {kClockHandle});
  fdt.end_node();

  for (const DescribedDevice& device : config.devices) {
    fdt.begin_node(device.name);
    fdt.text("compatible", device.compatible);
    if (!device.interrupts.empty()) fdt.cells("interrupts", device.interrupts);
    fdt.end_node();
  }

  fdt.end_node();
  return fdt.finish();
}

}  // namespace remapstorm::arm64
