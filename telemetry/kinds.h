// SPDX-License-Identifier: Apache-2.0
// The closed sets that events and plans name by words: of injectors and of strategies. A word that a newer version
// wrote is `unknown`, and nothing is concluded from it.
#pragma once

#include <cstdint>
#include <string_view>

#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {

enum class InjectorKind : std::uint8_t { irq, nmi, call, hold, stage2_delay, unknown };
InjectorKind injector_kind(std::string_view name);  // "irq", "nmi", "call", "hold", "stage2-delay"
// Its handler tells the harness that it was entered and left.
constexpr bool is_answered(InjectorKind kind) {
  return kind == InjectorKind::irq || kind == InjectorKind::nmi || kind == InjectorKind::call;
}

// Numbers are those of the ABI.
enum class StrategyKind : std::uint8_t {
  inplace = RS_STRATEGY_INPLACE,
  bbm_fault = RS_STRATEGY_BBM_FAULT,
  bbm_fault_irqsafe = RS_STRATEGY_BBM_FAULT_IRQSAFE,
  bbm_fault_ipi = RS_STRATEGY_BBM_FAULT_IPI,
  stop_machine = RS_STRATEGY_STOP_MACHINE,
  pause_nmi = RS_STRATEGY_PAUSE_NMI,
  pause_ipi = RS_STRATEGY_PAUSE_IPI,
  unknown = 0xff,
};
StrategyKind strategy_kind(std::string_view name);  // RS_STRATEGIES
// An entry is absent between break and make.
constexpr bool breaks_entries(StrategyKind kind) { return kind != StrategyKind::inplace; }
// Other CPUs are asked by IPI, which a CPU with interrupts off does not answer.
constexpr bool asks_by_ipi(StrategyKind kind) {
  return kind == StrategyKind::bbm_fault_ipi || kind == StrategyKind::pause_ipi;
}

}  // namespace remapstorm
