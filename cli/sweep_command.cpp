// SPDX-License-Identifier: Apache-2.0
// sweep: the matrix of scenarios, strategies, flavours, hosts and seeds.
#include "base/atomic_file.h"
#include "cli/command_campaign.h"
#include "cli/report_choice.h"
#include "cli/sweep_options.h"
#include "cli/words.h"
#include "report/sweep.h"
#include "results/sweep_json.h"

namespace remapstorm {
namespace {

class SweepCommand {
 public:
  SweepCommand(const CommandContext& context, const SweepRequest& request, std::vector<Scenario> scenarios)
      : context_(context),
        request_(request),
        here_(context, volume_of(request), {}),
        campaign_(here_.campaign(), request, std::move(scenarios)) {}

  Status prepare() {
    RS_TRY(check_places(request_.files));
    return campaign_.prepare();
  }

  int execute() {
    const Status ran = campaign_.run();
    context_.log.clear_status();
    const Sweep& sweep = campaign_.sweep();
    const Status written = campaign_.write_output([&](const std::string& directory) -> Status {
      RS_TRY(write_file_atomically(directory + "/sweep.ktap", sweep_ktap(sweep)));
      return write_file_atomically(directory + "/sweep.xml", sweep_junit(sweep));
    });
    show(written.ok());
    const int signal = here_.signals.signal();
    int code = worse_of(sweep_exit_code(sweep), exit_by_signal(signal));
    code = worse_of(code, here_.exit_code_of_all({&ran, &written}));
    code = worse_of(
        code, write_report_files(
                  context_, request_.files, [&] { return sweep_junit(sweep); }, [&] { return sweep_json(sweep); }));
    if (!ran.ok() || !written.ok() || signal != 0) {
      context_.log.say(LogLevel::warn,
                       (signal != 0 ? "stopped by a signal; to go on: " : "to go on: ") + campaign_.go_on_line());
    }
    return code;
  }

 private:
  void show(bool recorded) const {
    const Sweep& sweep = campaign_.sweep();
    if (request_.format == OutputFormat::json) {
      context_.out << sweep_json(sweep) << std::flush;
    } else if (request_.format == OutputFormat::ktap) {
      context_.out << sweep_ktap(sweep) << std::flush;
    } else {
      write_sweep_table(context_.out, style_of(context_), sweep);
      if (recorded) context_.out << "recorded in " << campaign_.directory() << std::endl;
    }
  }

  const CommandContext& context_;
  const SweepRequest& request_;
  CommandCampaign here_;
  SweepCampaign campaign_;
};

}  // namespace

int sweep_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<SweepWords>(context, arguments, [&](const SweepRequest& request) {
    Result<std::vector<Scenario>> scenarios = sweep_scenarios(context, request);
    if (!scenarios.ok()) return report_error(context, scenarios.error());
    return run_session(context, SweepCommand(context, request, std::move(scenarios).value()));
  });
}

}  // namespace remapstorm
