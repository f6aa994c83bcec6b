// SPDX-License-Identifier: Apache-2.0
// soak: random control trials, to find false alarms.
#include "cli/command_campaign.h"
#include "cli/soak_options.h"
#include "cli/words.h"
#include "report/soak.h"

namespace remapstorm {
namespace {

class SoakCommand {
 public:
  SoakCommand(const CommandContext& context, const SoakRequest& request)
      : context_(context),
        request_(request),
        here_(context, volume_of(request), {.wanted = request.same}),
        campaign_(here_.campaign(), request) {}

  Status prepare() {
    RS_TRY(check_places(request_.files));
    return campaign_.prepare();
  }

  int execute() {
    const Status ran = campaign_.run();
    context_.log.clear_status();
    const Soak& soak = campaign_.soak();
    const Status written = campaign_.write_output(soak_json(soak));
    context_.out << soak_text(soak);
    if (written.ok()) context_.out << "recorded in " << campaign_.directory();
    context_.out << std::endl;
    int code = worse_of(campaign_.exit_code(), here_.exit_code_of_all({&ran, &written}));
    code = worse_of(code,
                    write_report_files(
                        context_, request_.files, [&] { return soak_junit(soak); }, [&] { return soak_json(soak); }));
    return worse_of(code, here_.stopped("above is what was done until then"));
  }

 private:
  const CommandContext& context_;
  const SoakRequest& request_;
  CommandCampaign here_;
  SoakCampaign campaign_;
};

}  // namespace

int soak_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<SoakWords>(context, arguments, [&](const SoakRequest& request) {
    return run_session(context, SoakCommand(context, request));
  });
}

}  // namespace remapstorm
