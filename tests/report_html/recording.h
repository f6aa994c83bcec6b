// SPDX-License-Identifier: Apache-2.0
// A run's folder made of made-up trials.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "plan/plan.h"
#include "telemetry/event_json.h"
#include "tests/base/temporary_folder.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {

inline std::string made_up_plan(Verdict expected, const std::string& scenario = "irq-same-cpu") {
  Plan plan;
  plan.scenario = scenario;
  plan.summary = "An interrupt reads what is just broken";
  plan.strategy = "bbm-fault";
  plan.flavour = "std";
  plan.cpus = 2;
  plan.memory = 128ULL << 20;
  plan.expectation.verdict = expected;
  plan.seed = 7;
  plan.host = {"kvm-interpreting", "KVM API 12", "6.1.0", "Some CPU", "x86_64"};
  return plan_json(plan, 3);
}

inline std::string recording_of(const Stream& stream, Verdict expected) {
  std::string text;
  for (Event event : stream.events) {
    if (std::holds_alternative<PlanEvent>(event.body)) event.body = PlanEvent{made_up_plan(expected)};
    text += (text.empty() ? first_event_to_json(event) : event_to_json(event)) + "\n";
  }
  return text;
}

inline Stream deadlocked() {
  Stream stream;
  stream.begin().console("[    0.1] booted").self_cycle().two_looks().milestone(LifecycleEvent::What::end);
  return stream;
}

inline Stream cleanly(int windows = 40) {
  Stream stream;
  stream.begin();
  for (int i = 0; i < windows; ++i) stream.open(i % 2).pass(0.02 * (i % 7 + 1)).close(i % 2).pass(0.5);
  stream.done();
  return stream;
}

class RunFolder {
 public:
  std::string path() const { return folder_->file("run"); }
  std::string file(const std::string& name) const { return path() + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
    std::ofstream(file(name), std::ios::binary) << content;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

 private:
  std::shared_ptr<TemporaryFolder> folder_ = std::make_shared<TemporaryFolder>();
};

}  // namespace remapstorm
