// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/exception_entry.h"

#include "vmm/arch/arm64/registers.h"
#include "vmm/arch/arm64/vectors.h"

namespace remapstorm::arm64 {
namespace {

// PSTATE as in SPSR_EL1 (Arm ARM C5.2.18), and what SCTLR_EL1 says of it (D19.2.124).
constexpr std::uint64_t kConditions = 0xfULL << 28;
constexpr std::uint64_t kDataIndependent = 1ULL << 24;
constexpr std::uint64_t kPan = 1ULL << 22;
constexpr std::uint64_t kSsbs = 1ULL << 12;
constexpr std::uint64_t kSctlrKeepsPan = 1ULL << 23;  // SPAN
constexpr std::uint64_t kSctlrSsbs = 1ULL << 44;      // DSSBS

}  // namespace

ExceptionEntry enter_synchronous(std::uint64_t pstate, std::uint64_t sctlr_el1, Gva vbar_el1) {
  const std::uint64_t mode = pstate & kPstateModeMask;
  const std::uint64_t vector = mode == kPstateEl1h ? 4 : mode == kPstateEl1t ? 0 : 8;
  ExceptionEntry entry;
  entry.pc = vbar_el1 + vector * kVectorBytes;
  entry.pstate =
      (pstate & (kConditions | kDataIndependent | kPan)) | kPstateEl1h | kPstateD | kPstateA | kPstateI | kPstateF;
  if ((sctlr_el1 & kSctlrKeepsPan) == 0) entry.pstate |= kPan;
  if ((sctlr_el1 & kSctlrSsbs) != 0) entry.pstate |= kSsbs;
  return entry;
}

}  // namespace remapstorm::arm64
