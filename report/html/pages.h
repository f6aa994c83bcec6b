// SPDX-License-Identifier: Apache-2.0
// The pages of the report. Pure: from what was read to files; html_report.h reads and writes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "report/html/fingerprints.h"
#include "report/html/page.h"
#include "report/html/trial_model.h"
#include "results/run_record.h"

namespace remapstorm {

struct TrialPageInput {
  const RunRecord& run;
  const RecordedTrial& trial;
  const TrialModel* model = nullptr;  // null: there is no recording that can be read
  std::vector<std::string> missing;   // what is not there, a sentence each
  ConsoleFold console_log;            // used when there is no model
  std::string file;                   // of the page, without ".html"; its pictures begin with it
  std::string home;                   // way to style.css
  std::vector<Page::Link> trail;
};
std::vector<PageFile> trial_page(const TrialPageInput& input);

// `pages`: which trials (by index) have a page, and its file.
std::vector<PageFile> run_page(const RunRecord& run, const std::map<std::size_t, std::string>& pages,
                               const std::string& home, const std::vector<Page::Link>& trail);

// A run of an exploration: its certificate.
std::vector<PageFile> certificate_page(const RunRecord& run, const std::string& home,
                                       const std::vector<Page::Link>& trail);

// `reports`: where the report of a run is, by the run's name; those that are not there have none.
std::vector<PageFile> fingerprints_page(const FingerprintIndex& index,
                                        const std::map<std::string, std::string>& reports);

// "irq-same-cpu, trial 3".
// `trials`: of its run.
std::string trial_title(const RecordedTrial& trial, std::size_t trials);
// One row: verdict and whether it was expected.
std::string expectation_words(const RecordedTrial& trial);
// "kvm-hardware, x86_64, Linux 6.1, Some CPU".
std::string host_words(const HostInfo& host);
std::string guest_words(const GuestImageInfo& guest);

}  // namespace remapstorm
