// SPDX-License-Identifier: Apache-2.0
// Command: one word a person types after `remapstorm`. What a command may use of the process comes in the context, so
// that tests call commands with their own streams and environment.
#pragma once

#include <functional>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "campaign/installation.h"
#include "cli/log.h"

namespace remapstorm {

struct CommandContext : Installation {
  std::ostream& out;  // results
  Log& log;           // all else
  // A terminal that understands escapes: not TERM=dumb.
  bool out_is_terminal = false;
  unsigned columns = 0;  // COLUMNS, or the terminal's; 0: not known
};

using Flavours = std::set<std::string>;

struct Command {
  const char* name;
  const char* summary;  // one line for --help
  const char* example;
  // Arguments without the command's name. Returns the exit code; throws nothing.
  int (*run)(const CommandContext& context, const Arguments& arguments);
  // The flavours of guest images that it will boot; null: it starts no guests.
  Flavours (*needs)(const CommandContext& context, const Arguments& arguments) = nullptr;
  bool hidden = false;  // for ./run, not for people
};

// The table, in the order of --help (cli/commands.cpp).
std::span<const Command> commands();
const Command* find_command(std::string_view name);

// Runs what was typed: a command; --help, --version; anything else is arguments of `run`.
int dispatch(const CommandContext& context, const Arguments& arguments);

// The command that `arguments` mean and what is left for it: `irq-same-cpu -q` means `run irq-same-cpu -q`.
struct Meant {
  const Command* command = nullptr;  // null: help or version
  Arguments arguments;
};
Meant what_is_meant(const Arguments& arguments);

// Says each line to context.log, which must outlive it.
std::function<void(const std::string& line)> note_to(const CommandContext& context);

// Says it to context.log, behind what there is of results; returns the exit code of its kind.
int report_error(const CommandContext& context, const Error& error);

int run_command(const CommandContext& context, const Arguments& arguments);
int explore_command(const CommandContext& context, const Arguments& arguments);
int census_command(const CommandContext& context, const Arguments& arguments);
int sweep_command(const CommandContext& context, const Arguments& arguments);
int soak_command(const CommandContext& context, const Arguments& arguments);
int compare_command(const CommandContext& context, const Arguments& arguments);
int serve_command(const CommandContext& context, const Arguments& arguments);
int list_command(const CommandContext& context, const Arguments& arguments);
int describe_command(const CommandContext& context, const Arguments& arguments);
int doctor_command(const CommandContext& context, const Arguments& arguments);
int guest_command(const CommandContext& context, const Arguments& arguments);
int replay_command(const CommandContext& context, const Arguments& arguments);
int report_command(const CommandContext& context, const Arguments& arguments);
int trace_command(const CommandContext& context, const Arguments& arguments);
int minimize_command(const CommandContext& context, const Arguments& arguments);
int metrics_command(const CommandContext& context, const Arguments& arguments);
int needs_command(const CommandContext& context, const Arguments& arguments);

}  // namespace remapstorm
