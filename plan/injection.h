// SPDX-License-Identifier: Apache-2.0
// What an injector is called and which parameters its `do` takes. The list of all of them (the catalogue) is passed in
// to whoever reads scenarios; nothing registers itself. A scenario's `do` table arrives at the injector as Parameters,
// every value already checked against these specs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "telemetry/kinds.h"

namespace remapstorm {

// `args[index] == value` of a probe event.
struct ArgumentFilter {
  unsigned index = 0;
  std::uint64_t value = 0;
};

// A set of moments: a guest probe, or the vCPU about to execute one instruction. Exactly one of `probe` and `at` is
// set. Context and argument filters exist for probes only.
struct EventPattern {
  std::optional<std::uint16_t> probe;  // RS_PROBE_*
  std::string at;                      // "symbol+0x1c"
  std::optional<Gva> address;          // of `at`; set by the plan
  std::optional<unsigned> vcpu;        // any, if empty
  std::optional<Context> context;      // any, if empty
  std::vector<ArgumentFilter> where;   // all must hold
};

inline constexpr std::int64_t kHitVcpu = -1;  // the vCPU on which the rule's trigger fired

// vcpu and integer: int64; milliseconds: Nanoseconds; choice, page, text: string; condition: EventPattern.
using ParameterValue = std::variant<std::int64_t, Nanoseconds, std::string, bool, EventPattern>;

struct ParameterSpec {
  enum class Kind : std::uint8_t {
    choice,        // one of `choices`
    vcpu,          // "hit" or a number below machine.cpus
    milliseconds,  // a number within [minimum, maximum], fractions allowed
    integer,       // within [minimum, maximum]
    boolean,
    page,       // one of `choices`, or "0x..." : a page-aligned guest-physical address
    condition,  // { probe = ..., vcpu = ..., context = ..., where = {...} } or { at = "symbol+0x..", vcpu = ... }
    text,
  };
  std::string name;
  Kind kind = Kind::text;
  bool required = false;
  std::vector<std::string> choices;
  std::vector<std::pair<std::string, std::string>> elsewhere = {};  // choices of another architecture, and its name
  double minimum = 0;
  double maximum = 0;
  std::optional<ParameterValue> fallback;  // value when the scenario does not give one
  std::string summary;                     // for describe and the documentation
};

struct InjectorSpec {
  std::string name;  // as of InjectorKind
  std::string summary;
  std::vector<ParameterSpec> parameters;
  std::vector<std::vector<std::string>> exactly_one_of = {};  // e.g. {{"for_ms", "until"}}
  // Parameters of a range, shortest and longest: the second may be given beside the first.
  std::vector<std::pair<std::string, std::string>> ranges = {};
  std::string architecture = {};  // the only one that has it; empty: all have
};

using InjectorCatalogue = std::vector<InjectorSpec>;

class Parameters {
 public:
  std::map<std::string, ParameterValue, std::less<>> values;

  [[nodiscard]] bool has(std::string_view name) const { return values.find(name) != values.end(); }
  template <typename T>
  [[nodiscard]] const T* get(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : std::get_if<T>(&found->second);
  }
  [[nodiscard]] std::string text(std::string_view name, std::string fallback = {}) const {
    const auto* value = get<std::string>(name);
    return value != nullptr ? *value : fallback;
  }
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const auto* value = get<std::int64_t>(name);
    return value != nullptr ? *value : fallback;
  }
  [[nodiscard]] Nanoseconds length(std::string_view name, Nanoseconds fallback = Nanoseconds{0}) const {
    const auto* value = get<Nanoseconds>(name);
    return value != nullptr ? *value : fallback;
  }
  // The vCPU a `vcpu` parameter names; `hit_vcpu` for "hit" and when it is absent.
  [[nodiscard]] int vcpu(std::string_view name, int hit_vcpu) const {
    const std::int64_t value = integer(name, kHitVcpu);
    return value == kHitVcpu ? hit_vcpu : static_cast<int>(value);
  }
};

// One `do`: which injector, with what.
struct InjectionSpec {
  std::string injector;
  Parameters parameters;
};

}  // namespace remapstorm
