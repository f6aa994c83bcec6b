// SPDX-License-Identifier: Apache-2.0
// RunOptions: what a person asked `remapstorm run` for, checked as far as words can be checked without files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaign/report_files.h"
#include "plan/plan.h"
#include "telemetry/metrics/outputs.h"

namespace remapstorm {

enum class OutputFormat : std::uint8_t { pretty, ktap, json };

struct RunOptions {
  std::vector<std::string> scenarios;  // names of the catalogue or paths of files, at least one
  Overrides overrides;                 // strategy, flavour, cpus, memory, expect, timeout, append, seed
  std::uint64_t repeat = 1;            // trials of each scenario
  std::optional<std::uint64_t> trial;  // only this one; with repeat, this same one again and again
  std::string output_dir;              // empty: a new folder below the state folder
  std::string scenario_dir;            // empty: the shipped scenarios
  std::string kernel;                  // a vmlinux instead of the guest image's, or empty
  OutputFormat format = OutputFormat::pretty;
  ReportFiles files;
  MetricsOptions metrics;
  bool cold_boot = false;  // boot a guest for every trial, use and keep no snapshots
  bool no_report = false;  // leave out report/
  bool dry_run = false;    // show the plan, start nothing
  bool verbose = false;    // guest console to standard error
  bool quiet = false;      // only the summary and what is not as expected
};

}  // namespace remapstorm
