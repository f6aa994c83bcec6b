// SPDX-License-Identifier: Apache-2.0
// CommandCampaign: what every command that runs guests has around its campaign.
#pragma once

#include <initializer_list>
#include <string>

#include "base/clock.h"
#include "campaign/campaign.h"
#include "campaign/guests.h"
#include "cli/command.h"
#include "cli/console_observer.h"
#include "cli/logged_executor.h"
#include "cli/session_metrics.h"
#include "cli/stop_signals.h"

namespace remapstorm {

// Made before any thread is. The context must outlive it.
struct CommandCampaign {
  CommandCampaign(const CommandContext& command_context, Volume volume, Guests::Options which,
                  const MetricsOptions& wanted_metrics = {})
      : context(command_context),
        metrics(context, wanted_metrics, clock),
        observer(context, volume, &metrics),
        guests(context, clock, signals.stop(), std::move(which)),
        executor(guests, context.log, clock, context.environment) {
    tell_program();
  }
  CommandCampaign(const CommandCampaign&) = delete;
  CommandCampaign& operator=(const CommandCampaign&) = delete;

  // For the campaign, which this must outlive.
  [[nodiscard]] CampaignContext campaign();
  // Each that is an error is reported; the exit code that they come to.
  [[nodiscard]] int exit_code_of_all(std::initializer_list<const Status*> steps) const;
  // If a signal ended it: says so, with `what_is_left`, and returns its exit code; else 0.
  [[nodiscard]] int stopped(const std::string& what_is_left) const;

  void tell_program() const;

  const CommandContext& context;
  StopSignals signals{};
  SteadyClock clock{};
  SessionMetrics metrics;
  ConsoleObserver observer;
  Guests guests;
  LoggedExecutor executor;  // over the guests
};

// Which guest, as the command line says it.
Guests::Options guests_for(const Overrides& overrides);
Guests::Options guests_for(const ExploreOptions& options);

// results.ktap of a run's folder.
Status write_ktap(const OutputDirectory& output, const RunInfo& info, std::span<const ScenarioResults> results);

}  // namespace remapstorm
