// SPDX-License-Identifier: Apache-2.0
// The CPUID a guest is given: what KVM supports, made true for this vCPU, minus what the policy hides. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace remapstorm::x86_64 {

struct CpuidEntry {
  std::uint32_t function = 0;
  std::uint32_t index = 0;
  bool index_matters = false;
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  bool operator==(const CpuidEntry&) const = default;
};

enum class CpuidRegister : std::uint8_t { eax, ebx, ecx, edx };

struct CpuidFeature {
  std::string_view name;  // as in /proc/cpuinfo
  std::uint32_t function;
  std::uint32_t index;
  CpuidRegister reg;
  unsigned bit;
};

// The features that can be hidden by name.
std::span<const CpuidFeature> cpuid_features();

struct CpuidPlan {
  unsigned vcpu = 0;   // its APIC id
  unsigned count = 1;  // vCPUs in the machine: one package, one thread a core
  bool tsc_deadline = false;
  std::vector<std::string> hidden;
};

// Errors: usage for an unknown feature name, naming it.
Result<std::vector<CpuidEntry>> make_cpuid(std::vector<CpuidEntry> supported, const CpuidPlan& plan);

}  // namespace remapstorm::x86_64
