// SPDX-License-Identifier: Apache-2.0
// [[workload]] and [[rule]] of a scenario file.
#include <algorithm>
#include <charconv>
#include <set>

#include "base/hex.h"
#include "base/names.h"
#include "guest/abi/remapstorm_abi.h"
#include "plan/scenario_table.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

// Numbers that have names, by argument.
struct NamedValue {
  std::string_view argument;
  std::string_view name;
  std::uint64_t value;
};
constexpr NamedValue kNamedValues[] = {
    {"level", "pte", RS_LEVEL_PTE},
    {"level", "pmd", RS_LEVEL_PMD},
    {"kind", "line", RS_KIND_LINE},
    {"kind", "msi", RS_KIND_MSI},
    {"kind", "nmi", RS_KIND_NMI},
    {"kind", "call", RS_KIND_CALL},
    {"lock_id", "init_mm.page_table_lock", RS_LOCK_INIT_MM_PAGE_TABLE},
    {"lock_id", "zone->lock", RS_LOCK_ZONE},
};

void add_filter(const ParseContext& context, const toml::node& node, std::string_view argument, unsigned index,
                std::vector<ArgumentFilter>& filters) {
  if (const auto number = node.value_exact<std::int64_t>(); number && *number >= 0) {
    filters.push_back({index, static_cast<std::uint64_t>(*number)});
    return;
  }
  std::string allowed = "a number from 0, or hex text like \"0xffff888000000000\"";
  for (const NamedValue& named : kNamedValues) {
    if (named.argument == argument) allowed += ", or \"" + std::string(named.name) + "\"";
  }
  if (const auto text = node.value_exact<std::string>()) {
    std::uint64_t value = 0;
    if (parse_hex(*text, value)) {
      filters.push_back({index, value});
      return;
    }
    for (const NamedValue& named : kNamedValues) {
      if (named.argument == argument && named.name == *text) {
        filters.push_back({index, named.value});
        return;
      }
    }
  }
  context.mistake(node.source(), "wrong value for argument \"" + std::string(argument) + "\"", allowed);
}

void read_filters(TableReader& table, const ProbeInfo& probe, EventPattern& pattern) {
  const ParseContext& context = table.context();
  std::vector<std::string> arguments;
  for (const std::string_view argument : probe.arguments) {
    if (argument != "-") arguments.emplace_back(argument);
  }
  if (const toml::table* where = table.table("where")) {
    for (const auto& [key, value] : *where) {
      const auto index = probe_argument(probe, key.str());
      if (index) {
        add_filter(context, value, key.str(), *index, pattern.where);
      } else {
        context.unknown(key.source(), "argument of " + std::string(probe.name), std::string(key.str()), arguments);
      }
    }
  }
  // `level = "pte"` is short for `where = { level = "pte" }`.
  if (const toml::node* level = table.node("level")) {
    const auto index = probe_argument(probe, "level");
    if (index) {
      add_filter(context, *level, "level", *index, pattern.where);
    } else {
      table.mistake_at("level", "probe " + std::string(probe.name) + " has no argument \"level\"", join(arguments));
    }
  }
}

Trigger read_trigger(const ParseContext& context, const toml::table& given, const std::string& path) {
  TableReader table(context, given, path);
  Trigger trigger;
  if (const auto nth = table.integer("nth", 1, 1'000'000'000)) trigger.nth = static_cast<std::uint64_t>(*nth);
  if (const auto every = table.integer("every", 1, 1'000'000'000)) trigger.every = static_cast<std::uint64_t>(*every);
  if (const auto chance = table.number("probability", 0.0, 1.0)) trigger.probability = *chance;
  if (table.has("probability") && (table.has("nth") || table.has("every"))) {
    context.mistake(given.source(), path + " has a probability beside nth or every", "either");
  }
  trigger.after = table.text("after").value_or("");
  if (const auto max = table.integer("max", 1, 1'000'000'000)) trigger.max = static_cast<std::uint64_t>(*max);
  trigger.pattern = read_pattern(table);
  table.finish();
  return trigger;
}

template <typename Spec>
TableReader::Presence presence_of(const Spec& spec) {
  return spec.required ? TableReader::Presence::required : TableReader::Presence::optional;
}

bool is_of_elsewhere(TableReader& table, const ParameterSpec& spec) {
  const auto text = table.raw()[spec.name].value_exact<std::string>();
  for (const auto& [choice, architecture] : spec.elsewhere) {
    if (text != choice) continue;
    table.mistake_at(spec.name, spec.name + " = \"" + choice + "\" exists on " + architecture + " alone",
                     join(spec.choices));
    return true;
  }
  return false;
}

std::optional<ParameterValue> read_parameter(TableReader& table, const ParameterSpec& spec) {
  const ParseContext& context = table.context();
  switch (spec.kind) {
    case ParameterSpec::Kind::choice:
      if (is_of_elsewhere(table, spec)) return std::nullopt;
      if (auto value = table.one_of(spec.name, spec.name, spec.choices, presence_of(spec))) return *value;
      return std::nullopt;
    case ParameterSpec::Kind::text:
      if (auto value = table.text(spec.name, presence_of(spec))) return *value;
      return std::nullopt;
    case ParameterSpec::Kind::boolean:
      if (auto value = table.boolean(spec.name)) return *value;
      return std::nullopt;
    case ParameterSpec::Kind::integer:
      if (auto value = table.integer(spec.name, static_cast<std::int64_t>(spec.minimum),
                                     static_cast<std::int64_t>(spec.maximum), presence_of(spec))) {
        return *value;
      }
      return std::nullopt;
    case ParameterSpec::Kind::milliseconds:
      if (auto value = table.number(spec.name, spec.minimum, spec.maximum, presence_of(spec))) {
        return from_milliseconds(*value);
      }
      return std::nullopt;
    case ParameterSpec::Kind::vcpu: {
      const toml::node* node = table.node(spec.name, presence_of(spec));
      if (node == nullptr) return std::nullopt;
      if (node->value_exact<std::string>() == "hit") return kHitVcpu;
      const auto number = node->value_exact<std::int64_t>();
      if (number && *number >= 0 && *number < static_cast<std::int64_t>(context.cpus)) return *number;
      table.mistake_at(spec.name, table.name_of(spec.name) + " names no vCPU", "\"hit\", or " + vcpu_range(context));
      return std::nullopt;
    }
    case ParameterSpec::Kind::page: {
      const toml::node* node = table.node(spec.name, presence_of(spec));
      if (node == nullptr) return std::nullopt;
      const auto text = node->value_exact<std::string>();
      std::uint64_t gpa = 0;
      if (text && std::find(spec.choices.begin(), spec.choices.end(), *text) != spec.choices.end()) return *text;
      if (text && parse_hex(*text, gpa) && gpa % 4096 == 0) return *text;
      table.mistake_at(spec.name, table.name_of(spec.name) + " names no page",
                       join(spec.choices) + ", or a page-aligned guest-physical address like \"0x1000\"");
      return std::nullopt;
    }
    case ParameterSpec::Kind::condition: {
      const toml::table* given = table.table(spec.name, presence_of(spec));
      if (given == nullptr) return std::nullopt;
      TableReader reader(context, *given, table.name_of(spec.name));
      EventPattern pattern = read_pattern(reader);
      reader.finish();
      return pattern;
    }
  }
  return std::nullopt;
}

InjectionSpec read_action(const ParseContext& context, const Scenario& scenario, const toml::table& given,
                          const std::string& path) {
  TableReader table(context, given, path);
  InjectionSpec action;
  std::vector<std::string> names;
  for (const InjectorSpec& spec : context.vocabulary.injectors) names.push_back(spec.name);
  const auto name = table.one_of("inject", "injector", names, TableReader::Presence::required);
  if (!name) return action;  // its keys cannot be judged
  action.injector = *name;
  const auto spec = std::find_if(context.vocabulary.injectors.begin(), context.vocabulary.injectors.end(),
                                 [&](const InjectorSpec& one) { return one.name == *name; });
  if (!spec->architecture.empty() && scenario.made_for != std::vector{spec->architecture}) {
    table.mistake_at("inject", "injector \"" + *name + "\" exists on " + spec->architecture + " alone",
                     "it in a scenario with architectures = [\"" + spec->architecture + "\"]");
  }
  for (const ParameterSpec& parameter : spec->parameters) {
    auto value = read_parameter(table, parameter);
    if (!value && !table.has(parameter.name)) value = parameter.fallback;
    if (value) action.parameters.values.emplace(parameter.name, std::move(*value));
  }
  for (const std::vector<std::string>& group : spec->exactly_one_of) {
    const auto given_of = std::count_if(group.begin(), group.end(), [&](const auto& key) { return table.has(key); });
    if (given_of != 1) {
      context.mistake(given.source(),
                      path + " has " + (given_of == 0 ? "none" : "more than one") + " of " + join(group),
                      "exactly one of " + join(group));
    }
  }
  for (const auto& [shortest, longest] : spec->ranges) {
    if (!table.has(longest)) continue;
    if (!table.has(shortest)) {
      table.mistake_at(longest, path + " has " + longest + " without " + shortest, "both, or " + shortest + " alone");
    } else if (action.parameters.length(longest) < action.parameters.length(shortest)) {
      table.mistake_at(longest, longest + " of " + path + " is shorter than " + shortest);
    }
  }
  table.finish();
  return action;
}

// `after` names another rule, and following it ends.
void check_order(TableReader& top, const Scenario& scenario, const std::vector<const toml::table*>& tables) {
  std::vector<std::string> names;
  for (const Rule& rule : scenario.rules) names.push_back(rule.name);
  const auto index_of = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  for (std::size_t i = 0; i < scenario.rules.size(); ++i) {
    const std::string& after = scenario.rules[i].when.after;
    if (after.empty()) continue;
    const toml::node* node = tables[i]->get("when")->as_table()->get("after");
    if (index_of(after) == names.size()) {
      top.context().unknown(node->source(), "rule", after, names);
      continue;
    }
    std::size_t at = i;
    for (std::size_t step = 0; step <= names.size() && at < names.size(); ++step) {
      const std::string& next = scenario.rules[at].when.after;
      at = next.empty() ? names.size() : index_of(next);
    }
    if (at < names.size()) {
      top.context().mistake(node->source(),
                            "rule \"" + names[i] + "\" waits for itself through after, and never fires");
    }
  }
}

}  // namespace

std::string_view argument_value_name(std::string_view argument, std::uint64_t value) {
  for (const NamedValue& named : kNamedValues) {
    if (named.argument == argument && named.value == value) return named.name;
  }
  return {};
}

EventPattern read_pattern(TableReader& table) {
  const ParseContext& context = table.context();
  EventPattern pattern;
  const auto probe_name = table.one_of("probe", "probe", probe_names());
  pattern.at = table.text("at").value_or("");
  if (table.has("probe") == table.has("at")) {
    context.mistake(table.raw().source(),
                    table.has("at") ? "both probe and at are given" : "neither probe nor at is given",
                    "exactly one: probe = \"bbm.break\" or at = \"symbol+0x1c\"");
  }
  pattern.vcpu = table.vcpu("vcpu");
  const auto context_given = table.one_of("context", "context", context_names());
  if (context_given) pattern.context = context_by_name(*context_given);
  if (probe_name) {
    const ProbeInfo* probe = probe_by_name(*probe_name);
    pattern.probe = probe->number;
    read_filters(table, *probe, pattern);
    return pattern;
  }
  for (const char* key : {"where", "level"}) {
    if (table.node(key) != nullptr && table.has("at")) {
      table.mistake_at(key, table.name_of(key) + " needs a probe: a breakpoint has no arguments");
    }
  }
  if (table.has("context") && table.has("at")) {
    table.mistake_at("context", table.name_of("context") + " needs a probe: a breakpoint does not know its context");
  }
  return pattern;
}

void read_workloads(TableReader& top, Scenario& scenario) {
  const ParseContext& context = top.context();
  std::vector<std::string> names;
  for (const WorkloadSpec& spec : context.vocabulary.workloads) names.push_back(spec.run);
  bool any_ends = false;
  top.tables("workload", [&](const toml::table& given, std::size_t index) {
    TableReader table(context, given, "workload " + std::to_string(index + 1));
    Workload workload;
    workload.vcpu = table.vcpu("vcpu", TableReader::Presence::required).value_or(0);
    const auto run = table.one_of("run", "workload", names, TableReader::Presence::required);
    if (!run) {
      any_ends = true;  // unknown: do not complain about that as well
      return;
    }
    workload.run = *run;
    const auto spec = std::find_if(context.vocabulary.workloads.begin(), context.vocabulary.workloads.end(),
                                   [&](const WorkloadSpec& one) { return one.run == *run; });
    any_ends = any_ends || !spec->open_ended;
    for (const WorkloadSpec::Argument& argument : spec->arguments) {
      const auto value = table.integer(argument.name, static_cast<std::int64_t>(argument.minimum),
                                       static_cast<std::int64_t>(argument.maximum), presence_of(argument));
      if (value) workload.arguments.emplace_back(argument.name, std::to_string(*value));
    }
    table.finish();
    scenario.workloads.push_back(std::move(workload));
  });
  if (!any_ends) {
    top.mistake_at("workload", "no workload that ends: the trial would never be done",
                   "at least one [[workload]] with run = \"hugetlb-cycle\" or \"hugetlb-grow\"");
  }
}

void read_rules(TableReader& top, Scenario& scenario) {
  const ParseContext& context = top.context();
  std::set<std::string> seen;
  std::vector<const toml::table*> tables;
  top.tables("rule", [&](const toml::table& given, std::size_t index) {
    TableReader table(context, given, "rule " + std::to_string(index + 1));
    Rule rule;
    rule.name = table.text("name", TableReader::Presence::required).value_or("");
    const std::string path = rule.name.empty() ? "rule " + std::to_string(index + 1) : "rule \"" + rule.name + "\"";
    if (!rule.name.empty() && !seen.insert(rule.name).second) {
      table.mistake_at("name", "a second rule named \"" + rule.name + "\"", "a name of its own for each rule");
    }
    rule.strategies = table.some_of("strategies", "strategy", context.vocabulary.strategies);
    if (const toml::table* when = table.table("when", TableReader::Presence::required))
      rule.when = read_trigger(context, *when, path + ".when");
    if (const toml::table* action = table.table("do", TableReader::Presence::required))
      rule.action = read_action(context, scenario, *action, path + ".do");
    table.finish();
    tables.push_back(&given);
    scenario.rules.push_back(std::move(rule));
  });
  check_order(top, scenario, tables);
}

}  // namespace remapstorm
