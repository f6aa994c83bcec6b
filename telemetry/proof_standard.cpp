// SPDX-License-Identifier: Apache-2.0
#include "telemetry/proof_standard.h"

namespace remapstorm {
namespace {

std::string microseconds(Nanoseconds length) { return std::to_string(length.count() / 1000) + " us"; }

}  // namespace

std::string proof_words(Looks looks) {
  const std::string run = microseconds(kProofRun);
  if (looks == Looks::soon) {
    return "A deadlock is its cycle and two looks between which every waiter used at least " +
           microseconds(least_run(Nanoseconds(0))) + " of processor time, or that of " + std::to_string(kProofExits) +
           " VM exits of this host if that is longer (" + run + " is the least that the judge takes).";
  }
  return "A deadlock is its cycle and two looks " + std::to_string(kLooksApart.count() / 1'000'000) +
         " ms apart, between which every waiter used at least " + run + " of processor time.";
}

// 250 us are 375 instructions at the 1.5 million a second of the slowest host measured; a turn of queued_spin_lock's
// loops has four to six.
std::string proof_reason() {
  return "The time proves nothing, it rules one thing out: that the end of a wait is missing in the log. A waiter that "
         "runs "
         "looks at its lock in every turn of its loop, dozens of times in " +
         microseconds(kProofRun) +
         " even where a host runs 1.5 million instructions a second; were the lock free, it would have taken it and "
         "logged that. That nobody lets go of it "
         "follows from the cycle.";
}

}  // namespace remapstorm
