// SPDX-License-Identifier: Apache-2.0
// Text that others wrote (a guest, a scenario, a recorded file), fit for a terminal and for one-line formats: nothing
// in it moves the cursor, changes colours or titles, or writes from right to left.
#pragma once

#include <string>
#include <string_view>

namespace remapstorm {

// Tabs become blanks; '?' stands for each control character (C0, DEL, C1: U+0080 to U+009F), each line or paragraph
// separator and mark of direction of Unicode, and each byte that is not UTF-8. Newlines are control characters as well.
std::string printable(std::string_view text);
// The same, but newlines stay.
std::string printable_lines(std::string_view text);

}  // namespace remapstorm
