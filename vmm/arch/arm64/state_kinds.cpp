// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/state_kinds.h"

#include <cstring>

#include "base/hex.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"

namespace remapstorm::arm64 {
namespace {

// Offsets in GICD, and in GICR of a vCPU: RD_base, then SGI_base (IHI 0069, 12.9 and 12.11).
constexpr std::uint64_t kSgiBase = 0x10000;
constexpr std::uint64_t kGroup = 0x80, kSetEnable = 0x100, kClearEnable = 0x180, kSetPending = 0x200,
                        kSetActive = 0x300, kClearActive = 0x380, kPriority = 0x400, kConfiguration = 0xc00,
                        kRouter = 0x6000;

void add_words(std::vector<StateWord>& out, std::uint64_t from, std::uint64_t bytes) {
  for (std::uint64_t offset = 0; offset < bytes; offset += 4) out.push_back({from + offset});
}

// What there is for each 32 INTIDs, from the first of them; both parts of the controller have it at the same offsets.
void add_interrupts(std::vector<StateWord>& out, std::uint64_t base, std::uint64_t first) {
  const std::uint64_t bits = base + first / 8;
  out.push_back({bits + kGroup});
  add_words(out, base + kPriority + first, 32);
  add_words(out, base + kConfiguration + first / 4, 8);
  out.push_back({bits + kSetEnable, bits + kClearEnable});
  // Through this interface the latches alone, and a write sets and clears them.
  out.push_back({bits + kSetPending});
  out.push_back({bits + kSetActive, bits + kClearActive});
}

std::vector<StateWord> distributor() {
  std::vector<StateWord> out = {{0x8}, {0x0}};  // GICD_IIDR, GICD_CTLR
  for (std::uint64_t first = kFirstSpi; first < kIntids; first += 32) add_interrupts(out, 0, first);
  add_words(out, kRouter + std::uint64_t{8} * kFirstSpi, std::uint64_t{8} * (kIntids - kFirstSpi));
  return out;
}

// Without an ITS there are no LPIs: GICR_PROPBASER, GICR_PENDBASER mean nothing.
std::vector<StateWord> redistributor() {
  std::vector<StateWord> out = {{0x0}, {0x14}};  // GICR_CTLR, GICR_WAKER
  add_interrupts(out, kSgiBase, 0);
  return out;
}

std::vector<StateWord> interface() {
  std::vector<StateWord> out;
  out.reserve(kInterfaceRegisters.size());
  for (const std::uint64_t id : kInterfaceRegisters) out.push_back({id});
  return out;
}

void compare_bytes(std::span<const std::byte> want, std::span<const std::byte> have, std::vector<std::string>& out) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (want[i] == have[i]) continue;
    out.push_back("byte " + std::to_string(i) + ": " + hex(std::to_integer<unsigned>(want[i])) + " became " +
                  hex(std::to_integer<unsigned>(have[i])));
  }
}

void compare_words(StateKind kind, std::span<const std::byte> want, std::span<const std::byte> have,
                   std::vector<std::string>& out) {
  const auto a = saved_words(want), b = saved_words(have);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].id != b[i].id) {
      out.push_back("register " + hex(a[i].id) + " is missing");
      continue;
    }
    std::uint64_t own = 0;
    if (kind == StateKind::registers) own = own_bits(a[i].id);
    if (kind == StateKind::private_levels) own = kTimerLevels;
    if (kind == StateKind::redistributor && a[i].id == kPrivateActive) own = kTimerLevels & a[i].low;
    if (((a[i].low ^ b[i].low) & ~own) == 0 && a[i].high == b[i].high) continue;
    out.push_back("register " + hex(a[i].id) + ": " + hex(a[i].low) + " became " + hex(b[i].low));
  }
}

std::uint64_t first_word(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(sizeof(value), bytes.size()));
  return value;
}

}  // namespace

std::string_view state_name(StateKind kind) {
  switch (kind) {
    case StateKind::mp_state:
      return "run state";
    case StateKind::events:
      return "pending events";
    case StateKind::registers:
      return "registers";
    case StateKind::interface:
      return "interrupt interface";
    case StateKind::redistributor:
      return "redistributor";
    case StateKind::private_levels:
      return "levels of private interrupts";
    case StateKind::distributor:
      return "distributor";
    case StateKind::shared_levels:
      return "levels of shared interrupts";
    case StateKind::counter:
      return "counter";
  }
  return "unknown state";
}

std::vector<SavedWord> saved_words(std::span<const std::byte> item) {
  std::vector<SavedWord> words(item.size() / sizeof(SavedWord));
  if (!words.empty()) std::memcpy(words.data(), item.data(), words.size() * sizeof(SavedWord));
  return words;
}

std::vector<StateWord> gic_words(StateKind kind) {
  switch (kind) {
    case StateKind::distributor:
      return distributor();
    case StateKind::redistributor:
      return redistributor();
    case StateKind::interface:
      return interface();
    case StateKind::private_levels:
      return {{0, 0, kTimerLevels}};
    case StateKind::shared_levels:
      return {{kFirstSpi}};
    default:
      return {};
  }
}

std::uint64_t own_bits(std::uint64_t register_id) {
  constexpr std::uint64_t kConditionMet = 1 << 2;  // CNTV_CTL_EL0.ISTATUS, CNTP_CTL_EL0.ISTATUS
  return register_id == kTimerControl || register_id == kPhysicalTimerControl ? kConditionMet : 0;
}

bool register_apart(std::uint64_t register_id) {
  return register_id == kTimerCounter || register_id == kPhysicalTimerCounter;
}

std::vector<std::string> compare_state(StateKind kind, std::span<const std::byte> want,
                                       std::span<const std::byte> have) {
  std::vector<std::string> out;
  if (want.size() != have.size()) {
    out.push_back(std::to_string(want.size()) + " bytes became " + std::to_string(have.size()));
  } else if (kind == StateKind::counter) {
    const std::uint64_t was = first_word(want), is = first_word(have);
    if (is < was) out.push_back("ran back from " + hex(was) + " to " + hex(is));
  } else if (of_words(kind)) {
    compare_words(kind, want, have, out);
  } else {
    compare_bytes(want, have, out);
  }
  return out;
}

}  // namespace remapstorm::arm64
