// SPDX-License-Identifier: Apache-2.0
// TrialTimes: how long trials took here before, by what they were, their boots left out. Kept in the cache between
// sessions (trial-times.json); a file that cannot be read or written costs an estimate and nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "plan/plan.h"

namespace remapstorm {

class TrialTimes {
 public:
  // Nothing is known yet.
  TrialTimes() = default;
  static TrialTimes load(const std::string& path);
  // Whole or not at all; not if nothing was added. False: it could not be written.
  bool save(const std::string& path) const;

  [[nodiscard]] std::optional<Nanoseconds> of(const std::string& what) const;
  // Of many the newest count most: machines and scenarios change.
  void add(const std::string& what, Nanoseconds length);

 private:
  struct Mean {
    std::uint64_t count = 0;
    double nanoseconds = 0;
  };
  std::map<std::string, Mean> means_;
  std::set<std::string> added_;
};

// "irq-same-cpu, bbm-fault, std, kvm-hardware": trials that take about as long as each other.
std::string times_key(const Plan& plan);

// What the trials that are left will take. Not thread-safe.
class TimeLeft {
 public:
  // `places`: so much weight at a time, at least 1. `times` must outlive this; what ends is added to it.
  TimeLeft(TrialTimes& times, unsigned places) : times_(&times), places_(places) {}

  // `count` more trials are to be done, each of which takes `weight` places.
  void plan(const std::string& what, unsigned weight, std::uint64_t count);
  // One of these ended, `length` after it had booted or been set back.
  void done(const std::string& what, Nanoseconds length);
  // Nothing until one has ended, so that no boot is taken for a trial, nor while nothing is known of some that are
  // left.
  [[nodiscard]] std::optional<Nanoseconds> left() const;

 private:
  struct Row {
    std::uint64_t left = 0, done = 0;
    unsigned weight = 1;
    Nanoseconds sum{0};
  };
  [[nodiscard]] std::optional<Nanoseconds> length_of(const std::string& what, const Row& row) const;

  TrialTimes* times_;
  unsigned places_;
  std::map<std::string, Row> rows_;
};

}  // namespace remapstorm
