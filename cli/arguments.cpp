// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/names.h"
#include "cli/help_text.h"
#include "results/exit_code.h"

namespace remapstorm {

struct ArgumentParser::Parts {
  explicit Parts(Log& context_log) : log(context_log) {}

  CLI::App app;
  Log& log;
  std::optional<std::string> log_level;
  std::string usage;
  std::size_t width = 0;  // of help
  std::string example;
  std::vector<std::string> option_names;
  std::string required;  // name of the positional that must be given
  const std::vector<std::string>* required_words = nullptr;
};

ArgumentParser::ArgumentParser(const CommandContext& context, const CommandText& text)
    : parts_(std::make_unique<Parts>(context.log)) {
  parts_->usage = context.called + " " + text.usage;
  parts_->width = help_width(context.columns);
  parts_->example = context.called + " " + text.example;
  parts_->app.description(text.summary);
  parts_->app.set_help_flag("-h,--help", "show this help");
  parts_->app.get_formatter()->label("Positionals", "Arguments");
  parts_->option_names = {"--help"};
  option("--log-level", parts_->log_level, "LEVEL",
         "which messages standard error gets: trace, debug, info, warn, error or off (info). From warn on there is no "
         "progress; -q and -v do what they do at every level. An output folder keeps those from debug on in "
         "remapstorm.log");
}

ArgumentParser::~ArgumentParser() = default;

namespace {

// The long name of "-k,--kernel".
std::string long_name(const std::string& names) {
  const std::size_t start = names.find("--");
  return start == std::string::npos ? names : names.substr(start);
}

}  // namespace

void ArgumentParser::flag(const std::string& names, bool& target, const std::string& help) {
  parts_->app.add_flag(names, target, help);
  parts_->option_names.push_back(long_name(names));
}

void ArgumentParser::flag_or_value(const std::string& name, const std::string& value, std::string& target,
                                   const std::string& help) {
  parts_->app.add_flag(name + "{" + value + "}", target, help);
  parts_->option_names.push_back(name);
}

void ArgumentParser::option(const std::string& names, std::optional<std::string>& target, const std::string& value_name,
                            const std::string& help) {
  parts_->app
      .add_option_function<std::string>(
          names, [&target](const std::string& value) { target = value; }, help)
      ->type_name(value_name);
  parts_->option_names.push_back(long_name(names));
}

void ArgumentParser::optional_positional(const std::string& name, std::vector<std::string>& target,
                                         const std::string& help) {
  parts_->app.add_option(name, target, help)->type_name("");
}

void ArgumentParser::positional(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  optional_positional(name, target, help);
  parts_->required = name;
  parts_->required_words = &target;
}

Result<ArgumentParser::Outcome> ArgumentParser::parse(const Arguments& arguments) {
  const std::string hint = parts_->usage.substr(0, parts_->usage.find(' ', parts_->usage.find(' ') + 1)) + " --help";
  for (const std::string& word : arguments) {
    if (word == "--") break;
    if (!word.starts_with("--")) continue;
    const std::string name = word.substr(0, word.find('='));
    const auto& known = parts_->option_names;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::vector<std::string> near = near_matches(name, known);
    return usage_error("unknown option " + name, near.empty() ? hint : "did you mean " + near[0] + "?");
  }
  try {
    parts_->app.parse(Arguments(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return Outcome::help_wanted;
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what(), hint);
  }
  if (parts_->log_level) {
    RS_ASSIGN(const LogLevel level, parse_log_level(*parts_->log_level));
    parts_->log.show_from(level);
  }
  if (parts_->required_words != nullptr && parts_->required_words->empty()) {
    return usage_error("which " + parts_->required + "?", hint);
  }
  return Outcome::parsed;
}

std::string ArgumentParser::help() const {
  const CLI::Formatter* formatter = dynamic_cast<const CLI::Formatter*>(parts_->app.get_formatter().get());
  std::string options;
  if (formatter != nullptr) {
    options =
        formatter->make_positionals(&parts_->app) + formatter->make_groups(&parts_->app, CLI::AppFormatMode::Normal);
  }
  std::string summary = parts_->app.get_description();
  std::replace(summary.begin(), summary.end(), '\n', ' ');
  const std::string help =
      summary + "\n\nusage: " + parts_->usage + "\n" + options + "\nexample: " + parts_->example + "\n";
  return fitted(help, parts_->width, parts_->usage.substr(0, parts_->usage.find(' ')));
}

std::optional<int> parse_or_finish(ArgumentParser& parser, const CommandContext& context, const Arguments& arguments) {
  const Result<ArgumentParser::Outcome> outcome = parser.parse(arguments);
  if (!outcome.ok()) return report_error(context, outcome.error());
  if (*outcome == ArgumentParser::Outcome::parsed) return std::nullopt;
  context.out << parser.help();
  return kExitOk;
}

Result<std::uint64_t> parse_number(const std::string& option, const std::string& text, std::uint64_t minimum,
                                   std::uint64_t maximum) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const char* first = text.data() + (hex ? 2 : 0);
  const char* last = text.data() + text.size();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(first, last, number, hex ? 16 : 10);
  if (error != std::errc() || end != last || number < minimum || number > maximum) {
    return usage_error(option + " " + text + ": give a whole number from " + std::to_string(minimum) + " to " +
                       std::to_string(maximum));
  }
  return number;
}

Result<Nanoseconds> parse_duration(const std::string& option, const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double scale = 0;
  if (unit.empty() || unit == "s") scale = 1e9;
  if (unit == "ms") scale = 1e6;
  if (unit == "m") scale = 60e9;
  const double nanoseconds = number * scale;
  if (error != std::errc() || !std::isfinite(nanoseconds) || nanoseconds < 1 || nanoseconds > 86400e9) {
    return usage_error(option + " " + text + ": give a time such as 90, 1.5s, 250ms or 2m, at most a day");
  }
  return Nanoseconds(static_cast<std::int64_t>(nanoseconds));
}

Result<std::string> parse_choice(const std::string& option, const std::string& text,
                                 const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
  std::string all;
  for (const std::string& word : allowed) all += (all.empty() ? "" : ", ") + word;
  const std::vector<std::string> near = near_matches(text, allowed);
  return usage_error(option + " " + text + ": not one of " + all, near.empty() ? "" : "did you mean " + near[0] + "?");
}

}  // namespace remapstorm
