// SPDX-License-Identifier: Apache-2.0
#include "plan/scenario_table.h"

#include <algorithm>
#include <cmath>

#include "base/names.h"
#include "base/printable.h"

namespace remapstorm {
namespace {

std::string type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string number_text(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Nanoseconds from_seconds(double value) { return Nanoseconds(std::llround(value * 1e9)); }
Nanoseconds from_milliseconds(double value) { return Nanoseconds(std::llround(value * 1e6)); }

void ParseContext::mistake(const toml::source_region& where, std::string message, std::string allowed) const {
  mistakes.push_back({file, where.begin.line, where.begin.column, std::move(message), std::move(allowed)});
}

void ParseContext::unknown(const toml::source_region& where, const std::string& what, const std::string& name,
                           const std::vector<std::string>& allowed) const {
  std::string message = "unknown " + what + " \"" + name + "\"";
  const std::vector<std::string> near = near_matches(name, allowed, 1);
  if (!near.empty()) message += " (did you mean \"" + near.front() + "\"?)";
  mistake(where, message, join(allowed));
}

std::string vcpu_range(const ParseContext& context) {
  return "0 to " + std::to_string(context.cpus - 1) + " (machine.cpus is " + std::to_string(context.cpus) + ")";
}

std::string TableReader::name_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const toml::node* TableReader::node(std::string_view key, Presence presence) {
  known_.emplace_back(key);
  const toml::node* found = table_.get(key);
  if (found == nullptr && presence == Presence::required)
    context_.mistake(table_.source(), name_of(key) + " is missing");
  return found;
}

void TableReader::wrong_type(std::string_view key, const toml::node& given, const std::string& wanted) const {
  context_.mistake(given.source(), name_of(key) + " is " + type_name(given), wanted);
}

std::optional<std::string> TableReader::text(std::string_view key, Presence presence) {
  const toml::node* given = node(key, presence);
  if (given == nullptr) return std::nullopt;
  auto value = given->value_exact<std::string>();
  if (!value) {
    wrong_type(key, *given, "text in quotes");
    return std::nullopt;
  }
  if (value->empty() && presence == Presence::required) {
    context_.mistake(given->source(), name_of(key) + " is empty");
    return std::nullopt;
  }
  return shown(key, *given, *value);
}

// What a scenario says is shown on terminals, in reports and in one-line formats: nothing in it may do more than that.
std::string TableReader::shown(std::string_view key, const toml::node& given, std::string text) const {
  for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at)) text.erase(at, 1);
  std::string blanks = text;
  std::replace(blanks.begin(), blanks.end(), '\t', ' ');
  if (printable_lines(text) != blanks) {
    context_.mistake(given.source(), name_of(key) + " holds characters that are not shown", "text");
  }
  return text;
}

std::optional<std::string> TableReader::one_of(std::string_view key, const std::string& what,
                                               const std::vector<std::string>& allowed, Presence presence) {
  const toml::node* given = node(key, presence);
  if (given == nullptr) return std::nullopt;
  auto value = given->value_exact<std::string>();
  if (!value) {
    wrong_type(key, *given, "one of " + join(allowed));
    return std::nullopt;
  }
  if (std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
    context_.unknown(given->source(), what, *value, allowed);
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t minimum, std::int64_t maximum,
                                                 Presence presence) {
  const toml::node* given = node(key, presence);
  if (given == nullptr) return std::nullopt;
  const std::string range = std::to_string(minimum) + " to " + std::to_string(maximum);
  const auto value = given->value_exact<std::int64_t>();
  if (!value) {
    wrong_type(key, *given, "an integer from " + range);
    return std::nullopt;
  }
  if (*value < minimum || *value > maximum) {
    context_.mistake(given->source(), name_of(key) + " is " + std::to_string(*value) + ", out of range", range);
    return std::nullopt;
  }
  return value;
}

std::optional<double> TableReader::number(std::string_view key, double minimum, double maximum, Presence presence) {
  const toml::node* given = node(key, presence);
  if (given == nullptr) return std::nullopt;
  const std::string range = number_text(minimum) + " to " + number_text(maximum);
  if (!given->is_number()) {
    wrong_type(key, *given, "a number from " + range);
    return std::nullopt;
  }
  const double value = given->value<double>().value_or(std::nan(""));
  if (!(value >= minimum && value <= maximum)) {
    context_.mistake(given->source(), name_of(key) + " is out of range", range);
    return std::nullopt;
  }
  return value;
}

std::optional<bool> TableReader::boolean(std::string_view key) {
  const toml::node* given = node(key);
  if (given == nullptr) return std::nullopt;
  const auto value = given->value_exact<bool>();
  if (!value) wrong_type(key, *given, "true or false");
  return value;
}

std::vector<std::string> TableReader::texts(std::string_view key, Presence presence) {
  std::vector<std::string> values;
  const toml::node* given = node(key, presence);
  if (given == nullptr) return values;
  const toml::array* list = given->as_array();
  if (list == nullptr) {
    wrong_type(key, *given, "a list of texts, like [\"a\", \"b\"]");
    return values;
  }
  for (const toml::node& item : *list) {
    const auto value = item.value_exact<std::string>();
    if (value) {
      values.push_back(shown(key, item, *value));
    } else {
      context_.mistake(item.source(), name_of(key) + " holds " + type_name(item), "text in quotes");
    }
  }
  return values;
}

std::vector<std::string> TableReader::some_of(std::string_view key, const std::string& what,
                                              const std::vector<std::string>& known) {
  std::vector<std::string> values = texts(key);
  for (const std::string& value : values) {
    if (std::find(known.begin(), known.end(), value) == known.end()) {
      context_.unknown(table_.get(key)->source(), what, value, known);
    }
  }
  return values;
}

std::optional<unsigned> TableReader::vcpu(std::string_view key, Presence presence) {
  const toml::node* given = node(key, presence);
  if (given == nullptr) return std::nullopt;
  const auto value = given->value_exact<std::int64_t>();
  if (!value || *value < 0 || *value >= static_cast<std::int64_t>(context_.cpus)) {
    context_.mistake(
        given->source(),
        name_of(key) + (value ? " is " + std::to_string(*value) + ", no such vCPU" : " is " + type_name(*given)),
        vcpu_range(context_));
    return std::nullopt;
  }
  return static_cast<unsigned>(*value);
}

const toml::table* TableReader::table(std::string_view key, Presence presence) {
  const toml::node* given = node(key, presence);
  if (given == nullptr) return nullptr;
  if (!given->is_table()) wrong_type(key, *given, "a table");
  return given->as_table();
}

void TableReader::tables(std::string_view key, const std::function<void(const toml::table&, std::size_t)>& each) {
  const toml::node* given = node(key);
  if (given == nullptr) return;
  const toml::array* list = given->as_array();
  if (list == nullptr) {
    wrong_type(key, *given, "[[" + std::string(key) + "]] sections");
    return;
  }
  std::size_t index = 0;
  for (const toml::node& item : *list) {
    if (const toml::table* one = item.as_table()) {
      each(*one, index++);
    } else {
      context_.mistake(item.source(), name_of(key) + " holds " + type_name(item), "tables");
    }
  }
}

void TableReader::mistake_at(std::string_view key, std::string message, std::string allowed) const {
  const toml::node* given = table_.get(key);
  context_.mistake(given != nullptr ? given->source() : table_.source(), std::move(message), std::move(allowed));
}

void TableReader::finish() const {
  for (const auto& [key, value] : table_) {
    const std::string name(key.str());
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    context_.unknown(key.source(), path_.empty() ? "key" : "key of " + path_, name, known_);
  }
}

}  // namespace remapstorm
