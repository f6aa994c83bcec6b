// SPDX-License-Identifier: Apache-2.0
// The HTML report: reads what was recorded, writes pages. See docs/report.md.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "results/run_record.h"

namespace remapstorm {

struct HtmlReportOptions {
  std::string name;                   // of the run, if its folder's own name is not yet final
  std::size_t most_trial_pages = 24;  // what is not as expected first, then one trial of each outcome
};

// A report of one run, exploration or recording into the folder `into`, which must exist: index.html, style.css, SVG
// files. A single trial's page is index.html itself. Errors: host (cannot be written: disk full), usage (nothing to
// read).
Status write_run_report(const std::string& path, const std::string& into, const HtmlReportOptions& options = {});

// An index over many runs: a page of fingerprints, and below runs/ the report of the newest run of each.
struct ManyReport {
  std::size_t runs = 0, unreadable = 0, reports = 0;
};
// `folders`: run folders, and folders of such. Error: usage (not one run in them that can be read), host.
Result<ManyReport> write_many_report(const std::vector<std::string>& folders, const std::string& into);

// The run folders that `path` means: itself, or those directly in it, links and hidden ones aside. By name.
Result<std::vector<std::string>> find_run_folders(const std::string& path);

}  // namespace remapstorm
