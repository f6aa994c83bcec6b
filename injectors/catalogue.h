// SPDX-License-Identifier: Apache-2.0
// Every injector there is. Made by the build from the file names: X.cpp with a function `X_injector()`.
#pragma once

#include <string_view>
#include <vector>

#include "injectors/injector.h"

namespace remapstorm {

const std::vector<InjectorInfo>& injectors();
// What scenarios may say of them.
InjectorCatalogue injector_catalogue();
// Null if there is none of that name.
const InjectorInfo* find_injector(std::string_view name);

}  // namespace remapstorm
