// SPDX-License-Identifier: Apache-2.0
// SweepJournal: the append-only file behind a sweep (sweep.jsonl). A first line says what is swept; each trial that
// ended adds one. What was killed in the middle of a line loses that line and nothing else.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "results/line_journal.h"
#include "results/sweep.h"

namespace remapstorm {

// What must be the same for two sets of trials to belong to one table, by name, in a fixed order.
using SweepIdentity = std::vector<std::pair<std::string, std::string>>;

class SweepJournal {
 public:
  // Creates `path`, which must not exist. Errors: usage if there is one already; host.
  static Result<SweepJournal> create(const std::string& path, const SweepIdentity& identity);
  // Opens what create() began and gives back its trials of this matrix, each once. Errors: usage, naming the first
  // thing that differs, or if it is no journal; host.
  static Result<SweepJournal> resume(const std::string& path, const SweepIdentity& identity, const SweepMatrix& matrix,
                                     std::vector<SweepTrial>& trials);
  // The trials of a journal that another process writes, with `host` for its host. Errors: usage.
  static Result<std::vector<SweepTrial>> read(const std::string& path, const SweepMatrix& matrix,
                                              const std::string& host);

  // On disk when it returns, as far as the page cache counts as disk. Error: host; a full disk says so.
  Status add(const SweepTrial& trial);

 private:
  explicit SweepJournal(LineJournal lines) : lines_(std::move(lines)) {}

  LineJournal lines_;
};

}  // namespace remapstorm
