// SPDX-License-Identifier: Apache-2.0
// The floor of an exploration, to stand beside its trials a second: back to the snapshot and single steps to the
// boundary, nothing injected, nothing judged. Also writes what a guest in another VMM needs for the same trials: the
// mailbox as it is before the guest boots, and a line each for command line, offsets and values.
//   explore_floor IMAGE-FOLDER STRATEGY OUTPUT-FOLDER [ROUNDS]
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "campaign/explore/explorer.h"
#include "telemetry/sinks.h"
#include "trial/guest_image.h"
#include "trial/rule_engine.h"
#include "trial/runner.h"

namespace remapstorm {
namespace {

Status write_mailbox(const std::string& folder, const Exploration& exploration, const std::string& command_line) {
  std::vector<std::byte> region(RS_MAILBOX_BYTES);
  Mailbox mailbox(region, exploration.plan.cpus);
  RS_TRY(mailbox.set_workload(exploration.plan.workload_text));
  for (const std::uint16_t probe : probes_of(exploration.options.window)) mailbox.arm(probe);
  std::ofstream(folder + "/mailbox", std::ios::binary)
      .write(reinterpret_cast<const char*>(region.data()), static_cast<std::streamsize>(region.size()));
  std::ofstream(folder + "/guest") << "command_line " << command_line << "\nnmi_token "
                                   << offsetof(rs_mailbox, vcpu) + offsetof(rs_vcpu_box, nmi_token) << "\nnmi_action "
                                   << offsetof(rs_mailbox, vcpu) + offsetof(rs_vcpu_box, nmi_action) << "\nread_target "
                                   << RS_ACTION_READ_TARGET << '\n';
  return {};
}

void print(const char* what, std::vector<double>& milliseconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto at = [&](double part) {
    return milliseconds[static_cast<std::size_t>(part * static_cast<double>(milliseconds.size() - 1))];
  };
  std::printf("  %-44s n %zu  min %.3f  p50 %.3f  p90 %.3f  max %.3f ms\n", what, milliseconds.size(), at(0), at(0.5),
              at(0.9), at(1));
}

Status measure(const TrialEnvironment& environment, const Exploration& exploration, Machine& machine, int rounds) {
  RS_TRY(machine.prepare_reset(*exploration.at_window));
  CaptureSink capture;
  std::vector<double> resets, both;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t boundary = 0; boundary < exploration.walked.boundaries.size(); ++boundary) {
      EventLog log(environment.clock, {&capture}, exploration.stopped.trial_time);
      RS_ASSIGN(const std::unique_ptr<RuleEngine> rules, RuleEngine::create(exploration.plan, 0, log));
      const Nanoseconds began = environment.clock.now();
      const WalkMark& mark = exploration.mark_for(boundary);
      RS_ASSIGN([[maybe_unused]] const ResetCost cost, machine.reset(&mark.machine));
      const Nanoseconds back = environment.clock.now();
      MachineTask task;
      task.ready = true;
      machine.begin(log, *rules, std::move(task));
      const std::string why =
          step_to(machine, environment.symbols, exploration.vcpu(), exploration.walked, mark.steps, boundary);
      if (!why.empty()) return host_error(why);
      resets.push_back(static_cast<double>((back - began).count()) / 1e6);
      both.push_back(static_cast<double>((environment.clock.now() - began).count()) / 1e6);
      machine.end();
    }
  }
  print("floor: reset alone", resets);
  print("floor: reset and steps to the boundary", both);
  return {};
}

Status run(const std::string& image_folder, const std::string& strategy, const std::string& folder, int rounds) {
  const SteadyClock clock;
  const std::atomic<bool> stop{false};
  RS_ASSIGN(const Kvm kvm, Kvm::open());
  RS_ASSIGN(const HostInfo host, describe_host(kvm, clock, process_environment()));
  RS_ASSIGN(const GuestImageInfo image, find_guest_image(
                                            {}, [&](const std::string&) { return image_folder; }, "std"));
  RS_ASSIGN(const auto runner, Runner::create(kvm, image, {}, host, clock, stop, ""));
  ExploreOptions options;
  RS_ASSIGN(options.window, parse_window("bbm-pte"));
  options.strategy = strategy;
  options.cpus = 1;
  RS_ASSIGN(Plan plan, explore_plan(options, image, host, runner->resolver()));
  const TrialEnvironment environment = runner->environment();
  RS_ASSIGN(const auto exploration, reach_window(environment, options, std::move(plan), [](const std::string&) {}));
  RS_TRY(write_mailbox(folder, *exploration, machine_config(environment, exploration->plan).command_line));
  return measure(environment, *exploration, *exploration->first, rounds);
}

}  // namespace
}  // namespace remapstorm

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: explore_floor IMAGE-FOLDER STRATEGY OUTPUT-FOLDER [ROUNDS]\n");
    return 64;
  }
  const int rounds = argc > 4 ? static_cast<int>(std::strtol(argv[4], nullptr, 10)) : 5;
  const remapstorm::Status status = remapstorm::run(argv[1], argv[2], argv[3], rounds);
  if (status.ok()) return 0;
  std::fprintf(stderr, "explore_floor: %s\n", status.error().message.c_str());
  return 1;
}
