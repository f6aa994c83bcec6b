// SPDX-License-Identifier: Apache-2.0
#include "telemetry/finding.h"

namespace remapstorm {
namespace {

struct Name {
  Verdict verdict;
  std::string_view name;
};
constexpr Name kVerdictNames[] = {
    {Verdict::clean, "clean"}, {Verdict::deadlock, "deadlock"}, {Verdict::stall, "stall"},
    {Verdict::oops, "oops"},   {Verdict::lockdep, "lockdep"},   {Verdict::bug, "bug"},
    {Verdict::hang, "hang"},   {Verdict::timeout, "timeout"},   {Verdict::lost_update, "lost-update"},
    {Verdict::error, "error"},
};

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  for (const Name& entry : kVerdictNames) {
    if (entry.verdict == verdict) return entry.name;
  }
  return "error";
}

std::optional<Verdict> verdict_from_name(std::string_view name) {
  for (const Name& entry : kVerdictNames) {
    if (entry.name == name) return entry.verdict;
  }
  return std::nullopt;
}

}  // namespace remapstorm
