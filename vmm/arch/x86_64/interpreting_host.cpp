// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/interpreting_host.h"

namespace remapstorm::x86_64 {
namespace {

constexpr std::string_view kCleared[] = {
    "popcnt", "smap",  "fsgsbase", "invpcid", "pcid", "rdrand", "rdseed",
    "umip",   "rdpid", "rdtscp",   "movbe",   "cx16", "erms",   "fsrm",
};

}  // namespace

std::span<const std::string_view> interpreting_host_cleared_features() { return kCleared; }

std::string interpreting_host_parameters() {
  std::string text = "noxsave clearcpuid=";
  for (const std::string_view name : kCleared) {
    if (text.back() != '=') text += ',';
    text += name;
  }
  return text;
}

}  // namespace remapstorm::x86_64
