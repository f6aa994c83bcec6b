// SPDX-License-Identifier: Apache-2.0
#include "cli/scenario_words.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "base/names.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

std::string ordinal(std::uint64_t number) {
  const char* suffix = "th";
  if (number % 100 < 11 || number % 100 > 13) {
    if (number % 10 == 1) suffix = "st";
    if (number % 10 == 2) suffix = "nd";
    if (number % 10 == 3) suffix = "rd";
  }
  return std::to_string(number) + suffix;
}

std::string pattern_in_words(const EventPattern& pattern) {
  const ProbeInfo* probe = pattern.probe ? probe_by_number(*pattern.probe) : nullptr;
  std::string text = probe != nullptr ? std::string(probe->name) + " fires" : "execution reaches " + pattern.at;
  if (pattern.vcpu) text += " on vCPU " + std::to_string(*pattern.vcpu);
  if (pattern.context) text += std::string(" in ") + context_name(*pattern.context) + " context";
  for (const ArgumentFilter& filter : pattern.where) {
    const bool named = probe != nullptr && filter.index < probe->arguments.size();
    text += (&filter == &pattern.where.front() ? " with " : " and ") +
            (named ? std::string(probe->arguments[filter.index]) : "argument " + std::to_string(filter.index)) + " " +
            (filter.value < 10 ? std::to_string(filter.value) : hex(filter.value));
  }
  return text;
}

std::string value_in_words(const std::string& name, const ParameterValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return name == "vcpu" && *number == kHitVcpu ? "the vCPU that was hit" : std::to_string(*number);
  }
  if (const auto* length = std::get_if<Nanoseconds>(&value)) return duration_in_words(*length);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  return pattern_in_words(std::get<EventPattern>(value));
}

}  // namespace

std::string trigger_in_words(const Trigger& trigger) {
  std::string text = "when " + pattern_in_words(trigger.pattern);
  if (!trigger.after.empty()) text += ", once rule " + trigger.after + " has fired";
  if (trigger.nth != 0) text += ", the " + ordinal(trigger.nth) + " time only";
  if (trigger.every != 0) text += trigger.every == 1 ? ", every time" : ", every " + ordinal(trigger.every) + " time";
  if (trigger.probability >= 0) text += fmt::format(", with a chance of {:g} %", trigger.probability * 100);
  if (trigger.max != 0) text += ", at most " + std::to_string(trigger.max) + (trigger.max == 1 ? " time" : " times");
  return text;
}

std::string action_in_words(const InjectionSpec& action) {
  std::string text = "inject " + action.injector;
  bool first = true;
  for (const auto& [name, value] : action.parameters.values) {
    text += (first ? ": " : ", ") + name + " " + value_in_words(name, value);
    first = false;
  }
  return text;
}

const Expectation& usual_expectation(const Scenario& scenario) {
  return scenario.expectation_for(scenario.strategy, scenario.flavours.front());
}

std::string expectation_key(const Scenario& scenario, const std::string& key) {
  if (key.starts_with('@')) return scenario.strategy + " on " + key.substr(1);
  const std::size_t slash = key.find('/');
  const std::string strategy = slash == 0 ? scenario.strategy : key.substr(0, slash);
  return slash == std::string::npos ? strategy : strategy + ", flavour " + key.substr(slash + 1);
}

std::string made_for_in_words(const Scenario& scenario) {
  return scenario.made_for.empty() ? "" : ", on " + join(scenario.made_for) + " alone";
}

std::string expectation_in_words(const Expectation& expectation) {
  std::string text(verdict_name(expectation.verdict));
  const auto add = [&text](const std::string& more) { text += "; " + more; };
  if (expectation.lock) add("the lock is " + *expectation.lock);
  if (expectation.waiter_context)
    add(std::string("the waiter is in ") + context_name(*expectation.waiter_context) + " context");
  if (expectation.owner_context)
    add(std::string("the owner is in ") + context_name(*expectation.owner_context) + " context");
  if (expectation.waiter_vcpu) add("vCPU " + std::to_string(*expectation.waiter_vcpu) + " waits");
  if (expectation.owner_vcpu) add("vCPU " + std::to_string(*expectation.owner_vcpu) + " owns the lock");
  for (const std::string& function : expectation.backtrace) add("a backtrace shows " + function);
  if (expectation.stall) {
    add(fmt::format("of {} within {:g} %", duration_in_words(*expectation.stall), expectation.stall_tolerance * 100));
  }
  if (expectation.delay_tolerance) {
    add("each delay within " + duration_in_words(*expectation.delay_tolerance) + " of what was asked");
  }
  for (const auto& [injector, count] : expectation.injections) {
    add("at least " + std::to_string(count) + " of injector " + injector);
  }
  for (const auto& [rule, count] : expectation.rules) {
    add("rule " + rule + " fires at least " + std::to_string(count) + (count == 1 ? " time" : " times"));
  }
  if (expectation.max_windows) add("at most " + std::to_string(*expectation.max_windows) + " windows");
  if (expectation.min_windows) add("at least " + std::to_string(*expectation.min_windows) + " windows");
  if (expectation.min_faults) add("at least " + std::to_string(*expectation.min_faults) + " handled faults");
  for (const auto& [context, count] : expectation.faults) {
    add("at least " + std::to_string(count) + (count == 1 ? " fault in " : " faults in ") + context_name(context) +
        " context");
  }
  for (const std::string& function : expectation.faults_in) add("a fault in " + function);
  if (expectation.console) add("the guest reports \"" + *expectation.console + "\"");
  return text;
}

std::string workload_in_words(const Workload& workload) {
  std::string text = "vCPU " + std::to_string(workload.vcpu) + ": " + workload.run;
  for (const auto& [key, value] : workload.arguments) text += " " + key + "=" + value;
  return text;
}

std::string duration_in_words(Nanoseconds duration) {
  const double nanoseconds = static_cast<double>(duration.count());
  if (nanoseconds >= 1e9) return fmt::format("{:g} s", nanoseconds / 1e9);
  if (nanoseconds >= 1e6) return fmt::format("{:g} ms", nanoseconds / 1e6);
  return fmt::format("{:g} us", nanoseconds / 1e3);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  const std::string margin(indent, ' ');
  std::string result;
  std::string line;
  const auto end_line = [&] {
    if (!line.empty()) result += margin + line + "\n";
    line.clear();
  };
  std::string word;
  int newlines = 0;
  const auto end_word = [&] {
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) end_line();
    if (!word.empty()) line += (line.empty() ? "" : " ") + word;
    word.clear();
  };
  for (const char letter : text) {
    if (letter != ' ' && letter != '\n' && letter != '\t') {
      if (newlines >= 2 && !(result.empty() && line.empty())) {
        end_line();
        result += "\n";
      }
      newlines = 0;
      word += letter;
      continue;
    }
    end_word();
    if (letter == '\n') ++newlines;
  }
  end_word();
  end_line();
  return result;
}

}  // namespace remapstorm
