// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/plural.h"
#include "base/printable.h"
#include "report/certificate.h"
#include "report/plain_lines.h"
#include "report/text.h"
#include "telemetry/proof_standard.h"

namespace remapstorm {
namespace {

constexpr std::size_t kWidth = PlainLines::kWidth;
constexpr std::size_t kMostWordColumns = 3;  // more injections than this are told by letters
constexpr std::size_t kMostReasons = 6;
constexpr std::size_t kMostSkipped = 40;

char letter_of(Verdict verdict) {
  const std::string_view name = verdict_name(verdict);
  return static_cast<char>(name.front() - 'a' + 'A');
}

std::string verdict_or_skip(const Certificate& certificate, std::size_t boundary, const std::string& inject,
                            bool letters) {
  const ExploredTrial* trial = certificate.trial(boundary, inject);
  if (trial == nullptr) return letters ? "-" : "skipped";
  return letters ? std::string(1, letter_of(trial->verdict)) : std::string(verdict_name(trial->verdict));
}

std::string verdict_counts(const std::map<Verdict, std::size_t>& counts) {
  std::string words;
  for (const auto& [verdict, count] : counts) {
    words += (words.empty() ? "" : ", ") + std::string(verdict_name(verdict)) + " " + std::to_string(count);
  }
  return words.empty() ? "nothing executed" : words;
}

std::string percent_of(std::size_t part, std::size_t whole) {
  if (whole == 0) return "0 %";
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

// Whose code the boundaries lie in, and whether the outcomes were the same each time.
void quality(const Certificate& certificate, PlainLines& out) {
  const std::size_t all = certificate.boundaries.size(), ours = certificate.count_code(CodeOwner::harness);
  out.wrapped("Code: ", std::to_string(certificate.count_code(CodeOwner::kernel)) + " boundaries in the kernel's, " +
                            std::to_string(certificate.count_code(CodeOwner::strategy)) + " in the strategy's, " +
                            std::to_string(ours) + " in the harness's own (" + percent_of(ours, all) + ").");
  if (certificate.kind == WindowKind::replaced) {
    out.wrapped("",
                "NO WINDOW: the entry was replaced by one store and never absent. The boundaries are those before "
                "and behind that store.");
  }
  if (certificate.executions > 1) {
    const auto unsteady = certificate.unsteady();
    out.wrapped("", "Each point was executed " + std::to_string(certificate.executions) + " times, " +
                        (unsteady.empty() ? std::string("each time with the same outcome.")
                                          : std::to_string(unsteady.size()) + " DIFFER:"));
    for (const ExploredTrial* trial : unsteady) {
      out.wrapped("  ", name_of(certificate, *trial) + ": " + std::string(verdict_name(trial->verdict)) +
                            " at first; " + std::to_string(trial->differing.size()) + " of " +
                            std::to_string(trial->repetitions) + " others: " + trial->differing.front());
    }
  }
  out.add();
}

void functions(const Certificate& certificate, PlainLines& out) {
  out.add("By function, all visits together:");
  for (const FunctionPart& part : by_function(certificate)) {
    std::string words = std::to_string(part.boundaries) + ", " + std::string(code_owner_name(part.code));
    for (std::size_t i = 0; i < certificate.injections.size(); ++i) {
      words += "; " + certificate.injections[i] + ": " + verdict_counts(part.verdicts[i]);
    }
    out.wrapped("  ", (part.symbol.empty() ? std::string("(no symbol)") : part.symbol) + ": " + words);
  }
  out.add();
}

void headline(const Certificate& certificate, PlainLines& out) {
  out.wrapped("", "remapstorm certificate: window " + certificate.window + ", strategy " + certificate.strategy);
  out.add();
  const std::string size = plural(certificate.boundaries.size(), "instruction boundary");
  std::string counted = size;
  if (certificate.boundaries.size() != 1) {
    counted = std::to_string(certificate.boundaries.size()) + " instruction boundaries";
  }
  const std::string product = counted + " x " + plural(certificate.injections.size(), "injection") +
                              (certificate.pairs.empty() ? "" : ", and pairs at two boundaries") + ": " +
                              std::to_string(certificate.trials.size()) + " of " +
                              std::to_string(certificate.points()) + " executed, " +
                              std::to_string(certificate.skipped.size()) + " skipped.";
  out.wrapped(certificate.complete() ? "COMPLETE. " : "NOT COMPLETE. ",
              product + (certificate.interrupted ? " The exploration was interrupted." : ""));
  out.add();
  std::size_t longest = 0;
  for (const std::string& inject : certificate.injections) longest = std::max(longest, inject.size());
  for (std::size_t i = 0; i < certificate.injections.size(); ++i) {
    const std::string& inject = certificate.injections[i];
    std::string verdicts;
    for (const auto& [verdict, count] : certificate.count(inject)) {
      verdicts += (verdicts.empty() ? "" : ", ") + std::string(verdict_name(verdict)) + " " + std::to_string(count);
    }
    out.wrapped("  " + pad(inject, longest) + "  ", verdicts.empty() ? "nothing executed" : verdicts);
    if (i < certificate.injection_notes.size()) {
      out.wrapped(std::string(longest + 4, ' '), "(" + certificate.injection_notes[i] + ")");
    }
  }
  out.add();
}

char letter_of_group(const std::map<char, std::size_t>& letters) {
  return letters.size() == 1 ? letters.begin()->first : '*';
}

// For each stretch of boundaries where the first was raised and each where the second was, the verdict.
void pairs(const Certificate& certificate, PlainLines& out) {
  constexpr std::size_t kMostStretches = 14;  // more do not fit a line
  if (certificate.pairs.empty()) return;
  out.wrapped("", "Pairs, the first at one boundary, the second at a later one" +
                      (certificate.stride == 1
                           ? std::string(", every two of them:")
                           : "; a SAMPLE, with a stride of " + std::to_string(certificate.stride) + " boundaries:"));
  for (const std::string& pair : certificate.pairs) {
    std::string verdicts;
    for (const auto& [verdict, count] : certificate.count_pairs(pair)) {
      verdicts += (verdicts.empty() ? "" : ", ") + std::string(verdict_name(verdict)) + " " + std::to_string(count);
    }
    if (const std::size_t never = certificate.count_never_came(pair); never != 0) {
      verdicts += "; in " + std::to_string(never) + " " + std::string(kNeverCame);
    }
    out.wrapped("  " + pair + "  ", verdicts.empty() ? "nothing executed" : verdicts);
  }
  out.add();
  const std::vector<BoundaryRange> stretches = ranges_of(certificate);
  if (stretches.size() > kMostStretches) {
    out.wrapped("  ", std::to_string(stretches.size()) + " stretches, too many for a table: see certificate.json");
    out.add();
    return;
  }
  std::vector<std::size_t> stretch_of(certificate.boundaries.size());
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    for (std::size_t at = stretches[i].first; at <= stretches[i].last; ++at) stretch_of[at] = i;
  }
  for (const std::string& pair : certificate.pairs) {
    std::vector<std::vector<std::map<char, std::size_t>>> cells(
        stretches.size(), std::vector<std::map<char, std::size_t>>(stretches.size()));
    for (const ExploredTrial& trial : certificate.trials) {
      if (!trial.second || trial.inject != pair) continue;
      const char letter = letter_of(trial.verdict);
      const char shown = trial.second_raised ? letter : static_cast<char>(letter - 'A' + 'a');
      ++cells[stretch_of[trial.boundary]][stretch_of[*trial.second]][shown];
    }
    std::string head = "  " + pad(pair + ": second in stretch", 28);
    for (std::size_t i = 0; i < stretches.size(); ++i) head += pad(" " + std::to_string(i + 1), 3);
    out.add(head);
    for (std::size_t i = 0; i < stretches.size(); ++i) {
      std::string line = "  " + pad("  first in stretch " + std::to_string(i + 1), 28);
      for (const auto& letters : cells[i])
        line += letters.empty() ? "   " : std::string(" ") + letter_of_group(letters) + " ";
      out.add(line);
    }
  }
  out.wrapped("  ",
              "Stretches are the lines of the table above, from 1. D deadlock, C clean, S stall, H hang, O oops; "
              "small: the second was not raised, execution did not come there; *: several.");
  out.add();
}

std::string places_of(const std::map<std::string, std::size_t>& places) {
  constexpr std::size_t kMost = 4;
  if (places.size() > kMost) return std::to_string(places.size()) + " places";
  std::string words;
  for (const auto& [place, count] : places) words += (words.empty() ? "" : ", ") + place;
  return words;
}

std::size_t sum_of(const std::map<std::string, std::size_t>& places) {
  std::size_t sum = 0;
  for (const auto& [place, count] : places) sum += count;
  return sum;
}

// How many were taken where they were raised, and where the others were.
void taken(const Certificate& certificate, const std::string& inject, PlainLines& out) {
  std::size_t here = 0, never = 0, guessed = 0;
  std::map<std::string, std::size_t> within, behind, elsewhere;
  for (const ExploredTrial& trial : certificate.trials) {
    if (trial.inject != inject || trial.second) continue;
    if (trial.taken.empty()) {
      ++never;
      continue;
    }
    const TakenAt& at = trial.taken.front();
    if (!at.exact) ++guessed;
    const std::string place = place_of(at.symbol, at.offset, at.pc);
    if (at.boundary == trial.boundary) {
      ++here;
    } else if (at.boundary) {
      ++within[place];
    } else {
      ++(at.exact ? behind : elsewhere)[place];
    }
  }
  std::string words = std::to_string(here) + " taken where raised";
  for (const auto& [place, count] : within) words += "; " + std::to_string(count) + " later in the window, at " + place;
  if (!behind.empty()) words += "; " + std::to_string(sum_of(behind)) + " behind the window, at " + places_of(behind);
  if (!elsewhere.empty()) {
    words += "; " + std::to_string(sum_of(elsewhere)) +
             " inside what was taken first, such as a timer's interrupt, or behind the window, at " +
             places_of(elsewhere);
  }
  if (never != 0) words += "; " + std::to_string(never) + " never taken";
  if (guessed != 0) words += "; of " + std::to_string(guessed) + " it is known from their handler only";
  out.wrapped("  " + inject + ": ", words + ".");
}

std::string without_figures(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    const bool figure = (letter >= '0' && letter <= '9') || letter == '.';
    if (!figure) out += letter;
    if (figure && (out.empty() || out.back() != '#')) out += '#';
  }
  return out;
}

void evidence(const Certificate& certificate, PlainLines& out) {
  out.add("Where the guest took them:");
  for (const std::string& inject : certificate.injections) taken(certificate, inject, out);
  out.add();
  out.add("What the verdicts rest on:");
  out.wrapped("  ", proof_words(Looks::soon));
  // Reasons that differ in their figures only are one; the first stands for all.
  struct Alike {
    std::string first;
    std::size_t count = 0;
    bool vary = false;
  };
  std::map<std::string, Alike> reasons;
  for (const ExploredTrial& trial : certificate.trials) {
    const std::string words = trial.inject + (trial.second ? " at two" : "") + ", " +
                              std::string(verdict_name(trial.verdict)) + ": " + trial.reason;
    Alike& one = reasons[without_figures(words)];
    if (one.count++ == 0) one.first = words;
    one.vary = one.vary || one.first != words;
  }
  std::vector<Alike> sorted;
  sorted.reserve(reasons.size());
  for (auto& [key, one] : reasons) sorted.push_back(std::move(one));
  std::stable_sort(sorted.begin(), sorted.end(), [](const Alike& a, const Alike& b) { return a.count > b.count; });
  for (std::size_t i = 0; i < std::min(sorted.size(), kMostReasons); ++i) {
    out.wrapped("  " + std::to_string(sorted[i].count) + " x ",
                sorted[i].first + (sorted[i].vary ? " (figures of the first)" : ""));
  }
  if (sorted.size() > kMostReasons) {
    out.add("  and " + std::to_string(sorted.size() - kMostReasons) + " other reasons: see certificate.json");
  }
  out.add();
}

std::string hex_offset(std::uint64_t offset) { return fmt::format("+{:#x}", offset); }

void table(const Certificate& certificate, PlainLines& out) {
  const bool letters = certificate.injections.size() > kMostWordColumns;
  const std::size_t column = letters ? 3 : 9;
  const std::size_t fixed = 2 + 5 + 8 + 4 + column * certificate.injections.size();
  const std::size_t place = fixed + 16 > kWidth ? 16 : kWidth - fixed;
  std::string head = "  " + pad("boundaries, in the order visited", place);
  head = cut(head, place + 2) + pad("    n", 5) + "  entry  IRQ ";
  for (std::size_t i = 0; i < certificate.injections.size(); ++i) {
    head += " " + pad(letters ? std::to_string(i + 1) : certificate.injections[i], column - 1);
  }
  out.add(head);
  for (const BoundaryRange& range : ranges_of(certificate)) {
    const Boundary& first = certificate.boundaries[range.first];
    const Boundary& last = certificate.boundaries[range.last];
    std::string where = place_of(first.symbol, first.offset, first.pc);
    if (range.last != range.first) where += ".." + hex_offset(last.offset);
    if (where.size() > place) {
      out.add("  " + where);
      where.clear();
    }
    const std::string entry = first.entry == EntryState::unknown ? "-" : std::string(entry_state_name(first.entry));
    std::string line = fmt::format("  {}{:5} {}{}", pad(where, place), range.last - range.first + 1, pad(entry, 8),
                                   first.interrupts_on ? "on " : "off");
    for (const std::string& inject : certificate.injections) {
      line += " " + pad(verdict_or_skip(certificate, range.first, inject, letters), column - 1);
    }
    out.add(line);
  }
  if (letters) {
    std::string legend;
    for (std::size_t i = 0; i < certificate.injections.size(); ++i) {
      legend += std::to_string(i + 1) + " " + certificate.injections[i] + ", ";
    }
    out.wrapped("  ", legend + "D deadlock, C clean, S stall, H hang, O oops, B bug, L lockdep, T timeout, - skipped");
  }
  out.add();
}

void skipped(const Certificate& certificate, PlainLines& out) {
  if (certificate.skipped.empty()) {
    out.add("Skipped: nothing.");
  } else {
    out.add("Skipped (" + std::to_string(certificate.skipped.size()) + "):");
    for (std::size_t i = 0; i < std::min(certificate.skipped.size(), kMostSkipped); ++i) {
      const SkippedPoint& point = certificate.skipped[i];
      out.wrapped("  ", name_of(certificate, point) + ": " + point.reason);
    }
    if (certificate.skipped.size() > kMostSkipped) {
      out.add("  and " + std::to_string(certificate.skipped.size() - kMostSkipped) + " more: see certificate.json");
    }
  }
  out.add();
}

void provenance(const Certificate& certificate, PlainLines& out) {
  const auto field = [&](const char* name, const std::string& value) {
    out.wrapped(pad(name, 10), value.empty() ? "unknown" : value);
  };
  field("Window", certificate.window_opens + " .. " + certificate.window_closes + ", opening " +
                      std::to_string(certificate.nth) + ", on vCPU " + std::to_string(certificate.vcpu) + ", calls " +
                      (certificate.calls_followed ? "followed" : "stepped over"));
  std::string workloads;
  for (const std::string& one : certificate.workloads) workloads += (workloads.empty() ? "" : "; ") + one;
  field("Guest", "Linux " + certificate.guest.kernel_version + ", flavour " + certificate.flavour + ", " +
                     plural(certificate.cpus, "vCPU") + ", " + std::to_string(certificate.memory >> 20) + " MiB; " +
                     workloads);
  out.add("sha256");
  for (const auto& [name, hash] :
       {std::pair("kernel", certificate.guest.vmlinux_sha256.empty() ? "of --kernel; FNV-1a " + certificate.guest.hash
                                                                     : certificate.guest.vmlinux_sha256),
        std::pair("config", certificate.guest.config_sha256), std::pair("series", certificate.guest.series_sha256),
        std::pair("initrd", certificate.guest.initramfs_sha256)}) {
    out.wrapped(pad(name, kWidth - 64), hash.empty() ? "unknown" : hash);
  }
  field("Host", certificate.host.kind + ": " + certificate.host.cpu + ", " + certificate.host.kernel + ", " +
                    certificate.host.architecture);
  field("Harness", "remapstorm " + certificate.harness + ", build " + certificate.harness_build);
  field("Made",
        certificate.made_at + ", in " + human_length(certificate.took) +
            (certificate.resumed == 0 ? "" : ", going on from " + plural(certificate.resumed, "trial") + " of before"));
  out.add_whole(pad("Again", 10) + certificate.repeat);  // to be pasted: one line
  out.add();
}

}  // namespace

std::string certificate_text(const Certificate& certificate) {
  PlainLines out;
  headline(certificate, out);
  if (!certificate.boundaries.empty()) {
    quality(certificate, out);
    functions(certificate, out);
    table(certificate, out);
  }
  pairs(certificate, out);
  if (!certificate.trials.empty()) evidence(certificate, out);
  skipped(certificate, out);
  provenance(certificate, out);
  out.add("Not covered:");
  for (const std::string& line : not_covered(certificate)) out.wrapped("  - ", line);
  return out.text();
}

std::string one_point_text(const Certificate& certificate) {
  std::string text;
  for (const ExploredTrial& trial : certificate.trials) {
    text += name_of(certificate, trial) + ": " + std::string(verdict_name(trial.verdict)) + "\n  " +
            printable(trial.reason) + "\n";
    if (trial.second && !trial.second_raised) text += "  " + std::string(kNeverCame) + "\n";
    for (const TakenAt& at : trial.taken) {
      text += "  taken at " + place_of(at.symbol, at.offset, at.pc) + " (" + at.context + ")\n";
    }
  }
  for (const SkippedPoint& point : certificate.skipped) {
    text += name_of(certificate, point) + ": skipped: " + printable(point.reason) + "\n";
  }
  return text;
}

}  // namespace remapstorm
