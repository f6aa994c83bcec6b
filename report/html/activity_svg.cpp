// SPDX-License-Identifier: Apache-2.0
#include "report/html/activity_svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "report/html/markup.h"
#include "report/html/svg.h"

namespace remapstorm {

namespace {
constexpr int kDay = 4, kHeight = 22;
}  // namespace

// Days of the Gregorian calendar, counted with the year beginning in March so that leap days come last.
long day_number(const std::string& date) {
  int year = 0, month = 0, day = 0;
  if (date.size() != 10 || std::sscanf(date.c_str(), "%4d-%2d-%2d", &year, &month, &day) != 3) return -1;
  if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1970) return -1;
  const int shifted = month > 2 ? year : year - 1;
  const int era = shifted / 400, in_era = shifted % 400;
  const int in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097L + in_era * 365L + in_era / 4 - in_era / 100 + in_year - 719468L;
}

std::string activity_svg(const std::map<std::string, std::uint64_t>& by_day, const std::string& last_day,
                         const std::string& title) {
  std::array<std::uint64_t, kActivityDays> counts{};
  const long last = day_number(last_day);
  for (const auto& [date, count] : by_day) {
    const long ago = last - day_number(date);
    if (last >= 0 && ago >= 0 && ago < kActivityDays)
      counts[static_cast<std::size_t>(kActivityDays - 1 - ago)] += count;
  }
  const std::uint64_t most = std::max<std::uint64_t>(1, *std::max_element(counts.begin(), counts.end()));
  const int width = kDay * kActivityDays;
  Markup out;
  out.open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                   {"viewBox", "0 0 " + std::to_string(width) + " " + std::to_string(kHeight)},
                   {"width", std::to_string(width)},
                   {"height", std::to_string(kHeight)},
                   {"role", "img"},
                   {"aria-labelledby", "title"}});
  out.leaf("title", title, {{"id", "title"}});
  for (std::size_t i = 0; i < counts.size(); ++i) {
    // A day with nothing is a dot on the ground.
    const double share = std::log2(1 + static_cast<double>(counts[i])) / std::log2(1 + static_cast<double>(most));
    const double height = counts[i] == 0 ? 1 : 3 + (kHeight - 4) * share;
    out.empty("rect", {{"x", std::to_string(kDay * static_cast<int>(i))},
                       {"y", coordinate(kHeight - height)},
                       {"width", std::to_string(kDay - 1)},
                       {"height", coordinate(height)},
                       {"fill", counts[i] == 0 ? "#8a94a3" : "#3f80e6"}});
  }
  return out.take();
}

}  // namespace remapstorm
