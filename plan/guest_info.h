// SPDX-License-Identifier: Apache-2.0
// What is known of a guest image.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace remapstorm {

// The image's manifest.json plus where its files are. Of a guest that a Runner made, the hashes are those of the bytes
// it boots.
struct GuestImageInfo {
  std::string directory;
  std::string flavour;
  std::string architecture;  // "x86_64", also of images from before there were others; "arm64"
  std::string kernel_version;
  std::string hash;
  std::string config_sha256;
  std::string series_sha256;
  std::string vmlinux_sha256;
  std::string initramfs_sha256;
  std::string cmdline_sha256;  // see command_line_sha256(); the manifest does not tell
  std::vector<std::string> strategies;
  std::string command_line;  // of its cmdline/common, as words; empty for a kernel that does not know them
  bool has_driver = true;    // CONFIG_REMAPSTORM: probes, test interrupts, soft holds; false only with --kernel
};
// Reads DIRECTORY/manifest.json. Errors: usage (not there, not ours, unknown schema).
Result<GuestImageInfo> load_guest_image_info(const std::string& directory);

}  // namespace remapstorm
