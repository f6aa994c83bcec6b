// SPDX-License-Identifier: Apache-2.0
#include "telemetry/kinds.h"

#include <algorithm>
#include <array>
#include <utility>

namespace remapstorm {
namespace {

constexpr std::array<std::pair<std::string_view, InjectorKind>, 5> kInjectors = {{
    {"irq", InjectorKind::irq},
    {"nmi", InjectorKind::nmi},
    {"call", InjectorKind::call},
    {"hold", InjectorKind::hold},
    {"stage2-delay", InjectorKind::stage2_delay},
}};

#define Y(id, number, name) std::pair<std::string_view, StrategyKind>{name, static_cast<StrategyKind>(number)},
constexpr std::array kStrategyKinds = {RS_STRATEGIES(Y)};
#undef Y

template <typename Kind, std::size_t Count>
Kind kind_in(const std::array<std::pair<std::string_view, Kind>, Count>& names, std::string_view name) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == name; });
  return found == names.end() ? Kind::unknown : found->second;
}

}  // namespace

InjectorKind injector_kind(std::string_view name) { return kind_in(kInjectors, name); }

StrategyKind strategy_kind(std::string_view name) { return kind_in(kStrategyKinds, name); }

}  // namespace remapstorm
