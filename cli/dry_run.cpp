// SPDX-License-Identifier: Apache-2.0
#include "cli/dry_run.h"

#include <optional>

#include "cli/scenario_files.h"
#include "cli/scenario_words.h"
#include "plan/command_line.h"
#include "plan/repeat.h"
#include "results/exit_code.h"
#include "trial/guest_image.h"
#include "trial/own_kernel.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"
#include "vmm/kernel.h"

namespace remapstorm {
namespace {

// What the plan is checked against: the image if there is one, else what any image could be.
struct Guest {
  GuestImageInfo info;
  std::optional<Symbols> symbols;
};

Result<Guest> look_for_guest(const CommandContext& context, const RunRequest& options, const std::string& flavour) {
  RS_ASSIGN(const Paths paths, find_paths(context.environment, context.home));
  Guest guest;
  const Result<GuestImageInfo> image = find_guest_image(
      paths, context.environment, flavour, wanted_of_image(options.overrides.same, options.overrides.kernel));
  if (image.ok()) {
    guest.info = *image;
  } else if (image.error().kind == ErrorKind::unavailable) {
    guest.info.architecture = arch_of(kHostIsa).guest;
    guest.info.flavour = flavour;
    guest.info.kernel_version = "not built yet";
    guest.info.strategies = full_vocabulary().strategies;
  } else {
    return image.error();
  }
  KernelFiles files = options.overrides.kernel;
  if (files.image.empty() && image.ok()) files.image = image->directory + "/vmlinux";
  if (!files.image.empty()) {
    RS_ASSIGN(Kernel kernel, open_kernel(files, kHostIsa));
    guest.info = describe_kernel(guest.info, kernel);
    guest.symbols = std::move(kernel.symbols);
    // Of an image that is there these are the hashes of its manifest; a run looks at the bytes.
    if (image.ok()) {
      RS_ASSIGN(guest.info.cmdline_sha256, command_line_sha256(image->directory));
    }
  }
  return guest;
}

Result<Plan> plan_for(const CommandContext& context, const RunRequest& options, const Scenario& scenario) {
  RS_ASSIGN(const Guest guest, look_for_guest(context, options, chosen_flavour(scenario, options.overrides)));
  HostInfo host;
  host.kind = "not measured";
  host.line_begin = line_begin(context.environment);
  const ResolveSymbol resolve = [&guest](const std::string& name) {
    SymbolAnswer answer;
    answer.address = guest.symbols ? guest.symbols->find(name) : std::optional<Gva>(Gva(0));
    return answer;
  };
  return make_plan(scenario, options.overrides, guest.info, host, resolve);
}

// "  rule      words, wrapped under themselves".
void item(std::ostream& out, std::string title, const std::string& words) {
  title.resize(10, ' ');
  out << "  " << title << wrapped(words, 12, 100).substr(12);
}

void print_plan(std::ostream& out, const Plan& plan, std::uint64_t repeat) {
  out << plan.scenario << ": " << plan.summary << "\n  file      " << plan.scenario_file << "\n  guest     flavour "
      << plan.flavour << ", Linux " << plan.guest.kernel_version << ", " << plan.cpus
      << (plan.cpus == 1 ? " vCPU, " : " vCPUs, ") << (plan.memory >> 20) << " MiB\n  strategy  " << plan.strategy
      << '\n';
  if (plan.base != KernelBase::unknown) out << "  base      " << kernel_base_name(plan.base) << '\n';
  out << "  trials    " << repeat << ", seed " << plan.seed << ", at most " << duration_in_words(plan.limits.timeout)
      << " each\n";
  if (!plan.append.empty()) out << "  append    " << plan.append << '\n';
  for (const Workload& workload : plan.workloads) out << "  workload  " << workload_in_words(workload) << '\n';
  for (const Rule& rule : plan.rules) {
    item(out, "rule", rule.name + ": " + trigger_in_words(rule.when) + ": " + action_in_words(rule.action));
  }
  item(out, "expected", expectation_in_words(plan.expectation));
}

}  // namespace

int dry_run(const CommandContext& context, const RunRequest& options, const std::vector<Scenario>& scenarios) {
  for (const Scenario& scenario : scenarios) {
    const Result<Plan> plan = plan_for(context, options, scenario);
    if (!plan.ok()) return report_error(context, plan.error());
    if (options.format == OutputFormat::json) {
      context.out << plan_file(*plan, options.repeat) << '\n';
    } else {
      print_plan(context.out, *plan, options.repeat);
    }
  }
  return kExitOk;
}

}  // namespace remapstorm
