// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <iostream>
#include <new>

#include "cli/build_info.h"
#include "cli/command.h"
#include "report/exit_code.h"

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

int run_main(int argc, char** argv) {
  const Environment environment = process_environment();
  CommandContext context{std::cout,
                         std::cerr,
                         environment,
                         home_from_user_database(),
                         shipped_scenarios(),
                         build_info().source_dir,
                         build_info().version,
                         environment("REMAPSTORM_CALLED").value_or("remapstorm"),
                         ::isatty(STDOUT_FILENO) == 1,
                         ::isatty(STDERR_FILENO) == 1};
  const int code = dispatch(context, Arguments(argv + 1, argv + argc));
  std::cout.flush();
  // Results that could not be written are no success: a full disk, a closed pipe.
  if (!std::cout && code == kExitOk) {
    std::cerr << "remapstorm: cannot write to standard output\n";
    return kExitHost;
  }
  return code;
}

}  // namespace
}  // namespace remapstorm

int main(int argc, char** argv) {
  try {
    return remapstorm::run_main(argc, argv);
  } catch (const std::bad_alloc&) {
    std::cerr << "remapstorm: out of memory\n";
    return remapstorm::kExitHost;
  } catch (const std::exception& exception) {
    std::cerr << "remapstorm: bug: " << exception.what() << '\n';
    return remapstorm::kExitInternal;
  }
}
