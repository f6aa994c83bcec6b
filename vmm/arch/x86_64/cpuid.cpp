// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/cpuid.h"

#include <bit>

namespace remapstorm::x86_64 {
namespace {

using enum CpuidRegister;

// SDM volume 2, CPUID; APM volume 3, appendix E.
constexpr CpuidFeature kFeatures[] = {
    {"pcid", 1, 0, ecx, 17},
    {"movbe", 1, 0, ecx, 22},
    {"popcnt", 1, 0, ecx, 23},
    {"tsc_deadline_timer", 1, 0, ecx, 24},
    {"aes", 1, 0, ecx, 25},
    {"xsave", 1, 0, ecx, 26},
    {"avx", 1, 0, ecx, 28},
    {"f16c", 1, 0, ecx, 29},
    {"rdrand", 1, 0, ecx, 30},
    {"x2apic", 1, 0, ecx, 21},
    {"fma", 1, 0, ecx, 12},
    {"pclmulqdq", 1, 0, ecx, 1},
    {"ssse3", 1, 0, ecx, 9},
    {"sse4_1", 1, 0, ecx, 19},
    {"sse4_2", 1, 0, ecx, 20},
    {"mtrr", 1, 0, edx, 12},
    {"pge", 1, 0, edx, 13},
    {"mce", 1, 0, edx, 7},
    {"mca", 1, 0, edx, 14},
    {"pse36", 1, 0, edx, 17},
    {"fsgsbase", 7, 0, ebx, 0},
    {"bmi1", 7, 0, ebx, 3},
    {"avx2", 7, 0, ebx, 5},
    {"smep", 7, 0, ebx, 7},
    {"bmi2", 7, 0, ebx, 8},
    {"erms", 7, 0, ebx, 9},
    {"invpcid", 7, 0, ebx, 10},
    {"avx512f", 7, 0, ebx, 16},
    {"rdseed", 7, 0, ebx, 18},
    {"adx", 7, 0, ebx, 19},
    {"smap", 7, 0, ebx, 20},
    {"clflushopt", 7, 0, ebx, 23},
    {"clwb", 7, 0, ebx, 24},
    {"sha_ni", 7, 0, ebx, 29},
    {"umip", 7, 0, ecx, 2},
    {"pku", 7, 0, ecx, 3},
    {"la57", 7, 0, ecx, 16},
    {"rdpid", 7, 0, ecx, 22},
    {"fsrm", 7, 0, edx, 4},
    {"rdtscp", 0x80000001, 0, edx, 27},
    {"pdpe1gb", 0x80000001, 0, edx, 26},
    {"abm", 0x80000001, 0, ecx, 5},
};

std::uint32_t& word(CpuidEntry& entry, CpuidRegister reg) {
  switch (reg) {
    case eax:
      return entry.eax;
    case ebx:
      return entry.ebx;
    case ecx:
      return entry.ecx;
    case edx:
      break;
  }
  return entry.edx;
}

constexpr std::uint32_t kHypervisor = 1u << 31;
constexpr std::uint32_t kTscDeadline = 1u << 24;
constexpr std::uint32_t kHyperThreading = 1u << 28;

void identify(CpuidEntry& entry, const CpuidPlan& plan) {
  entry.ebx = (entry.ebx & 0x0000ffffu) | (plan.vcpu << 24) | (plan.count << 16);
  entry.ecx |= kHypervisor;
  entry.ecx = plan.tsc_deadline ? entry.ecx | kTscDeadline : entry.ecx & ~kTscDeadline;
  entry.edx = plan.count > 1 ? entry.edx | kHyperThreading : entry.edx & ~kHyperThreading;
}

// Leaf 4: caches belong to one core, the package has `count` cores.
void cache_topology(CpuidEntry& entry, const CpuidPlan& plan) {
  if ((entry.eax & 0x1f) == 0) return;
  entry.eax = (entry.eax & 0x00003fffu) | ((plan.count - 1) << 26);
}

std::vector<CpuidEntry> extended_topology(std::uint32_t function, const CpuidPlan& plan) {
  const auto shift = static_cast<std::uint32_t>(std::bit_width(plan.count - 1));
  std::vector<CpuidEntry> levels(3);
  for (std::uint32_t i = 0; i < levels.size(); ++i) {
    levels[i].function = function;
    levels[i].index = i;
    levels[i].index_matters = true;
    levels[i].ecx = i;
    levels[i].edx = plan.vcpu;
  }
  levels[0].ebx = 1;  // one thread a core
  levels[0].ecx |= 1u << 8;
  levels[1].eax = shift;
  levels[1].ebx = plan.count;
  levels[1].ecx |= 2u << 8;
  return levels;
}

}  // namespace

std::span<const CpuidFeature> cpuid_features() { return kFeatures; }

Result<std::vector<CpuidEntry>> make_cpuid(std::vector<CpuidEntry> supported, const CpuidPlan& plan) {
  std::erase_if(supported, [](const CpuidEntry& e) { return e.function == 0xb || e.function == 0x1f; });
  bool has_topology_leaf = false;
  for (CpuidEntry& entry : supported) {
    if (entry.function == 0) has_topology_leaf = entry.eax >= 0xb;
    if (entry.function == 1) identify(entry, plan);
    if (entry.function == 4) cache_topology(entry, plan);
  }
  if (has_topology_leaf) {
    for (const CpuidEntry& level : extended_topology(0xb, plan)) supported.push_back(level);
  }
  for (const std::string& name : plan.hidden) {
    const CpuidFeature* feature = nullptr;
    for (const CpuidFeature& known : kFeatures) {
      if (known.name == name) feature = &known;
    }
    if (feature == nullptr) return usage_error("unknown CPU feature \"" + name + "\"");
    for (CpuidEntry& entry : supported) {
      if (entry.function == feature->function && entry.index == feature->index) {
        word(entry, feature->reg) &= ~(1u << feature->bit);
      }
    }
  }
  return supported;
}

}  // namespace remapstorm::x86_64
