// SPDX-License-Identifier: Apache-2.0
// Guest images in the cache, built by guest/build.sh: CACHE/guest/FLAVOUR-HASH/{vmlinux,initramfs.cpio,manifest.json}.
#pragma once

#include <string>
#include <vector>

#include "base/kernel_files.h"
#include "base/paths.h"
#include "base/result.h"
#include "plan/guest_info.h"
#include "plan/same_bytes.h"

namespace remapstorm {

// The variable by which ./run and ./test name the image that belongs to the sources: REMAPSTORM_IMAGE_STD for `std`.
std::string image_variable(const std::string& flavour);

// The image to boot: the folder named by image_variable(); without it, the newest complete image of that flavour in
// the cache. One whose manifest names the hashes of `wanted` comes before these; whether its bytes are those is the
// Runner's matter. Errors: unavailable (none there), usage (the folder named is no image).
Result<GuestImageInfo> find_guest_image(const Paths& paths, const Environment& environment, const std::string& flavour,
                                        const SameBytes& wanted = {});
// Whether its manifest names the hashes of `wanted` that are about images.
bool is_wanted(const GuestImageInfo& image, const SameBytes& wanted);
// What a line asks of the image when another kernel boots.
SameBytes wanted_of_image(const SameBytes& same, const KernelFiles& own_kernel);

struct CachedImage {
  std::string directory;
  Result<GuestImageInfo> info;  // an error for what is incomplete or not ours
};
// Everything below CACHE/guest, newest first. A missing folder is an empty list.
std::vector<CachedImage> list_guest_images(const Paths& paths);

}  // namespace remapstorm
