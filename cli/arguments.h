// SPDX-License-Identifier: Apache-2.0
// ArgumentParser: the options of one command, and --log-level, which all have. The only user of CLI11; values arrive as
// text and are checked by whoever knows what they mean.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"

namespace remapstorm {

// What the help of a command says besides its options.
struct CommandText {
  const char* usage;  // behind the program's name: "run SCENARIO... [OPTIONS]"
  const char* summary;
  const char* example;  // behind the program's name
};

class ArgumentParser {
 public:
  ArgumentParser(const CommandContext& context, const CommandText& text);
  ~ArgumentParser();
  ArgumentParser(const ArgumentParser&) = delete;
  ArgumentParser& operator=(const ArgumentParser&) = delete;

  // Targets must outlive parse(). `names`: "-k,--kernel".
  void flag(const std::string& names, bool& target, const std::string& help);
  // "--pairs" alone means `value`; "--pairs=other" says another. A word behind it is not its own.
  void flag_or_value(const std::string& name, const std::string& value, std::string& target, const std::string& help);
  void option(const std::string& names, std::optional<std::string>& target, const std::string& value_name,
              const std::string& help);
  void positional(const std::string& name, std::vector<std::string>& target, const std::string& help);  // required
  void optional_positional(const std::string& name, std::vector<std::string>& target, const std::string& help);

  enum class Outcome { parsed, help_wanted };
  // From then on context.log shows what --log-level says. Errors: usage, with near option names as the hint.
  Result<Outcome> parse(const Arguments& arguments);
  [[nodiscard]] std::string help() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// parse(), with help printed to context.out and mistakes reported: an exit code if the command is over, else nothing.
std::optional<int> parse_or_finish(ArgumentParser& parser, const CommandContext& context, const Arguments& arguments);

// A whole number, decimal or 0x..., within [minimum, maximum]. `option` names it in the error (usage).
Result<std::uint64_t> parse_number(const std::string& option, const std::string& text, std::uint64_t minimum,
                                   std::uint64_t maximum);
// A length of time: "90", "1.5s", "250ms", "2m". Plain numbers are seconds. Above zero, at most a day.
Result<Nanoseconds> parse_duration(const std::string& option, const std::string& text);
// One of `allowed`, with near names in the error.
Result<std::string> parse_choice(const std::string& option, const std::string& text,
                                 const std::vector<std::string>& allowed);

}  // namespace remapstorm
