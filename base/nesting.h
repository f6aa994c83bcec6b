// SPDX-License-Identifier: Apache-2.0
// Foreign text that nests without end exhausts the stack of whatever takes it apart, copies it or frees it: so its
// nesting is measured before anybody parses it. Both know just enough of the language to find its brackets and, in
// TOML, the dots of its keys; what is no such language at all is left to the parser to refuse.
#pragma once

#include <cstddef>
#include <istream>
#include <string_view>

namespace remapstorm {

// No file of ours comes near it.
inline constexpr std::size_t kDeepestNesting = 32;

bool json_nests_too_deeply(std::string_view text);
// Reads to the end and goes back to where it was. True as well if it cannot go back.
bool json_nests_too_deeply(std::istream& in);
// Brackets, and the parts of a dotted key or header: each makes a table in a table.
bool toml_nests_too_deeply(std::string_view text);

}  // namespace remapstorm
