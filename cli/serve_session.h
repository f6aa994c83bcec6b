// SPDX-License-Identifier: Apache-2.0
// ServeSession: a soak. The same scenarios round after round, each round in a folder of its own of which only some
// stay.
#pragma once

#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/kept_rounds.h"
#include "cli/run_session.h"
#include "cli/serve_options.h"
#include "cli/work_folder.h"
#include "report/served.h"

namespace remapstorm {

class ServeSession {
 public:
  // Both must outlive this.
  ServeSession(const CommandContext& context, ServeOptions& options, std::vector<Scenario> scenarios)
      : context_(context), options_(options), session_(context, options.run, std::move(scenarios)) {}

  // Opens the metrics' endpoint, KVM, the images; makes every plan and the output folder.
  Status prepare();
  // After prepare(): until a signal, or as long as the options say. Returns the exit code.
  int execute();

 private:
  [[nodiscard]] bool over() const;
  void run_round();
  // One round with its output there. Error: host, if nothing can be written there.
  Result<std::vector<ScenarioResults>> run_in(const std::string& folder);
  void remember(std::uint64_t number, const std::vector<ScenarioResults>& results);
  void say_round(std::uint64_t number, const std::vector<ScenarioResults>& results, const std::string& outcome);
  void drop_old_rounds();
  void find_earlier_rounds();
  void pause_after_failure();
  void trouble(const Error& error);
  void summarize() const;
  [[nodiscard]] std::string folder_of(std::uint64_t number) const;

  const CommandContext& context_;
  ServeOptions& options_;
  RunSession session_;
  std::optional<WorkFolder> folder_;
  std::string directory_;        // its path
  std::vector<KeptRound> kept_;  // on disk, in the order of their numbers
  const std::string started_at_ = rfc3339(std::time(nullptr));
  Served served_;
  std::uint64_t next_ = 0;    // number of the next round, which is also that of its trials
  std::uint64_t rounds_ = 0;  // of this session
  std::uint64_t trials_ = 0, expected_ = 0;
  std::vector<std::string> not_run_;                 // scenarios
  std::map<std::string, std::uint64_t> unexpected_;  // how often each outcome came; bounded
  int worst_ = 0;
  unsigned failures_ = 0;  // rounds in a row without any verdict
  bool trouble_said_ = false;
  Nanoseconds began_{0};
  Nanoseconds said_{0};  // when a round was told last
};

}  // namespace remapstorm
