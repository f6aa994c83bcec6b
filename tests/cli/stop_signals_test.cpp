// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace remapstorm {
namespace {

// Both wait at once, and of several a process takes the one with the lower number first: SIGHUP or SIGINT, if at all.
void first_of(int ignored) {
  ::signal(ignored, SIG_IGN);
  const StopSignals signals;
  ::kill(::getpid(), ignored);
  ::kill(::getpid(), SIGTERM);
  while (signals.signal() == 0) ::usleep(1000);
  std::_Exit(signals.signal() == SIGTERM ? 0 : 1);
}

TEST(StopSignals, WhatWasIgnoredAtTheBeginningStaysIgnored) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const int number : {SIGHUP, SIGINT}) {
    EXPECT_EXIT(first_of(number), ::testing::ExitedWithCode(0), "") << number;
  }
}

}  // namespace
}  // namespace remapstorm
