// SPDX-License-Identifier: Apache-2.0
#include "report/html/activity_svg.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "report/html/markup.h"
#include "report/html/svg.h"

namespace remapstorm {

namespace {
constexpr int kDay = 4, kHeight = 22;
}  // namespace

// "2026-11-25": days since 1970-01-01, or -1.
long day_number(const std::string& date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return -1;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    const char* end = date.data() + at + digits;
    return std::from_chars(date.data() + at, end, value).ptr == end ? value : -1;
  };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)), std::chrono::month(unsigned(number(5, 2))),
                                        std::chrono::day(unsigned(number(8, 2))));
  return day.ok() && day.year() >= std::chrono::year(1970) ? std::chrono::sys_days(day).time_since_epoch().count() : -1;
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
