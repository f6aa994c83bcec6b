// SPDX-License-Identifier: Apache-2.0
#include "plan/scenario_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "base/hex.h"
#include "plan/scenario_table.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

// A basic string of TOML 1.0.
std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      result += std::string("\\") + letter;
    } else if (letter == '\n') {
      result += "\\n";
    } else if (code < 0x20 || code == 0x7f) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      result += std::string("\\u00") + kDigits[code >> 4] + kDigits[code & 15];
    } else {
      result += letter;
    }
  }
  return result + "\"";
}

std::string list(const std::vector<std::string>& texts) {
  std::string result = "[";
  for (const std::string& text : texts) result += (result.size() == 1 ? "" : ", ") + toml_text(text);
  return result + "]";
}

// The shortest text that reads back as the same number.
std::string number(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string toml_milliseconds(Nanoseconds length) { return number(static_cast<double>(length.count()) / 1e6); }
std::string toml_seconds(Nanoseconds length) { return number(in_seconds(length)); }

std::string filter_value(std::string_view argument, std::uint64_t value) {
  const std::string_view name = argument_value_name(argument, value);
  if (!name.empty()) return toml_text(name);
  return value < 10 ? std::to_string(value) : toml_text(hex(value));
}

// "probe = ..., vcpu = ..." without braces.
std::string pattern_keys(const EventPattern& pattern) {
  const ProbeInfo* probe = pattern.probe ? probe_by_number(*pattern.probe) : nullptr;
  std::string text = probe != nullptr ? "probe = " + toml_text(probe->name) : "at = " + toml_text(pattern.at);
  if (pattern.vcpu) text += ", vcpu = " + std::to_string(*pattern.vcpu);
  if (pattern.context) text += ", context = " + toml_text(context_name(*pattern.context));
  if (probe == nullptr) return text;
  std::string where, level;
  std::set<unsigned> seen;
  for (const ArgumentFilter& filter : pattern.where) {
    const std::string_view argument = probe->arguments[filter.index];
    const std::string pair = std::string(argument) + " = " + filter_value(argument, filter.value);
    // A table takes a key once; `level` may also stand beside it.
    if (!seen.insert(filter.index).second) {
      level = ", " + pair;
    } else {
      where += (where.empty() ? "" : ", ") + pair;
    }
  }
  if (!where.empty()) text += ", where = { " + where + " }";
  return text + level;
}

struct ParameterText {
  std::string operator()(std::int64_t value) const { return value == kHitVcpu ? "\"hit\"" : std::to_string(value); }
  std::string operator()(Nanoseconds value) const { return toml_milliseconds(value); }
  std::string operator()(const std::string& value) const { return toml_text(value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const EventPattern& value) const { return "{ " + pattern_keys(value) + " }"; }
};

void write_rule(std::ostream& out, const Rule& rule) {
  out << "\n[[rule]]\nname = " << toml_text(rule.name);
  if (!rule.strategies.empty()) out << "\nstrategies = " << list(rule.strategies);
  out << "\nwhen = { " << pattern_keys(rule.when.pattern);
  if (!rule.when.after.empty()) out << ", after = " << toml_text(rule.when.after);
  if (rule.when.nth != 0) out << ", nth = " << rule.when.nth;
  if (rule.when.every != 0) out << ", every = " << rule.when.every;
  if (rule.when.probability >= 0) out << ", probability = " << number(rule.when.probability);
  if (rule.when.max != 0) out << ", max = " << rule.when.max;
  out << " }\ndo = { inject = " << toml_text(rule.action.injector);
  for (const auto& [name, value] : rule.action.parameters.values) {
    out << ", " << name << " = " << std::visit(ParameterText{}, value);
  }
  out << " }\n";
}

// Percent p with p / 100 == fraction, if there is one with few digits.
double percent_of(double fraction) {
  const double plain = std::round(fraction * 100 * 1e9) / 1e9;
  return plain / 100 == fraction ? plain : fraction * 100;
}

void write_counts(std::ostream& out, const char* key, const std::map<std::string, std::uint64_t>& counts) {
  if (counts.empty()) return;
  out << key << " = { ";
  const char* comma = "";
  for (const auto& [name, count] : counts) {
    out << comma << toml_text(name) << " = " << count;
    comma = ", ";
  }
  out << " }\n";
}

void write_expectation(std::ostream& out, const std::string& table, const Expectation& expected) {
  out << "\n[" << table << "]\nverdict = " << toml_text(verdict_name(expected.verdict)) << '\n';
  if (expected.lock) out << "lock = " << toml_text(*expected.lock) << '\n';
  if (expected.waiter_context) out << "waiter_context = " << toml_text(context_name(*expected.waiter_context)) << '\n';
  if (expected.owner_context) out << "owner_context = " << toml_text(context_name(*expected.owner_context)) << '\n';
  if (expected.waiter_vcpu) out << "waiter_vcpu = " << *expected.waiter_vcpu << '\n';
  if (expected.owner_vcpu) out << "owner_vcpu = " << *expected.owner_vcpu << '\n';
  if (!expected.backtrace.empty()) out << "backtrace = " << list(expected.backtrace) << '\n';
  if (expected.stall) out << "stall_ms = " << toml_milliseconds(*expected.stall) << '\n';
  if (expected.verdict == Verdict::stall) {
    out << "stall_within_percent = " << number(percent_of(expected.stall_tolerance)) << '\n';
  }
  if (expected.delay_tolerance) out << "delay_within_ms = " << toml_milliseconds(*expected.delay_tolerance) << '\n';
  write_counts(out, "injections", expected.injections);
  write_counts(out, "rules", expected.rules);
  if (expected.min_windows) out << "min_windows = " << *expected.min_windows << '\n';
  if (expected.max_windows) out << "max_windows = " << *expected.max_windows << '\n';
  if (expected.min_faults) out << "min_faults = " << *expected.min_faults << '\n';
  std::map<std::string, std::uint64_t> faults;
  for (const auto& [context, count] : expected.faults) faults[context_name(context)] = count;
  write_counts(out, "faults", faults);
  if (!expected.faults_in.empty()) out << "faults_in = " << list(expected.faults_in) << '\n';
  if (expected.console) out << "console = " << toml_text(*expected.console) << '\n';
}

void write_limits(std::ostream& out, const Limits& limits) {
  const Limits usual;
  std::string text;
  if (limits.timeout != usual.timeout) text += "timeout_s = " + toml_seconds(limits.timeout) + "\n";
  if (limits.progress != usual.progress) text += "progress_s = " + toml_seconds(limits.progress) + "\n";
  if (limits.stall_threshold != usual.stall_threshold)
    text += "stall_ms = " + toml_milliseconds(limits.stall_threshold) + "\n";
  if (!text.empty()) out << "\n[limits]\n" << text;
}

}  // namespace

std::string scenario_toml(const Scenario& scenario, const std::string& comment) {
  std::ostringstream out;
  std::istringstream comment_lines(comment);
  for (std::string line; std::getline(comment_lines, line);) out << (line.empty() ? "#" : "# ") << line << '\n';
  out << "name = " << toml_text(scenario.name) << '\n';
  if (!scenario.claims.empty()) out << "claims = " << list(scenario.claims) << '\n';
  out << "summary = " << toml_text(scenario.summary) << '\n';
  if (!scenario.description.empty()) out << "description = " << toml_text(scenario.description) << '\n';
  if (!scenario.prediction.empty()) out << "prediction = " << toml_text(scenario.prediction) << '\n';
  if (!scenario.observed.empty()) out << "observed = " << toml_text(scenario.observed) << '\n';
  out << "strategy = " << toml_text(scenario.strategy) << "\nstrategies = " << list(scenario.strategies)
      << "\nflavours = " << list(scenario.flavours) << '\n';
  if (!scenario.made_for.empty()) out << "architectures = " << list(scenario.made_for) << '\n';
  out << "\n[machine]\ncpus = " << scenario.cpus << "\nmemory = " << toml_text(size_text(scenario.memory)) << '\n';
  if (scenario.bbm) out << "bbm = " << *scenario.bbm << '\n';
  if (!scenario.append.empty()) out << "\n[guest]\nappend = " << toml_text(scenario.append) << '\n';
  write_limits(out, scenario.limits);
  for (const Workload& workload : scenario.workloads) {
    out << "\n[[workload]]\nvcpu = " << workload.vcpu << "\nrun = " << toml_text(workload.run) << '\n';
    for (const auto& [key, value] : workload.arguments) out << key << " = " << value << '\n';
  }
  for (const Rule& rule : scenario.rules) write_rule(out, rule);
  write_expectation(out, "expect", scenario.expectation);
  for (const auto& [key, expected] : scenario.other_expectations) {
    const std::size_t slash = key.find('/');
    std::string table = "expect";
    if (key.starts_with('@')) {
      write_expectation(out, table + ".host." + toml_text(key.substr(1)), expected);
      continue;
    }
    if (slash != 0) table += ".strategy." + toml_text(key.substr(0, slash));
    if (slash != std::string::npos) table += ".flavour." + toml_text(key.substr(slash + 1));
    write_expectation(out, table, expected);
  }
  return out.str();
}

}  // namespace remapstorm
