// SPDX-License-Identifier: Apache-2.0
// Whose code execution is in: fed one instruction after another, as a window is walked.
//
// By function: what logs is the harness's, with everything it calls; other functions of the driver change entries, take
// locks and flush as the strategy has it; the rest is the kernel's. Within any function the test of a silent probe is
// the harness's: from the load of rs_quiet to the jump that depends on it; and in a strategy's the reading of the
// counter.
#pragma once

#include <optional>
#include <string_view>

#include "base/address.h"
#include "results/certificate.h"

namespace remapstorm {

class CodeReader {
 public:
  // `text`: disassembled, with the symbols that it names. `stack`: the stack pointer before it runs.
  CodeOwner owner(std::string_view symbol, std::string_view text, Gva stack);

 private:
  std::optional<Gva> harness_frame_;  // a function of the harness's was entered with this stack
  bool testing_ = false;              // between the load of rs_quiet and its jump
};

}  // namespace remapstorm
