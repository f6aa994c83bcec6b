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
#include "base/result.h"
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
  std::string kernel;      // -k: the runner boots it; here only to be repeated
  bool cold_boot = false;  // likewise
  SameBytes same;          // what must not have changed
};

// The image's manifest.json plus where its files are. Of a guest that a Runner made, the hashes are those of the bytes
// it boots.
struct GuestImageInfo {
  std::string directory;
  std::string flavour;
  std::string kernel_version;
  std::string hash;
  std::string config_sha256;
  std::string series_sha256;
  std::string vmlinux_sha256;
  std::string initramfs_sha256;
  std::string cmdline_sha256;  // see command_line_sha256(); the manifest does not tell
  std::vector<std::string> strategies;
  std::string command_line;  // of its cmdline/common, as words; empty for a kernel that does not know them
  bool has_driver = true;    // CONFIG_REMAPSTORM: probes, test interrupts, soft holds; false only with --kernel
};
// Reads DIRECTORY/manifest.json. Errors: usage (not there, not ours, unknown schema).
Result<GuestImageInfo> load_guest_image_info(const std::string& directory);

struct HostInfo {
  std::string kind;          // "kvm-hardware" | "kvm-interpreting" (vmm/calibrate.h) | "lab:x86" (lab/)
  std::string kvm;           // e.g. "KVM API 12"
  std::string kernel;        // uname release
  std::string cpu;           // model name
  std::string architecture;  // "x86_64"
  // How far beyond the usual ordinary things may take on this host, 1 to 4: what a scenario says of stalls, and how
  // exact lengths must be, is stretched by it. See slowness_of().
  double slowness = 1;
  Nanoseconds port_round_trip{0};  // one VM exit and back (vmm/calibrate.h); 0: not known
  bool breakpoints = true;         // execution breakpoints work (vmm/calibrate.h)
  std::string processors{};        // of a host that is a guest: where its machine's /proc/PID/task is seen; or empty
  std::string line_begin{};        // how a line begins that repeats something here, see repeat.h
};
// "x86" of "lab:x86"; empty for any other kind.
std::string lab_kind(const std::string& kind);
// A host whose VM exits take longer than 100 us is slow in proportion: software emulation, above all.
double slowness_of(Nanoseconds port_round_trip);

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
  std::uint64_t memory = 0;  // bytes
  std::string append;        // scenario's and the command line's; the runner adds what the machine needs
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
