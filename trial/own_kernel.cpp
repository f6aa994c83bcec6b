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

// The bytes that the file holds from a virtual address on, at most `most`.
std::string_view bytes_at(const KernelImage& kernel, Gva address, std::size_t most) {
  for (const KernelSegment& segment : kernel.segments()) {
    if (address < segment.virtual_address) continue;
    const std::uint64_t offset = address - segment.virtual_address;
    if (offset >= segment.file_bytes) continue;
    const auto rest = kernel.bytes(segment).subspan(offset);
    return {reinterpret_cast<const char*>(rest.data()), std::min(most, rest.size())};
  }
  return {};
}

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

GuestImageInfo describe_kernel(const GuestImageInfo& image, const KernelImage& kernel, const Symbols& symbols) {
  GuestImageInfo info = image;
  info.vmlinux_sha256 = sha256_hex(kernel.file());
  if (info.vmlinux_sha256 == image.vmlinux_sha256) return info;
  const auto banner = symbols.find("linux_banner");
  info.kernel_version = banner ? release_of_banner(bytes_at(kernel, *banner, kMostBannerBytes)) : "unknown";
  info.hash = info.vmlinux_sha256.substr(0, 16);
  info.config_sha256.clear();
  info.series_sha256.clear();
  info.has_driver = symbols.find(kDriverSymbol).has_value();
  if (!symbols.find(kBaseSymbol)) info.command_line.clear();
  // Without the driver there is what mainline does.
  if (!info.has_driver) info.strategies = {"inplace"};
  return info;
}

}  // namespace remapstorm
