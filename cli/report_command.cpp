// SPDX-License-Identifier: Apache-2.0
// report: pages of what was recorded; needs no /dev/kvm. One run: its report. Several, or a folder of runs: an index of
// their fingerprints.
#include <filesystem>
#include <optional>

#include "cli/arguments.h"
#include "report/html/html_report.h"
#include "results/exit_code.h"
#include "results/output_dir.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

struct Target {
  std::vector<std::string> folders;  // of runs, or one recording
  bool many = false;
};

Result<Target> find_target(const std::vector<std::string>& paths) {
  Target target;
  for (const std::string& path : paths) {
    RS_ASSIGN(const std::vector<std::string> found, find_run_folders(path));
    // A folder of runs is an index, also of one run.
    if (found.size() != 1 || found.front() != path) target.many = true;
    target.folders.insert(target.folders.end(), found.begin(), found.end());
  }
  target.many = target.many || target.folders.size() > 1;
  return target;
}

// Beside what it tells of, unless asked otherwise.
Result<OutputDirectory> open_output(const CommandContext& context, const std::optional<std::string>& asked,
                                    const std::string& path) {
  if (asked && asked->empty()) return usage_error("--output-dir needs the name of a folder");
  if (asked) return OutputDirectory::at(*asked, note_to(context));
  std::error_code error;
  const fs::path at = fs::is_directory(path, error) ? fs::path(path) : fs::path(path).parent_path();
  return OutputDirectory::at((at / "report").string(), note_to(context));
}

Status make_reports(const CommandContext& context, const Target& target, const OutputDirectory& output) {
  if (!target.many) return write_run_report(target.folders.front(), output.working_path());
  RS_ASSIGN(const ManyReport report, write_many_report(target.folders, output.working_path()));
  context.out << report.runs << (report.runs == 1 ? " run" : " runs") << ", reports of " << report.reports;
  if (report.unreadable != 0) context.out << "; " << report.unreadable << " cannot be read";
  context.out << '\n';
  return {};
}

}  // namespace

int report_command(const CommandContext& context, const Arguments& arguments) {
  std::vector<std::string> paths;
  std::optional<std::string> output_dir;
  ArgumentParser parser(
      context, {"report FOLDER... [OPTIONS]",
                "Makes HTML pages of recorded runs: verdict and evidence, timelines, lengths, code, console. Of "
                "several runs, or a folder of runs, an index of their fingerprints. Needs no /dev/kvm.",
                "report ~/.local/state/remapstorm/runs/latest"});
  parser.positional("FOLDER", paths, "runs, explorations, folders of these, or one events.jsonl");
  parser.option("--output-dir", output_dir, "DIR", "where the pages go (report/ in the first FOLDER)");
  if (const auto over = parse_or_finish(parser, context, arguments)) return *over;
  const Result<Target> target = find_target(paths);
  if (!target.ok()) return report_error(context, target.error());
  Result<OutputDirectory> output = open_output(context, output_dir, paths.front());
  if (!output.ok()) return report_error(context, output.error());
  for (const RescuedRun& run : output->rescued()) context.log.say(LogLevel::warn, describe(run));
  Status made = make_reports(context, *target, *output);
  if (made.ok()) made = output->finish();
  if (!made.ok()) return report_error(context, made.error());
  context.out << "report in " << output->path() << "/index.html\n";
  return kExitOk;
}

}  // namespace remapstorm
