// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <system_error>

#include "base/memory_limit.h"
#include "base/syscall.h"
#include "cli/build_info.h"
#include "cli/command.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

// Scenarios of the source tree this was built from; of an installed program, those beside it.
ScenarioCatalogue shipped_scenarios() {
  std::error_code error;
  ScenarioCatalogue built = build_info().scenarios;
  if (std::filesystem::is_directory(built.directory, error)) return built;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = self.parent_path().parent_path() / "share" / "remapstorm" / "scenarios";
  if (std::filesystem::is_directory(beside, error)) return {beside.string(), built.names};
  return built;
}

// COLUMNS counts also where there is no terminal: for who reads the output of a pipe in one.
unsigned columns_of(const Environment& environment) {
  if (const auto text = environment("COLUMNS")) {
    unsigned columns = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), columns);
    if (error == std::errc() && end == text->data() + text->size() && columns > 0) return columns;
  }
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    winsize size = {};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 0;
}

int run_main(int argc, char** argv) {
  const Environment environment = process_environment();
  const std::string terminal = environment("TERM").value_or("dumb");
  const auto is_terminal = [&](int fd) { return terminal != "dumb" && ::isatty(fd) == 1; };
  Log log(std::cerr, {.redraws = is_terminal(STDERR_FILENO), .columns = columns_of(environment)});
  CommandContext context{{environment, home_from_user_database(), shipped_scenarios(), build_info().source_dir,
                          build_info().version, environment("REMAPSTORM_CALLED").value_or("remapstorm")},
                         std::cout,
                         log,
                         is_terminal(STDOUT_FILENO),
                         columns_of(environment)};
  const int code = dispatch(context, Arguments(argv + 1, argv + argc));
  std::cout.flush();
  if (std::cout) return code;
  // Results that could not be written are no success: a full disk, a closed pipe.
  log.say(LogLevel::error, "cannot write to standard output");
  return worse_of(code, kExitHost);
}

// By hand: who knows what a log would need.
int told(const Error& error) {
  std::cerr << "remapstorm: " << error.message << '\n';
  if (!error.hint.empty()) std::cerr << "HINT: " << error.hint << '\n';
  return exit_code_of(error.kind);
}

// Whose trouble it is that something was thrown.
int exit_after(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return told(memory_error(""));
  } catch (const std::system_error& error) {
    const int number = error.code().value();
    // A thread's stack that cannot be had is told as EAGAIN.
    if (number == EAGAIN || number == ENOMEM) return told(memory_error(error.what()));
    Error host = host_error(error.what());
    host.kind = kind_of_errno(number);
    return told(host);
  } catch (const std::exception& exception) {
    return told(internal_error(std::string("bug: ") + exception.what()));
  } catch (...) {
    return told(internal_error("bug: something was thrown"));
  }
}

}  // namespace
}  // namespace remapstorm

int main(int argc, char** argv) {
  int code = remapstorm::kExitInternal;
  try {
    code = remapstorm::run_main(argc, argv);
  } catch (...) {
    code = remapstorm::exit_after(std::current_exception());
  }
  // Here, so that a mistake in the other words is not taken for a bad kernel.
  const bool bisect =
      std::any_of(argv, argv + argc, [](const char* word) { return std::strcmp(word, "--bisect") == 0; });
  return bisect ? remapstorm::bisect_code(code) : code;
}
