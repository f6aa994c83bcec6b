// SPDX-License-Identifier: Apache-2.0
// trace: recorded trials as a timeline for Perfetto's viewer.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/atomic_file.h"
#include "base/fd.h"
#include "base/input_file.h"
#include "base/syscall.h"
#include "cli/arguments.h"
#include "report/text.h"
#include "report/trace/trace.h"
#include "results/exit_code.h"
#include "results/replayer.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

struct TraceOptions {
  std::vector<std::string> paths;
  std::string output;  // "-": standard output
};

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Beside what it is made of.
std::string usual_output(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return (fs::path(path) / "trace.pftrace").string();
  return fs::path(path).replace_extension(".pftrace").string();
}

// Whether a file may be replaced by a trace: it is empty, or one itself, which is a chain of packets, each with its
// length in front.
bool is_trace_or_empty(const std::string& path) {
  constexpr int kPacketTag = 0x0a;
  constexpr int kMostPackets = 64;
  Result<std::ifstream> in = open_input_file(path);
  if (!in.ok()) return false;
  for (int packet = 0; packet < kMostPackets; ++packet) {
    const int tag = in->get();
    if (in->eof()) return true;
    std::uint64_t length = 0;
    int part = 0x80;
    for (unsigned shift = 0; (part & 0x80) != 0; shift += 7) {
      part = in->get();
      if (tag != kPacketTag || in->eof() || shift > 28) return false;
      length |= static_cast<std::uint64_t>(part & 0x7f) << shift;
    }
    if (length == 0) return false;
    in->seekg(static_cast<std::streamoff>(length - 1), std::ios::cur);
    if (in->get() < 0) return false;
  }
  return true;
}

// A trace appears whole or not at all; a pipe or a device is written to as it is.
Result<TraceSummary> write_trace(const CommandContext& context, const TraceOptions& options,
                                 const std::vector<std::string>& recordings) {
  const std::string& path = options.output;
  if (path == "-") {
    return make_trace(recordings, [&](std::string_view bytes) -> Status {
      if (!context.out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush()) {
        return host_error("standard output takes no more");
      }
      return {};
    });
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return usage_error(path + " is a folder", "name a file, for instance trace.pftrace");
  for (const std::string& recording : recordings) {
    if (fs::exists(status) && fs::equivalent(path, recording, error)) {
      return usage_error(path + " is the recording itself", "name another file");
    }
  }
  if (fs::is_regular_file(status) && !is_trace_or_empty(path)) {
    return usage_error(path + " holds something else than a timeline: it is not replaced", "name another file");
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid()) return errno_error("open", path, errno);
    return make_trace(recordings, [&](std::string_view bytes) { return write_all(fd.get(), bytes, path); });
  }
  Result<TraceSummary> made = TraceSummary{};
  const Status placed = replace_file(path, [&](int fd) -> Status {
    made = make_trace(recordings, [&](std::string_view bytes) { return write_all(fd, bytes, path); });
    return made.ok() ? Status() : Status(made.error());
  });
  if (placed.ok() || !made.ok()) return made;
  Error error_of_place = placed.error();
  error_of_place.kind = kind_of_place(error_of_place.errnum, ChosenBy::user);
  return error_of_place;
}

std::string counted(std::uint64_t number, const char* one, const char* many) {
  return std::to_string(number) + (number == 1 ? one : many);
}

void tell_repairs(std::ostream& out, const TraceRepairs& repairs) {
  const auto line = [&](std::uint64_t number, const char* one, const char* many) {
    if (number != 0) out << "  " << counted(number, one, many) << '\n';
  };
  line(repairs.never_ended, " slice never ended: closed where its context or the recording ends, and marked",
       " slices never ended: closed where their contexts or the recording end, and marked");
  line(repairs.never_begun, " end of something whose beginning is not in the recording: not drawn",
       " ends of things whose beginning is not in the recording: not drawn");
  line(repairs.split, " slice drawn in two pieces, because what lay around it ended first",
       " slices drawn in two pieces, because what lay around them ended first");
  line(repairs.moved, " time that ran backwards on its row: drawn at the time before",
       " times that ran backwards on their rows: drawn at the times before");
  line(repairs.not_drawn, " slice left out: too many at a time", " slices left out: too many at a time");
}

int tell(const CommandContext& context, const TraceOptions& options, const TraceSummary& summary) {
  std::uint64_t events = 0;
  TraceRepairs repairs;
  bool cut = false, damaged = false;
  for (const TracedTrial& trial : summary.trials) {
    events += trial.events;
    repairs.never_ended += trial.repairs.never_ended;
    repairs.never_begun += trial.repairs.never_begun;
    repairs.split += trial.repairs.split;
    repairs.moved += trial.repairs.moved;
    repairs.not_drawn += trial.repairs.not_drawn;
    const auto missing = [&](const std::string& what) {
      context.log.say(LogLevel::warn, trial.path + ": " + printable(what));
    };
    if (trial.dropped != 0)
      missing(counted(trial.dropped, " event", " events") + " beyond the size limit not recorded");
    if (trial.result.error) {
      missing(trial.result.error->message);
      (trial.result.error->kind == ErrorKind::usage ? damaged : cut) = true;
    } else if (!trial.ended) {
      missing("the recording stops in the middle; its verdict was certain before");
    }
  }
  std::ostringstream out;
  out << "wrote " << options.output << ": " << counted(summary.trials.size(), " trial, ", " trials, ")
      << counted(events, " event as ", " events as ") << counted(summary.totals.slices, " slice, ", " slices, ")
      << counted(summary.totals.instants, " instant, ", " instants, ")
      << counted(summary.totals.counts, " counter value; ", " counter values; ")
      << counted(summary.totals.bytes, " byte\n", " bytes\n");
  tell_repairs(out, repairs);
  out << "  times: the host's, since each trial began; open it at https://ui.perfetto.dev (docs/trace.md)\n";
  if (options.output == "-") {
    context.log.print(out.str());
  } else {
    context.out << out.str() << std::flush;
  }
  return damaged ? kExitUsage : cut ? kExitHost : kExitOk;
}

}  // namespace

int trace_command(const CommandContext& context, const Arguments& arguments) {
  TraceOptions options;
  std::optional<std::string> output;
  ArgumentParser parser(
      context, {"trace EVENTS.JSONL|FOLDER... [-o FILE]",
                "Draws recorded trials as a timeline for Perfetto's viewer: a process for each guest, a thread "
                "for each vCPU. Needs no /dev/kvm and no guest image.",
                "trace ~/.local/state/remapstorm/runs/latest -o irq.pftrace"});
  parser.positional("RECORDING", options.paths, "events.jsonl files, or folders below which they are");
  parser.option("-o,--output", output, "FILE",
                "where to; -: standard output (FOLDER/trace.pftrace, or EVENTS.pftrace beside EVENTS.jsonl)");
  if (const auto over = parse_or_finish(parser, context, arguments)) return *over;
  options.output = output ? *output : usual_output(options.paths.front());
  std::vector<std::string> recordings;
  for (const std::string& path : options.paths) {
    Result<std::vector<std::string>> found = find_recordings(path);
    if (!found.ok()) return report_error(context, found.error());
    std::move(found->begin(), found->end(), std::back_inserter(recordings));
  }
  const Result<TraceSummary> summary = write_trace(context, options, recordings);
  if (!summary.ok()) return report_error(context, summary.error());
  return tell(context, options, *summary);
}

}  // namespace remapstorm
