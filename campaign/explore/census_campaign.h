// SPDX-License-Identifier: Apache-2.0
// A census from its options to what it found.
#pragma once

#include "campaign/campaign.h"
#include "campaign/explore/census.h"
#include "campaign/guests.h"

namespace remapstorm {

// `guests`: what the context's executor runs. Errors: those of take_census(), unavailable.
Result<Census> run_census(const CampaignContext& context, Guests& guests, const CensusOptions& options);

}  // namespace remapstorm
