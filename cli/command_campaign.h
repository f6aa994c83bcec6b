// SPDX-License-Identifier: Apache-2.0
// What the commands that run guests share: from the process to a campaign's surroundings.
#pragma once

#include "base/clock.h"
#include "campaign/campaign.h"
#include "campaign/guests.h"
#include "cli/command.h"
#include "cli/console_observer.h"
#include "cli/stop_signals.h"
#include "report/report.h"

namespace remapstorm {

// Made before any thread is.
struct CommandCampaign {
  StopSignals signals{};
  SteadyClock clock{};

  // All must outlive it.
  [[nodiscard]] CampaignContext campaign(const CommandContext& context, Executor& executor, Observer& observer) const;
};

// Which guest, as the command line says it.
Guests::Options guests_for(const Overrides& overrides);
Guests::Options guests_for(const ExploreOptions& options);

// If a signal ended it: says so, with `what_is_left`, and returns its exit code; else 0.
int stopped(const CommandContext& context, const StopSignals& signals, const std::string& what_is_left);

// results.ktap of a run's folder.
Status write_ktap(const OutputDirectory& output, const RunInfo& info, std::span<const ScenarioResults> results);

}  // namespace remapstorm
