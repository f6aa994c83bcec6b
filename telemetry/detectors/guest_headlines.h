// SPDX-License-Identifier: Apache-2.0
// The messages with which a kernel begins to say that something is wrong with it. The table is in guest_headlines.cpp,
// with the file of Linux that prints each.
#pragma once

#include <cstdint>
#include <string_view>

#include "telemetry/finding.h"

namespace remapstorm {

enum class HeadlineRole : std::uint8_t {
  report,      // begins a report
  cause,       // begins one that names the cause; "WARNING:" or "kernel BUG at" follows and belongs to it
  exception,   // what the exception handler says: belongs to the report that named the cause, if there is one
  panic,       // the kernel ends itself
  belongs,     // a line inside a report that looks like the beginning of one and is none
  harmless,    // sounds like a report and is none: told as a note
  lockdep_off  // lockdep cannot go on; it has found nothing
};

struct Headline {
  std::string_view begin;  // of the message
  std::string_view part;   // and this behind it; may be empty
  HeadlineRole role;
  Verdict verdict;
  FindingKind kind;
};

// The first that fits, or null. `message` is what console_text() leaves.
const Headline* headline_of(std::string_view message);

}  // namespace remapstorm
