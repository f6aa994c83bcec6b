// SPDX-License-Identifier: Apache-2.0
// The closed sets that events and plans name by words: of contexts, injectors and strategies. A word that a newer
// version wrote is `unknown`, and nothing is concluded from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {

// What a CPU does, as preempt_count tells it. Numbers are those of RS_CTX_LEVEL.
enum class Context : std::uint8_t {
  task = RS_CTX_TASK,
  softirq = RS_CTX_SOFTIRQ,
  hardirq = RS_CTX_HARDIRQ,
  nmi = RS_CTX_NMI,
};
constexpr Context context_of(std::uint32_t bits) { return static_cast<Context>(RS_CTX_LEVEL(bits)); }  // RS_CTX_*
const char* context_name(Context context);  // "task", "softirq", "hardirq", "nmi"
std::optional<Context> context_by_name(std::string_view name);
std::vector<std::string> context_names();

enum class InjectorKind : std::uint8_t { irq, nmi, call, hold, stage2_delay, serror, external_abort, unknown };
InjectorKind injector_kind(std::string_view name);  // "irq", ..., "stage2-delay", "serror", "external-abort"
const char* injector_name(InjectorKind kind);       // the inverse; "unknown"
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
  bbml2 = RS_STRATEGY_BBML2,
  unknown = 0xff,
};
StrategyKind strategy_kind(std::string_view name);  // RS_STRATEGIES
// An entry is absent between break and make.
constexpr bool breaks_entries(StrategyKind kind) {
  return kind != StrategyKind::inplace && kind != StrategyKind::bbml2;
}
// Other CPUs are asked by IPI, which a CPU with interrupts off does not answer.
constexpr bool asks_by_ipi(StrategyKind kind) {
  return kind == StrategyKind::bbm_fault_ipi || kind == StrategyKind::pause_ipi;
}

}  // namespace remapstorm
