// SPDX-License-Identifier: Apache-2.0
#include "trial/own_kernel.h"

#include <algorithm>

#include "base/sha256.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostBannerBytes = 256;
// The driver's mailbox pointer, a global of every kernel with CONFIG_REMAPSTORM (guest/driver).
constexpr const char* kDriverSymbol = "rs_mailbox";
// What reads remapstorm.stock_restore= (patch 27).
constexpr const char* kBaseSymbol = "early_stock_restore";

}  // namespace

std::string release_of_banner(std::string_view banner) {
  constexpr std::string_view kStart = "Linux version ";
  if (!banner.starts_with(kStart)) return "unknown";
  banner.remove_prefix(kStart.size());
  const std::string_view release = banner.substr(0, std::min(banner.find(' '), banner.size()));
  const bool plain = !release.empty() && std::all_of(release.begin(), release.end(),
                                                     [](char letter) { return letter > ' ' && letter < '\x7f'; });
  return plain && release.size() <= 64 ? std::string(release) : "unknown";
}

GuestImageInfo describe_kernel(const GuestImageInfo& image, const Kernel& kernel) {
  GuestImageInfo info = image;
  info.vmlinux_sha256 = sha256_hex(kernel.image.file());
  if (info.vmlinux_sha256 == image.vmlinux_sha256) return info;
  info.kernel_version = "unknown";
  if (const auto banner = kernel.symbols.find("linux_banner")) {
    const auto bytes = kernel.image.bytes_at(*banner, kMostBannerBytes);
    info.kernel_version = release_of_banner({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  info.hash = info.vmlinux_sha256.substr(0, 16);
  info.config_sha256.clear();
  info.series_sha256.clear();
  info.has_driver = kernel.symbols.find(kDriverSymbol).has_value();
  if (!kernel.symbols.find(kBaseSymbol)) info.command_line.clear();
  // Without the driver there is what mainline does.
  if (!info.has_driver) info.strategies = {"inplace"};
  return info;
}

}  // namespace remapstorm
