// SPDX-License-Identifier: Apache-2.0
// Bus: which device answers an address. One for port I/O, one for MMIO. Devices are attached before the vCPUs run;
// after that the bus itself is only read, so any vCPU thread may use it. Devices lock for themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "vmm/stop.h"

namespace remapstorm {

class BusDevice {
 public:
  virtual ~BusDevice() = default;
  // `offset` is from the start of the device's range; `data` is 1, 2, 4 or 8 bytes in guest byte order and lies wholly
  // inside the range. A returned Stop goes to the caller of Vcpu::run() after the access has completed.
  // Called from vCPU threads, also from several at once.
  virtual std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) = 0;
  virtual std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) = 0;

  // What it remembers of the guest, for a snapshot; empty: nothing. / Remembers that instead; false, and nothing is
  // changed, for what save() cannot have made. While no vCPU runs.
  [[nodiscard]] virtual std::vector<std::byte> save() const { return {}; }
  [[nodiscard]] virtual bool load(std::span<const std::byte> record) { return record.empty(); }
};

class Bus {
 public:
  // `name` appears in errors: "port I/O", "MMIO".
  explicit Bus(std::string name) : name_(std::move(name)) {}

  // The device must outlive the bus. Errors: internal, for an empty range, a range that wraps or overlaps another.
  Status attach(std::uint64_t start, std::uint64_t size, const std::string& device_name, BusDevice& device);

  // Nobody there: reads give all-ones, writes vanish, and the access is counted.
  std::optional<Stop> read(std::uint64_t address, std::span<std::uint8_t> data);
  std::optional<Stop> write(std::uint64_t address, std::span<const std::uint8_t> data);

  [[nodiscard]] std::uint64_t unclaimed_accesses() const { return unclaimed_.load(std::memory_order_relaxed); }
  // The first few different addresses nobody claimed, for the log.
  [[nodiscard]] std::vector<std::uint64_t> unclaimed_addresses() const;

 private:
  struct Range {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    std::string name;
    BusDevice* device = nullptr;
  };
  static constexpr std::size_t kRemembered = 16;

  [[nodiscard]] const Range* find(std::uint64_t address, std::size_t size) const;
  void remember_unclaimed(std::uint64_t address);

  std::string name_;
  std::vector<Range> ranges_;  // sorted by start
  std::atomic<std::uint64_t> unclaimed_{0};
  // Address + 1 so that 0 means free; slots fill from the front and never change again.
  std::atomic<std::uint64_t> remembered_[kRemembered] = {};
};

}  // namespace remapstorm
