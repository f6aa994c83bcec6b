// SPDX-License-Identifier: Apache-2.0
// JSON of a plan's parts, for the files that include nlohmann/json.
#pragma once

#include "plan/plan.h"
#include "telemetry/json_fields.h"

namespace remapstorm {

Json plan_to_json(const Plan& plan);
Json expectation_to_json(const Expectation& expectation);
Expectation expectation_from_json(const JsonFields& fields, std::string& problem);

}  // namespace remapstorm
