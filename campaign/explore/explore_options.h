// SPDX-License-Identifier: Apache-2.0
// ExploreOptions: what a person asked `remapstorm explore` or `census` for, checked as far as words can be.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/kernel_files.h"
#include "campaign/explore/window.h"
#include "plan/plan.h"
#include "plan/scenario.h"
#include "telemetry/kinds.h"

namespace remapstorm {

// A boundary by its place in the certificate, or by name and visit.
struct BoundaryChoice {
  std::optional<std::size_t> index;
  std::string place;  // "symbol+0x1c"
  std::uint64_t visit = 1;
};
// "17", "rs_log+0x1c", "rs_log+0x1c/2". Error: usage.
Result<BoundaryChoice> parse_boundary_choice(std::string_view text);

enum class Pairs : std::uint8_t { none, same, window };  // both at one boundary; the second at a later one

struct ExploreOptions {
  Window window;
  std::uint64_t nth = 1;                                 // which opening of the window after the ready doorbell
  std::vector<std::string> injections = {"irq", "nmi"};  // of irq, nmi, hold, serror; in the order given
  Pairs pairs = Pairs::none;                             // also each ordered pair of them
  std::size_t stride = 1;                                // of Pairs::window: only every so many boundaries; a sample
  std::size_t executions = 1;                            // of each point
  bool follow_calls = true;
  std::string strategy = "bbm-fault";
  std::string flavour = "std";
  unsigned cpus = 2;
  std::uint64_t memory = 128ULL << 20;  // bytes
  std::string append;
  std::vector<Workload> workloads;          // empty: see default_workloads()
  std::string action = "read-struct-page";  // of irq and nmi
  std::string via = "usual";                // of irq
  Nanoseconds hold{120'000'000};
  Nanoseconds timeout{20'000'000'000};  // of one trial
  std::uint64_t most_steps = 100'000;   // a window with more instructions never closes
  unsigned jobs = 0;                    // guests at a time; 0: as many as the host has CPUs for
  bool resume = false;
  std::optional<BoundaryChoice> at;
  std::optional<BoundaryChoice> then;  // with `at`: the second of a pair is injected there
  SameBytes same;                      // what must not have changed
  KernelFiles kernel;                  // instead of the guest image's
  std::string output_dir;              // empty: a new folder below the state folder
};

inline constexpr const char* kReaderInHolds = "read-target-in-holds";  // a workload: somebody who reads in holds alone
// A window of one huge page's remap on vCPU 0 and, where holds are asked for and there is another vCPU, that reader.
std::vector<Workload> default_workloads(const ExploreOptions& options);

// "irq", "nmi", "irq+nmi", ...: what is injected at each boundary, in the order of the certificate's columns.
std::vector<std::string> injection_names(const ExploreOptions& options);
// "irq+nmi", ...: what is injected at each two boundaries.
std::vector<std::string> pair_names(const ExploreOptions& options);
// "irq+nmi" -> {irq, nmi}.
std::vector<InjectorKind> parts_of(std::string_view injection);
bool contains(std::span<const InjectorKind> parts, InjectorKind kind);
// Also where interrupts are off.
constexpr bool comes_through(InjectorKind kind) { return kind == InjectorKind::nmi || kind == InjectorKind::serror; }

// "0:hugetlb-grow,pages=2". Error: usage, with the known workloads and their arguments.
Result<Workload> parse_workload(std::string_view text, const Vocabulary& vocabulary, unsigned cpus);
std::string workload_text(const Workload& workload);  // the inverse

// The words after `explore` that ask for the same exploration; without --output-dir, --jobs and the like.
std::string explore_words(const ExploreOptions& options);

}  // namespace remapstorm
