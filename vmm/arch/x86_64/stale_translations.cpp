// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/stale_translations.h"

#include <cstring>

namespace remapstorm::x86_64 {
namespace {

// SDM volume 3, 4.5.4.
constexpr std::uint64_t kPresent = 1u << 0;
constexpr std::uint64_t kUser = 1u << 2;
constexpr std::uint64_t kAccessed = 1u << 5;
constexpr std::uint64_t kAddress = 0x000ffffffffff000ULL;
constexpr std::size_t kPageWords = 512;
constexpr std::size_t kBlock = 8;

}  // namespace

bool copy_page_and_look(std::byte* to, const std::byte* from, ShadowPaging shadows, std::uint64_t memory_end) {
  if (shadows == ShadowPaging::none) {
    std::memcpy(to, from, kPageWords * sizeof(std::uint64_t));
    return false;
  }
  const std::uint64_t bits = kPresent | kAccessed | (shadows == ShadowPaging::user ? kUser : 0);
  bool stale = false;
  for (std::size_t block = 0; block < kPageWords; block += kBlock) {
    std::uint64_t old[kBlock];
    std::uint64_t now[kBlock];
    std::memcpy(old, to + block * 8, sizeof(old));
    std::memcpy(now, from + block * 8, sizeof(now));
    std::uint64_t changed = 0;
    for (std::size_t i = 0; i < kBlock; ++i) changed |= old[i] ^ now[i];
    if (changed == 0) continue;
    for (std::size_t i = 0; i < kBlock; ++i) {
      stale |= old[i] != now[i] && (old[i] & bits) == bits && (old[i] & kAddress) < memory_end;
    }
    std::memcpy(to + block * 8, now, sizeof(now));
  }
  return stale;
}

}  // namespace remapstorm::x86_64
