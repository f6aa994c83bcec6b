// SPDX-License-Identifier: Apache-2.0
// OperandSum: the address of an operand in memory, summed from its parts; not known once one of them is not.
#pragma once

#include <cstdint>
#include <optional>

#include "vmm/memory_access.h"

namespace remapstorm {

class OperandSum {
 public:
  // `value` must outlive this.
  explicit OperandSum(const RegisterValue& value) : value_(value) {}
  void add(std::uint64_t number) {
    if (sum_) *sum_ += number;
  }
  // `name`: null for a register that the disassembler has no name for.
  void add_register(const char* name, std::uint64_t factor = 1) {
    const std::optional<std::uint64_t> one = value_ && name != nullptr ? value_(name) : std::nullopt;
    if (!one) sum_.reset();
    if (sum_) *sum_ += *one * factor;
  }
  [[nodiscard]] std::optional<Gva> address() const { return sum_ ? std::optional(Gva(*sum_)) : std::nullopt; }

 private:
  const RegisterValue& value_;
  std::optional<std::uint64_t> sum_ = 0;
};

}  // namespace remapstorm
