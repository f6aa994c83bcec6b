// SPDX-License-Identifier: Apache-2.0
// A kernel that a person gives with --kernel instead of the image's: what reports and plans must know of it.
#pragma once

#include <string>

#include "harness/plan.h"
#include "vmm/elf_image.h"
#include "vmm/symbols.h"

namespace remapstorm {

// `image` with what this kernel says of itself: the release of its banner, a hash over the file, whether it was built
// with CONFIG_REMAPSTORM. What only the image's manifest could tell (configuration, patch series) becomes empty.
GuestImageInfo describe_kernel(const GuestImageInfo& image, const ElfImage& kernel, const Symbols& symbols);

// "6.12.117" from "Linux version 6.12.117 (user@host) ..."; "unknown" if the text is no such banner.
std::string release_of_banner(std::string_view banner);

}  // namespace remapstorm
