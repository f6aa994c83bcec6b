// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/mp_table.h"

#include <cstddef>
#include <numeric>
#include <string_view>

namespace remapstorm::x86_64 {
namespace {

constexpr std::size_t kFloatingPointerBytes = 16;
constexpr std::size_t kHeaderBytes = 44;
constexpr std::uint8_t kSpecRevision = 4;  // 1.4

enum EntryType : std::uint8_t { kProcessor = 0, kBus = 1, kIoApic = 2, kIoInterrupt = 3, kLocalInterrupt = 4 };
enum InterruptType : std::uint8_t { kVectored = 0, kNmi = 1, kExternal = 3 };

class Bytes {
 public:
  Bytes& u8(unsigned value) {
    data_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  Bytes& u16(unsigned value) { return u8(value & 0xff).u8(value >> 8 & 0xff); }
  Bytes& u32(std::uint32_t value) { return u16(value & 0xffff).u16(value >> 16); }
  // Exactly `width` characters, padded with spaces.
  Bytes& text(std::string_view value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) u8(static_cast<unsigned char>(i < value.size() ? value[i] : ' '));
    return *this;
  }
  std::vector<std::uint8_t>& data() { return data_; }

 private:
  std::vector<std::uint8_t> data_;
};

// All bytes add up to 0 modulo 256.
std::uint8_t checksum(const std::vector<std::uint8_t>& bytes) {
  const unsigned sum = std::accumulate(bytes.begin(), bytes.end(), 0u);
  return static_cast<std::uint8_t>(0u - sum);
}

void add_interrupt(Bytes& out, EntryType entry, InterruptType type, unsigned source_irq, unsigned destination_id,
                   unsigned destination_pin) {
  // Flags 0: polarity and trigger as the bus says; ISA: edge, active high.
  out.u8(entry).u8(type).u16(0).u8(0).u8(source_irq).u8(destination_id).u8(destination_pin);
}

}  // namespace

std::vector<std::uint8_t> make_mp_table(unsigned cpus, std::uint32_t address) {
  constexpr unsigned kApicVersion = 0x14;
  constexpr unsigned kEnabled = 1;
  constexpr unsigned kBootProcessor = 2;
  constexpr unsigned kAllLocalApics = 0xff;
  const unsigned io_apic_id = cpus;

  Bytes entries;
  unsigned count = 0;
  for (unsigned cpu = 0; cpu < cpus; ++cpu, ++count) {
    entries.u8(kProcessor).u8(cpu).u8(kApicVersion).u8(kEnabled | (cpu == 0 ? kBootProcessor : 0));
    entries.u32(0x600).u32(0x201).u32(0).u32(0);  // family 6; FPU and APIC on chip
  }
  entries.u8(kBus).u8(0).text("ISA", 6), ++count;
  entries.u8(kIoApic).u8(io_apic_id).u8(kApicVersion).u8(kEnabled).u32(kIoApicAddress), ++count;
  for (unsigned irq = 0; irq < kIsaInterrupts; ++irq, ++count) {
    add_interrupt(entries, kIoInterrupt, kVectored, irq, io_apic_id, irq);
  }
  add_interrupt(entries, kLocalInterrupt, kExternal, 0, kAllLocalApics, 0), ++count;
  add_interrupt(entries, kLocalInterrupt, kNmi, 0, kAllLocalApics, 1), ++count;

  Bytes table;
  table.text("PCMP", 4).u16(static_cast<unsigned>(kHeaderBytes + entries.data().size())).u8(kSpecRevision).u8(0);
  table.text("REMAPSTM", 8).text("VM", 12).u32(0).u16(0).u16(count).u32(kLocalApicAddress).u16(0).u8(0).u8(0);
  table.data().insert(table.data().end(), entries.data().begin(), entries.data().end());
  table.data()[7] = checksum(table.data());

  Bytes out;
  out.text("_MP_", 4).u32(address + static_cast<std::uint32_t>(kFloatingPointerBytes)).u8(1).u8(kSpecRevision).u8(0);
  for (int feature = 0; feature < 5; ++feature) out.u8(0);  // a table is present, no IMCR
  out.data()[10] = checksum(out.data());
  out.data().insert(out.data().end(), table.data().begin(), table.data().end());
  return std::move(out.data());
}

}  // namespace remapstorm::x86_64
