// SPDX-License-Identifier: Apache-2.0
#include "results/trial_times.h"

#include <algorithm>
#include <fstream>

#include "base/atomic_file.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kTimesSchema = 1;
constexpr std::uint64_t kMostRemembered = 20;  // of one mean: older ones fade
constexpr std::size_t kMostKept = 2000;
constexpr std::int64_t kLongestTrial = std::int64_t{86'400} * 1'000'000'000;

}  // namespace

TrialTimes TrialTimes::load(const std::string& path) {
  TrialTimes times;
  std::ifstream in(path, std::ios::binary);
  const Json json = in ? Json::parse(in, nullptr, false) : Json();
  std::string problem;
  const JsonFields fields(json, problem);
  if (fields.integer("schema", 0, 1 << 20) != kTimesSchema || !problem.empty()) return times;
  for (const auto& [what, one] : fields.object_or_empty("trials").items()) {
    const JsonFields mean(one, problem);
    const auto count = static_cast<std::uint64_t>(mean.integer("count", 1, 1 << 20));
    const auto length = static_cast<double>(mean.integer("mean_ns", 0, kLongestTrial));
    if (!problem.empty() || times.means_.size() >= kMostKept) break;
    times.means_[what] = {std::min(count, kMostRemembered), length};
  }
  return times;
}

bool TrialTimes::save(const std::string& path) const {
  if (added_.empty()) return true;
  Json trials = Json::object();
  const auto put = [&](const std::string& what, const Mean& mean) {
    trials[what] = {{"count", mean.count}, {"mean_ns", static_cast<std::int64_t>(mean.nanoseconds)}};
  };
  for (const std::string& what : added_) put(what, means_.at(what));
  for (const auto& [what, mean] : means_) {
    if (trials.size() < kMostKept && !added_.contains(what)) put(what, mean);
  }
  return write_file_atomically(path, to_line(Json{{"schema", kTimesSchema}, {"trials", std::move(trials)}}) + "\n")
      .ok();
}

std::optional<Nanoseconds> TrialTimes::of(const std::string& what) const {
  const auto known = means_.find(what);
  if (known == means_.end()) return std::nullopt;
  return Nanoseconds(static_cast<std::int64_t>(known->second.nanoseconds));
}

void TrialTimes::add(const std::string& what, Nanoseconds length) {
  Mean& mean = means_[what];
  mean.count = std::min(mean.count + 1, kMostRemembered);
  mean.nanoseconds += (static_cast<double>(length.count()) - mean.nanoseconds) / static_cast<double>(mean.count);
  added_.insert(what);
}

std::string times_key(const Plan& plan) {
  return plan.scenario + ", " + plan.strategy + ", " + plan.flavour + ", " + plan.host.kind;
}

void TimeLeft::plan(const std::string& what, unsigned weight, std::uint64_t count) {
  Row& row = rows_[what];
  row.left += count;
  row.weight = std::clamp(weight, 1U, std::max(1U, places_));
}

void TimeLeft::done(const std::string& what, Nanoseconds length) {
  Row& row = rows_[what];
  if (row.left != 0) --row.left;
  ++row.done;
  row.sum += length;
  times_->add(what, length);
}

std::optional<Nanoseconds> TimeLeft::length_of(const std::string& what, const Row& row) const {
  if (row.done != 0) return row.sum / static_cast<std::int64_t>(row.done);
  return times_->of(what);
}

std::optional<Nanoseconds> TimeLeft::left() const {
  if (std::none_of(rows_.begin(), rows_.end(), [](const auto& row) { return row.second.done != 0; }))
    return std::nullopt;
  Nanoseconds work{0};
  for (const auto& [what, row] : rows_) {
    if (row.left == 0) continue;
    const std::optional<Nanoseconds> length = length_of(what, row);
    if (!length) return std::nullopt;
    work += *length * static_cast<std::int64_t>(row.left * row.weight);
  }
  return work / static_cast<std::int64_t>(std::max(1U, places_));
}

}  // namespace remapstorm
