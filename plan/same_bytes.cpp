// SPDX-License-Identifier: Apache-2.0
#include "plan/same_bytes.h"

#include <algorithm>
#include <array>

#include "base/names.h"

namespace remapstorm {
namespace {

constexpr std::size_t kFewestDigits = 12, kShownDigits = 16, kMostDigits = 64;

struct Part {
  const char* name;
  std::string SameBytes::*digits;
  const char* what;
};
constexpr std::array<Part, 5> kParts = {{
    {"scenario", &SameBytes::scenario, "the scenario"},
    {"kernel", &SameBytes::kernel, "the guest's vmlinux"},
    {"initramfs", &SameBytes::initramfs, "the guest image's initramfs"},
    {"cmdline", &SameBytes::cmdline, "the guest image's command line"},
    {"program", &SameBytes::program, "remapstorm's own build"},
}};

bool are_digits(std::string_view text) {
  return text.size() >= kFewestDigits && text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

bool SameBytes::empty() const {
  return std::all_of(kParts.begin(), kParts.end(), [this](const Part& part) { return (this->*part.digits).empty(); });
}

Result<SameBytes> parse_same_bytes(const std::string& text) {
  SameBytes bytes;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    const std::string one = text.substr(from, to - from);
    const std::size_t equals = one.find('=');
    const std::string name = one.substr(0, equals);
    const auto part = std::find_if(kParts.begin(), kParts.end(), [&](const Part& known) { return known.name == name; });
    if (equals == std::string::npos || part == kParts.end() || !are_digits(one.substr(equals + 1))) {
      return usage_error("--sha256 " + text + ": '" + one + "' is not NAME=DIGITS",
                         "names: scenario, kernel, initramfs, cmdline, program; 12 to 64 hexadecimal digits");
    }
    bytes.*(part->digits) = one.substr(equals + 1);
    from = to + 1;
  }
  return bytes;
}

std::string same_bytes_text(const SameBytes& bytes) {
  std::vector<std::string> words;
  for (const Part& part : kParts) {
    const std::string& digits = bytes.*part.digits;
    if (are_digits(digits)) words.push_back(part.name + ("=" + digits.substr(0, kShownDigits)));
  }
  return join(words, ",");
}

std::vector<std::string> differences(const SameBytes& asked, const SameBytes& here) {
  std::vector<std::string> lines;
  for (const Part& part : kParts) {
    const std::string& wanted = asked.*part.digits;
    const std::string& found = here.*part.digits;
    if (wanted.empty() || (!found.empty() && found.starts_with(wanted))) continue;
    lines.push_back(part.what + (" differs: " + (found.empty() ? "unknown" : found.substr(0, kShownDigits)) +
                                 " here, " + wanted + " asked for"));
  }
  return lines;
}

}  // namespace remapstorm
