// SPDX-License-Identifier: Apache-2.0
#include "telemetry/kinds.h"

#include <algorithm>
#include <array>
#include <utility>

namespace remapstorm {
namespace {

constexpr std::array<const char*, 4> kContexts = {"task", "softirq", "hardirq", "nmi"};

constexpr std::array<std::pair<const char*, InjectorKind>, 7> kInjectors = {{
    {"irq", InjectorKind::irq},
    {"nmi", InjectorKind::nmi},
    {"call", InjectorKind::call},
    {"hold", InjectorKind::hold},
    {"stage2-delay", InjectorKind::stage2_delay},
    {"serror", InjectorKind::serror},
    {"external-abort", InjectorKind::external_abort},
}};

#define Y(id, number, name) std::pair<const char*, StrategyKind>{name, static_cast<StrategyKind>(number)},
constexpr std::array kStrategyKinds = {RS_STRATEGIES(Y)};
#undef Y

template <typename Kind, std::size_t Count>
Kind kind_in(const std::array<std::pair<const char*, Kind>, Count>& names, std::string_view name) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == name; });
  return found == names.end() ? Kind::unknown : found->second;
}

}  // namespace

const char* context_name(Context context) { return kContexts[static_cast<std::size_t>(context)]; }

std::optional<Context> context_by_name(std::string_view name) {
  const auto* const found = std::find(kContexts.begin(), kContexts.end(), name);
  if (found == kContexts.end()) return std::nullopt;
  return static_cast<Context>(found - kContexts.begin());
}

std::vector<std::string> context_names() { return {kContexts.begin(), kContexts.end()}; }

const char* injector_name(InjectorKind kind) {
  const auto* const found =
      std::find_if(kInjectors.begin(), kInjectors.end(), [&](const auto& one) { return one.second == kind; });
  return found == kInjectors.end() ? "unknown" : found->first;
}

InjectorKind injector_kind(std::string_view name) { return kind_in(kInjectors, name); }

StrategyKind strategy_kind(std::string_view name) { return kind_in(kStrategyKinds, name); }

}  // namespace remapstorm
