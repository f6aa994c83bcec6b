// SPDX-License-Identifier: Apache-2.0
// Serial16550: the console. Output only: transmitting takes no time, receiving never happens.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "vmm/bus.h"
#include "vmm/line_level.h"

namespace remapstorm {

// How a line that is handed out ends: with its newline; not yet, the next one goes on with it; or the guest has written
// more than SerialLimits allow and the line says that nothing comes any more.
enum class LineEnd : std::uint8_t { newline, more, cut };
// One line without its newline and the carriage returns before it.
using LineCallback = std::function<void(std::string_view line, LineEnd end)>;
// Drives an interrupt line.
using LevelCallback = std::function<void(LineLevel level)>;

struct SerialLimits {
  std::size_t line_bytes = 1024;            // longer lines are cut into pieces
  std::uint64_t total_bytes = 16ull << 20;  // output beyond this is dropped, after one line that says so
};

// All that the device remembers, for a snapshot.
struct Serial16550State {
  std::uint8_t ier = 0, fcr = 0, lcr = 0, mcr = 0, scr = 0, dll = 1, dlm = 0;
  bool transmitter_empty_pending = false;  // THRI not yet acknowledged
  bool level = false;                      // of the interrupt line
  bool received = false;                   // a byte came back through loopback
  std::uint8_t receive_byte = 0;
  std::string line;  // begun and not ended
  std::uint64_t written = 0;
  bool truncated = false;
  bool operator==(const Serial16550State&) const = default;
};

class Serial16550 final : public BusDevice {
 public:
  static constexpr std::uint64_t kRegisters = 8;  // bytes of its range
  static constexpr std::uint64_t kData = 0;       // one byte: what is written there may come late

  // Callbacks run on the vCPU thread that accessed the device, under the device's lock: they must not call back into
  // it.
  Serial16550(LineCallback line, LevelCallback interrupt, SerialLimits limits = {});

  std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) override;
  std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) override;

  // Hands out a line the guest has begun and not ended.
  void flush();
  [[nodiscard]] std::uint64_t bytes_written() const;
  [[nodiscard]] bool truncated() const;

  [[nodiscard]] Serial16550State state() const;
  [[nodiscard]] std::vector<std::byte> save() const override;
  // Drives the interrupt line to the level it had, so it goes before the restoring of the interrupt controllers.
  [[nodiscard]] bool load(std::span<const std::byte> record) override;

 private:
  std::uint8_t read_register(std::uint64_t reg);
  void write_register(std::uint64_t reg, std::uint8_t value);
  void transmit(std::uint8_t byte);
  void emit(LineEnd end);
  void update_interrupt();
  void tell_level() const;
  [[nodiscard]] std::uint8_t identify() const;

  mutable std::mutex mutex_;  // everything below
  LineCallback line_callback_;
  LevelCallback interrupt_;
  SerialLimits limits_;
  Serial16550State state_;
};

}  // namespace remapstorm
