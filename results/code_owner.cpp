// SPDX-License-Identifier: Apache-2.0
#include "results/code_owner.h"

#include <algorithm>
#include <array>

namespace remapstorm {
namespace {

// Of the kernel series: what logs, and the waits that count for a log.
constexpr std::array<std::string_view, 10> kHarnessFunctions = {
    "__rs_probe", "rs_log",         "rs_log_and_ring", "rs_context",     "rs_hold",
    "rs_call",    "rs_preemptible", "rs_doorbell",     "rs_await_aloud", "rs_lock_task"};
constexpr std::array<std::string_view, 3> kStrategyPrefixes = {"rs_", "vmemmap_update_", "vmemmap_lock_page_table"};

// "rs_log.constprop.0" is rs_log.
std::string_view without_suffix(std::string_view symbol) { return symbol.substr(0, symbol.find('.')); }

bool is_harness(std::string_view function) {
  return std::find(kHarnessFunctions.begin(), kHarnessFunctions.end(), function) != kHarnessFunctions.end();
}

bool is_strategy(std::string_view function) {
  return function == "vmemmap_unlock_page_table" ||
         std::any_of(kStrategyPrefixes.begin(), kStrategyPrefixes.end(),
                     [&](std::string_view prefix) { return function.starts_with(prefix); });
}

bool reads_counter(std::string_view text) { return text.starts_with("rdtsc") || text.starts_with("lfence"); }
bool jumps_on_condition(std::string_view text) { return text.starts_with("j") && !text.starts_with("jmp"); }

}  // namespace

CodeOwner CodeReader::owner(std::string_view symbol, std::string_view text, Gva stack) {
  const std::string_view function = without_suffix(symbol);
  // Returned: the stack is above the return address that it was entered with.
  if (harness_frame_ && stack > *harness_frame_) harness_frame_.reset();
  if (!harness_frame_ && is_harness(function)) harness_frame_ = stack;
  if (harness_frame_) return CodeOwner::harness;
  if (text.find("<rs_quiet>") != std::string_view::npos) testing_ = true;
  if (testing_) {
    testing_ = !jumps_on_condition(text);
    return CodeOwner::harness;
  }
  if (!is_strategy(function)) return CodeOwner::kernel;
  return reads_counter(text) ? CodeOwner::harness : CodeOwner::strategy;
}

}  // namespace remapstorm
