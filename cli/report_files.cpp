// SPDX-License-Identifier: Apache-2.0
#include "cli/report_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/fd.h"
#include "base/syscall.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

Error no_such_place(const std::string& option, const std::string& file, int errnum) {
  return errno_error(option, file, errnum, ErrorKind::usage);
}

// In a folder; a pipe that a shell made, such as /dev/stdout or >(...), has none.
bool has_a_name(const std::string& fifo) {
  std::error_code error;
  const fs::path real = fs::canonical(fifo, error);
  return !error && fs::exists(real, error);
}

Status check_place(const std::string& option, const std::string& file) {
  if (file.empty()) return {};
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (fs::is_directory(status)) return no_such_place(option, file, EISDIR);
  if (fs::is_fifo(status) && has_a_name(file)) {
    return usage_error(option + " " + file + ": is a FIFO, which may never have a reader",
                       "name a file, or /dev/stdout: " + option + " /dev/stdout | ...");
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return ::access(file.c_str(), W_OK) == 0 ? Status() : no_such_place(option, file, errno);
  }
  const fs::path parent = fs::path(file).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  // Tried, not asked: to root access() promises files in /proc, too.
  const std::string trial = folder + "/.remapstorm-" + std::to_string(::getpid());
  const Fd fd(::open(trial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return no_such_place(option, file, errno);
  ::unlink(trial.c_str());
  return {};
}

Status write_into(const std::string& path, std::string_view content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return errno_error("open", path, errno);
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status write_report_file(const std::string& path, const std::string& content) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) return write_into(path, content);
  // A link stays one.
  const fs::path target = fs::exists(status) ? fs::canonical(path, error) : fs::path(path);
  return write_file_atomically(error ? path : target.string(), content);
}

}  // namespace

void declare_report_files(ArgumentParser& parser, ReportFilesWords& words) {
  parser.option("--junit", words.junit, "FILE", "also write the results there as JUnit XML");
  parser.option("--json", words.json, "FILE", "also write the results there as JSON");
}

Result<ReportFiles> check_report_files(const ReportFilesWords& words) {
  for (const auto& [option, value] : {std::pair("--junit", &words.junit), std::pair("--json", &words.json)}) {
    if (value->value_or("") == "-") {
      return usage_error(std::string(option) + " -: needs the name of a file",
                         std::string(option) + " /dev/stdout writes to standard output");
    }
    if (!*value || (!(*value)->empty() && !(*value)->ends_with('/'))) continue;
    return usage_error(std::string(option) + " needs the name of a file");
  }
  return ReportFiles{words.junit.value_or(""), words.json.value_or("")};
}

Status check_places(const ReportFiles& files) {
  RS_TRY(check_place("--junit", files.junit));
  return check_place("--json", files.json);
}

int write_report_files(const CommandContext& context, const ReportFiles& files,
                       const std::function<std::string()>& junit, const std::function<std::string()>& json) {
  int code = kExitOk;
  const auto write = [&](const std::string& path, const std::function<std::string()>& text) {
    if (path.empty()) return;
    const Status written = write_report_file(path, text());
    if (!written.ok()) code = worse_of(code, report_error(context, written.error()));
  };
  context.out.flush();  // FILE may be our standard output
  write(files.junit, junit);
  write(files.json, json);
  return code;
}

}  // namespace remapstorm
