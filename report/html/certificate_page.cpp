// SPDX-License-Identifier: Apache-2.0
// The certificate of an exploration: the window's disassembly, each boundary coloured by what injecting there did.
#include <fmt/format.h>

#include <algorithm>

#include "report/html/pages.h"
#include "report/text.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostBoundaries = 5000;
constexpr std::size_t kMostSkips = 200;

std::string letter_of(const ExploredTrial* trial) {
  if (trial == nullptr) return "–";
  return {static_cast<char>(verdict_name(trial->verdict)[0] - 'a' + 'A')};
}

class CertificatePage {
 public:
  CertificatePage(const RunRecord& run, const std::string& home, const std::vector<Page::Link>& trail)
      : run_(run), certificate_(*run.certificate), page_("explore " + certificate_.window, home, trail) {}

  std::vector<PageFile> write() {
    head();
    findings();
    window();
    skipped();
    limits();
    repeat();
    page_.end_with("remapstorm " + certificate_.harness + ", from " + run_.name);
    return {{"index.html", page_.take()}};
  }

 private:
  void head() {
    const auto failing = static_cast<std::uint64_t>(
        std::count_if(certificate_.trials.begin(), certificate_.trials.end(),
                      [](const ExploredTrial& one) { return one.verdict != Verdict::clean; }));
    const bool complete = certificate_.complete();
    const std::string badge = !complete ? "NOT COMPLETE" : failing == 0 ? "ALL CLEAN" : "NOT ALL CLEAN";
    std::string sentence = std::to_string(certificate_.trials.size()) + " of " + std::to_string(certificate_.points()) +
                           " points executed";
    if (failing != 0) sentence += ", " + std::to_string(failing) + " of them not clean";
    page_.headline("explore " + certificate_.window, badge,
                   failing != 0 ? "bad"
                   : complete   ? "good"
                                : "warn",
                   sentence);
    page_.facts(
        {{"Window", certificate_.window_opens + " to " + certificate_.window_closes},
         {"Strategy", certificate_.strategy},
         {"Boundaries", std::to_string(certificate_.boundaries.size()) +
                            (certificate_.kind == WindowKind::replaced ? ": the entry is never absent" : "")},
         {"Code", code_words()},
         {"Calls", certificate_.calls_followed ? "followed" : "stepped over"},
         {"Machine", counted(certificate_.cpus, "vCPU") + ", " + std::to_string(certificate_.memory >> 20) + " MiB"},
         {"Host", certificate_.host.kind},
         {"Guest", guest_words(certificate_.guest)},
         {"Made", readable_time(certificate_.made_at)}});
    page_.contents(
        {{"#verdicts", "Verdicts"}, {"#window", "The window"}, {"#limits", "Not covered"}, {"#repeat", "Repeat it"}});
  }

  [[nodiscard]] std::string code_words() const {
    std::string words;
    for (const CodeOwner owner : {CodeOwner::kernel, CodeOwner::strategy, CodeOwner::harness}) {
      words += (words.empty() ? "" : ", ") + std::to_string(certificate_.count_code(owner)) + " in the " +
               std::string(code_owner_name(owner)) + "'s";
    }
    return words;
  }

  void functions() {
    RowTable table(page_.body(), "By function, all visits together", {"Function", "Code", "Boundaries", "Verdicts"});
    for (const FunctionPart& part : by_function(certificate_)) {
      std::string verdicts;
      for (std::size_t i = 0; i < certificate_.injections.size(); ++i) {
        for (const auto& [verdict, count] : part.verdicts[i]) {
          verdicts += (verdicts.empty() ? "" : ", ") + certificate_.injections[i] + " " +
                      std::string(verdict_name(verdict)) + " " + std::to_string(count);
        }
      }
      table.row({RowTable::code(part.symbol.empty() ? "(no symbol)" : part.symbol),
                 RowTable::text(std::string(code_owner_name(part.code))),
                 RowTable::text(std::to_string(part.boundaries)), RowTable::text(verdicts)});
    }
    table.end();
  }

  // Points that did not come to the same each time.
  void unsteady() {
    if (certificate_.unsteady().empty()) return;
    RowTable table(page_.body(), "Not the same each time", {"Point", "At first", "Differing", "One of them"});
    for (const ExploredTrial* trial : certificate_.unsteady()) {
      table.row({RowTable::code(name_of(certificate_, *trial)), RowTable::badge(trial->verdict),
                 RowTable::text(std::to_string(trial->differing.size()) + " of " + std::to_string(trial->repetitions)),
                 RowTable::text(trial->differing.front())});
    }
    table.end();
  }

  void findings() {
    page_.section("verdicts", "Verdicts");
    RowTable table(page_.body(), "What injecting came to",
                   {"Injected", "Verdict", "Points", "First at", "Why", "Fingerprint"});
    for (const std::string& inject : certificate_.injections) {
      for (const auto& [verdict, count] : certificate_.count(inject)) {
        const auto first = std::find_if(
            certificate_.trials.begin(), certificate_.trials.end(),
            [&, wanted = verdict](const ExploredTrial& one) { return one.inject == inject && one.verdict == wanted; });
        if (first == certificate_.trials.end()) continue;
        table.row({RowTable::text(inject), RowTable::badge(verdict), RowTable::text(std::to_string(count)),
                   RowTable::code(name_of(certificate_.boundaries[first->boundary])), RowTable::text(first->reason),
                   RowTable::code(first->fingerprint)});
      }
    }
    table.end();
    for (std::size_t i = 0; i < certificate_.injection_notes.size(); ++i) {
      if (certificate_.injection_notes[i].empty()) continue;
      page_.paragraph(certificate_.injections[i] + ": " + certificate_.injection_notes[i], "state");
    }
    unsteady();
    functions();
    page_.end_section();
  }

  void field(Markup& out, std::size_t boundary, const std::string& inject) {
    const ExploredTrial* trial = certificate_.trial(boundary, inject);
    const SkippedPoint* skip = certificate_.skip(boundary, inject);
    std::string tip = inject + ": ";
    std::string kind = "field none";
    if (trial != nullptr) {
      tip += std::string(verdict_name(trial->verdict)) + ". " + trial->reason;
      kind = "field " + std::string(verdict_class(trial->verdict));
      if (!trial->taken.empty() && trial->taken.front().boundary != boundary) kind += " later";
    } else {
      tip += "skipped" + (skip != nullptr ? ": " + skip->reason : "");
    }
    out.open("td", {{"class", kind}, {"title", tip}}).text(letter_of(trial));
    out.close();
  }

  void window() {
    page_.section("window", "The window, instruction by instruction");
    page_.paragraph(
        "Each row is the moment before an instruction. The letter is the verdict of injecting there: "
        "C clean, D deadlock, S stall, O oops, H hang, E error; underlined: the guest took it later.",
        "state");
    Markup& out = page_.body();
    out.open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "The window"}});
    out.open("table", {{"class", "code boundaries"}});
    out.leaf("caption", std::to_string(certificate_.boundaries.size()) + " instruction boundaries");
    out.open("thead").open("tr");
    for (const std::string& inject : certificate_.injections) out.leaf("th", inject, {{"scope", "col"}}, 24);
    for (const char* head : {"IRQs", "entry", "offset", "instruction"}) {
      out.leaf("th", head, {{"scope", "col"}, {"class", head}});
    }
    out.close().close().open("tbody");
    const std::string* symbol = nullptr;
    for (std::size_t i = 0; i < std::min(certificate_.boundaries.size(), kMostBoundaries); ++i) {
      const Boundary& one = certificate_.boundaries[i];
      if (symbol == nullptr || *symbol != one.symbol) {
        out.open("tr", {{"class", "function"}});
        out.leaf("th",
                 (one.symbol.empty() ? "(no symbol)" : one.symbol) + ", " + std::string(code_owner_name(one.code)),
                 {{"colspan", std::to_string(certificate_.injections.size() + 4)}, {"scope", "rowgroup"}}, 120);
        out.close();
      }
      symbol = &one.symbol;
      row(out, i, one);
    }
    out.close().close().close();
    if (certificate_.boundaries.size() > kMostBoundaries) page_.paragraph("The rest is in certificate.json.");
    page_.end_section();
  }

  void row(Markup& out, std::size_t index, const Boundary& one) {
    out.open("tr");
    for (const std::string& inject : certificate_.injections) field(out, index, inject);
    out.leaf("td", one.interrupts_on ? "on" : "off", {{"class", "flag"}});
    out.leaf("td", one.entry == EntryState::unknown ? "" : entry_state_name(one.entry), {{"class", "flag"}});
    const std::string offset = fmt::format("+{:#x}", one.symbol.empty() ? one.pc.value : one.offset);
    out.leaf("td", offset + (one.visit > 1 ? " /" + std::to_string(one.visit) : ""), {{"class", "address"}});
    out.leaf("td", one.text, {{"class", "instruction"}}, 120);
    out.close();
  }

  void skipped() {
    if (certificate_.skipped.empty()) return;
    page_.section("skipped", "Not executed");
    page_.body().open("ul");
    for (std::size_t i = 0; i < std::min(certificate_.skipped.size(), kMostSkips); ++i) {
      const SkippedPoint& point = certificate_.skipped[i];
      page_.body().leaf("li",
                        point.inject + " at " + name_of(certificate_.boundaries[point.boundary]) + ": " + point.reason,
                        {}, 400);
    }
    page_.body().close();
    if (certificate_.skipped.size() > kMostSkips) {
      page_.paragraph("and " + std::to_string(certificate_.skipped.size() - kMostSkips) + " more in certificate.json");
    }
    page_.end_section();
  }

  void limits() {
    page_.section("limits", "What this does not cover");
    page_.body().open("ul");
    for (const std::string& sentence : not_covered(certificate_)) page_.body().leaf("li", sentence);
    page_.body().close();
    page_.end_section();
  }

  void repeat() {
    page_.section("repeat", "Repeat it");
    page_.command(certificate_.repeat);
    page_.facts({{"Host", host_words(certificate_.host)},
                 {"Kernel series", certificate_.guest.series_sha256.substr(0, 12)},
                 {"Kernel", certificate_.guest.vmlinux_sha256.substr(0, 12)},
                 {"Took", human_length(certificate_.took)}});
    page_.end_section();
  }

  const RunRecord& run_;
  const Certificate& certificate_;
  Page page_;
};

}  // namespace

std::vector<PageFile> certificate_page(const RunRecord& run, const std::string& home,
                                       const std::vector<Page::Link>& trail) {
  return CertificatePage(run, home, trail).write();
}

}  // namespace remapstorm
