// SPDX-License-Identifier: Apache-2.0
// Plan: a scenario with every choice made. Immutable, seeded, checked against the guest image; logged as event 0. Two
// trials with the same plan and the same trial index ask the guest and the injectors for exactly the same.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/kernel_files.h"
#include "base/result.h"
#include "plan/guest_info.h"
#include "plan/host_info.h"
#include "plan/kernel_base.h"
#include "plan/same_bytes.h"
#include "plan/scenario.h"

namespace remapstorm {

// From the command line; what is empty comes from the scenario.
struct Overrides {
  std::optional<std::string> strategy;
  std::optional<std::string> flavour;
  std::optional<unsigned> cpus;
  std::optional<std::uint64_t> memory;  // bytes
  std::optional<Verdict> expect;        // another verdict than the scenario's drops the scenario's evidence keys
  std::optional<Nanoseconds> timeout;
  std::string append;
  std::uint64_t seed = 1;
  KernelFiles kernel;      // -k, --symbols: the runner boots it; here only to be repeated
  bool cold_boot = false;  // likewise
  SameBytes same;          // what must not have changed
};

struct Plan {
  std::string scenario;
  std::string scenario_file;
  std::string scenario_sha256;  // empty: it has no file
  bool shipped = false;         // known by its name
  std::string kept_scenario;    // absolute: where the results hold a copy of the file, or empty
  std::vector<std::string> claims;
  std::string summary;
  std::string strategy;
  std::string flavour;
  unsigned cpus = 0;
  std::uint64_t memory = 0;     // bytes
  std::optional<unsigned> bbm;  // level of FEAT_BBM; nothing: the host\'s
  std::string append;           // scenario's and the command line's; the runner adds what the machine needs
  bool nmis = false;            // the guest gets or sends NMIs: CommandLine::nmi
  KernelBase base = KernelBase::unknown;
  Limits limits;
  std::uint64_t seed = 0;
  std::vector<Workload> workloads;
  std::string workload_text;  // for rs_mailbox.workload
  std::vector<Rule> rules;    // every `at` has its address
  Expectation expectation;
  GuestImageInfo guest;
  HostInfo host;
  Overrides asked;  // for repeat.h

  // Bit per probe number (rs_mailbox.armed): the probes that a trigger or an `until` waits for.
  [[nodiscard]] std::array<std::uint64_t, 2> armed_probes() const;
  // Addresses that need a breakpoint, each once.
  [[nodiscard]] std::vector<Gva> breakpoints() const;
};

// The flavour that will be booted: --flavour, else the first of the scenario.
std::string chosen_flavour(const Scenario& scenario, const Overrides& overrides);

// The address of "symbol" or "symbol+0x1c"; on an unknown symbol, names that look like it.
struct SymbolAnswer {
  std::optional<Gva> address;
  std::vector<std::string> near;
};
using ResolveSymbol = std::function<SymbolAnswer(const std::string& symbol)>;  // the bare symbol, without offset

// Errors: usage (everything that is wrong, a line each; bytes that are not those of `overrides.same`), unavailable (the
// image lacks the flavour or strategy).
Result<Plan> make_plan(const Scenario& scenario, const Overrides& overrides, const GuestImageInfo& guest,
                       const HostInfo& host, const ResolveSymbol& resolve);

// The seed of one trial's Rng: depends on the plan's seed, the scenario's name and the trial's index (from 0), nothing
// else.
std::uint64_t trial_seed(std::uint64_t seed, const std::string& scenario, std::uint64_t trial);

// One line. `plan_json` + `trial` is event 0 of a trial; `plan_file` is the same, indented, for plan.json.
std::string plan_json(const Plan& plan, std::uint64_t trial);
std::string plan_file(const Plan& plan, std::uint64_t trials);

// What judging and reporting a recorded run needs of its plan event. Error: usage (not a plan of ours, unknown schema).
struct RecordedPlan {
  std::string scenario;
  std::string scenario_sha256;  // empty: not known
  std::string summary;
  std::vector<std::string> claims;
  std::string strategy;
  std::string flavour;
  KernelBase base = KernelBase::unknown;
  std::uint64_t seed = 0;
  std::uint64_t trial = 0;
  unsigned cpus = 0;
  std::uint64_t memory = 0;  // bytes
  Limits limits;
  Expectation expectation;
  GuestImageInfo guest;
  HostInfo host;
  std::string repeat;  // the command that repeats it
};
Result<RecordedPlan> read_recorded_plan(const std::string& json);

}  // namespace remapstorm
