// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign.h"

namespace remapstorm {
namespace {

OwnerNote note_to(Observer& observer) {
  return [&observer](const std::string& line) { observer.note(line); };
}

Result<OutputDirectory> output_at(const CampaignContext& context, const std::string& requested,
                                  const std::string& label) {
  if (!requested.empty()) return OutputDirectory::at(requested, note_to(context.observer));
  RS_ASSIGN(const Paths paths, context.installation.paths());
  return OutputDirectory::below_state(paths.state, time_stamp(context.started), label, note_to(context.observer));
}

Result<WorkFolder> work_folder_at(const CampaignContext& context, const std::string& requested,
                                  const std::string& label, const std::string& place) {
  if (!requested.empty()) return WorkFolder::at(requested, note_to(context.observer));
  RS_ASSIGN(const Paths paths, context.installation.paths());
  const std::string name = time_stamp(context.started) + (label.empty() ? "" : "-" + label);
  return WorkFolder::fresh(paths.state + "/" + place + "/" + name, note_to(context.observer));
}

}  // namespace

Result<OutputDirectory> open_output(const CampaignContext& context, const std::string& requested,
                                    const std::string& label) {
  Result<OutputDirectory> output = output_at(context, requested, label);
  if (output.ok()) {
    context.observer.detail("the output folder will be " + output->path());
    context.observer.writes_into(output->working_path());
  }
  return output;
}

Result<WorkFolder> open_work_folder(const CampaignContext& context, const std::string& requested,
                                    const std::string& label, const std::string& place) {
  Result<WorkFolder> folder = work_folder_at(context, requested, label, place);
  if (folder.ok()) {
    context.observer.detail("the output folder is " + folder->path());
    context.observer.writes_into(folder->path());
  }
  return folder;
}

TrialResult run_into(Executor& executor, const Plan& plan, std::uint64_t trial, OutputDirectory& output,
                     const Watching& watching) {
  const Result<std::string> folder = output.make_trial(plan.scenario, plan.strategy, trial);
  if (!folder) return did_not_run(plan, trial, folder.error());
  Result<TrialResult> result = executor.run(0, {plan, trial, output.working_path() + "/" + *folder}, watching);
  if (!result.ok()) return did_not_run(plan, trial, result.error());
  if (result->verdict) result->directory = *folder;
  return std::move(result).value();
}

Watching watched_by(Observer& observer) {
  Watching watching;
  if (observer.wants_console()) {
    watching.console = [&observer](const std::string& line) { observer.console(line); };
  }
  watching.note = [&observer](const std::string& line) { observer.note(line); };
  watching.metrics = observer.metrics();
  return watching;
}

KeptTimes::KeptTimes(const Installation& installation) {
  const Result<Paths> paths = installation.paths();
  if (!paths.ok()) return;
  path_ = paths->cache + "/trial-times.json";
  times_ = TrialTimes::load(path_);
}

// Without it estimates are missing, and nothing else.
KeptTimes::~KeptTimes() { (void)(path_.empty() || times_.save(path_)); }

bool showed_nothing(const TrialResult& trial) {
  return trial.interrupted && (!trial.verdict || *trial.verdict == Verdict::error);
}

}  // namespace remapstorm
