// SPDX-License-Identifier: Apache-2.0
// Kinds of KVM host, and the words by which results name them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace remapstorm {

enum class HostKind : std::uint8_t {
  hardware,      // "kvm-hardware": VMX, SVM or arm64 virtualization extensions
  interpreting,  // "kvm-interpreting": guest kernel mode is interpreted by KVM's emulator
  lab,           // "lab:x86": a host that is emulated itself (lab/)
  unknown,       // a word that a newer version wrote
};

HostKind host_kind(std::string_view name);
// Of hardware and interpreting, which a measurement tells apart. Timings do not compare across kinds.
std::string_view host_kind_name(HostKind kind);
// "x86" of "lab:x86"; empty for any other kind.
std::string lab_kind(std::string_view name);
// Of that lab's machine, by which kinds of labs are named: "x86_64", "arm64"; empty for any other kind of host.
std::string lab_architecture(std::string_view name);
// The lab whose guests have that architecture: "lab:x86" for "x86_64".
std::string lab_of(std::string_view architecture);

}  // namespace remapstorm
