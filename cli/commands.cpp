// SPDX-License-Identifier: Apache-2.0
// The table of commands and how a line of words becomes one of them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/command.h"
#include "cli/help_text.h"
#include "cli/needs.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

constexpr std::array kCommands = {
    Command{"run", "run scenarios and compare their verdicts with the expected ones", "run irq-same-cpu --repeat 20",
            run_command, run_needs},
    Command{"serve", "run scenarios round after round, with metrics to watch", "serve irq-same-cpu control-inplace",
            serve_command, serve_needs},
    Command{"sweep", "run scenarios with every strategy, flavour, host and seed; the result is one table",
            "sweep --scenarios irq-same-cpu,control-inplace --seeds 20", sweep_command, sweep_needs},
    Command{"soak", "run random control trials that must do no harm: any other verdict is a false alarm",
            "soak --trials 1000", soak_command, soak_needs},
    Command{"compare", "measure what each remap strategy costs, and what a stolen CPU does to it", "compare --repeat 5",
            compare_command, compare_needs},
    Command{"explore", "inject at every instruction boundary of a window; the result is a certificate",
            "explore bbm-pte --inject irq,nmi --strategy bbm-fault", explore_command, explore_needs},
    Command{"census", "count who touches the remapped pages while a window is open", "census remap", census_command,
            census_needs},
    Command{"replay", "judge recorded trials again, without KVM", "replay ~/.local/state/remapstorm/runs/latest",
            replay_command},
    Command{"report", "make HTML pages of recorded runs; of many, an index of their fingerprints",
            "report ~/.local/state/remapstorm/runs/latest", report_command},
    Command{"trace", "draw recorded trials as a timeline for Perfetto's viewer",
            "trace ~/.local/state/remapstorm/runs/latest", trace_command},
    Command{"minimize", "find the fewest rules and smallest values of a scenario that still fail the same way",
            "minimize ./mine.toml --repeat 5", minimize_command, minimize_needs},
    Command{"list", "show the scenarios", "list", list_command},
    Command{"describe", "tell the story of a scenario: what it asks, what it does, what it expects",
            "describe irq-same-cpu", describe_command},
    Command{"doctor", "check what this machine has and lacks, with a hint for each thing missing", "doctor",
            doctor_command},
    Command{"metrics", "print what every metric means", "metrics", metrics_command},
    Command{"guest", "build or list guest images", "guest build --flavour std", guest_command},
    Command{"needs", "guest images that the arguments need, for ./run", "needs -- irq-same-cpu", needs_command, nullptr,
            true},
};

void print_help(const CommandContext& context) {
  const std::string& called = context.called;
  std::string help = "remapstorm " + context.version +
                     ": stress and fault injection for kernel memory remaps, on KVM\n\n" + "usage: " + called +
                     " COMMAND [ARGUMENTS]\n       " + called +
                     " SCENARIO [OPTIONS]      the same as: run SCENARIO [OPTIONS]\n\ncommands:\n";
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    std::string name = command.name;
    name.resize(10, ' ');
    help += "  " + name + command.summary + "\n            " + called + " " + command.example + "\n";
  }
  help += "\n'" + called + " COMMAND --help' shows the options of a command.\n" +
          "--lab x86 before or behind them, with ./run, takes an emulated host instead of this machine's KVM\n";
  const std::size_t width = help_width(context.columns);
  context.out << fitted(help, width, called) << exit_codes_help(width);
}

bool is_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

}  // namespace

std::span<const Command> commands() { return kCommands; }

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == name; });
  return found == kCommands.end() ? nullptr : found;
}

Meant what_is_meant(const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--version") return {};
  if (is_help(arguments[0])) {
    // "help run" is "run --help".
    if (arguments.size() == 2) {
      if (const Command* command = find_command(arguments[1])) return {command, {"--help"}};
    }
    return {};
  }
  if (const Command* command = find_command(arguments[0])) return {command, {arguments.begin() + 1, arguments.end()}};
  return {find_command("run"), arguments};
}

int dispatch(const CommandContext& context, const Arguments& arguments) {
  const Meant meant = what_is_meant(arguments);
  if (meant.command != nullptr) {
    const int code = meant.command->run(context, meant.arguments);
    context.log.say(LogLevel::debug, fmt::format("{} ends with exit code {}", meant.command->name, code));
    return code;
  }
  if (arguments.empty()) {
    return report_error(context, usage_error("what should be run?", context.called + " --help, or " + context.called +
                                                                        " list for the scenarios"));
  }
  if (arguments[0] == "--version") {
    context.out << "remapstorm " << context.version << '\n';
    return kExitOk;
  }
  if (arguments.size() > 1) {
    return report_error(context, usage_error("no command '" + arguments[1] + "'", context.called + " --help"));
  }
  print_help(context);
  return kExitOk;
}

std::function<void(const std::string& line)> note_to(const CommandContext& context) {
  return [&context](const std::string& line) { context.log.say(LogLevel::warn, line); };
}

int report_error(const CommandContext& context, const Error& error) {
  context.out.flush();
  context.log.say(error);
  return exit_code_of(error.kind);
}

}  // namespace remapstorm
