// SPDX-License-Identifier: Apache-2.0
#include "plan/scenario.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <tuple>

#include "base/input_file.h"
#include "base/names.h"
#include "base/nesting.h"
#include "plan/scenario_table.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

// A name travels into file names, KTAP lines and labels.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

void read_machine(TableReader& top, ParseContext& context, Scenario& scenario) {
  if (const toml::table* machine = top.table("machine")) {
    TableReader reader(context, *machine, "machine");
    if (const auto cpus = reader.integer("cpus", kMinCpus, kMaxCpus)) scenario.cpus = static_cast<unsigned>(*cpus);
    if (const auto memory = reader.text("memory")) {
      const Result<std::uint64_t> size = parse_size(*memory);
      if (!size.ok() || *size < kMinMemory || *size > kMaxMemory) {
        reader.mistake_at("memory", "machine.memory is \"" + *memory + "\"", "64M to 3G, like \"256M\"");
      } else {
        scenario.memory = *size;
      }
    }
    if (const auto bbm = reader.integer("bbm", 0, 2)) scenario.bbm = static_cast<unsigned>(*bbm);
    reader.finish();
  }
  context.cpus = scenario.cpus;
}

void read_strategies(TableReader& top, Scenario& scenario) {
  const ParseContext& context = top.context();
  scenario.strategies = top.some_of("strategies", "strategy", context.vocabulary.strategies);
  const auto strategy = top.one_of("strategy", "strategy", context.vocabulary.strategies);
  if (strategy) {
    scenario.strategy = *strategy;
    if (scenario.strategies.empty()) scenario.strategies = {*strategy};
    if (std::find(scenario.strategies.begin(), scenario.strategies.end(), *strategy) == scenario.strategies.end()) {
      top.mistake_at("strategy", "strategy \"" + *strategy + "\" is not among strategies", join(scenario.strategies));
    }
  } else if (!top.has("strategy")) {
    if (scenario.strategies.empty()) {
      top.mistake_at("strategy", "strategy is missing", join(context.vocabulary.strategies));
    } else {
      scenario.strategy = scenario.strategies.front();
    }
  }
}

void read_flavours(TableReader& top, Scenario& scenario) {
  const ParseContext& context = top.context();
  scenario.flavours = top.some_of("flavours", "flavour", context.vocabulary.flavours);
  if (scenario.flavours.empty() && !top.has("flavours")) scenario.flavours = {"std"};
  if (scenario.flavours.empty()) top.mistake_at("flavours", "flavours is empty", join(context.vocabulary.flavours));
}

void read_made_for(TableReader& top, Scenario& scenario) {
  const std::vector<std::string>& known = top.context().vocabulary.architectures;
  scenario.made_for = top.some_of("architectures", "architecture", known);
  if (scenario.made_for.empty() && top.has("architectures")) {
    top.mistake_at("architectures", "architectures is empty", join(known));
  }
  for (const std::string& name : known) {
    if (scenario.is_made_for(name) || !top.has(name)) continue;
    top.mistake_at(name, "the scenario is not made for " + name, join(scenario.made_for));
  }
}

void read_limits(TableReader& top, const ParseContext& context, Scenario& scenario) {
  const toml::table* limits = top.table("limits");
  if (limits == nullptr) return;
  TableReader reader(context, *limits, "limits");
  if (const auto value = reader.number("timeout_s", 0.1, 86400)) scenario.limits.timeout = from_seconds(*value);
  if (const auto value = reader.number("progress_s", 0.1, 3600)) scenario.limits.progress = from_seconds(*value);
  if (const auto value = reader.number("stall_ms", 0.001, 3600e3)) {
    scenario.limits.stall_threshold = from_milliseconds(*value);
  }
  reader.finish();
}

void read_architecture(TableReader& top, const std::string& name, Scenario& scenario) {
  const toml::table* given = top.table(name);
  if (given == nullptr) return;
  TableReader table(top.context(), *given, name);
  OnArchitecture there;
  there.prediction = table.text("prediction").value_or("");
  there.observed = table.text("observed").value_or("");
  for (const char* key : {"strategies", "strategy", "expect"}) static_cast<void>(table.node(key));  // may stand there
  Scenario variant = scenario;
  if (table.has("strategies") || table.has("strategy")) {
    read_strategies(table, variant);
    there.strategy = variant.strategy;
    there.strategies = variant.strategies;
  }
  if (table.has("expect")) {
    variant.other_expectations.clear();
    read_expectations(table, variant);
    there.expectation = variant.expectation;
    there.other_expectations = variant.other_expectations;
  }
  table.finish();
  scenario.architectures.emplace(name, std::move(there));
}

Scenario read_scenario(const toml::table& root, ParseContext& context) {
  Scenario scenario;
  scenario.file = context.file;
  TableReader top(context, root, "");
  if (const auto name = top.text("name", TableReader::Presence::required)) {
    scenario.name = *name;
    if (!is_plain_name(*name)) {
      top.mistake_at("name", "name is \"" + *name + "\"", "up to 64 of a-z, 0-9 and -, not beginning with -");
    }
  }
  scenario.claims = top.texts("claims");
  scenario.summary = top.text("summary", TableReader::Presence::required).value_or("");
  scenario.description = top.text("description").value_or("");
  scenario.prediction = top.text("prediction").value_or("");
  scenario.observed = top.text("observed").value_or("");
  read_strategies(top, scenario);
  read_flavours(top, scenario);
  read_made_for(top, scenario);
  // Before everything that names a vCPU.
  read_machine(top, context, scenario);
  if (const toml::table* guest = top.table("guest")) {
    TableReader reader(context, *guest, "guest");
    scenario.append = reader.text("append").value_or("");
    if (scenario.append.size() > 512 || scenario.append.find_first_of("\n\r\t") != std::string::npos) {
      reader.mistake_at("append", "guest.append is too long or has line breaks", "at most 512 characters, one line");
    }
    reader.finish();
  }
  read_limits(top, context, scenario);
  read_workloads(top, scenario);
  read_rules(top, scenario);
  read_expectations(top, scenario);
  for (const std::string& architecture : context.vocabulary.architectures)
    read_architecture(top, architecture, scenario);
  top.finish();
  return scenario;
}

}  // namespace

bool Scenario::is_made_for(const std::string& architecture) const {
  return made_for.empty() || contains(made_for, architecture);
}

Scenario Scenario::on(const std::string& architecture) const {
  Scenario there = *this;
  there.architectures.clear();
  const auto found = architectures.find(architecture);
  if (found == architectures.end()) return there;
  const OnArchitecture& said = found->second;
  if (!said.prediction.empty()) there.prediction = said.prediction;
  if (!said.observed.empty()) there.observed = said.observed;
  if (!said.strategies.empty()) {
    there.strategy = said.strategy;
    there.strategies = said.strategies;
  }
  if (said.expectation) {
    there.expectation = *said.expectation;
    there.other_expectations = said.other_expectations;
  }
  return there;
}

const Expectation& Scenario::expectation_for(const std::string& chosen_strategy, const std::string& chosen_flavour,
                                             const std::string& host_kind) const {
  for (const std::string& key :
       {chosen_strategy + "/" + chosen_flavour, chosen_strategy, "/" + chosen_flavour, "@" + host_kind}) {
    if (const auto found = other_expectations.find(key); found != other_expectations.end()) return found->second;
  }
  return expectation;
}

std::string to_string(const Diagnostic& diagnostic) {
  std::string text = diagnostic.file;
  if (diagnostic.line != 0) text += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
  text += ": " + diagnostic.message;
  if (!diagnostic.allowed.empty()) text += "; allowed: " + diagnostic.allowed;
  return text;
}

Vocabulary make_vocabulary(InjectorCatalogue injectors) {
  Vocabulary vocabulary;
  vocabulary.injectors = std::move(injectors);
  vocabulary.workloads = {
      {"hugetlb-cycle",
       "grow the hugetlb pool to `pages` pages and shrink it to 0 again, `repeat` times",
       false,
       {{"pages", true, 1, 512}, {"repeat", false, 1, 1'000'000}}},
      {"hugetlb-grow", "grow the hugetlb pool to `pages` pages", false, {{"pages", true, 1, 512}}},
      {"hugetlb-grow-by-buddy",
       "the same, and the driver keeps the buddy of the first page",
       false,
       {{"pages", true, 1, 512}}},
      {"hugetlb-surplus",
       "map, touch and unmap `pages` huge pages beyond the pool, `repeat` times; on several vCPUs at once",
       false,
       {{"pages", true, 1, 16}, {"repeat", false, 1, 1'000'000'000}}},
      {"hugetlb-surplus-by-buddy",
       "the same, and the driver keeps the buddy of the first page",
       false,
       {{"pages", true, 1, 16}, {"repeat", false, 1, 1'000'000'000}}},
      {"read-target", "read the struct page under remap over and over, from process context", true, {}},
      {"read-target-in-holds", "the same while a vCPU is held, else sleep", true, {}},
      {"kpageflags", "read /proc/kpageflags over the pages under remap", true, {}},
      {"spin", "an empty loop in user mode", true, {}},
  };
  for (const std::string_view strategy : all_strategies()) vocabulary.strategies.emplace_back(strategy);
  vocabulary.flavours = {"std", "lockdep", "rt", "debug"};
  vocabulary.host_kinds = {"kvm-hardware", "kvm-interpreting", "lab:x86", "lab:arm64"};
  vocabulary.architectures = {"x86_64", "arm64"};
  return vocabulary;
}

ParsedScenario parse_scenario(std::string_view text, const std::string& file, const Vocabulary& vocabulary) {
  ParsedScenario parsed;
  ParseContext context{vocabulary, file, parsed.mistakes};
  if (toml_nests_too_deeply(text)) {
    context.mistake({}, "nested deeper than " + std::to_string(kDeepestNesting) + " levels: no scenario is");
    return parsed;
  }
  try {
    const toml::table root = toml::parse(text, file);
    Scenario scenario = read_scenario(root, context);
    if (parsed.mistakes.empty()) parsed.scenario = std::move(scenario);
  } catch (const toml::parse_error& error) {
    context.mistake(error.source(), "not valid TOML: " + std::string(error.description()));
  }
  std::stable_sort(parsed.mistakes.begin(), parsed.mistakes.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return parsed;
}

Result<Scenario> load_scenario(const std::string& path, const Vocabulary& vocabulary) {
  Result<std::ifstream> opened = open_input_file(path);
  if (!opened.ok()) return opened.error().in("scenario file");
  std::ifstream& in = *opened;
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return usage_error("cannot read scenario file " + path);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) return usage_error(path + " is larger than 1 MiB: not a scenario file");
  ParsedScenario parsed = parse_scenario(text, path, vocabulary);
  if (parsed.scenario) {
    parsed.scenario->text = std::move(text);
    return std::move(*parsed.scenario);
  }
  std::string message;
  for (const Diagnostic& mistake : parsed.mistakes) message += (message.empty() ? "" : "\n") + to_string(mistake);
  return usage_error(message, "docs/scenario-format.md describes every key");
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const std::string given(text);
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<std::size_t>(result.ptr - text.data()));
  unsigned shift = 64;
  if (unit.empty()) shift = 0;
  if (unit == "K" || unit == "k") shift = 10;
  if (unit == "M" || unit == "m") shift = 20;
  if (unit == "G" || unit == "g") shift = 30;
  if (result.ec != std::errc{} || shift == 64 || (value << shift) >> shift != value) {
    return usage_error("\"" + given + "\" is not a size", "a number with K, M or G behind it, like 256M");
  }
  return value << shift;
}

std::string size_text(std::uint64_t bytes) {
  return bytes % (1ULL << 20) == 0 ? std::to_string(bytes >> 20) + "M" : std::to_string(bytes);
}

}  // namespace remapstorm
