// SPDX-License-Identifier: Apache-2.0
// Scenario: what a scenario file says, checked as far as it can be without a guest image (docs/scenario-format.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "plan/injection.h"
#include "telemetry/finding.h"
#include "telemetry/kinds.h"

namespace remapstorm {

// WHEN a rule fires. Candidates are the moments that match `pattern` and, if `after` is set, come once that rule has
// fired. Of the candidates (counted from 1): the nth only; every k-th, with both from the nth on; each with a
// probability; or all. Never more than `max` times if max is not 0.
struct Trigger {
  EventPattern pattern;
  std::uint64_t nth = 0;      // 0: not given
  std::uint64_t every = 0;    // 0: not given
  double probability = -1.0;  // below 0: not given
  std::string after;          // name of another rule, or empty
  std::uint64_t max = 0;      // 0: no limit
};

struct Rule {
  std::string name;
  std::vector<std::string> strategies;  // empty: whatever the strategy is
  Trigger when;
  InjectionSpec action;
};

struct Workload {
  unsigned vcpu = 0;
  std::string run;
  std::vector<std::pair<std::string, std::string>> arguments;  // key=value, in the order of the file
};

// What the trial must show to be ok. The verdict always counts; every other key that is set counts as well.
struct Expectation {
  Verdict verdict = Verdict::clean;
  // deadlock: some edge of the cycle has all of these
  std::optional<std::string> lock;
  std::optional<Context> waiter_context;
  std::optional<Context> owner_context;
  std::optional<int> waiter_vcpu;
  std::optional<int> owner_vcpu;
  std::vector<std::string> backtrace;  // functions, each in some involved vCPU's backtrace
  // stall
  std::optional<Nanoseconds> stall;  // asked for; the longest stall must lie within stall_tolerance of it
  double stall_tolerance = 0.10;     // fraction
  // stage-2 delays: |measured - requested| of each
  std::optional<Nanoseconds> delay_tolerance;
  // injections fired, at least: per injector name, and per rule name
  std::map<std::string, std::uint64_t> injections;
  std::map<std::string, std::uint64_t> rules;
  std::optional<std::uint64_t> min_windows;  // break..make windows that opened and closed, at least
  std::optional<std::uint64_t> max_windows;  // that opened, at most
  std::optional<std::uint64_t> min_faults;   // faults taken by the strategy's handler, at least
  std::map<Context, std::uint64_t> faults;   // of them, at least so many by context
  std::vector<std::string> faults_in;        // functions, each of which took such a fault
  std::optional<std::string> console;        // text that the guest's own report must contain (oops, lockdep, bug)
};

struct Limits {
  Nanoseconds timeout{60'000'000'000};       // of one trial, from the ready doorbell
  Nanoseconds progress{5'000'000'000};       // nothing moved for this long and nothing of ours held it: hang
  Nanoseconds stall_threshold{100'000'000};  // a wait or a window longer than this is a stall
};

// What a scenario says of one architecture: it stands in place of what it says of all.
struct OnArchitecture {
  std::string prediction;
  std::string observed;
  std::string strategy;  // empty, and strategies with it: as everywhere
  std::vector<std::string> strategies;
  std::optional<Expectation> expectation;  // with others, none of those everywhere counts
  std::map<std::string, Expectation> other_expectations;
};

struct Scenario {
  std::string file;      // as given, for messages
  std::string text;      // its bytes; empty: made without a file
  bool shipped = false;  // one of those known by name
  std::string name;
  std::vector<std::string> claims;
  std::string summary;
  std::string description;
  std::string prediction;
  std::string observed;                 // what really happens, on which host; and why, if not as predicted
  std::string strategy;                 // default
  std::vector<std::string> strategies;  // those it makes sense for; holds `strategy`
  std::vector<std::string> flavours;
  std::vector<std::string> made_for;  // architectures; empty: all
  unsigned cpus = 2;
  std::uint64_t memory = 256ULL << 20;  // bytes
  std::optional<unsigned> bbm;          // arm64: level of FEAT_BBM; nothing: the host's
  std::string append;                   // kernel command line
  Limits limits;
  std::vector<Workload> workloads;
  std::vector<Rule> rules;
  Expectation expectation;
  // Replace `expectation` as a whole; the key is "STRATEGY", "STRATEGY/FLAVOUR", "/FLAVOUR" or "@HOST KIND", see
  // expectation_for().
  std::map<std::string, Expectation> other_expectations;
  std::map<std::string, OnArchitecture> architectures;  // by the names of GuestImageInfo::architecture

  [[nodiscard]] bool is_made_for(const std::string& architecture) const;
  // The scenario as it is there; it says nothing of architectures any more.
  [[nodiscard]] Scenario on(const std::string& architecture) const;

  // The one of the strategy and flavour; else of the strategy; else of the flavour; else of the kind of host; else
  // `expectation`.
  [[nodiscard]] const Expectation& expectation_for(const std::string& chosen_strategy,
                                                   const std::string& chosen_flavour,
                                                   const std::string& host_kind = "") const;
};

// One mistake in a scenario file. Lines and columns count from 1; 0: the file as a whole.
struct Diagnostic {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string message;
  std::string allowed;  // what would have been right there, or empty
};
std::string to_string(const Diagnostic& diagnostic);  // "FILE:LINE:COLUMN: MESSAGE; allowed: ..."

// A workload's name and the arguments it takes.
struct WorkloadSpec {
  std::string run;
  std::string summary;
  bool open_ended = false;  // ends when all others have ended
  struct Argument {
    std::string name;
    bool required = false;
    std::uint64_t minimum = 0;
    std::uint64_t maximum = 0;
  };
  std::vector<Argument> arguments;
};

// Every name that a scenario may use.
struct Vocabulary {
  InjectorCatalogue injectors;
  std::vector<WorkloadSpec> workloads;
  std::vector<std::string> strategies;
  std::vector<std::string> flavours;
  std::vector<std::string> host_kinds;
  std::vector<std::string> architectures;
};
// Strategies and probes of guest/abi, the agent's workloads, the known flavours; injectors as given.
Vocabulary make_vocabulary(InjectorCatalogue injectors);

inline constexpr unsigned kMinCpus = 1, kMaxCpus = 8;
inline constexpr std::uint64_t kMinMemory = 64ULL << 20, kMaxMemory = 3ULL << 30;

struct ParsedScenario {
  std::optional<Scenario> scenario;  // set if and only if `mistakes` is empty
  std::vector<Diagnostic> mistakes;  // all of the file, in the order of its lines
};
ParsedScenario parse_scenario(std::string_view text, const std::string& file, const Vocabulary& vocabulary);

// Reads and parses; the mistakes joined by newlines become one usage error.
Result<Scenario> load_scenario(const std::string& path, const Vocabulary& vocabulary);

// "128M", "1G", "262144K"; plain numbers are bytes. Error: usage.
Result<std::uint64_t> parse_size(std::string_view text);
// Reads back as the same.
std::string size_text(std::uint64_t bytes);

}  // namespace remapstorm
