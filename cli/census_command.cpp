// SPDX-License-Identifier: Apache-2.0
// census: who touches the remapped vmemmap pages while a window is open.
#include <optional>

#include "campaign/explore/census_campaign.h"
#include "cli/command_campaign.h"
#include "cli/explore_options.h"
#include "cli/words.h"
#include "report/census.h"

namespace remapstorm {
namespace {

Status write(const OutputDirectory& output, const Census& census) {
  RS_TRY(output.write("census.txt", census_text(census)));
  return output.write("census.json", census_json(census));
}

int census(const CommandContext& context, const CensusRequest& request) {
  CommandCampaign here(context, volume_of(request.explore), guests_for(request.explore));
  std::optional<OutputDirectory> output;
  // Before the census is taken: nobody waits for it in vain.
  if (!request.explore.output_dir.empty()) {
    Result<OutputDirectory> opened = OutputDirectory::at(request.explore.output_dir, note_to(context));
    if (!opened.ok()) return report_error(context, opened.error());
    output.emplace(std::move(opened).value());
    context.log.keep_in(output->working_path());
  }
  const Result<Census> taken = run_census(here.campaign(), here.guests, {request.explore, request.windows});
  context.log.clear_status();
  const int signal = here.signals.signal();
  if (!taken.ok()) {
    const int code = report_error(context, taken.error());
    return signal != 0 ? exit_by_signal(signal) : code;
  }
  context.out << (request.explore.format == OutputFormat::json ? census_json(*taken) : census_text(*taken))
              << std::flush;
  Status written = output ? write(*output, *taken) : Status();
  if (output && written.ok()) written = output->finish();
  return written.ok() ? exit_by_signal(signal) : report_error(context, written.error());
}

}  // namespace

int census_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<CensusWords>(context, arguments,
                                 [&](const CensusRequest& request) { return census(context, request); });
}

}  // namespace remapstorm
