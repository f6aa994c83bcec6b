// SPDX-License-Identifier: Apache-2.0
// Request numbers of ioctls whose argument ends in a flexible array. The kernel's header builds those arrays around an
// empty struct, which has size 0 in C and 1 in C++, so that in C++ sizeof, and with it the request number, is wrong.
// Each of these structs starts with two 32-bit words, the first alone for the list of MSRs.
#pragma once

#include <linux/ioctl.h>
#include <linux/kvm.h>

namespace remapstorm::host_kvm {

inline constexpr unsigned long kHeaderBytes = 8;
inline constexpr unsigned long kGetMsrIndexList = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x02, 4);
inline constexpr unsigned long kGetSupportedCpuid = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, kHeaderBytes);
inline constexpr unsigned long kGetMsrs = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x88, kHeaderBytes);
inline constexpr unsigned long kSetMsrs = _IOC(_IOC_WRITE, KVMIO, 0x89, kHeaderBytes);
inline constexpr unsigned long kSetCpuid2 = _IOC(_IOC_WRITE, KVMIO, 0x90, kHeaderBytes);
// struct kvm_xsave, whose array follows 4096 bytes.
inline constexpr unsigned long kXsaveBytes = 4096;
inline constexpr unsigned long kGetXsave = _IOC(_IOC_READ, KVMIO, 0xa4, kXsaveBytes);
inline constexpr unsigned long kSetXsave = _IOC(_IOC_WRITE, KVMIO, 0xa5, kXsaveBytes);
inline constexpr unsigned long kGetXsave2 = _IOC(_IOC_READ, KVMIO, 0xcf, kXsaveBytes);

}  // namespace remapstorm::host_kvm
