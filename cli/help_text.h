// SPDX-License-Identifier: Apache-2.0
// Help as wide as the terminal. Pure.
#pragma once

#include <string>
#include <string_view>

namespace remapstorm {

// Lines of more than `width` columns go on below: below the second column of a line that has two (two spaces or more
// between them), else below its first word. A word is never cut, and what a person would paste into a shell (a line
// that begins with "usage:" or "example:", or with `called` behind spaces) stays one line.
std::string fitted(std::string_view help, std::size_t width, std::string_view called);

// COLUMNS or the terminal's width, as far as words of ours fit and anybody reads; `columns` 0: not known.
std::size_t help_width(unsigned columns);

}  // namespace remapstorm
