// SPDX-License-Identifier: Apache-2.0
// What irq and nmi share: the guest driver's test interrupt and what its handler is told to do.
#pragma once

#include <string>
#include <string_view>

#include "injectors/injector.h"

namespace remapstorm {

// `action = ...`: what the handler does.
ParameterSpec action_parameter();
// `vcpu = "hit"` or a number: whom the fault goes to.
ParameterSpec vcpu_parameter();

// Prepares the mailbox and raises one test interrupt as `parameters` say. Where the guest has not taken the last one of
// that kind, hardware would merge the two: the receipt then carries the older token and says so. `way`: how it reaches
// the guest, for the receipt.
Result<Receipt> raise_test_interrupt(GuestControl& guest, const Hit& hit, const Parameters& parameters,
                                     InterruptKind kind, std::string_view way);

}  // namespace remapstorm
