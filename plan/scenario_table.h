// SPDX-License-Identifier: Apache-2.0
// TableReader: takes typed values out of one TOML table and notes every mistake with its place. A key that nobody asked
// for is a mistake too: finish() says so. Private to the scenario_*.cpp files, the only ones that include toml++.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/scenario.h"

namespace remapstorm {

struct ParseContext {
  const Vocabulary& vocabulary;
  std::string file;
  std::vector<Diagnostic>& mistakes;
  unsigned cpus = kMaxCpus;  // machine.cpus, once known

  void mistake(const toml::source_region& where, std::string message, std::string allowed = {}) const;
  // "unknown WHAT "NAME"" with the nearest name and all allowed ones.
  void unknown(const toml::source_region& where, const std::string& what, const std::string& name,
               const std::vector<std::string>& allowed) const;
};

class TableReader {
 public:
  enum class Presence : std::uint8_t { optional, required };

  // `path`: "machine", "rule \"x\".when"; empty for the file itself.
  TableReader(const ParseContext& context, const toml::table& table, std::string path)
      : context_(context), table_(table), path_(std::move(path)) {}

  // Each marks `key` as known. Empty if it is absent (a mistake if required) or wrong (a mistake).
  std::optional<std::string> text(std::string_view key, Presence presence = Presence::optional);
  std::optional<std::string> one_of(std::string_view key, const std::string& what,
                                    const std::vector<std::string>& allowed, Presence presence = Presence::optional);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t minimum, std::int64_t maximum,
                                      Presence presence = Presence::optional);
  std::optional<double> number(std::string_view key, double minimum, double maximum,
                               Presence presence = Presence::optional);
  std::optional<bool> boolean(std::string_view key);
  std::vector<std::string> texts(std::string_view key, Presence presence = Presence::optional);
  // The same; each must be one of `known`, which a mistake calls by `what`.
  std::vector<std::string> some_of(std::string_view key, const std::string& what,
                                   const std::vector<std::string>& known);
  std::optional<unsigned> vcpu(std::string_view key, Presence presence = Presence::optional);
  const toml::table* table(std::string_view key, Presence presence = Presence::optional);
  const toml::node* node(std::string_view key, Presence presence = Presence::optional);
  // [[key]]: calls `each` for every table of the list.
  void tables(std::string_view key, const std::function<void(const toml::table&, std::size_t)>& each);

  // A mistake at a key of this table, or at the table if it is absent.
  void mistake_at(std::string_view key, std::string message, std::string allowed = {}) const;
  // Mistakes for keys that were never asked for.
  void finish() const;
  [[nodiscard]] std::string name_of(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] const toml::table& raw() const { return table_; }
  [[nodiscard]] const ParseContext& context() const { return context_; }

 private:
  [[nodiscard]] std::string shown(std::string_view key, const toml::node& given, std::string text) const;
  void wrong_type(std::string_view key, const toml::node& node, const std::string& wanted) const;

  const ParseContext& context_;
  const toml::table& table_;
  std::string path_;
  std::vector<std::string> known_;
};

// To the nearest nanosecond: 0.3 ms is 300000 ns although no double is 0.3.
Nanoseconds from_seconds(double value);
Nanoseconds from_milliseconds(double value);

// "a number below N" of machine.cpus.
std::string vcpu_range(const ParseContext& context);

// The parts of a scenario, one file each.
void read_workloads(TableReader& top, Scenario& scenario);
void read_rules(TableReader& top, Scenario& scenario);
void read_expectations(TableReader& top, Scenario& scenario);
EventPattern read_pattern(TableReader& table);

// The word for a value of a probe's argument ("pte" for level 1), or empty.
std::string_view argument_value_name(std::string_view argument, std::uint64_t value);

}  // namespace remapstorm
