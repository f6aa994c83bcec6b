// SPDX-License-Identifier: Apache-2.0
#include "telemetry/probe_names.h"

#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {
namespace {

constexpr ProbeInfo kProbes[] = {
#define X(id, number, name, a0, a1, a2, a3) {number, name, {a0, a1, a2, a3}},
    RS_PROBES(X)
#undef X
};

constexpr std::string_view kStrategies[] = {
#define Y(id, number, name) name,
    RS_STRATEGIES(Y)
#undef Y
};

}  // namespace

std::span<const ProbeInfo> all_probes() { return kProbes; }

std::vector<std::string> probe_names() {
  std::vector<std::string> names;
  for (const ProbeInfo& probe : all_probes()) names.emplace_back(probe.name);
  return names;
}

const ProbeInfo* probe_by_number(std::uint64_t number) {
  for (const ProbeInfo& probe : kProbes) {
    if (probe.number == number) return &probe;
  }
  return nullptr;
}

const ProbeInfo* probe_by_name(std::string_view name) {
  for (const ProbeInfo& probe : kProbes) {
    if (probe.name == name) return &probe;
  }
  return nullptr;
}

std::optional<unsigned> probe_argument(const ProbeInfo& probe, std::string_view argument) {
  if (argument == "-") return std::nullopt;
  for (unsigned i = 0; i < probe.arguments.size(); ++i) {
    if (probe.arguments[i] == argument) return i;
  }
  return std::nullopt;
}

std::span<const std::string_view> all_strategies() { return kStrategies; }

std::string lock_name(std::uint64_t lock_id) {
  if (lock_id == RS_LOCK_INIT_MM_PAGE_TABLE) return "init_mm.page_table_lock";
  if (lock_id == RS_LOCK_ZONE) return "zone->lock";
  return "lock " + std::to_string(lock_id);
}

std::string answer_name(std::uint64_t asked) {
  const std::string how = (asked & RS_ASK_BY_IPI) != 0 ? " (by IPI)" : " (by NMI)";
  switch (asked & ~std::uint64_t{RS_ASK_BY_IPI}) {
    case RS_ASK_FLUSH:
      return "the TLB flush" + how;
    case RS_ASK_PAUSE:
      return "the pause" + how;
    default:
      return "answer " + std::to_string(asked);
  }
}

}  // namespace remapstorm
