// SPDX-License-Identifier: Apache-2.0
#include "base/host_kind.h"

namespace remapstorm {
namespace {

constexpr std::string_view kHardware = "kvm-hardware";
constexpr std::string_view kInterpreting = "kvm-interpreting";
constexpr std::string_view kLab = "lab:";

}  // namespace

HostKind host_kind(std::string_view name) {
  if (name == kHardware) return HostKind::hardware;
  if (name == kInterpreting) return HostKind::interpreting;
  return lab_kind(name).empty() ? HostKind::unknown : HostKind::lab;
}

std::string_view host_kind_name(HostKind kind) { return kind == HostKind::interpreting ? kInterpreting : kHardware; }

std::string lab_kind(std::string_view name) {
  return name.starts_with(kLab) ? std::string(name.substr(kLab.size())) : std::string();
}

std::string lab_architecture(std::string_view name) {
  const std::string kind = lab_kind(name);
  return kind == "x86" ? "x86_64" : kind;
}

std::string lab_of(std::string_view architecture) {
  return "lab:" + std::string(architecture == "x86_64" ? "x86" : architecture);
}

}  // namespace remapstorm
