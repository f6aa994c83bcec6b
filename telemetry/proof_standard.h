// SPDX-License-Identifier: Apache-2.0
// The standard of proof of a deadlock, in one place: how far the two looks at its waiters lie apart, for which command,
// and why that is enough. Detector and commands take the figures from here; docs/event-format.md, `describe` and
// certificates quote the words (a test compares).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace remapstorm {

// Processor time that each waiter must have used between the two looks. The detector asks it of every recording,
// whichever command made it.
inline constexpr Nanoseconds kProofRun = std::chrono::microseconds(250);

// The second look follows the first after this time, or as soon as each waiter has used as much: all commands but
// explore.
inline constexpr Nanoseconds kLooksApart = std::chrono::milliseconds(50);

// explore takes it sooner, after least_run(): a window has hundreds of boundaries. The margin keeps a waiter's clock
// that was read late from failing by nothing; entering and leaving KVM_RUN uses processor time, too, and is no running.
inline constexpr Nanoseconds kProofMargin = std::chrono::microseconds(15);
inline constexpr int kProofExits = 10;
// `exit`: one VM exit and back on this host; 0: not known.
constexpr Nanoseconds least_run(Nanoseconds exit) { return std::max(kProofRun + kProofMargin, kProofExits * exit); }

enum class Looks : std::uint8_t {
  apart,  // run, sweep, soak, compare, serve, minimize, and all others
  soon,   // explore
};
// "Two looks, each waiter ..." with the figures above; sentences, on one line.
std::string proof_words(Looks looks);
// Why what is asked is enough.
std::string proof_reason();

}  // namespace remapstorm
