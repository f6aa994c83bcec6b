// SPDX-License-Identifier: Apache-2.0
// compare: what remap strategies cost, side by side.
#include "base/atomic_file.h"
#include "campaign/strategy_count.h"
#include "cli/command_campaign.h"
#include "cli/compare_options.h"
#include "cli/scenario_files.h"
#include "cli/words.h"
#include "report/comparison.h"

namespace remapstorm {
namespace {

std::optional<Scenario> same_cpu(const CommandContext& context) {
  Result<Scenario> opened = open_scenario(context, context.shipped, "irq-same-cpu", full_vocabulary());
  return opened.ok() ? std::optional(std::move(opened).value()) : std::nullopt;
}

class CompareCommand {
 public:
  CompareCommand(const CommandContext& context, const CompareRequest& request)
      : context_(context),
        request_(request),
        here_(context, volume_of(request), {}),
        campaign_(here_.campaign(), request, same_cpu(context),
                  [this](const Plan& quiet, const Plan& reader) { return count(quiet, reader); }) {}

  Status prepare() {
    RS_TRY(check_places(request_.files));
    return campaign_.prepare();
  }

  int execute() {
    const Status measured = campaign_.run();
    context_.log.clear_status();
    const Status written = write_output();
    show(written.ok());
    int code = worse_of(campaign_.exit_code(), here_.exit_code_of_all({&measured, &written}));
    const Comparison& comparison = campaign_.comparison();
    code = worse_of(code, write_report_files(
                              context_, request_.files, [&] { return comparison_junit(comparison); },
                              [&] { return comparison_json(comparison); }));
    return worse_of(code, here_.stopped("above is what was measured until then"));
  }

 private:
  Result<CountRun> count(const Plan& quiet, const Plan& reader) {
    RS_ASSIGN(Runner * runner, here_.guests.runner(0, quiet.flavour));
    return count_strategy(runner->environment(), quiet, reader);
  }

  [[nodiscard]] Status write_output() const {
    const WorkFolder& folder = campaign_.folder();
    const Comparison& comparison = campaign_.comparison();
    RS_TRY(folder.look({}));
    RS_TRY(write_file_atomically(folder.path() + "/compare.json", comparison_json(comparison)));
    RS_TRY(write_file_atomically(folder.path() + "/compare.txt", comparison_text(comparison)));
    RS_TRY(write_file_atomically(folder.path() + "/compare.md", comparison_markdown(comparison)));
    return folder.look({"compare.json", "compare.txt", "compare.md"});
  }

  void show(bool recorded) const {
    const Comparison& comparison = campaign_.comparison();
    if (request_.format == OutputFormat::json) {
      context_.out << comparison_json(comparison) << std::flush;
      return;
    }
    context_.out << comparison_text(comparison);
    if (recorded) context_.out << "\nrecorded in " << campaign_.folder().path();
    context_.out << std::endl;
  }

  const CommandContext& context_;
  const CompareRequest& request_;
  CommandCampaign here_;
  CompareCampaign campaign_;
};

}  // namespace

int compare_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<CompareWords>(context, arguments, [&](const CompareRequest& request) {
    return run_session(context, CompareCommand(context, request));
  });
}

}  // namespace remapstorm
