// SPDX-License-Identifier: Apache-2.0
#include "cli/explore_options.h"

#include <algorithm>

#include "base/names.h"
#include "cli/scenario_files.h"
#include "cli/values.h"
#include "injectors/catalogue.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kMostWindows = 100'000;
constexpr std::uint64_t kMostNth = 1'000'000;
constexpr std::uint64_t kMostStride = 1'000'000;
constexpr std::uint64_t kMostExecutions = 10'000;

std::vector<std::string> injections_here() {
  std::vector<std::string> names;
  for (const InjectorInfo& info : injectors()) {
    const InjectorKind kind = injector_kind(info.spec.name);
    const bool explored = kind == InjectorKind::hold || kind == InjectorKind::irq || kind == InjectorKind::nmi ||
                          kind == InjectorKind::serror;
    const std::string& only = info.spec.architecture;
    if (explored && (only.empty() || only == arch_of(kHostIsa).guest)) names.push_back(info.spec.name);
  }
  return names;
}

Status check_injections(const ExploreWords& words, ExploreRequest& options) {
  if (words.inject) {
    options.injections.clear();
    for (const std::string& name : split(*words.inject, ',')) {
      for (const std::string& part : split(name, '+')) {
        RS_ASSIGN([[maybe_unused]] const std::string known, parse_choice("--inject", part, injections_here()));
      }
      if (name != "serror" && contains(parts_of(name), InjectorKind::serror)) {
        return usage_error("--inject " + name + ": an SError is injected by itself",
                           "which of two comes first is the processor's choice");
      }
      if (std::find(options.injections.begin(), options.injections.end(), name) != options.injections.end()) {
        return usage_error("--inject " + *words.inject + ": " + name + " stands there twice");
      }
      options.injections.push_back(name);
    }
  }
  if (!words.pairs.empty()) {
    RS_ASSIGN(const std::string which, parse_choice("--pairs", words.pairs, {"same", "window"}));
    options.pairs = which == "same" ? Pairs::same : Pairs::window;
    if (options.injections.size() < 2) {
      return usage_error("--pairs with one injection", "give --inject two or three of irq, nmi, hold");
    }
    if (contains(options.injections, "serror")) return usage_error("--pairs: an SError is injected by itself");
    for (const std::string& name : options.injections) {
      if (name.find('+') == std::string::npos) continue;
      return usage_error("--pairs and --inject " + name + ": that is a pair already", "give one of them");
    }
  }
  if (words.stride) {
    RS_ASSIGN(options.stride, parse_number("--stride", *words.stride, 1, kMostStride));
    if (options.pairs != Pairs::window) {
      return usage_error("--stride is about pairs at two boundaries", "give --pairs=window");
    }
  }
  if (words.action) {
    RS_ASSIGN(options.action,
              parse_choice("--action", *words.action,
                           {"read-struct-page", "read-struct-page-softirq", "read-struct-page-thread", "none"}));
  }
  if (words.via) {
    std::vector<std::string> ways = {options.via};
    for (const InterruptWay& way : arch_of(kHostIsa).interrupt_ways) ways.emplace_back(way.name);
    RS_ASSIGN(options.via, parse_choice("--via", *words.via, ways));
  }
  if (words.hold) {
    RS_ASSIGN(options.hold, parse_duration("--hold", *words.hold));
    if (options.hold < std::chrono::milliseconds(1) || options.hold > std::chrono::seconds(10)) {
      return usage_error("--hold " + *words.hold + ": give a time from 1ms to 10s");
    }
  }
  return {};
}

Status check_guest(const ExploreWords& words, ExploreRequest& options) {
  const Vocabulary vocabulary = full_vocabulary();
  if (words.strategy) {
    RS_ASSIGN(options.strategy, parse_choice("--strategy", *words.strategy, vocabulary.strategies));
  }
  if (words.flavour) {
    RS_ASSIGN(options.flavour, parse_choice("--flavour", *words.flavour, vocabulary.flavours));
  }
  if (words.cpus) {
    RS_ASSIGN(options.cpus, parse_cpus(*words.cpus));
  }
  if (words.memory) {
    RS_ASSIGN(options.memory, parse_memory(*words.memory));
  }
  if (words.workload) {
    for (const std::string& one : split(*words.workload, ';')) {
      RS_ASSIGN(Workload workload, parse_workload(one, vocabulary, options.cpus));
      options.workloads.push_back(std::move(workload));
    }
  }
  options.append = words.append.value_or("");
  RS_ASSIGN(options.kernel, parse_kernel_files(words.kernel, words.symbols));
  RS_ASSIGN(options.same, parse_sha256(words.sha256));
  return {};
}

Status check_rest(const ExploreWords& words, ExploreRequest& options) {
  if (words.calls) {
    RS_ASSIGN(const std::string how, parse_choice("--calls", *words.calls, {"follow", "over"}));
    options.follow_calls = how == "follow";
  }
  if (words.nth) {
    RS_ASSIGN(options.nth, parse_number("--nth", *words.nth, 1, kMostNth));
  }
  if (words.repeat) {
    RS_ASSIGN(options.executions, parse_number("--repeat", *words.repeat, 1, kMostExecutions));
  }
  if (words.jobs) {
    RS_ASSIGN(options.jobs, parse_jobs(*words.jobs));
  }
  if (words.at) {
    const std::vector<std::string> places = split(*words.at, ',');
    if (places.size() > 2) return usage_error("--at " + *words.at + ": a pair is injected at two boundaries at most");
    std::vector<BoundaryChoice> choices;
    for (const std::string& place : places) {
      Result<BoundaryChoice> choice = parse_boundary_choice(place);
      if (!choice.ok()) return choice.error().in("--at");
      choices.push_back(*std::move(choice));
    }
    options.at = choices.front();
    if (choices.size() == 2) options.then = choices.back();
    for (const std::string& name : options.injections) {
      if (!options.then || parts_of(name).size() == 2) continue;
      return usage_error("--at " + *words.at + ": " + name + " is no pair for two boundaries", "--inject irq+nmi");
    }
  }
  if (words.timeout) {
    RS_ASSIGN(options.timeout, parse_duration("--timeout", *words.timeout));
  }
  if (words.format) {
    RS_ASSIGN(options.format, parse_two_formats(*words.format));
  }
  RS_ASSIGN(options.output_dir, parse_output_dir(words.output_dir));
  options.resume = words.resume;
  if (options.resume && options.output_dir.empty()) {
    return usage_error("--resume needs --output-dir, the folder of the exploration to go on with");
  }
  if (options.resume && options.at)
    return usage_error("--resume and --at ask for different things", "give one of them");
  RS_ASSIGN(options.metrics, check_metrics_words(words.metrics));
  RS_ASSIGN(options.files, check_report_files(words.files));
  options.verbose = words.verbose;
  options.quiet = words.quiet;
  if (options.verbose && options.quiet) return usage_error("-v and -q ask for opposite things", "give one of them");
  return {};
}

}  // namespace

const CommandText ExploreWords::kText = {
    "explore WINDOW [OPTIONS]",
    "Injects at every instruction boundary of a window, each time from the same snapshot, and makes a certificate of\n"
    "the verdicts. WINDOW: bbm-pte, bbm-pmd (an entry is absent), lock, remap, or OPEN..CLOSE, each a probe "
    "(lock.got)\n"
    "or a place (symbol+0x1c).",
    "explore bbm-pte --inject irq,nmi --strategy bbm-fault"};

const CommandText CensusWords::kText = {
    "census WINDOW [OPTIONS]",
    "Counts who touches the vmemmap pages under remap while a window is open: instruction, read, write or atomic,\n"
    "context, interrupt flag. WINDOW as for explore; remap sees the whole walk, the restore path included.",
    "census remap --strategy bbm-fault-irqsafe"};

void ExploreWords::declare_guest(ArgumentParser& parser) {
  parser.option("--workload", workload, "LIST",
                "instead of the usual: VCPU:NAME,argument=value; several joined by ';'");
  parser.option("--flavour", flavour, "NAME", "guest kernel flavour (std)");
  parser.option("--memory", memory, "SIZE", "guest memory (128M)");
  parser.option("-k,--kernel", kernel, "FILE", "boot this kernel instead of the guest image's");
  parser.option("--symbols", symbols, "FILE", "its System.map or vmlinux, where it has no symbols itself");
  parser.option("--append", append, "ARGS", "more words for the guest's command line");
  parser.option("--sha256", sha256, "LIST", "refuse other bytes than these: kernel=DIGITS,...");
  parser.option("--action", action, "WHAT", "what the handler of irq and nmi does (read-struct-page)");
  parser.option("--format", format, "FORMAT", "pretty or json on standard output (pretty)");
  parser.flag("-v,--verbose", verbose, "no status line, plain progress");
  parser.flag("-q,--quiet", quiet, "no progress");
}

void ExploreWords::declare(ArgumentParser& parser) {
  parser.optional_positional("WINDOW", windows, "which window");
  parser.option("--window", window, "WINDOW", "the same, as an option");
  parser.option("--inject", inject, "LIST",
                "of irq, nmi, hold, on arm64 serror, pairs as irq+nmi; joined by commas (irq,nmi)");
  parser.flag_or_value("--pairs", "same", pairs,
                       "also each ordered pair of them: both at one boundary; --pairs=window: at each two of them");
  parser.option("--stride", stride, "N", "of --pairs=window: at every Nth boundary only, a sample (1)");
  parser.option("--strategy", strategy, "NAME", "remap strategy (bbm-fault)");
  parser.option("--calls", calls, "HOW", "follow: into called functions; over: behind them (follow)");
  parser.option("--nth", nth, "N", "the Nth opening of the window after the guest is ready (1)");
  parser.option("--repeat", repeat, "N", "execute each point N times and name those that differ (1)");
  parser.option("--at", at, "BOUNDARY",
                "this one only: its number, symbol+0x1c or symbol+0x1c/VISIT; a pair at two: A,B");
  parser.option("--jobs", jobs, "N", "guests at a time (as affinity and cgroup quota have processors for their vCPUs)");
  parser.flag("--resume", resume, "go on with what --output-dir holds");
  parser.option("--output-dir", output_dir, "DIR", "where the certificate goes (a new folder of its own)");
  parser.option("--hold", hold, "TIME", "length of a hold (120ms)");
  parser.option("--via", via, "HOW",
                "irq: the usual way of the architecture, or by name: msi, line; line, spi (usual)");
  parser.option("--timeout", timeout, "TIME", "hard limit of one trial (20)");
  parser.option("--cpus", cpus, "N", "virtual CPUs, 1 to 8 (2)");
  declare_metrics_options(parser, metrics);
  declare_report_files(parser, files);
  declare_guest(parser);
}

void CensusWords::declare(ArgumentParser& parser) {
  parser.positional("WINDOW", explore.windows, "which window");
  parser.option("--windows", count, "N", "how many windows to look into (16)");
  parser.option("--inject", explore.inject, "LIST", "of irq, nmi: raised in turn on an idle vCPU (irq,nmi)");
  parser.option("--strategy", explore.strategy, "NAME", "remap strategy (bbm-fault-irqsafe)");
  parser.option("--output-dir", explore.output_dir, "DIR", "also write census.txt and census.json there");
  parser.option("--cpus", explore.cpus, "N", "virtual CPUs, 1 to 8 (4)");
  explore.declare_guest(parser);
}

Status ExploreWords::check_into(ExploreRequest& options) const {
  if (windows.size() > 1) {
    const bool of_pairs = std::find(windows.begin(), windows.end(), "window") != windows.end();
    return usage_error("more than one window: " + windows[0] + " and " + windows[1],
                       of_pairs ? "did you mean --pairs=window?" : "one exploration is about one window");
  }
  if (window && !windows.empty()) {
    return usage_error("two windows: " + windows[0] + " and --window " + *window,
                       "one exploration is about one window");
  }
  if (!window && windows.empty()) {
    return usage_error("which WINDOW?", "bbm-pte, bbm-pmd, lock, remap, or OPEN..CLOSE");
  }
  RS_ASSIGN(options.window, parse_window(window ? *window : windows.front()));
  RS_TRY(check_injections(*this, options));
  RS_TRY(check_guest(*this, options));
  return check_rest(*this, options);
}

Result<ExploreRequest> ExploreWords::check(const CommandContext& /*context*/) const {
  ExploreRequest options;
  RS_TRY(check_into(options));
  return options;
}

Result<CensusRequest> CensusWords::check(const CommandContext& /*context*/) const {
  CensusRequest options;
  options.explore.strategy = "bbm-fault-irqsafe";
  options.explore.cpus = 4;
  RS_TRY(explore.check_into(options.explore));
  for (const std::string& inject : options.explore.injections) {
    const InjectorKind kind = injector_kind(inject);
    if (kind == InjectorKind::irq || kind == InjectorKind::nmi) continue;
    return usage_error("--inject " + inject + ": a census raises irq and nmi");
  }
  if (count) {
    RS_ASSIGN(options.windows, parse_number("--windows", *count, 1, kMostWindows));
  }
  return options;
}

}  // namespace remapstorm
