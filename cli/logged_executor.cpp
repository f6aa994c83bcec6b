// SPDX-License-Identifier: Apache-2.0
#include "cli/logged_executor.h"

#include <fmt/format.h>

#include "base/names.h"
#include "campaign/campaign.h"
#include "report/text.h"
#include "results/exit_code.h"
#include "trial/guest_image.h"

namespace remapstorm {
namespace {

std::string host_words(const HostInfo& host, const Environment& environment) {
  const auto lab = environment("REMAPSTORM_LAB");
  return fmt::format(
      "host: {} ({}), {}, {}, Linux {}, {}; a VM exit and back takes {}, execution breakpoints {}, slowness {:.2f}",
      host.kind, lab ? "REMAPSTORM_LAB says so" : "measured with throw-away guests", host.kvm, host.architecture,
      host.kernel, host.cpu, human_length(host.port_round_trip), host.breakpoints ? "work" : "do not work",
      host.slowness);
}

std::string trial_name(const Plan& plan, std::uint64_t trial) {
  return fmt::format("{}, {}, {}, seed {}, trial {}", plan.scenario, plan.strategy, plan.flavour, plan.seed, trial);
}

// What it came to and what it took.
std::string outcome_words(const TrialResult& trial) {
  if (showed_nothing(trial)) return "interrupted before it showed anything";
  std::string text = fmt::format("{}, {}, exit code {}; guest {} in {:.3f} s, ran {:.3f} s", outcome_of(trial),
                                 trial.ok ? "as expected" : "not as expected", exit_code(trial),
                                 trial.booted ? "booted" : "came from a snapshot", in_seconds(trial.boot_time),
                                 in_seconds(trial.duration));
  if (trial.error) text += "; " + trial.error->message;
  if (!trial.ok && !trial.reasons.empty()) text += "; " + join(trial.reasons, "; ");
  return text;
}

}  // namespace

Status LoggedExecutor::open() {
  const Nanoseconds began = clock_.now();
  Status opened = executor_.open();
  if (!opened.ok()) {
    log_.say(LogLevel::debug, "no guest runs here: " + opened.error().message);
  } else if (log_.wants(LogLevel::debug)) {
    log_.say(LogLevel::debug, fmt::format("{}; found out in {:.3f} s", host_words(host(), environment_),
                                          in_seconds(clock_.now() - began)));
  }
  return opened;
}

void LoggedExecutor::tell_image(const GuestImageInfo& image) {
  const std::lock_guard lock(mutex_);
  if (!told_.insert(image.directory).second) return;
  const std::string variable = image_variable(image.flavour);
  const auto named = environment_(variable);
  log_.say(LogLevel::debug,
           fmt::format("guest image of flavour {}: {} ({}), Linux {}, strategies {}", image.flavour, image.directory,
                       named == image.directory ? variable + " names it"
                                                : "the newest in the cache, or the one whose hashes are asked for",
                       image.kernel_version, join(image.strategies, ", ")));
}

Result<GuestImageInfo> LoggedExecutor::image(const std::string& flavour) {
  Result<GuestImageInfo> image = executor_.image(flavour);
  if (image.ok()) tell_image(*image);
  return image;
}

Result<Plan> LoggedExecutor::plan(const Scenario& scenario, const Overrides& overrides) {
  Result<Plan> plan = executor_.plan(scenario, overrides);
  if (plan.ok()) {
    tell_image(plan->guest);
  } else {
    log_.say(LogLevel::debug, fmt::format("{} with strategy {} cannot be planned: {}", scenario.name,
                                          overrides.strategy.value_or(scenario.strategy), plan.error().message));
  }
  return plan;
}

Result<TrialResult> LoggedExecutor::run(unsigned worker, const TrialRequest& request, const Watching& watching) {
  const std::string name = trial_name(request.plan, request.trial);
  log_.say(LogLevel::debug, fmt::format("{}: begins, worker {}{}", name, worker,
                                        request.folder.empty() ? "" : ", recorded in " + request.folder));
  Watching logged = watching;
  std::string phase_before;
  logged.progress = [&](const char* phase, Nanoseconds since) {
    if (phase_before != phase) log_.say(LogLevel::debug, fmt::format("{}: {}", name, phase));
    phase_before = phase;
    if (watching.progress) watching.progress(phase, since);
  };
  Result<TrialResult> result = executor_.run(worker, request, logged);
  log_.say(LogLevel::debug,
           name + ": " + (result.ok() ? outcome_words(*result) : "cannot begin: " + result.error().message));
  return result;
}

// There may be a hundred thousand: one line each, and of those that are clean only for who asks for more.
Result<TrialResult> LoggedExecutor::run_control(unsigned worker, const Plan& plan, std::vector<Event>& events) {
  Result<TrialResult> trial = executor_.run_control(worker, plan, events);
  const bool clean = trial.ok() && trial->judgement.verdict == Verdict::clean;
  const LogLevel level = clean ? LogLevel::trace : LogLevel::debug;
  if (!log_.wants(level)) return trial;
  const std::string name = fmt::format("{}, worker {}", trial_name(plan, 0), worker);
  log_.say(level, trial.ok() ? fmt::format("{}: {}{} in {:.3f} s; {}", name, verdict_name(trial->judgement.verdict),
                                           trial->interrupted ? ", interrupted," : "", in_seconds(trial->duration),
                                           join(trial->judgement.reasons, "; "))
                             : fmt::format("{}: failed: {}", name, trial.error().message));
  return trial;
}

}  // namespace remapstorm
