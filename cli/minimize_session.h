// SPDX-License-Identifier: Apache-2.0
// A minimisation from the first try to the files it leaves: minimal.toml, minimize.json, reproduce, and the recordings
// of the tries that confirm the result.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "campaign/minimizer.h"
#include "cli/command.h"
#include "cli/minimize_options.h"
#include "cli/status_line.h"
#include "cli/stop_signals.h"
#include "results/output_dir.h"
#include "trial/runner.h"

namespace remapstorm {

class MinimizeSession {
 public:
  // Both must outlive this.
  MinimizeSession(const CommandContext& context, const MinimizeRequest& request)
      : context_(context), request_(request) {}

  // Opens KVM, measures the host, loads the image. Errors as those of `run`.
  Status prepare(const Scenario& scenario);
  // Returns the exit code.
  int execute();

 private:
  Result<Plan> plan_for(const Scenario& scenario) const;
  Result<std::optional<std::string>> try_once(const Scenario& scenario, std::uint64_t attempt);
  Result<std::optional<std::string>> find_outcome();
  Status write_output(const Minimized& minimized);
  [[nodiscard]] std::string json_text(const Minimized& minimized) const;
  // `code`: what the command ends with.
  [[nodiscard]] std::string junit_text(const Minimized& minimized, int code) const;
  void forget_recordings() const;
  void tell(const MinimizeStep& step);
  int conclude(const Minimized& minimized, const Status& written);
  [[nodiscard]] std::string repeat_line() const;
  [[nodiscard]] std::string file() const { return output_->path() + "/minimal.toml"; }

  const CommandContext& context_;
  const MinimizeRequest& request_;
  SteadyClock clock_;
  StopSignals signals_;
  std::optional<Kvm> kvm_;
  HostInfo host_;
  GuestImageInfo image_;
  std::unique_ptr<Runner> runner_;
  std::optional<OutputDirectory> output_;
  std::unique_ptr<StatusLine> status_;
  Scenario start_;       // self-contained: what the command line changed is in it
  Scenario smallest_;    // what was found
  std::string text_;     // of its file
  std::string outcome_;  // what is to be kept
  std::uint64_t trials_ = 0;
};

}  // namespace remapstorm
