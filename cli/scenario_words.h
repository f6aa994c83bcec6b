// SPDX-License-Identifier: Apache-2.0
// A scenario told in words, for `describe` and `run --dry-run`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/scenario.h"

namespace remapstorm {

// "when bbm.break fires on vCPU 0 in task context (the 3rd time only)".
std::string trigger_in_words(const Trigger& trigger);
// "inject irq: via msi, action read-struct-page, vcpu hit".
std::string action_in_words(const InjectionSpec& action);
// "deadlock, with init_mm.page_table_lock in the cycle, ...".
// With the strategy and flavour that it runs with if nothing is said.
const Expectation& usual_expectation(const Scenario& scenario);
// What a key of Scenario::other_expectations stands for: "bbm-fault", "bbm-fault, flavour rt".
std::string expectation_key(const Scenario& scenario, const std::string& key);
std::string expectation_in_words(const Expectation& expectation);
// To stand behind its flavours: ", on arm64 alone"; empty if it is for all.
std::string made_for_in_words(const Scenario& scenario);
// "vCPU 0: hugetlb-cycle pages=4 repeat=2".
std::string workload_in_words(const Workload& workload);
// "1.5 s", "250 ms", "10 us".
std::string duration_in_words(Nanoseconds duration);
// Lines of at most `width` letters, each with `indent` spaces in front; empty lines separate paragraphs.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace remapstorm
