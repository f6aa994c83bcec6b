// SPDX-License-Identifier: Apache-2.0
// Findings for people: a proven deadlock with its cycle, the injection, and each vCPU involved.
#pragma once

#include "report/text.h"

namespace remapstorm {

// "DEADLOCK (proven)", "CLEAN", "NOT RUN".
std::string verdict_title(const TrialResult& trial);
Tone verdict_tone(const TrialResult& trial);

void write_finding(TextWriter& out, const Finding& finding);
void write_statistics(TextWriter& out, const TrialStatistics& statistics);

}  // namespace remapstorm
