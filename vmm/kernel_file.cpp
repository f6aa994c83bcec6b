// SPDX-License-Identifier: Apache-2.0
#include "vmm/kernel_file.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "vmm/unpack.h"

namespace remapstorm {
namespace {

// A compressed bzImage of a compressed kernel is three; more is a file made to keep us busy.
constexpr int kMostLayers = 4;

using Bytes = std::span<const std::byte>;

bool has(Bytes bytes, std::size_t offset, std::string_view magic) {
  return bytes.size() >= offset && bytes.size() - offset >= magic.size() &&
         std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
}

template <typename T>
T field(Bytes bytes, std::size_t offset) {
  T value{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof(T)) {
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
  }
  return value;
}

struct Payload {
  const char* of = "";  // "bzImage"
  std::uint64_t offset = 0, length = 0;
};

// boot.rst: the payload lies behind the boot sector and the setup sectors, 4 if it says 0.
Payload payload_of_bzimage(Bytes file) {
  const unsigned sectors = field<std::uint8_t>(file, 0x1f1);
  const std::uint64_t protected_mode = 512 * (std::uint64_t{sectors == 0 ? 4 : sectors} + 1);
  return {"bzImage", protected_mode + field<std::uint32_t>(file, 0x248), field<std::uint32_t>(file, 0x24c)};
}

std::optional<Payload> payload_of(Bytes file) {
  constexpr std::uint16_t kFirstWithPayload = 0x208;
  if (has(file, 0x202, "HdrS") && field<std::uint16_t>(file, 0x206) >= kFirstWithPayload) {
    return payload_of_bzimage(file);
  }
  if (has(file, 0, "MZ") && has(file, 4, "zimg")) {
    return Payload{"EFI image", field<std::uint32_t>(file, 8), field<std::uint32_t>(file, 12)};
  }
  return std::nullopt;
}

}  // namespace

Result<KernelFile> read_kernel_file(const std::string& path, std::size_t most) {
  KernelFile kernel;
  kernel.taken_of = path;
  RS_ASSIGN(kernel.bytes, Mapping::copy_of_file(path, most));
  for (int layer = 0; layer < kMostLayers; ++layer) {
    Bytes packed = kernel.bytes.bytes();
    const std::optional<Payload> payload = payload_of(packed);
    if (payload) {
      if (payload->offset > packed.size() || payload->length > packed.size() - payload->offset ||
          payload->length == 0) {
        return usage_error(kernel.taken_of + ": its header places the kernel outside the file: truncated?");
      }
      packed = packed.subspan(payload->offset, payload->length);
    }
    const char* const compression = compression_of(packed);
    // Kernels have their length behind it, in 4 bytes; gzip has one of its own (scripts/Makefile.lib, size_append).
    constexpr std::size_t kAppended = 4;
    if (payload && compression != nullptr && compression != std::string_view("gzip") && packed.size() > kAppended) {
      packed = packed.first(packed.size() - kAppended);
    }
    if (compression == nullptr) {
      if (!payload) return kernel;
      return usage_error(kernel.taken_of + ": a " + payload->of +
                         " whose kernel is compressed in a way not known here");
    }
    kernel.taken_of = std::string("the ") + compression + " payload of " +
                      (payload ? std::string("the ") + payload->of + " " : "") + kernel.taken_of;
    RS_ASSIGN(kernel.bytes, unpack(packed, kernel.taken_of, most));
  }
  return usage_error(path + ": packed more than " + std::to_string(kMostLayers) + " times");
}

}  // namespace remapstorm
