// SPDX-License-Identifier: Apache-2.0
#include "harness/own_kernel.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace remapstorm {
namespace {

constexpr std::size_t kMostBannerBytes = 256;
// The driver's mailbox pointer, a global of every kernel with CONFIG_REMAPSTORM (guest/kernel, patch 6).
constexpr const char* kDriverSymbol = "rs_mailbox";

// The bytes that the file holds from a virtual address on, at most `most`.
std::string_view bytes_at(const ElfImage& kernel, Gva address, std::size_t most) {
  for (const ElfSegment& segment : kernel.segments()) {
    if (address < segment.virtual_address) continue;
    const std::uint64_t offset = address - segment.virtual_address;
    if (offset >= segment.file_bytes) continue;
    const auto rest = kernel.bytes(segment).subspan(offset);
    return {reinterpret_cast<const char*>(rest.data()), std::min(most, rest.size())};
  }
  return {};
}

// FNV-1a, 64 bits: tells kernels apart; no protection against malice.
std::string file_hash(const ElfImage& kernel) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::byte one : kernel.file()) hash = (hash ^ static_cast<std::uint64_t>(one)) * 0x100000001b3ULL;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
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

GuestImageInfo describe_kernel(const GuestImageInfo& image, const ElfImage& kernel, const Symbols& symbols) {
  GuestImageInfo info = image;
  const auto banner = symbols.find("linux_banner");
  info.kernel_version = banner ? release_of_banner(bytes_at(kernel, *banner, kMostBannerBytes)) : "unknown";
  info.hash = file_hash(kernel);
  info.config_sha256.clear();
  info.series_sha256.clear();
  info.vmlinux_sha256.clear();
  info.has_driver = symbols.find(kDriverSymbol).has_value();
  // Without the driver there is what mainline does.
  if (!info.has_driver) info.strategies = {"inplace"};
  return info;
}

}  // namespace remapstorm
