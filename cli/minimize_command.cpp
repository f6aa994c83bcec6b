// SPDX-License-Identifier: Apache-2.0
// minimize: the smallest form of a scenario that still fails the same way.
#include <fmt/format.h>

#include "base/plural.h"
#include "cli/command_campaign.h"
#include "cli/minimize_options.h"
#include "cli/scenario_files.h"
#include "cli/words.h"
#include "report/junit.h"

namespace remapstorm {
namespace {

class MinimizeCommand {
 public:
  MinimizeCommand(const CommandContext& context, const MinimizeRequest& request, const Scenario& scenario)
      : context_(context),
        request_(request),
        scenario_(scenario),
        here_(context, volume_of(request.run), guests_for(request.run.overrides)),
        campaign_(here_.campaign(), request.options) {}

  Status prepare() {
    RS_TRY(check_places(request_.run.files));
    return campaign_.prepare(scenario_);
  }

  int execute() {
    for (const RescuedRun& run : campaign_.output().rescued()) here_.observer.note(describe(run));
    const Result<bool> wanted = campaign_.find_outcome();
    context_.log.clear_status();
    if (!wanted.ok()) {
      const int code = report_error(context_, campaign_.output().give_up(wanted.error()));
      return wanted.error().kind == ErrorKind::usage ? kExitDiffers : code;
    }
    if (!*wanted) return here_.stopped("there was nothing to keep yet");
    const Status written = campaign_.run();
    context_.log.clear_status();
    show();
    const int code = conclude(written);
    return worse_of(code,
                    write_report_files(
                        context_, request_.run.files, [&] { return junit(code); }, [&] { return campaign_.json(); }));
  }

 private:
  void show() const {
    const Minimized& found = campaign_.found();
    const Scenario& given = campaign_.given();
    context_.out << "outcome   " << campaign_.outcome() << "\nsmallest  " << plural(found.scenario.rules.size(), "rule")
                 << " of " << given.rules.size() << ", " << plural(found.scenario.workloads.size(), "workload")
                 << " of " << given.workloads.size() << ", " << plural(found.scenario.cpus, "vCPU") << "; "
                 << campaign_.trials() << " trials, " << plural(found.steps.size(), "candidate") << "\nrepeated  "
                 << found.repeated << " of " << found.confirmed_with << '\n';
  }

  int conclude(const Status& written) {
    if (!written.ok()) return report_error(context_, campaign_.output().give_up(written.error()));
    context_.out << "file      " << campaign_.file() << "\nrepeat it " << campaign_.repeat_line() << '\n';
    context_.out.flush();
    const Minimized& found = campaign_.found();
    if (found.error) return report_error(context_, *found.error);
    if (here_.signals.signal() != 0) {
      return here_.stopped("the smallest so far is in " + campaign_.file());
    }
    if (found.repeated >= request_.options.needed) return kExitOk;
    context_.log.say(LogLevel::warn,
                     fmt::format("the smallest scenario repeated {} of {} at the end, fewer than the {} that each step "
                                 "showed: it depends on luck\nHINT: a larger --repeat and --at-least",
                                 found.repeated, found.confirmed_with, request_.options.needed));
    return kExitDiffers;
  }

  // One case: whether what was left still comes to the same. `code`: what the command ends with.
  [[nodiscard]] std::string junit(int code) const {
    const Minimized& found = campaign_.found();
    JunitCase one;
    one.suite = "minimize";
    one.classname = "minimize." + campaign_.given().name;
    one.name = campaign_.outcome();
    one.outcome = test_outcome(code);
    one.text = "repeated " + std::to_string(found.repeated) + " of " + std::to_string(found.confirmed_with) +
               "\nrepeat it: " + campaign_.repeat_line();
    if (code != kExitOk) one.message = found.error ? found.error->message : "not as often as each step showed it";
    one.type = campaign_.verdict();
    return junit_xml("minimize", here_.guests.host().kind, std::vector{one});
  }

  const CommandContext& context_;
  const MinimizeRequest& request_;
  const Scenario& scenario_;
  CommandCampaign here_;
  MinimizeCampaign campaign_;
};

}  // namespace

int minimize_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<MinimizeWords>(context, arguments, [&](const MinimizeRequest& request) {
    const Result<ScenarioCatalogue> catalogue = chosen_catalogue(context, request.run.scenario_dir);
    if (!catalogue.ok()) return report_error(context, catalogue.error());
    const Result<Scenario> scenario =
        open_scenario(context, *catalogue, request.run.scenarios.front(), full_vocabulary());
    if (!scenario.ok()) return report_error(context, scenario.error());
    return run_session(context, MinimizeCommand(context, request, on_this_architecture({*scenario}).front()));
  });
}

}  // namespace remapstorm
