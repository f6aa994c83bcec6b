// SPDX-License-Identifier: Apache-2.0
// Reading fields of untrusted JSON: keeps the first thing that was wrong, and yields harmless values after it. Private
// to the .cpp files that include nlohmann/json.
#pragma once

#include <cstdint>
#include <istream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/hex.h"
#include "base/nesting.h"

namespace remapstorm {

// 64-bit values travel as hex text (base/hex.h): many JSON readers keep numbers as doubles.
using Json = nlohmann::ordered_json;

// Never throws: bytes that are not UTF-8 become U+FFFD.
inline std::string to_line(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// Discarded if it is not JSON or nests deeper than anything of ours: such a value is copied and written by recursion.
inline Json parse_json(std::string_view text) {
  if (json_nests_too_deeply(text)) return Json(Json::value_t::discarded);
  return Json::parse(text.begin(), text.end(), nullptr, false);
}
// Of a file: `in` is read twice.
inline Json parse_json(std::istream& in) {
  if (json_nests_too_deeply(in)) return Json(Json::value_t::discarded);
  return Json::parse(in, nullptr, false);
}

class JsonFields {
 public:
  JsonFields(const Json& object, std::string& problem) : object_(object), problem_(problem) {
    if (!object.is_object()) fail("not an object");
  }

  [[nodiscard]] bool has(const char* key) const { return object_.is_object() && object_.contains(key); }

  std::string text(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) return fail(key, "is not text"), std::string{};
    return value->get<std::string>();
  }
  // null says that there is none.
  std::string text_or(const char* key, std::string fallback) const {
    return has(key) && !object_[key].is_null() ? text(key) : fallback;
  }

  std::int64_t integer(const char* key, std::int64_t minimum, std::int64_t maximum) const {
    const Json* value = find(key);
    if (value == nullptr) return minimum;
    const bool fits =
        value->is_number_integer() &&
        !(value->is_number_unsigned() &&
          value->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    const std::int64_t number = fits ? value->get<std::int64_t>() : 0;
    if (!fits || number < minimum || number > maximum) {
      fail(key, "is not an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum));
      return minimum;
    }
    return number;
  }
  std::int64_t integer_or(const char* key, std::int64_t minimum, std::int64_t maximum, std::int64_t fallback) const {
    return has(key) ? integer(key, minimum, maximum) : fallback;
  }
  // Any unsigned 64-bit number, as a JSON number.
  std::uint64_t unsigned64(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return 0;
    if (!value->is_number_unsigned()) return fail(key, "is not a whole number from 0"), 0;
    return value->get<std::uint64_t>();
  }
  double number(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return 0;
    if (!value->is_number()) return fail(key, "is not a number"), 0;
    return value->get<double>();
  }
  // False if it is absent.
  bool flag(const char* key) const {
    if (!has(key)) return false;
    const Json& value = object_.at(key);
    if (!value.is_boolean()) return fail(key, "is neither true nor false"), false;
    return value.get<bool>();
  }
  std::uint64_t hex64(const char* key) const {
    std::uint64_t value = 0;
    const std::string given = text(key);
    if (problem_.empty() && !parse_hex(given, value)) fail(key, "is not a hex number like \"0x1f\"");
    return value;
  }
  Gva gva(const char* key) const { return Gva(hex64(key)); }
  // Empty array if absent.
  const Json& array_or_empty(const char* key) const {
    static const Json kEmpty = Json::array();
    if (!has(key)) return kEmpty;
    const Json& value = object_.at(key);
    if (!value.is_array()) return fail(key, "is not a list"), kEmpty;
    return value;
  }
  const Json& object_or_empty(const char* key) const {
    static const Json kEmpty = Json::object();
    if (!has(key)) return kEmpty;
    const Json& value = object_.at(key);
    if (!value.is_object()) return fail(key, "is not an object"), kEmpty;
    return value;
  }

  void fail(const std::string& key, const std::string& what) const {
    if (problem_.empty()) problem_ = "\"" + key + "\" " + what;
  }
  void fail(const std::string& what) const {
    if (problem_.empty()) problem_ = what;
  }

 private:
  const Json* find(const char* key) const {
    if (!has(key)) {
      fail(key, "is missing");
      return nullptr;
    }
    return &object_.at(key);
  }

  const Json& object_;
  std::string& problem_;
};

}  // namespace remapstorm
