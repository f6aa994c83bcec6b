// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explore_options.h"

#include <algorithm>
#include <charconv>

#include "base/names.h"
#include "base/shell_word.h"

namespace remapstorm {
namespace {

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<BoundaryChoice> parse_boundary_choice(std::string_view text) {
  BoundaryChoice choice;
  if (const auto index = number_in(text)) {
    choice.index = static_cast<std::size_t>(*index);
    return choice;
  }
  const std::size_t slash = text.rfind('/');
  choice.place = text.substr(0, slash);
  if (slash != std::string_view::npos) {
    const auto visit = number_in(text.substr(slash + 1));
    if (!visit || *visit == 0) {
      return usage_error("'" + std::string(text) + "': the visit after '/' is a number from 1");
    }
    choice.visit = *visit;
  }
  if (choice.place.empty()) {
    return usage_error("'" + std::string(text) + "' names no boundary",
                       "give its number in the certificate, or symbol+0x1c, or symbol+0x1c/2 for the second visit");
  }
  return choice;
}

std::vector<Workload> default_workloads(const ExploreOptions& options) {
  std::vector<Workload> workloads = {{0, "hugetlb-grow", {{"pages", "1"}}}};
  // Only a hold lets others run into the window; at other times a reader that comes upon it is chance.
  const bool hold = std::any_of(options.injections.begin(), options.injections.end(),
                                [](const std::string& one) { return contains(parts_of(one), InjectorKind::hold); });
  if (hold && options.cpus > 1) workloads.push_back({1, kReaderInHolds, {}});
  return workloads;
}

namespace {

std::vector<std::string> ordered_pairs(const std::vector<std::string>& injections) {
  std::vector<std::string> names;
  for (const std::string& first : injections) {
    for (const std::string& second : injections) {
      if (first != second) names.push_back(first + "+" + second);
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> injection_names(const ExploreOptions& options) {
  std::vector<std::string> names = options.injections;
  if (options.pairs != Pairs::same) return names;
  for (std::string& pair : ordered_pairs(options.injections)) names.push_back(std::move(pair));
  return names;
}

std::vector<std::string> pair_names(const ExploreOptions& options) {
  return options.pairs == Pairs::window ? ordered_pairs(options.injections) : std::vector<std::string>();
}

std::vector<InjectorKind> parts_of(std::string_view injection) {
  std::vector<InjectorKind> parts;
  for (const std::string& part : split(injection, '+')) parts.push_back(injector_kind(part));
  return parts;
}

bool contains(std::span<const InjectorKind> parts, InjectorKind kind) {
  return std::find(parts.begin(), parts.end(), kind) != parts.end();
}

Result<Workload> parse_workload(std::string_view text, const Vocabulary& vocabulary, unsigned cpus) {
  const std::string typed(text);
  const std::size_t colon = text.find(':');
  const auto vcpu = number_in(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (!vcpu)
    return usage_error("workload '" + typed + "': write VCPU:NAME[,argument=value...]", "0:hugetlb-grow,pages=1");
  if (*vcpu >= cpus) {
    return usage_error("workload '" + typed + "': there is no vCPU " + std::to_string(*vcpu) + " in a guest of " +
                       std::to_string(cpus));
  }
  const std::vector<std::string> words = split(text.substr(colon + 1), ',');
  std::vector<std::string> names;
  for (const WorkloadSpec& spec : vocabulary.workloads) names.push_back(spec.run);
  const auto spec = std::find_if(vocabulary.workloads.begin(), vocabulary.workloads.end(),
                                 [&](const WorkloadSpec& one) { return one.run == words[0]; });
  if (spec == vocabulary.workloads.end()) {
    const auto near = near_matches(words[0], names, 1);
    return usage_error("workload '" + typed + "': not one of " + join(names),
                       near.empty() ? "" : "did you mean " + near[0] + "?");
  }
  Workload workload{static_cast<unsigned>(*vcpu), spec->run, {}};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name(words[i].substr(0, equals));
    const auto argument = std::find_if(spec->arguments.begin(), spec->arguments.end(),
                                       [&](const WorkloadSpec::Argument& one) { return one.name == name; });
    if (equals == std::string_view::npos || argument == spec->arguments.end()) {
      return usage_error("workload '" + typed + "': " + spec->run + " takes no argument '" + name + "'");
    }
    const auto value = number_in(std::string_view(words[i]).substr(equals + 1));
    if (!value || *value < argument->minimum || *value > argument->maximum) {
      return usage_error("workload '" + typed + "': " + name + " is a number from " +
                         std::to_string(argument->minimum) + " to " + std::to_string(argument->maximum));
    }
    workload.arguments.emplace_back(name, std::to_string(*value));
  }
  for (const WorkloadSpec::Argument& argument : spec->arguments) {
    const bool given = std::any_of(workload.arguments.begin(), workload.arguments.end(),
                                   [&](const auto& one) { return one.first == argument.name; });
    if (argument.required && !given) {
      return usage_error("workload '" + typed + "': " + spec->run + " needs " + argument.name + "=");
    }
  }
  return workload;
}

std::string workload_text(const Workload& workload) {
  std::string text = std::to_string(workload.vcpu) + ":" + workload.run;
  for (const auto& [name, value] : workload.arguments) text += "," + name + "=" + value;
  return text;
}

std::string explore_words(const ExploreOptions& options) {
  const ExploreOptions usual;
  std::string text = "explore " + shell_word(options.window.name) + " --inject " + join(options.injections, ",");
  const auto add = [&](const char* name, const std::string& value) {
    text += std::string(" ") + name + " " + shell_word(value);
  };
  add("--strategy", options.strategy);
  if (options.pairs != Pairs::none) text += options.pairs == Pairs::same ? " --pairs" : " --pairs=window";
  if (options.stride != usual.stride) add("--stride", std::to_string(options.stride));
  if (options.executions != usual.executions) add("--repeat", std::to_string(options.executions));
  if (!options.follow_calls) add("--calls", "over");
  if (options.nth != usual.nth) add("--nth", std::to_string(options.nth));
  if (options.flavour != usual.flavour) add("--flavour", options.flavour);
  if (options.cpus != usual.cpus) add("--cpus", std::to_string(options.cpus));
  if (options.memory != usual.memory) add("--memory", std::to_string(options.memory >> 10) + "K");
  if (options.action != usual.action) add("--action", options.action);
  if (options.via != usual.via) add("--via", options.via);
  if (options.hold != usual.hold) add("--hold", std::to_string(options.hold.count() / 1'000'000) + "ms");
  if (!options.append.empty()) add("--append", options.append);
  if (!options.kernel.image.empty()) add("--kernel", options.kernel.image);
  if (!options.kernel.symbols.empty()) add("--symbols", options.kernel.symbols);
  if (options.timeout != usual.timeout) {
    // Whole milliseconds are what the option takes exactly; it never gives up earlier than it did.
    add("--timeout", std::to_string((options.timeout.count() + 999'999) / 1'000'000) + "ms");
  }
  std::string workloads;
  for (const Workload& workload : options.workloads)
    workloads += (workloads.empty() ? "" : ";") + workload_text(workload);
  if (!workloads.empty()) add("--workload", workloads);
  return text;
}

}  // namespace remapstorm
