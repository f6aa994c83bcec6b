// SPDX-License-Identifier: Apache-2.0
// What a line of a console is: a message of the kernel's or a text of somebody else's, and which part of it is the
// message. Kernels and what carries their log to a console put different things in front of a message:
//
//   [   12.345678] text                       CONFIG_PRINTK_TIME
//   [   12.345678][    T1] text               CONFIG_PRINTK_CALLER: a task, or a CPU in an interrupt ([    C0])
//   <3>[   12.345678] text                    console_msg_format=syslog: facility * 8 + level; the kernel's facility is
//   0 4,1234,12345678,-,caller=T1;text          extended netconsole (Documentation/networking/netconsole.rst) Nov 29
//   11:38:25 host kernel: text         a log daemon; or with an ISO date
//
// and a terminal's colours, carriage returns, or what a program had written without ending its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace remapstorm {

struct ConsoleText {
  enum class From : unsigned char {
    anybody,  // nothing in front: the kernel, if it puts nothing there, or a program
    kernel,
    program,  // written through /dev/kmsg
  } from = From::anybody;
  std::string_view text;
};

// `line` without what is in front of its message. A view into it; pure.
ConsoleText console_text(std::string_view line);

// Without escape sequences (ECMA-48: CSI, OSC and the like) and without control characters but tab and carriage return.
std::string without_escapes(std::string_view line);

// The messages of one line as a console got it, escapes gone: several if carriage returns part them, or if the kernel
// spoke behind a text that somebody had not ended. Views into `line`, which has to be free of escapes.
std::vector<ConsoleText> console_messages(std::string_view line);

}  // namespace remapstorm
