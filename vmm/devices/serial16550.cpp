// SPDX-License-Identifier: Apache-2.0
// Registers as in National Semiconductor's PC16550D data sheet.
#include "vmm/devices/serial16550.h"

#include "vmm/devices/record.h"

namespace remapstorm {
namespace {

// Register offsets; kData (0) and 1 change meaning with DLAB.
constexpr std::uint64_t kInterruptEnable = 1;
constexpr std::uint64_t kIdentifyOrFifo = 2;
constexpr std::uint64_t kLineControl = 3;
constexpr std::uint64_t kModemControl = 4;
constexpr std::uint64_t kLineStatus = 5;
constexpr std::uint64_t kModemStatus = 6;
constexpr std::uint64_t kScratch = 7;

constexpr std::uint8_t kIerReceive = 1;
constexpr std::uint8_t kIerTransmit = 2;
constexpr std::uint8_t kIirNone = 1;
constexpr std::uint8_t kIirTransmit = 2;
constexpr std::uint8_t kIirReceive = 4;
constexpr std::uint8_t kIirFifo = 0xc0;
constexpr std::uint8_t kFcrEnable = 1;
constexpr std::uint8_t kLcrDivisor = 0x80;
constexpr std::uint8_t kMcrLoop = 0x10;
constexpr std::uint8_t kMcrOut2 = 0x08;
constexpr std::uint8_t kLsrDataReady = 0x01;
constexpr std::uint8_t kLsrTransmitterIdle = 0x60;
constexpr std::uint8_t kMsrConnected = 0xb0;  // carrier detect, data set ready, clear to send

}  // namespace

Serial16550::Serial16550(LineCallback line, LevelCallback interrupt, SerialLimits limits)
    : line_callback_(std::move(line)), interrupt_(std::move(interrupt)), limits_(limits) {}

std::optional<Stop> Serial16550::read(std::uint64_t offset, std::span<std::uint8_t> data) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = read_register(offset + i);
  return std::nullopt;
}

std::optional<Stop> Serial16550::write(std::uint64_t offset, std::span<const std::uint8_t> data) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < data.size(); ++i) write_register(offset + i, data[i]);
  return std::nullopt;
}

std::uint8_t Serial16550::identify() const {
  const std::uint8_t fifo = (state_.fcr & kFcrEnable) != 0 ? kIirFifo : std::uint8_t{0};
  if (state_.received && (state_.ier & kIerReceive) != 0) return fifo | kIirReceive;
  if (state_.transmitter_empty_pending && (state_.ier & kIerTransmit) != 0) return fifo | kIirTransmit;
  return fifo | kIirNone;
}

// OUT2 gates the interrupt on a PC. In loopback the pin is disconnected.
void Serial16550::update_interrupt() {
  const bool gated = (state_.mcr & kMcrOut2) != 0 && (state_.mcr & kMcrLoop) == 0;
  const bool level = gated && (identify() & kIirNone) == 0;
  if (level == state_.level) return;
  state_.level = level;
  tell_level();
}

void Serial16550::tell_level() const {
  if (interrupt_) interrupt_(state_.level ? LineLevel::high : LineLevel::low);
}

std::uint8_t Serial16550::read_register(std::uint64_t reg) {
  const bool divisor = (state_.lcr & kLcrDivisor) != 0;
  switch (reg) {
    case kData: {
      if (divisor) return state_.dll;
      const std::uint8_t byte = state_.received ? state_.receive_byte : std::uint8_t{0};
      state_.received = false;
      update_interrupt();
      return byte;
    }
    case kInterruptEnable:
      return divisor ? state_.dlm : state_.ier;
    case kIdentifyOrFifo: {
      const std::uint8_t identity = identify();
      // Reading the identity acknowledges "transmitter empty" when it is what was shown.
      if ((identity & 0x0f) == kIirTransmit) {
        state_.transmitter_empty_pending = false;
        update_interrupt();
      }
      return identity;
    }
    case kLineControl:
      return state_.lcr;
    case kModemControl:
      return state_.mcr;
    case kLineStatus:
      return kLsrTransmitterIdle | (state_.received ? kLsrDataReady : std::uint8_t{0});
    case kModemStatus:
      if ((state_.mcr & kMcrLoop) == 0) return kMsrConnected;
      // Loopback: RTS -> CTS, DTR -> DSR, OUT1 -> RI, OUT2 -> DCD.
      return static_cast<std::uint8_t>(((state_.mcr & 0x02) << 3) | ((state_.mcr & 0x01) << 5) |
                                       ((state_.mcr & 0x0c) << 4));
    case kScratch:
      return state_.scr;
    default:
      return 0xff;
  }
}

void Serial16550::write_register(std::uint64_t reg, std::uint8_t value) {
  const bool divisor = (state_.lcr & kLcrDivisor) != 0;
  switch (reg) {
    case kData:
      if (divisor) {
        state_.dll = value;
      } else if ((state_.mcr & kMcrLoop) != 0) {
        state_.received = true;
        state_.receive_byte = value;
        state_.transmitter_empty_pending = true;
      } else {
        transmit(value);
        state_.transmitter_empty_pending = true;
      }
      break;
    case kInterruptEnable:
      if (divisor) {
        state_.dlm = value;
      } else {
        // Switching the transmit interrupt on while the transmitter is empty raises it at once.
        if ((value & kIerTransmit) != 0 && (state_.ier & kIerTransmit) == 0) state_.transmitter_empty_pending = true;
        state_.ier = value & 0x0f;
      }
      break;
    case kIdentifyOrFifo:
      state_.fcr = value & 0xc9;
      break;
    case kLineControl:
      state_.lcr = value;
      break;
    case kModemControl:
      state_.mcr = value & 0x1f;
      break;
    case kScratch:
      state_.scr = value;
      break;
    default:
      break;
  }
  update_interrupt();
}

void Serial16550::transmit(std::uint8_t byte) {
  if (state_.truncated) return;
  if (++state_.written > limits_.total_bytes) {
    emit(LineEnd::newline);
    state_.truncated = true;
    if (line_callback_) {
      line_callback_("[console output beyond " + std::to_string(limits_.total_bytes) + " bytes dropped]", LineEnd::cut);
    }
    return;
  }
  if (byte == '\n') {
    while (state_.line.ends_with('\r')) state_.line.pop_back();
    emit(LineEnd::newline);
    return;
  }
  // A carriage return inside a line begins it anew: what reads the line has to know.
  state_.line.push_back(static_cast<char>(byte));
  if (state_.line.size() >= limits_.line_bytes) emit(LineEnd::more);
}

void Serial16550::emit(LineEnd end) {
  if (line_callback_) line_callback_(state_.line, end);
  state_.line.clear();
}

void Serial16550::flush() {
  const std::lock_guard lock(mutex_);
  if (!state_.line.empty()) emit(LineEnd::newline);
}

std::uint64_t Serial16550::bytes_written() const {
  const std::lock_guard lock(mutex_);
  return state_.written;
}

bool Serial16550::truncated() const {
  const std::lock_guard lock(mutex_);
  return state_.truncated;
}

Serial16550State Serial16550::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::vector<std::byte> Serial16550::save() const {
  const Serial16550State s = state();
  RecordWriter record;
  for (const std::uint8_t one : {s.ier, s.fcr, s.lcr, s.mcr, s.scr, s.dll, s.dlm, s.receive_byte}) record.byte(one);
  for (const bool one : {s.transmitter_empty_pending, s.level, s.received, s.truncated}) record.byte(one ? 1 : 0);
  record.number(s.written);
  record.rest(s.line);
  return record.take();
}

bool Serial16550::load(std::span<const std::byte> bytes) {
  RecordReader record(bytes);
  Serial16550State s;
  for (std::uint8_t* one : {&s.ier, &s.fcr, &s.lcr, &s.mcr, &s.scr, &s.dll, &s.dlm, &s.receive_byte}) {
    *one = record.byte();
  }
  for (bool* one : {&s.transmitter_empty_pending, &s.level, &s.received, &s.truncated}) {
    const std::uint8_t flag = record.byte();
    if (flag > 1) return false;
    *one = flag == 1;
  }
  s.written = record.number();
  s.line = record.rest();
  if (!record.complete() || s.line.size() >= limits_.line_bytes) return false;
  const std::lock_guard lock(mutex_);
  const bool change = s.level != state_.level;
  state_ = std::move(s);
  if (change) tell_level();
  return true;
}

}  // namespace remapstorm
