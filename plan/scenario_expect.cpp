// SPDX-License-Identifier: Apache-2.0
// [expect] of a scenario file, and what replaces it for a strategy, a flavour or a kind of host.
#include <algorithm>
#include <functional>

#include "base/names.h"
#include "plan/scenario_table.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

// Verdict::error is never something to hope for.
constexpr Verdict kExpectable[] = {Verdict::clean,       Verdict::deadlock, Verdict::stall,
                                   Verdict::oops,        Verdict::lockdep,  Verdict::bug,
                                   Verdict::lost_update, Verdict::hang,     Verdict::timeout};

void read_counts(TableReader& table, std::string_view key, const std::string& what,
                 const std::vector<std::string>& allowed, std::map<std::string, std::uint64_t>& counts) {
  const toml::table* given = table.table(key);
  if (given == nullptr) return;
  TableReader reader(table.context(), *given, table.name_of(key));
  for (const auto& [name, value] : *given) {
    const std::string text(name.str());
    if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
      table.context().unknown(name.source(), what, text, allowed);
      continue;
    }
    if (const auto count = reader.integer(text, 1, 1'000'000'000)) counts[text] = static_cast<std::uint64_t>(*count);
  }
}

Expectation read_expectation(TableReader& table, const Scenario& scenario) {
  const ParseContext& context = table.context();
  Expectation expectation;
  std::vector<std::string> verdicts;
  for (const Verdict verdict : kExpectable) verdicts.emplace_back(verdict_name(verdict));
  const auto verdict = table.one_of("verdict", "verdict", verdicts, TableReader::Presence::required);
  if (verdict) expectation.verdict = *verdict_from_name(*verdict);

  expectation.lock = table.text("lock");
  const auto context_at = [&table](const char* key) {
    const auto given = table.one_of(key, "context", context_names());
    return given ? context_by_name(*given) : std::nullopt;
  };
  expectation.waiter_context = context_at("waiter_context");
  expectation.owner_context = context_at("owner_context");
  if (const auto vcpu = table.vcpu("waiter_vcpu")) expectation.waiter_vcpu = static_cast<int>(*vcpu);
  if (const auto vcpu = table.vcpu("owner_vcpu")) expectation.owner_vcpu = static_cast<int>(*vcpu);
  expectation.backtrace = table.texts("backtrace");
  if (const auto length = table.number("stall_ms", 0.001, 3600e3)) expectation.stall = from_milliseconds(*length);
  if (const auto percent = table.number("stall_within_percent", 0.1, 100)) expectation.stall_tolerance = *percent / 100;
  if (const auto within = table.number("delay_within_ms", 0.001, 3600e3))
    expectation.delay_tolerance = from_milliseconds(*within);
  if (const auto count = table.integer("min_windows", 1, 1'000'000'000)) expectation.min_windows = *count;
  if (const auto count = table.integer("max_windows", 0, 1'000'000'000)) expectation.max_windows = *count;
  if (const auto count = table.integer("min_faults", 1, 1'000'000'000)) expectation.min_faults = *count;
  std::map<std::string, std::uint64_t> faults;
  read_counts(table, "faults", "context", context_names(), faults);
  for (const auto& [name, count] : faults) {
    if (const auto in = context_by_name(name)) expectation.faults[*in] = count;
  }
  expectation.faults_in = table.texts("faults_in");
  expectation.console = table.text("console");

  std::vector<std::string> injectors, rules;
  for (const InjectorSpec& spec : context.vocabulary.injectors) injectors.push_back(spec.name);
  for (const Rule& rule : scenario.rules) rules.push_back(rule.name);
  read_counts(table, "injections", "injector", injectors, expectation.injections);
  read_counts(table, "rules", "rule", rules, expectation.rules);

  // Evidence of another verdict would never be looked at.
  if (!verdict) return expectation;
  const auto only_with = [&](std::initializer_list<const char*> keys, std::initializer_list<Verdict> with) {
    if (std::find(with.begin(), with.end(), expectation.verdict) != with.end()) return;
    for (const char* key : keys) {
      if (table.has(key)) {
        table.mistake_at(key, table.name_of(key) + " has no meaning with verdict \"" + *verdict + "\"",
                         "with verdict " + std::string(verdict_name(*with.begin())));
      }
    }
  };
  only_with({"lock", "waiter_context", "owner_context", "waiter_vcpu", "owner_vcpu", "backtrace"}, {Verdict::deadlock});
  only_with({"stall_ms", "stall_within_percent"}, {Verdict::stall});
  // The guest may have said something before it stood still.
  only_with({"console"}, {Verdict::oops, Verdict::lockdep, Verdict::bug, Verdict::deadlock});
  return expectation;
}

// The tables below `table`.`kind`, one for each of `names`: read(name, its table).
void read_each(TableReader& table, const char* kind, const std::vector<std::string>& names,
               const std::function<void(const std::string&, TableReader&)>& read) {
  const toml::table* given = table.table(kind);
  if (given == nullptr) return;
  for (const auto& [key, value] : *given) {
    const std::string name(key.str());
    const std::string whole = table.name_of(kind) + "." + name;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      table.context().unknown(key.source(), std::string(kind) + " of this scenario", name, names);
      continue;
    }
    if (!value.is_table()) {
      table.context().mistake(value.source(), whole + " is not a table");
      continue;
    }
    TableReader one(table.context(), *value.as_table(), whole);
    read(name, one);
    one.finish();
  }
}

}  // namespace

void read_expectations(TableReader& top, Scenario& scenario) {
  const toml::table* given = top.table("expect", TableReader::Presence::required);
  if (given == nullptr) return;
  TableReader table(top.context(), *given, top.name_of("expect"));
  scenario.expectation = read_expectation(table, scenario);
  const auto read_flavours = [&](const std::string& strategy, TableReader& above) {
    read_each(above, "flavour", scenario.flavours, [&](const std::string& flavour, TableReader& one) {
      scenario.other_expectations[strategy + "/" + flavour] = read_expectation(one, scenario);
    });
  };
  read_flavours("", table);
  read_each(table, "host", table.context().vocabulary.host_kinds, [&](const std::string& kind, TableReader& one) {
    scenario.other_expectations["@" + kind] = read_expectation(one, scenario);
  });
  read_each(table, "strategy", scenario.strategies, [&](const std::string& strategy, TableReader& one) {
    // There may be tables of its flavours alone.
    if (!one.has("flavour") || one.has("verdict")) {
      scenario.other_expectations[strategy] = read_expectation(one, scenario);
    }
    read_flavours(strategy, one);
  });
  table.finish();
}

}  // namespace remapstorm
