// SPDX-License-Identifier: Apache-2.0
// A campaign's surroundings without KVM, lab and terminal: trials come to what the test says.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "injectors/catalogue.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {

inline Judgement judged(Verdict verdict) {
  Judgement judgement;
  judgement.verdict = verdict;
  judgement.reasons = {"as the test says"};
  return judgement;
}

inline TrialResult ended_as(const Plan& plan, Verdict verdict) { return conclude(recorded(plan, 0), judged(verdict)); }

class FakeExecutor final : public Executor {
 public:
  std::optional<Error> cannot_open, cannot_begin;
  std::map<std::string, Error> cannot_plan;                                         // by strategy
  std::function<TrialResult(const Plan&, TrialResult)> comes_to;                    // what becomes of an expected one
  std::function<Result<TrialResult>(const Plan&, std::vector<Event>&)> control_to;  // else: clean
  std::vector<std::string> ran;                                                     // "SCENARIO STRATEGY SEED TRIAL"
  std::mutex mutex;                                                                 // ran

  Status open() override {
    if (cannot_open) return *cannot_open;
    host_.kind = "kvm-hardware";
    return {};
  }
  [[nodiscard]] const HostInfo& host() const override { return host_; }
  Result<GuestImageInfo> image(const std::string& flavour) override {
    GuestImageInfo image;
    image.flavour = flavour;
    image.hash = "abc";
    image.strategies = {"inplace", "bbm-fault", "bbm-fault-irqsafe"};
    return image;
  }
  Result<Plan> plan(const Scenario& scenario, const Overrides& overrides) override {
    const auto refused = cannot_plan.find(overrides.strategy.value_or(scenario.strategy));
    if (refused != cannot_plan.end()) return refused->second;
    RS_ASSIGN(const GuestImageInfo guest, image(chosen_flavour(scenario, overrides)));
    return make_plan(scenario, overrides, guest, host_, [](const std::string&) {
      return SymbolAnswer{Gva{0xffffffff81000000}, {}};
    });
  }
  Result<TrialResult> run(unsigned /*worker*/, const TrialRequest& request, const Watching& watching) override {
    const Plan& plan = request.plan;
    if (cannot_begin) return *cannot_begin;
    {
      const std::lock_guard lock(mutex);
      ran.push_back(plan.scenario + " " + plan.strategy + " " + std::to_string(plan.seed) + " " +
                    std::to_string(request.trial));
    }
    if (watching.progress) watching.progress("running", Nanoseconds(0));
    if (!request.folder.empty()) std::ofstream(request.folder + "/events.jsonl") << "{}\n";
    TrialResult result = conclude(recorded(plan, request.trial), judged(plan.expectation.verdict));
    return comes_to ? comes_to(plan, std::move(result)) : result;
  }
  Result<TrialResult> run_control(unsigned /*worker*/, const Plan& plan, std::vector<Event>& events) override {
    events.clear();
    if (control_to) return control_to(plan, events);
    return ended_as(plan, Verdict::clean);
  }

 private:
  HostInfo host_;
};

// What was told, as lines.
class FakeObserver final : public Observer {
 public:
  std::vector<std::string> steps, notes, details, troubles, trials, folders;

  void step(const std::string& line) override { steps.push_back(line); }
  void note(const std::string& line) override { notes.push_back(line); }
  void detail(const std::string& line) override { details.push_back(line); }
  void writes_into(const std::string& folder) override { folders.push_back(folder); }
  void trouble(const Error& error) override { troubles.push_back(error.message); }
  void ended(const TrialLabels& labels, const TrialResult& trial) override {
    trials.push_back(labels.scenario + ": " + outcome_of(trial));
  }
  using Observer::ended;
};

struct FakeCampaign {
  TemporaryFolder folder;
  Installation installation{[this](const std::string& name) -> std::optional<std::string> {
                              if (name == "REMAPSTORM_CACHE") return folder.file("cache");
                              if (name == "REMAPSTORM_STATE") return folder.file("state");
                              return std::nullopt;
                            },
                            "",
                            {},
                            "",
                            "1.2.3",
                            "./run"};
  FakeExecutor executor;
  FakeObserver observer;
  SteadyClock clock;
  std::atomic<bool> stop{false};
  RunInLab lab = [](const std::string&, const Arguments&) -> Result<int> { return unavailable_error("no lab here"); };

  [[nodiscard]] CampaignContext context() { return {installation, executor, lab, clock, stop, observer, 0}; }
};

// Nothing is injected, and nothing must happen.
inline Scenario harmless(const std::string& name, const std::string& expected = "clean") {
  const std::string text = "name = \"" + name +
                           "\"\nsummary = \"s\"\nstrategy = \"inplace\"\nstrategies = [\"inplace\", \"bbm-fault\"]\n"
                           "[machine]\ncpus = 1\nmemory = \"128M\"\n[[workload]]\nvcpu = 0\nrun = \"hugetlb-cycle\"\n"
                           "pages = 1\nrepeat = 1\n[expect]\nverdict = \"" +
                           expected + "\"\n";
  const auto parsed = parse_scenario(text, name + ".toml", make_vocabulary(injector_catalogue()));
  EXPECT_TRUE(parsed.scenario.has_value()) << (parsed.mistakes.empty() ? "" : parsed.mistakes.front().message);
  Scenario scenario = parsed.scenario.value_or(Scenario{});
  scenario.text = text;
  return scenario;
}

inline std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace remapstorm
