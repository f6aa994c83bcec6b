// SPDX-License-Identifier: Apache-2.0
// explore: every instruction boundary of a window x every injection.
#include "base/atomic_file.h"
#include "campaign/explore/explore.h"
#include "cli/command_campaign.h"
#include "cli/explore_options.h"
#include "cli/words.h"
#include "report/certificate.h"
#include "report/text.h"
#include "results/certificate_json.h"

namespace remapstorm {
namespace {

class ExploreCommand {
 public:
  ExploreCommand(const CommandContext& context, const ExploreRequest& request)
      : context_(context),
        request_(request),
        here_(context, volume_of(request), guests_for(request), request.metrics),
        campaign_(here_.campaign(), here_.guests, request) {}

  Status prepare() {
    RS_TRY(check_places(request_.files));
    RS_TRY(here_.metrics.start(SessionMetrics::Listening::wanted));
    return campaign_.prepare();
  }
  // The signal that stopped it, or 0.
  [[nodiscard]] int stopped_by() const { return here_.signals.signal(); }

  int execute() {
    const Status explored = campaign_.run();
    context_.log.clear_status();
    const Certificate& certificate = campaign_.certificate();
    const Status written = campaign_.write_output([&](const std::string& directory) -> Status {
      if (request_.at) return {};
      RS_TRY(write_file_atomically(directory + "/certificate.txt", certificate_text(certificate)));
      return write_file_atomically(directory + "/certificate.svg", certificate_svg(certificate));
    });
    show(written.ok());
    here_.metrics.finish();
    const int filed = write_report_files(
        context_, request_.files, [&] { return certificate_junit(certificate); },
        [&] { return certificate_json(certificate); });
    for (const Status* status : {&explored, &written}) {
      if (status->ok()) continue;
      const int code = report_error(context_, status->error());
      context_.log.say(LogLevel::warn, campaign_.kept());
      return code;
    }
    if (stopped_by() != 0) return here_.stopped(campaign_.kept());
    return worse_of(exit_code(), filed);
  }

 private:
  void show(bool recorded) const {
    const Certificate& certificate = campaign_.certificate();
    if (request_.format == OutputFormat::json) {
      context_.out << certificate_json(certificate) << std::flush;
      return;
    }
    context_.out << (request_.at ? one_point_text(certificate) : certificate_text(certificate));
    if (recorded) context_.out << "\nin " << campaign_.directory() << '\n';
    context_.out << std::flush;
  }

  [[nodiscard]] int exit_code() const {
    const Certificate& certificate = campaign_.certificate();
    if (request_.at) return certificate.skipped.empty() && !certificate.trials.empty() ? kExitOk : kExitDiffers;
    return certificate.complete() ? kExitOk : kExitDiffers;
  }

  const CommandContext& context_;
  const ExploreRequest& request_;
  CommandCampaign here_;
  ExploreCampaign campaign_;
};

}  // namespace

int explore_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<ExploreWords>(context, arguments, [&](const ExploreRequest& request) {
    return run_session(context, ExploreCommand(context, request));
  });
}

}  // namespace remapstorm
