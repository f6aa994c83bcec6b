// SPDX-License-Identifier: Apache-2.0
// Parts of a trial's page. Each writes what it is given into an open section.
#pragma once

#include <string>
#include <vector>

#include "report/html/page.h"
#include "report/html/trial_model.h"

namespace remapstorm {

// The proof: cycle, words, the guest's own report.
void write_evidence(Page& page, const Finding& finding);

// Code around a point, one line marked; `injected`: the address of the injection, 0 if it is not to be marked.
void write_code(Markup& out, const std::string& title, const std::vector<DisassembledLine>& lines, Gva injected);
// A vCPU that was looked at: where it stood, its code and its backtrace.
void write_look(Markup& out, int vcpu, const SampleEvent& sample, Gva injected);

// The console, with the lines of `guilty` marked.
void write_console(Markup& out, const ConsoleFold& console, const std::vector<std::string>& guilty);
// The lines of the guest's own reports, to be found on the console.
std::vector<std::string> guilty_lines(const std::vector<Finding>& findings);

// Count, median and so on of each kind of length.
void write_lengths_table(Markup& out, const TrialPicture& fold);

}  // namespace remapstorm
