// SPDX-License-Identifier: Apache-2.0
// Text and Markdown are two prints of the same tables.
#include <fmt/format.h>

#include <algorithm>

#include "base/plural.h"
#include "report/comparison_tables.h"
#include "report/plain_lines.h"
#include "report/text.h"

namespace remapstorm {
namespace {

using Table = ComparisonTable;

std::string length(const LengthSummary& summary, Nanoseconds value) {
  return summary.count == 0 ? "none" : human_length(value);
}

const StrategyFigures* find(const ComparedStrategy& strategy, Measure measure) {
  const auto found = strategy.figures.find(measure);
  return found == strategy.figures.end() || found->second.trials() == 0 ? nullptr : &found->second;
}

Table lengths(const Comparison& comparison, const std::string& title, const std::string& note, Measure measure,
              LengthSummary (StrategyFigures::*series)() const) {
  Table table{title, note, {"strategy", "n", "median", "p99", "longest"}, {}};
  for (const ComparedStrategy& one : comparison.strategies) {
    const StrategyFigures* figures = find(one, measure);
    if (figures == nullptr) continue;
    const LengthSummary summary = (figures->*series)();
    table.rows.push_back({one.name, std::to_string(summary.count), length(summary, summary.p50),
                          percentile_text(summary.p99), length(summary, summary.max)});
  }
  return table;
}

Table faults(const Comparison& comparison) {
  Table table{"Faults taken by the strategy's handler, by context, and what irq-same-cpu comes to",
              "of the trials in which nothing was injected",
              {"strategy", "task", "softirq", "hardirq", "nmi", "irq-same-cpu"},
              {}};
  for (const ComparedStrategy& one : comparison.strategies) {
    const StrategyFigures* figures = find(one, Measure::remap);
    if (figures == nullptr) continue;
    std::vector<std::string> row = {one.name};
    for (const std::uint64_t count : figures->faults()) row.push_back(std::to_string(count));
    std::string verdicts;
    for (const auto& [word, count] : one.same_cpu) {
      verdicts += (verdicts.empty() ? "" : ", ") + std::to_string(count) + " " + word;
    }
    row.push_back(verdicts.empty() ? "not made for" : verdicts);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table stolen(const Comparison& comparison, Measure measure, const std::string& title, const std::string& note) {
  Table table{title, note, {"strategy", "trials", "longest remap", "longest window", "longest wait"}, {}};
  for (const ComparedStrategy& one : comparison.strategies) {
    const StrategyFigures* figures = find(one, measure);
    if (figures == nullptr) continue;
    table.rows.push_back({one.name, std::to_string(figures->trials()), length(figures->remaps(), figures->remaps().max),
                          length(figures->windows(), figures->windows().max),
                          length(figures->waits(), figures->waits().max)});
  }
  return table;
}

// Verdicts that are not clean: figures of such trials mean little.
Table verdicts(const Comparison& comparison) {
  Table table{"Measuring trials that were not clean",
              "their figures are in the tables above",
              {"strategy", "measure", "verdicts"},
              {}};
  for (const ComparedStrategy& one : comparison.strategies) {
    for (const auto& [measure, figures] : one.figures) {
      std::string text;
      for (const auto& [verdict, count] : figures.verdicts()) {
        if (verdict == Verdict::clean) continue;
        text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(verdict_name(verdict));
      }
      if (!text.empty()) table.rows.push_back({one.name, std::string(measure_name(measure)), text});
    }
  }
  return table;
}

std::vector<Table> tables_of(const Comparison& comparison) {
  const std::string time = human_length(comparison.stolen);
  std::vector<Table> tables = {
      lengths(comparison, "Remap of one 2 MiB page", "remap.begin to remap.end, seven entries; both ways",
              Measure::remap, &StrategyFigures::remaps),
      lengths(comparison, "Window of one entry",
              "the entry is invalid: cleared to set, its flush included; none: it never is", Measure::remap,
              &StrategyFigures::windows),
      lengths(comparison, "Wait of a fault on the other vCPU", "a reader that never stops; none: nothing ever faulted",
              Measure::remap, &StrategyFigures::waits),
      lengths(comparison, "Answer of the other vCPU",
              "from raising an interrupt in a window of vCPU 0 until the handler on vCPU 1 is entered", Measure::answer,
              &StrategyFigures::answers),
      faults(comparison),
      stolen(comparison, Measure::steal_idle, "One idle vCPU of 3 loses its processor for " + time,
             "what needs every vCPU's help to remap takes as long; what does not is as before (C14, C15)"),
      stolen(comparison, Measure::steal_updater, "The updater loses its processor in a window for " + time,
             "who touches the page meanwhile waits as long (C6)"),
      verdicts(comparison)};
  std::erase_if(tables, [](const Table& table) { return table.rows.empty(); });
  const std::vector<Table> counts = count_tables(comparison);
  tables.insert(tables.end(), counts.begin(), counts.end());
  return tables;
}

std::string number(double value) { return fmt::format("{:.1f}", value); }

std::vector<std::string> facts_of(const Comparison& comparison) {
  const HostInfo& host = comparison.host;
  return {"host " + host.kind + ", " + host.architecture + ", Linux " + host.kernel + ", " + host.cpu + ", " +
              plural(comparison.host_cpus, "CPU"),
          "guest Linux " + comparison.guest.kernel_version + ", flavour " + comparison.guest.flavour + ", image " +
              comparison.guest.hash.substr(0, 12),
          plural(comparison.repeat, "trial") + " of each measure and strategy; load average " +
              number(comparison.load[0]) + " at the beginning, " + number(comparison.load[1]) + " at the end"};
}

std::vector<std::string> limits_of(const Comparison& comparison) {
  if (comparison.counted) {
    return {"Instructions are no time: a flush or an interrupt costs more than a move.",
            "They are those of this kernel's build; another compiler or configuration makes others.",
            "What other vCPUs execute to answer a request is not in them."};
  }
  std::vector<std::string> lines = {
      "Probes in the kernel log every step: a remap costs more here than without them.",
      "Lengths of one kind of host say nothing about another.",
      "Where an interrupt is raised the guest stopped at a probe, which costs an exit each time.",
      "Other work on this machine is in every maximum, and with much of it in p99.",
      "Of fewer than " + std::to_string(kEnoughForP99) + " lengths there is no p99."};
  if (host_kind(comparison.host.kind) == HostKind::interpreting) {
    lines.emplace_back("This KVM interprets the guest's kernel: its lengths are many times those of a processor's.");
  }
  if (host_kind(comparison.host.kind) == HostKind::lab) {
    lines.emplace_back("This host is software emulation: its lengths mean nothing outside it.");
  }
  return lines;
}

std::vector<std::string> not_run_of(const Comparison& comparison) {
  std::vector<std::string> lines;
  for (const ComparedStrategy& one : comparison.strategies) {
    if (!one.not_run.empty()) lines.push_back(one.name + ": not run: " + one.not_run);
  }
  return lines;
}

std::string table_text(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& word : table.head) widths.push_back(columns(word));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  const auto line = [&](const std::vector<std::string>& words) {
    std::string text = "  ";
    for (std::size_t i = 0; i < words.size(); ++i) text += pad(words[i], widths[i] + 3);
    text.erase(text.find_last_not_of(' ') + 1);
    return cut(text, 100) + "\n";
  };
  std::string text = "\n" + table.title + "\n  (" + table.note + ")\n" + line(table.head);
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string table_markdown(const Table& table) {
  const auto line = [](const std::vector<std::string>& words) {
    std::string text = "|";
    for (const std::string& word : words) text += " " + word + " |";
    return text + "\n";
  };
  std::string text = "\n## " + table.title + "\n\n" + table.note + "\n\n" + line(table.head) + "|";
  for (std::size_t i = 0; i < table.head.size(); ++i) text += "---|";
  text += "\n";
  for (const auto& row : table.rows) text += line(row);
  return text;
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
  std::string text = "remap strategies compared\n";
  for (const std::string& fact : facts_of(comparison)) text += "  " + cut(printable(fact), 98) + "\n";
  for (const Table& table : tables_of(comparison)) text += table_text(table);
  if (comparison.counted) text += "\n";
  for (const std::string& line : count_spread(comparison)) text += cut(printable(line), 100) + "\n";
  text += "\nWhat these numbers do not say\n";
  for (const std::string& limit : limits_of(comparison)) text += cut("  " + limit, 100) + "\n";
  const std::vector<std::string> missing = not_run_of(comparison);
  if (!missing.empty()) text += "\n";
  for (const std::string& line : missing) text += cut(printable(line), 100) + "\n";
  return text;
}

std::string comparison_markdown(const Comparison& comparison) {
  std::string text = "# Remap strategies compared\n\nMade by remapstorm " + comparison.version + " at " +
                     comparison.started_at + ".\n\n";
  for (const std::string& fact : facts_of(comparison)) text += "- " + printable(fact) + "\n";
  for (const Table& table : tables_of(comparison)) text += table_markdown(table);
  if (comparison.counted) text += "\n";
  for (const std::string& line : count_spread(comparison)) text += "- " + printable(line) + "\n";
  text += "\n## What these numbers do not say\n\n";
  for (const std::string& limit : limits_of(comparison)) text += "- " + limit + "\n";
  const std::vector<std::string> missing = not_run_of(comparison);
  if (!missing.empty()) text += "\n## Not run\n\n";
  for (const std::string& line : missing) text += "- " + printable(line) + "\n";
  return text;
}

}  // namespace remapstorm
