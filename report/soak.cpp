// SPDX-License-Identifier: Apache-2.0
#include "report/soak.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "report/plain_lines.h"
#include "report/text.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kSoakSchema = 1;

std::string decimal(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }

double rate_of(const Soak& soak) {
  const double seconds = in_seconds(soak.took);
  return seconds > 0 ? static_cast<double>(soak.sum().all()) / seconds : 0;
}

Json counts_to_json(const SoakCounts& counts) {
  return {{"clean", counts.clean},
          {"imposed_stalls", counts.imposed_stalls},
          {"false_alarms", counts.false_alarms},
          {"failed", counts.failed}};
}

Json trials_to_json(const std::vector<SoakTrial>& trials) {
  Json list = Json::array();
  for (const SoakTrial& one : trials) {
    list.push_back({{"number", one.number},
                    {"strategy", one.strategy},
                    {"verdict", verdict_name(one.verdict)},
                    {"reason", one.reason},
                    {"repeat", one.repeat},
                    {"folder", one.folder}});
  }
  return list;
}

void add_trials(std::string& text, const char* title, const std::vector<SoakTrial>& trials, std::uint64_t all) {
  if (trials.empty()) return;
  text += std::string("\n") + title + "\n";
  for (const SoakTrial& one : trials) {
    text += "  trial " + std::to_string(one.number) + ", " + one.strategy + ": " +
            std::string(verdict_name(one.verdict)) + ": " + printable(one.reason) + "\n";
    text += "    " + printable(one.repeat) + "\n";
  }
  if (all > trials.size()) text += "  and " + std::to_string(all - trials.size()) + " more\n";
}

}  // namespace

std::string soak_summary(const Soak& soak) {
  const SoakCounts sum = soak.sum();
  if (sum.all() == 0) return "no control trial ran here";
  std::string text = plural(sum.all(), "control trial") + ": " + std::to_string(sum.clean) + " clean";
  if (sum.imposed_stalls != 0) text += ", " + plural(sum.imposed_stalls, "stall") + " that the harness imposed";
  if (sum.failed != 0) text += ", " + std::to_string(sum.failed) + " without a verdict";
  text += sum.false_alarms == 0 ? ", no false alarm" : ", " + plural(sum.false_alarms, "FALSE ALARM");
  return text;
}

std::string soak_text(const Soak& soak) {
  const SoakCounts sum = soak.sum();
  std::string text;
  for (const auto& [strategy, one] : soak.counts) {
    text += "  " + pad(strategy, 20) + pad(plural(one.all(), "trial"), 14) + std::to_string(one.clean) + " clean, " +
            std::to_string(one.imposed_stalls) + " imposed stalls, " + std::to_string(one.false_alarms) +
            " false alarms, " + std::to_string(one.failed) + " failed\n";
  }
  std::string fired;
  for (const auto& [injector, count] : soak.fired) {
    fired += (fired.empty() ? "" : ", ") + std::to_string(count) + " " + injector;
  }
  if (sum.all() != 0) text += "  injected: " + (fired.empty() ? "nothing" : fired) + "\n";
  if (sum.all() != 0)
    text += "  " + decimal(rate_of(soak), 1) + " trials a second, " + plural(soak.jobs, "guest") + " at a time, seed " +
            std::to_string(soak.seed) + ", host " + printable(soak.host.kind) + "\n";
  const std::uint64_t counted = sum.clean + sum.imposed_stalls;
  if (sum.false_alarms == 0 && counted != 0) {
    // Rule of three: (1 - p)^n = 0.05 has p close to 3 / n.
    text += "  none in " + std::to_string(counted) + ": with 95 % confidence fewer than one in " +
            std::to_string(std::max<std::uint64_t>(1, counted / 3)) + " trials like these\n";
  }
  if (soak.made_again != 0) {
    text += "  " + plural(soak.made_again, "trial") + " made again: host or harness had spoilt the first attempt\n";
  }
  add_trials(text, "False alarms", soak.false_alarms, sum.false_alarms);
  add_trials(text, "Failed by harness or host", soak.failed, sum.failed);
  for (const auto& [what, why] : soak.not_run) text += "\n" + what + " not run: " + printable(why.message) + "\n";
  for (const auto& [host, summary] : soak.elsewhere) text += "\non " + host + ": " + printable(summary) + "\n";
  return text + "\n" + soak_summary(soak) + "\n";
}

std::string soak_json(const Soak& soak) {
  Json counts = Json::object();
  for (const auto& [strategy, one] : soak.counts) counts[strategy] = counts_to_json(one);
  Json not_run = Json::object();
  for (const auto& [what, why] : soak.not_run) not_run[what] = {{"reason", why.message}, {"hint", why.hint}};
  const Json json = {
      {"schema", kSoakSchema},
      {"remapstorm", {{"version", soak.version}, {"started_at", soak.started_at}, {"took_ns", soak.took.count()}}},
      {"host", {{"kind", soak.host.kind}, {"kernel", soak.host.kernel}, {"cpu", soak.host.cpu}}},
      {"guest", {{"flavour", soak.guest.flavour}, {"hash", soak.guest.hash}}},
      {"asked", {{"trials", soak.trials}, {"seed", soak.seed}, {"jobs", soak.jobs}}},
      {"summary",
       {{"text", soak_summary(soak)},
        {"interrupted", soak.interrupted},
        {"made_again", soak.made_again},
        {"trials_a_second", rate_of(soak)},
        {"counts", counts_to_json(soak.sum())}}},
      {"strategies", std::move(counts)},
      {"injections", soak.fired},
      {"false_alarms", trials_to_json(soak.false_alarms)},
      {"failed", trials_to_json(soak.failed)},
      {"not_run", std::move(not_run)},
      {"elsewhere", soak.elsewhere}};
  return to_line(json, 2) + "\n";
}

}  // namespace remapstorm
