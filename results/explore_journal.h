// SPDX-License-Identifier: Apache-2.0
// ExploreJournal: the append-only file behind an exploration (trials.jsonl). A first line says what is explored; each
// point that is done adds one. What was killed in the middle of a line loses that line and nothing else.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "results/certificate.h"
#include "results/line_journal.h"

namespace remapstorm {

// What must be the same for two sets of trials to belong to one certificate, by name, in a fixed order. Of a
// certificate without trials.
using ExplorationIdentity = std::vector<std::pair<std::string, std::string>>;
ExplorationIdentity identity_of(const Certificate& certificate);

class ExploreJournal {
 public:
  // Creates `path`, which must not exist, with the certificate's identity and boundaries. Errors: usage if there is one
  // already; host.
  static Result<ExploreJournal> create(const std::string& path, const Certificate& certificate);
  // Opens what create() began, adds its trials to `certificate`. Errors: usage, naming the first thing that differs, or
  // if it is no journal; host.
  static Result<ExploreJournal> resume(const std::string& path, Certificate& certificate);

  // On disk when they return, as far as the page cache counts as disk. Error: host; a full disk says so.
  Status add(const ExploredTrial& trial);
  Status add(const SkippedPoint& point);

 private:
  explicit ExploreJournal(LineJournal lines) : lines_(std::move(lines)) {}

  LineJournal lines_;
};

}  // namespace remapstorm
