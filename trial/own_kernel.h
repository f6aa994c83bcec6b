// SPDX-License-Identifier: Apache-2.0
// A kernel that is not the image's (--kernel, or a vmlinux that was exchanged): what reports and plans must know of it.
#pragma once

#include <string>

#include "plan/guest_info.h"
#include "vmm/kernel.h"

namespace remapstorm {

// `image` with the sha256 of this kernel's file. If that is not the one of the image's manifest: with what this kernel
// says of itself, the release of its banner and whether it was built with CONFIG_REMAPSTORM; the hash is the first 16
// digits of the sha256. What only the manifest could tell (configuration, patch series) becomes empty.
GuestImageInfo describe_kernel(const GuestImageInfo& image, const Kernel& kernel);

// "6.12.117" from "Linux version 6.12.117 (user@host) ..."; "unknown" if the text is no such banner.
std::string release_of_banner(std::string_view banner);

}  // namespace remapstorm
