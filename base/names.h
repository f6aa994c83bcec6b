// SPDX-License-Identifier: Apache-2.0
// Lists of names, and what somebody who mistyped one may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace remapstorm {

// The number of letters to change, add, drop or swap with a neighbour to get from one text to the other, never above
// `cap`.
unsigned edit_distance(std::string_view a, std::string_view b, unsigned cap = 8);

// Up to `most` of `names` that are near `typed`, nearest first; those that contain it count as near.
std::vector<std::string> near_matches(std::string_view typed, std::span<const std::string> names, std::size_t most = 3);

bool contains(std::span<const std::string> names, std::string_view name);

// "a,b,," -> "a", "b", "", "".
std::vector<std::string> split(std::string_view text, char separator);

// "a, b, c".
std::string join(std::span<const std::string> names, std::string_view separator = ", ");

}  // namespace remapstorm
