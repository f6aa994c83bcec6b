// SPDX-License-Identifier: Apache-2.0
// Trials a day of one fingerprint: a small picture for a row of the index over many runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace remapstorm {

// The days that all rows share: the last kActivityDays that anything was seen on or between, oldest first.
inline constexpr int kActivityDays = 30;

// `by_day`: counts by "2026-11-23"; `last_day`: the newest of all rows. Colours alike in light and dark.
std::string activity_svg(const std::map<std::string, std::uint64_t>& by_day, const std::string& last_day,
                         const std::string& title);
// Days since 1970 of "2026-11-23"; -1 if it is no date.
long day_number(const std::string& date);

}  // namespace remapstorm
