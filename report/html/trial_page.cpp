// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "report/html/lengths_svg.h"
#include "report/html/pages.h"
#include "report/html/parts.h"
#include "report/html/timeline_svg.h"
#include "report/text.h"
#include "telemetry/event_names.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kEnoughForHeat = 8;

const Finding* deciding(const TrialPageInput& input) {
  if (input.model == nullptr) return nullptr;
  const TrialResult& result = input.model->replayed.result;
  const auto& findings = result.judgement.findings;
  return result.verdict && !findings.empty() && findings.front().verdict == *result.verdict ? &findings.front()
                                                                                            : nullptr;
}

class TrialPage {
 public:
  explicit TrialPage(const TrialPageInput& input)
      : in_(input),
        finding_(deciding(input)),
        title_(trial_title(input.trial, input.run.trials.size())),
        page_(title_, input.home, input.trail) {}

  std::vector<PageFile> write() {
    head();
    evidence();
    if (in_.model != nullptr) {
      timeline();
      lengths();
      code();
    }
    console();
    repeat();
    page_.end_with("remapstorm " + in_.run.version + ", from the recording of " + in_.run.name);
    files_.insert(files_.begin(), PageFile{in_.file + ".html", page_.take()});
    return std::move(files_);
  }

 private:
  [[nodiscard]] const TrialPicture& whole() const { return in_.model->whole; }

  void head() {
    const RecordedTrial& trial = in_.trial;
    page_.headline(title_, verdict_words(trial.verdict), verdict_class(trial.verdict), expectation_words(trial));
    std::vector<std::pair<std::string, std::string>> facts;
    if (finding_ != nullptr && finding_->injection) {
      facts.emplace_back("Injection to proof", human_length(finding_->proven_at - finding_->injection->time));
    }
    facts.emplace_back("Strategy", trial.strategy);
    facts.emplace_back("Flavour", trial.flavour);
    if (in_.model != nullptr) {
      const RecordedPlan& plan = in_.model->replayed.plan;
      facts.emplace_back("Base", std::string(kernel_base_name(plan.base)));
      facts.emplace_back("Machine", counted(plan.cpus, "vCPU") + ", " + std::to_string(plan.memory >> 20) + " MiB");
      facts.emplace_back("Seed", std::to_string(plan.seed) + ", trial " + std::to_string(plan.trial));
      std::string claims;
      for (const std::string& claim : plan.claims) claims += (claims.empty() ? "" : " ") + claim;
      facts.emplace_back("Claims", claims);
    }
    if (trial.duration > Nanoseconds{0}) facts.emplace_back("Lasted", human_length(trial.duration));
    facts.emplace_back("Host", in_.run.host.kind);
    facts.emplace_back("Guest", guest_words(in_.run.guest));
    facts.emplace_back("Started", readable_time(in_.run.started_at));
    page_.facts(facts);
    page_.warnings("Not everything is here", in_.missing);
    std::vector<Page::Link> links{{"#evidence", "Evidence"}};
    if (in_.model != nullptr) {
      links.push_back({"#timeline", "Timeline"});
      if (!whole().lengths.empty()) links.push_back({"#lengths", "Lengths"});
      if (!whole().sites.empty() || !looks().empty()) links.push_back({"#code", "Code"});
    }
    links.push_back({"#console", "Console"});
    links.push_back({"#repeat", "Repeat it"});
    page_.contents(links);
  }

  void evidence() {
    const RecordedTrial& trial = in_.trial;
    page_.section("evidence", "Evidence");
    if (in_.model != nullptr) page_.paragraph(in_.model->replayed.plan.summary, "story");
    page_.warnings("Not as expected", trial.differences);
    if (finding_ != nullptr) {
      write_evidence(page_, *finding_);
    } else {
      if (!trial.summary.empty()) page_.paragraph(trial.summary, "lead");
      list(trial.reasons, "reasons");
      if (!trial.fingerprint.empty()) {
        page_.body().open("p", {{"class", "fingerprint"}}).text("Fingerprint ");
        page_.body().leaf("code", trial.fingerprint, {}, 600).close();
      }
    }
    if (!trial.error.empty()) {
      std::vector<std::string> trouble{trial.error};
      if (!trial.hint.empty()) trouble.push_back("HINT: " + trial.hint);
      page_.warnings("Trouble", trouble);
    }
    if (in_.model != nullptr) {
      const auto& findings = in_.model->replayed.result.judgement.findings;
      std::vector<std::string> also;
      for (std::size_t i = finding_ != nullptr ? 1 : 0; i < findings.size(); ++i) {
        also.push_back(std::string(verdict_name(findings[i].verdict)) + ": " + findings[i].summary);
      }
      titled("Also found", also);
    }
    titled("Notes", trial.notes);
    page_.end_section();
  }

  void list(const std::vector<std::string>& lines, const std::string& kind) {
    if (lines.empty()) return;
    page_.body().open("ul", {{"class", kind}});
    for (std::size_t i = 0; i < std::min<std::size_t>(lines.size(), 60); ++i) {
      page_.body().leaf("li", lines[i], {}, 1000).raw("\n");
    }
    page_.body().close();
  }
  void titled(const std::string& title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    page_.body().leaf("h3", title);
    list(lines, "notes");
  }

  [[nodiscard]] std::vector<TimelineNote> notes() const {
    std::vector<TimelineNote> notes;
    if (finding_ != nullptr && finding_->verdict == Verdict::deadlock) {
      notes.push_back({finding_->seen_at, "cycle closed", true});
      notes.push_back({finding_->proven_at, "proven", true});
    } else if (finding_ != nullptr && finding_->seen_at > Nanoseconds{0}) {
      notes.push_back({finding_->seen_at, std::string(verdict_name(finding_->verdict)) + " seen", true});
    }
    for (const Milestone& one : whole().milestones) {
      if (one.event.what == LifecycleEvent::What::end) continue;
      notes.push_back({one.time, std::string(kMilestoneNames[static_cast<std::size_t>(one.event.what)]), false});
    }
    return notes;
  }

  // Booting says nothing of remaps, and takes longer than all the rest.
  [[nodiscard]] TimeRange since_ready() const {
    TimeRange range = whole().timeline.range();
    for (const Milestone& one : whole().milestones) {
      if (one.event.what != LifecycleEvent::What::ready || one.time >= range.end) continue;
      range.begin = std::max(range.begin, one.time - (range.end - one.time) / 50);
      break;
    }
    return range;
  }

  void timeline() {
    page_.section("timeline", "Timeline");
    const Timeline& all = whole().timeline;
    const std::vector<TimelineNote> marks = notes();
    if (all.lanes().empty() && all.marks().empty()) {
      page_.paragraph("The guest logged no window, lock or fault, and nothing was injected: " +
                      counted(whole().events, "event") + " in " + human_length(all.range().length()) + ".");
      return page_.end_section();
    }
    const TimeRange shown = since_ready();
    // What is nearly all of it is not shown twice.
    if (in_.model->focus && in_.model->focus->length() * 10 < shown.length() * 7) {
      const TimeRange range = *in_.model->focus;
      const Timeline& close = in_.model->close ? in_.model->close->timeline : all;
      const std::string length = human_length(in_.model->focus_length);
      const std::string alt = in_.model->focus_title + ", " + length + ": " + described(close);
      add_picture(files_, in_.file + "-close", [&](Look look) { return timeline_svg(close, range, marks, alt, look); });
      page_.picture(in_.file + "-close", alt,
                    in_.model->focus_title + ": " + length + "; shown from " + human_length(range.begin) + " to " +
                        human_length(range.end) + " of the trial");
    }
    const std::string what = shown.begin > Nanoseconds{0}
                                 ? "The recording, from when the guest was ready to its last event"
                                 : "The recording";
    const std::string alt = what + ", " + human_length(shown.length()) + ": " + described(all);
    add_picture(files_, in_.file + "-whole", [&](Look look) { return timeline_svg(all, shown, marks, alt, look); });
    page_.picture(in_.file + "-whole", alt,
                  what + ": " + human_length(shown.length()) + ", " + counted(whole().events, "event") +
                      (all.coarse() ? "; what is close together is drawn as one" : ""));
    page_.end_section();
  }

  static std::string described(const Timeline& timeline) {
    std::map<SpanKind, std::uint64_t> counts;
    for (const auto& [place, lane] : timeline.lanes()) counts[place.second] += lane.spans();
    std::string words;
    for (const auto& [kind, count] : counts) {
      words += (words.empty() ? "" : ", ") + std::to_string(count) + " x " + std::string(span_kind_name(kind));
    }
    if (!timeline.marks().empty()) words += ", " + counted(timeline.marks().size(), "injection or look");
    return words.empty() ? "nothing was logged" : words;
  }

  void lengths() {
    if (whole().lengths.empty()) return;
    page_.section("lengths", "Lengths");
    std::vector<HistogramSeries> series;
    std::vector<HeatMapSeries> maps;
    for (const auto& [kind, lengths] : whole().lengths) {
      const std::string name(span_kind_name(kind));
      series.push_back({name, &lengths.total(), static_cast<std::size_t>(kind)});
      if (lengths.total().count() < kEnoughForHeat) continue;
      maps.push_back({name, &lengths, SpanFinder::in_guest_time(kind) ? whole().guest_offset() : Nanoseconds{0}});
    }
    if (whole().delivery.count() != 0) {
      series.push_back({"delivery", &whole().delivery, static_cast<std::size_t>(SpanKind::handler)});
    }
    const std::string alt = "Histograms of lengths, both axes logarithmic; the table below has the figures";
    const Nanoseconds limit = in_.model->replayed.plan.limits.stall_threshold;
    add_picture(files_, in_.file + "-lengths", [&](Look look) { return histogram_svg(series, limit, alt, look); });
    page_.picture(in_.file + "-lengths", alt,
                  "How long, and how often: counts and lengths logarithmic, a triangle under the longest");
    if (!maps.empty()) {
      const std::string words = "Heat map: when lengths of what size were seen, darker where there were more";
      add_picture(files_, in_.file + "-heat", [&](Look look) { return heat_map_svg(maps, words, look); });
      page_.picture(in_.file + "-heat", words, "When: each field counts what began then and lasted so long");
    }
    write_lengths_table(page_.body(), whole());
    page_.end_section();
  }

  // Of the proof, or the newest look at each vCPU.
  [[nodiscard]] std::vector<std::pair<int, SampleEvent>> looks() const {
    std::vector<std::pair<int, SampleEvent>> looks;
    if (finding_ != nullptr) {
      for (std::size_t i = 0; i < std::min(finding_->samples.size(), finding_->sample_vcpus.size()); ++i) {
        looks.emplace_back(finding_->sample_vcpus[i], finding_->samples[i]);
      }
    }
    if (in_.model == nullptr) return looks;
    for (const auto& [vcpu, look] : whole().looks) {
      const bool known =
          std::any_of(looks.begin(), looks.end(), [vcpu = vcpu](const auto& one) { return one.first == vcpu; });
      if (!known && vcpu >= 0) looks.emplace_back(vcpu, look.sample);
    }
    return looks;
  }

  void code() {
    const auto looked = looks();
    if (whole().sites.empty() && looked.empty()) return;
    page_.section("code", "Code");
    Gva injected{0};
    if (finding_ != nullptr && finding_->injection) injected = finding_->injection->pc;
    if (!whole().sites.empty()) page_.body().leaf("h3", "Where it was injected").raw("\n");
    for (const auto& [rule, site] : whole().sites) {
      std::string words = "Rule \"" + rule + "\": ";
      words += site.receipt
                   ? site.receipt->injector + (site.receipt->detail.empty() ? "" : " (" + site.receipt->detail + ")")
                   : "nothing fired";
      if (site.receipt && site.receipt->target_vcpu >= 0) {
        words += " on vCPU " + std::to_string(site.receipt->target_vcpu);
      }
      words += ", " + counted(site.fired, "time") + "; at " + site.hit.where;
      page_.paragraph(words);
      write_code(page_.body(), "Code around " + site.hit.where, site.hit.disassembly, site.hit.pc);
    }
    if (!looked.empty()) {
      page_.body()
          .leaf("h3", finding_ != nullptr && finding_->verdict == Verdict::deadlock
                          ? "Where each vCPU stood at the proof"
                          : "Where each vCPU stood when it was last looked at")
          .raw("\n");
      page_.body().open("div", {{"class", "looks"}});
      for (const auto& [vcpu, sample] : looked) write_look(page_.body(), vcpu, sample, injected);
      page_.body().close();
    }
    page_.end_section();
  }

  void console() {
    page_.section("console", "Console");
    const bool recorded = in_.model != nullptr && whole().console.count() != 0;
    std::vector<std::string> guilty;
    if (in_.model != nullptr) guilty = guilty_lines(in_.model->replayed.result.judgement.findings);
    const bool closer = recorded && in_.model->close;
    write_console(page_.body(),
                  closer     ? in_.model->close->console
                  : recorded ? whole().console
                             : in_.console_log,
                  guilty);
    page_.end_section();
  }

  void repeat() {
    page_.section("repeat", "Repeat it");
    if (in_.trial.repeat.empty()) {
      page_.paragraph("The recording does not say which command made it.");
    } else {
      page_.command(in_.trial.repeat);
      page_.paragraph("The command fixes what is asked of guest and injectors, not when the host gives a vCPU time.");
    }
    page_.facts({{"Host", host_words(in_.run.host)},
                 {"Kernel series", in_.run.guest.series_sha256.substr(0, 12)},
                 {"Kernel", in_.run.guest.vmlinux_sha256.substr(0, 12)},
                 {"Image", in_.run.guest.hash.substr(0, 12)},
                 {"Recorded in", in_.run.name + (in_.trial.directory.empty() ? "" : "/" + in_.trial.directory)}});
    page_.end_section();
  }

  const TrialPageInput& in_;
  const Finding* finding_;
  std::string title_;
  Page page_;
  std::vector<PageFile> files_;
};

}  // namespace

std::string trial_title(const RecordedTrial& trial, std::size_t trials) {
  std::string title = trial.scenario.empty() ? "A trial" : trial.scenario;
  if (trial.seed) {
    title += ", seed " + std::to_string(*trial.seed);
  } else if (trials > 1) {
    title += ", trial " + std::to_string(trial.trial);
  }
  if (trial.attempt > 1) title += ", again " + std::to_string(trial.attempt);
  return title;
}

std::string expectation_words(const RecordedTrial& trial) {
  if (!trial.verdict) return trial.error.empty() ? "it did not run" : trial.error;
  if (trial.ok) return "as expected";
  if (trial.expected == trial.verdict) return "expected, but not with this evidence";
  return trial.expected ? "NOT as expected (" + std::string(verdict_name(*trial.expected)) + ")" : std::string();
}

std::string host_words(const HostInfo& host) {
  std::string words;
  for (const std::string& one :
       {host.kind, host.architecture, host.kernel.empty() ? "" : "Linux " + host.kernel, host.cpu}) {
    if (!one.empty()) words += (words.empty() ? "" : ", ") + one;
  }
  return words;
}

std::string guest_words(const GuestImageInfo& guest) {
  return guest.kernel_version.empty() ? std::string() : "Linux " + guest.kernel_version;
}

std::vector<PageFile> trial_page(const TrialPageInput& input) { return TrialPage(input).write(); }

}  // namespace remapstorm
