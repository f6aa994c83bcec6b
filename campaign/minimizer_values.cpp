// SPDX-License-Identifier: Apache-2.0
#include "campaign/minimizer_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace remapstorm {
namespace {

std::uint64_t exactly(std::uint64_t) { return 1; }

// Of a length in microseconds: a sixteenth, which is less than what it varies by on a busy host.
std::uint64_t roughly(std::uint64_t microseconds) { return std::max<std::uint64_t>(1, microseconds / 16); }

std::string plain(std::uint64_t value) { return std::to_string(value); }

std::string milliseconds(std::uint64_t microseconds) {
  std::string text = std::to_string(static_cast<double>(microseconds) / 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

void add_workloads(const Scenario& scenario, const Vocabulary& vocabulary, std::vector<ScenarioValue>& values) {
  for (std::size_t i = 0; i < scenario.workloads.size(); ++i) {
    const Workload& workload = scenario.workloads[i];
    const auto spec = std::find_if(vocabulary.workloads.begin(), vocabulary.workloads.end(),
                                   [&](const WorkloadSpec& one) { return one.run == workload.run; });
    if (spec == vocabulary.workloads.end()) continue;
    for (std::size_t k = 0; k < workload.arguments.size(); ++k) {
      const auto& [key, text] = workload.arguments[k];
      const auto argument = std::find_if(spec->arguments.begin(), spec->arguments.end(),
                                         [&, &name = key](const auto& one) { return one.name == name; });
      std::uint64_t value = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
      if (argument == spec->arguments.end() || read.ec != std::errc{}) continue;
      values.push_back({"workload " + std::to_string(i + 1) + ": " + key, value, argument->minimum, exactly,
                        [i, k](Scenario& changed, std::uint64_t to) {
                          changed.workloads[i].arguments[k].second = std::to_string(to);
                        },
                        plain});
    }
  }
}

void add_trigger(std::size_t rule, const Scenario& scenario, std::vector<ScenarioValue>& values) {
  const Trigger& when = scenario.rules[rule].when;
  const auto add = [&](const char* name, std::uint64_t Trigger::*member) {
    if (when.*member == 0) return;
    values.push_back({"rule " + scenario.rules[rule].name + ": " + name, when.*member, 1, exactly,
                      [rule, member](Scenario& changed, std::uint64_t to) { changed.rules[rule].when.*member = to; },
                      plain});
  };
  add("nth", &Trigger::nth);
  add("every", &Trigger::every);
  add("max", &Trigger::max);
}

void add_action(std::size_t rule, const Scenario& scenario, const Vocabulary& vocabulary,
                std::vector<ScenarioValue>& values) {
  const InjectionSpec& action = scenario.rules[rule].action;
  const auto injector = std::find_if(vocabulary.injectors.begin(), vocabulary.injectors.end(),
                                     [&](const InjectorSpec& one) { return one.name == action.injector; });
  if (injector == vocabulary.injectors.end()) return;
  for (const ParameterSpec& spec : injector->parameters) {
    const std::string name = "rule " + scenario.rules[rule].name + ": " + spec.name;
    const std::string key = spec.name;
    if (const auto* length = action.parameters.get<Nanoseconds>(key)) {
      const auto least = static_cast<std::uint64_t>(std::ceil(spec.minimum * 1000));
      values.push_back({name, static_cast<std::uint64_t>(length->count() / 1000), std::max<std::uint64_t>(1, least),
                        roughly,
                        [rule, key](Scenario& changed, std::uint64_t to) {
                          changed.rules[rule].action.parameters.values.insert_or_assign(
                              key, Nanoseconds(static_cast<std::int64_t>(to) * 1000));
                        },
                        milliseconds});
    }
    const auto* number = action.parameters.get<std::int64_t>(key);
    if (number != nullptr && spec.kind == ParameterSpec::Kind::integer && *number >= 0 && spec.minimum >= 0) {
      values.push_back({name, static_cast<std::uint64_t>(*number), static_cast<std::uint64_t>(spec.minimum), exactly,
                        [rule, key](Scenario& changed, std::uint64_t to) {
                          changed.rules[rule].action.parameters.values.insert_or_assign(key,
                                                                                        static_cast<std::int64_t>(to));
                        },
                        plain});
    }
  }
}

// One more than the highest vCPU that anything names.
unsigned fewest_cpus(const Scenario& scenario) {
  unsigned highest = 0;
  const auto pattern = [&](const EventPattern& one) { highest = std::max(highest, one.vcpu.value_or(0)); };
  for (const Workload& workload : scenario.workloads) highest = std::max(highest, workload.vcpu);
  for (const Rule& rule : scenario.rules) {
    pattern(rule.when.pattern);
    highest = std::max(highest, static_cast<unsigned>(rule.action.parameters.vcpu("vcpu", 0)));
    for (const auto& [name, value] : rule.action.parameters.values) {
      if (const auto* until = std::get_if<EventPattern>(&value)) pattern(*until);
    }
  }
  return highest + 1;
}

}  // namespace

std::vector<ScenarioValue> values_of(const Scenario& scenario, const Vocabulary& vocabulary) {
  std::vector<ScenarioValue> values;
  add_workloads(scenario, vocabulary, values);
  for (std::size_t rule = 0; rule < scenario.rules.size(); ++rule) {
    add_trigger(rule, scenario, values);
    add_action(rule, scenario, vocabulary, values);
  }
  values.push_back({"machine: cpus", scenario.cpus, fewest_cpus(scenario), exactly,
                    [](Scenario& changed, std::uint64_t to) { changed.cpus = static_cast<unsigned>(to); }, plain});
  std::erase_if(values, [](const ScenarioValue& one) { return one.value <= one.minimum; });
  return values;
}

std::vector<Simplification> simplifications_of(const Scenario& scenario) {
  std::vector<Simplification> list;
  for (std::size_t rule = 0; rule < scenario.rules.size(); ++rule) {
    const Trigger& when = scenario.rules[rule].when;
    const std::string name = "rule " + scenario.rules[rule].name + ": ";
    if (when.probability >= 0) {
      list.push_back(
          {name + "without probability", [rule](Scenario& changed) { changed.rules[rule].when.probability = -1.0; }});
    }
    // nth fires once anyway.
    if (when.max == 0 && (when.nth == 0 || when.every != 0)) {
      list.push_back({name + "max 1", [rule](Scenario& changed) { changed.rules[rule].when.max = 1; }});
    }
  }
  return list;
}

}  // namespace remapstorm
