// SPDX-License-Identifier: Apache-2.0
#include "results/replayer.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "plan/repeat.h"
#include "telemetry/event_json.h"
#include "telemetry/judge.h"
#include "telemetry/trial_length.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;
using What = LifecycleEvent::What;

// "trial-9" before "trial-10": runs of digits compare as numbers.
bool in_number_order(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  const auto digit = [](const std::string& text, std::size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  while (i < a.size() && j < b.size()) {
    if (digit(a, i) && digit(b, j)) {
      const std::size_t a_start = i, b_start = j;
      while (digit(a, i)) ++i;
      while (digit(b, j)) ++j;
      if (i - a_start != j - b_start) return i - a_start < j - b_start;
      const int order = a.compare(a_start, i - a_start, b, b_start, j - b_start);
      if (order != 0) return order < 0;
      continue;
    }
    if (a[i] != b[j]) return a[i] < b[j];
    ++i;
    ++j;
  }
  return a.size() - i < b.size() - j;
}

// What the events tell about how far a trial came.
struct Course {
  std::uint64_t events = 0;
  bool done = false, end = false;
  TrialLength length;
  std::uint64_t dropped = 0;

  void fold(const Event& event) {
    ++events;
    length.on_event(event);
    if (const auto* truncated = std::get_if<TruncatedEvent>(&event.body)) dropped += truncated->dropped;
    const auto* lifecycle = std::get_if<LifecycleEvent>(&event.body);
    if (lifecycle == nullptr) return;
    done = done || lifecycle->what == What::done;
    end = lifecycle->what == What::end;
  }
};

std::string seconds_text(Nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", in_seconds(time));
  return text;
}

std::string where_it_stops(const EventReading& reading, const Course& course) {
  std::string text = "the recording stops in the middle: after " + std::to_string(course.events) + " events, " +
                     seconds_text(course.length.last()) + " into the trial, ";
  if (course.done) {
    text += "when the workloads were done but the trial had not ended";
  } else {
    text += course.length.ready() ? "while the workloads ran" : "while the guest was booting";
  }
  return text + (reading.cut ? "; its last line is half written" : "");
}

// Could what came after the cut have changed it? A proof, the guest's own report and the end of our patience could not.
bool stands_without_the_rest(Verdict verdict) {
  switch (verdict) {
    case Verdict::deadlock:
    case Verdict::oops:
    case Verdict::lockdep:
    case Verdict::bug:
    case Verdict::lost_update:
    case Verdict::hang:
    case Verdict::timeout:
      return true;
    case Verdict::stall:
    case Verdict::clean:
    case Verdict::error:
      return false;
  }
  return false;
}

void no_verdict(TrialResult& result, Error error) {
  result.verdict = Verdict::error;
  result.ok = false;
  result.differences.clear();
  result.reasons.insert(result.reasons.begin(), error.message);
  result.error = std::move(error);
}

}  // namespace

Result<std::vector<std::string>> find_recordings(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return usage_error("no such file or folder: " + path);
  if (!fs::is_directory(status)) return std::vector<std::string>{path};
  std::vector<std::string> found;
  const auto options = fs::directory_options::skip_permission_denied;
  // A link such as runs/latest is followed, those below it are not: they could lead round in circles.
  for (fs::recursive_directory_iterator entry(path, options, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename() == "events.jsonl") found.push_back(entry->path().string());
  }
  if (error) return usage_error("cannot read the folder " + path + ": " + error.message());
  if (found.empty()) {
    return usage_error("no recording below " + path, "a recording is an events.jsonl; `run` leaves one for each trial");
  }
  std::sort(found.begin(), found.end(), [](const std::string& a, const std::string& b) {
    return in_number_order(fs::path(a).parent_path().string(), fs::path(b).parent_path().string());
  });
  return found;
}

Result<Replayed> replay(const std::string& events_path, EventSink* also) {
  std::optional<RecordedPlan> plan;
  std::unique_ptr<Judge> judging;
  Course course;
  const auto fold = [&](Event&& event) -> Status {
    if (!plan) {
      const auto* first = std::get_if<PlanEvent>(&event.body);
      if (first == nullptr) return usage_error("the first event is no plan: nothing says what was asked");
      RS_ASSIGN(plan, read_recorded_plan(first->json));
      judging = std::make_unique<Judge>(JudgeOptions{plan->limits.stall_threshold});
    }
    course.fold(event);
    judging->on_event(event);
    if (also != nullptr) also->on_event(event);
    return {};
  };
  RS_ASSIGN(const EventReading reading, for_each_event_in(events_path, fold));
  if (!plan) return usage_error(events_path + ": no event can be read: nothing says what was asked");

  Replayed replayed{std::move(*plan), {}};
  TrialResult& result = replayed.result;
  result = conclude(replayed.plan, judging->judgement());
  result.duration = course.length.length();
  const fs::path folder = fs::path(events_path).parent_path();
  result.directory = folder.empty() ? "." : folder.string();
  std::error_code gone;  // the folder that one stands in may be removed
  fs::path of_trial = fs::absolute(result.directory, gone).lexically_normal();
  if (!of_trial.has_filename()) of_trial = of_trial.parent_path();  // "a/b/." is "a/b/" now
  const fs::path of_scenario = of_trial.parent_path().parent_path();
  result.repeat = with_kept_scenario(result.repeat, of_scenario.string(), of_scenario.string());
  if (course.dropped != 0) {
    result.judgement.notes.push_back(std::to_string(course.dropped) +
                                     " events beyond the size limit were not recorded: judged by the rest");
  }
  if (reading.bad_lines != 0) {
    std::string message =
        std::to_string(reading.bad_lines) + (reading.bad_lines == 1 ? " line cannot be read" : " lines cannot be read");
    for (const std::string& problem : reading.problems) message += "; " + problem;
    no_verdict(result, usage_error("the recording is damaged: " + message));
  } else if (!course.end) {
    const std::string where = where_it_stops(reading, course);
    if (stands_without_the_rest(result.judgement.verdict)) {
      result.judgement.notes.push_back(where + "; the verdict was certain before");
    } else {
      no_verdict(result, host_error(where, "run it again"));
    }
  }
  return replayed;
}

bool compare_with(const RecordedResult& recorded, TrialResult& result) {
  const std::string now = outcome_of(result);
  if (recorded.outcome == now) return true;
  result.differences.push_back("the run recorded: " + recorded.outcome + "; judged again: " + now);
  result.ok = false;
  return false;
}

}  // namespace remapstorm
