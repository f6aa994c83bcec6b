// SPDX-License-Identifier: Apache-2.0
// SameBytes: what must be byte for byte what it was when a line was made that repeats something. Names and paths stay
// while their contents change; a line with --sha256 runs the same bytes or says what it needs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace remapstorm {

// The first digits of each hash, lower-case hexadecimal; empty: not asked for, or not known.
struct SameBytes {
  std::string scenario;   // sha256 of the scenario file
  std::string kernel;     // of vmlinux: the guest image's or that of --kernel
  std::string initramfs;  // of the guest image
  std::string cmdline;    // of the guest image: cmdline/common and cmdline/interpreting, one behind the other
  std::string program;    // build-id of remapstorm itself

  [[nodiscard]] bool empty() const;
};

// "scenario=1a2b3c4d5e6f7081,kernel=...": 12 to 64 digits each. Error: usage.
Result<SameBytes> parse_same_bytes(const std::string& text);
// The same form, 16 digits of each that is known; empty if none is.
std::string same_bytes_text(const SameBytes& bytes);

// A line for each that is asked for and is not so: "the scenario differs: ...".
std::vector<std::string> differences(const SameBytes& asked, const SameBytes& here);

}  // namespace remapstorm
