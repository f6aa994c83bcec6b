// SPDX-License-Identifier: Apache-2.0
// What must be over before a guest says that it is ready.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/snapshots/linux_guest.h"

namespace remapstorm {
namespace {

// Linux changes its clock source inside stop_machine(); a second after boot that would be inside a trial.
TEST(Ready, TheClockSourceIsTheLastOne) {
  LinuxGuest guest(2);
  guest.boot("loglevel=7");
  EXPECT_THAT(guest.story(), testing::HasSubstr(std::string("Switched to clocksource ") + kClockSource + "\n"));
}

}  // namespace
}  // namespace remapstorm
