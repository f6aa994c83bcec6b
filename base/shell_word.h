// SPDX-License-Identifier: Apache-2.0
// Commands as people copy them into a shell.
#pragma once

#include <string>

namespace remapstorm {

// As one word of a POSIX shell: quoted if the shell would take it apart or understand it.
std::string shell_word(const std::string& word);

}  // namespace remapstorm
