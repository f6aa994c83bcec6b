// SPDX-License-Identifier: Apache-2.0
// ExploreSession: everything between checked words and an exit code of `explore`: KVM, the guest image, the window, the
// output folder with its journal, progress, the certificate.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "campaign/explore/explorer.h"
#include "cli/command.h"
#include "cli/session_metrics.h"
#include "cli/status_line.h"
#include "cli/stop_signals.h"
#include "cli/work_folder.h"
#include "results/explore_journal.h"
#include "trial/runner.h"

namespace remapstorm {

class ExploreSession {
 public:
  // Both must outlive this.
  ExploreSession(const CommandContext& context, const ExploreOptions& options)
      : context_(context), options_(options), metrics_(context, options.metrics, clock_) {}

  // Opens KVM, measures the host, loads the image, boots a guest to the window and walks it.
  Status prepare();
  // After prepare(): explores, writes and shows the certificate. Returns the exit code.
  int execute();
  // The signal that stopped it, or 0.
  [[nodiscard]] int stopped_by() const { return signals_.signal(); }

 private:
  Status take_folder(const std::string& name);
  Status choose_folder(const std::string& state);
  Status open_output();
  Status choose_points();
  Status on_done(const PointOutcome& outcome, const std::vector<Event>& events);
  Status keep_events(ExploredTrial& trial, const std::vector<Event>& events);
  void fold_metrics(const PointOutcome& outcome, const std::vector<Event>& events);
  void show_progress();
  Status write_output() const;
  void show_result(const std::string& trouble);
  [[nodiscard]] int exit_code() const;
  [[nodiscard]] std::string kept() const;
  int report_kept(const Error& error);

  const CommandContext& context_;
  const ExploreOptions& options_;
  std::int64_t started_ = std::time(nullptr);
  SteadyClock clock_;
  StopSignals signals_;
  SessionMetrics metrics_;
  std::optional<Kvm> kvm_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<Exploration> exploration_;
  std::vector<ExplorePoint> points_;
  std::optional<WorkFolder> folder_;
  std::string directory_;  // its path
  std::string latest_;     // link to point at the folder, or empty
  std::optional<ExploreJournal> journal_;
  Certificate certificate_;
  std::map<std::string, bool> kept_;  // "irq, deadlock": events of one such trial are kept
  std::size_t before_ = 0;            // trials that were there when this session began
  std::size_t done_ = 0;              // points of this session
  Nanoseconds began_{0};
  std::unique_ptr<StatusLine> status_;
  std::mutex progress_mutex_;
};

}  // namespace remapstorm
