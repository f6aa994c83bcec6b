// SPDX-License-Identifier: Apache-2.0
#include "campaign/lab.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/syscall.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

constexpr int kNotStarted = 127;

// Between fork and exec nothing but calls that are safe after a fork of a program with threads.
[[noreturn]] void become(char* const* words, pid_t parent) {
  // Ctrl-C in a terminal goes to the whole process group; the lab must hear of it once, from us.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotStarted);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // By SIGINT we tell it to stop, also where ours is ignored.
  ::signal(SIGINT, SIG_DFL);
  // Its results are read from its files.
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::execv(words[0], words);
  ::_exit(kNotStarted);
}

}  // namespace

int counted_exit_code(int code) {
  switch (code) {
    case kExitSignal + SIGHUP:
    case kExitSignal + SIGINT:
    case kExitSignal + SIGKILL:
    case kExitSignal + SIGTERM:
      return kExitHost;
    default:
      return code > kExitSignal ? kExitInternal : exit_code_row(code).code;
  }
}

std::string lab_program_variable(const std::string& kind) {
  std::string name = "REMAPSTORM_";
  for (const char letter : kind) name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name + "_PROGRAM";
}

Result<int> run_in_lab(const std::string& source_dir, const std::string& kind, const std::string& program,
                       const Arguments& arguments, const std::atomic<bool>& stop) {
  const std::string script = source_dir + "/lab/run";
  if (source_dir.empty() || ::access(script.c_str(), X_OK) != 0) {
    return unavailable_error("the lab is not there: " + script, "run this from a clone of remapstorm");
  }
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return host_error("cannot tell which program this is: " + error.message());
  Arguments all = {script, kind, program.empty() ? self : program};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> words;
  for (std::string& word : all) words.push_back(word.data());
  words.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return errno_error("fork", script, errno);
  if (child == 0) become(words.data(), parent);
  bool told = false;
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended < 0 && errno != EINTR) return errno_error("waitpid", script, errno);
    if (ended == child) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : exit_by_signal(WTERMSIG(status));
    }
    if (stop && !told) ::kill(child, SIGINT);
    told = told || stop;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace remapstorm
