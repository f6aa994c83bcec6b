// SPDX-License-Identifier: Apache-2.0
#include "harness/sweep_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>

#include "base/syscall.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kJournalSchema = 1;
constexpr int kLargestExitCode = 255;
constexpr std::int64_t kLongest = std::int64_t{1} << 60;

Json trial_to_json(const SweepTrial& trial) {
  return {{"scenario", trial.cell.scenario},
          {"strategy", trial.cell.strategy},
          {"flavour", trial.cell.flavour},
          {"host", trial.cell.host},
          {"seed", trial.seed},
          {"verdict", verdict_name(trial.verdict)},
          {"expected", verdict_name(trial.expected)},
          {"ok", trial.ok},
          {"exit_code", trial.exit_code},
          {"reason", trial.reason},
          {"differences", trial.differences},
          {"fingerprint", trial.fingerprint},
          {"duration_ns", trial.duration.count()},
          {"repeat", trial.repeat},
          {"events", trial.events}};
}

Verdict verdict_from(const JsonFields& fields, const char* key) {
  const auto verdict = verdict_from_name(fields.text(key));
  if (!verdict) fields.fail(key, "is no verdict");
  return verdict.value_or(Verdict::error);
}

SweepTrial read_trial(const Json& json, std::string& problem) {
  const JsonFields fields(json, problem);
  SweepTrial trial;
  trial.cell = {fields.text("scenario"), fields.text("strategy"), fields.text("flavour"), fields.text("host")};
  trial.seed = fields.unsigned64("seed");
  trial.verdict = verdict_from(fields, "verdict");
  trial.expected = verdict_from(fields, "expected");
  trial.ok = fields.boolean_or("ok", false);
  trial.exit_code = static_cast<int>(fields.integer("exit_code", 0, kLargestExitCode));
  if (trial.ok != (trial.exit_code == 0)) fields.fail("exit_code", "contradicts ok");
  trial.reason = fields.text("reason");
  for (const Json& one : fields.array_or_empty("differences")) {
    if (one.is_string()) trial.differences.push_back(one.get<std::string>());
  }
  trial.fingerprint = fields.text("fingerprint");
  trial.duration = Nanoseconds(fields.integer("duration_ns", 0, kLongest));
  trial.repeat = fields.text("repeat");
  trial.events = fields.text("events");
  return trial;
}

Json header_of(const SweepIdentity& identity) {
  Json names = Json::object();
  for (const auto& [name, value] : identity) names[name] = value;
  return {{"journal", kJournalSchema}, {"sweep", std::move(names)}};
}

// What keeps the journal's trials from being of this sweep; empty: nothing.
std::string difference(const Json& header, const SweepIdentity& identity) {
  std::string problem;
  const JsonFields fields(header, problem);
  if (fields.integer("journal", 0, 1 << 20) != kJournalSchema || !problem.empty()) return "it is of another version";
  const Json& theirs = fields.object_or_empty("sweep");
  for (const auto& [name, value] : identity) {
    const auto found = theirs.find(name);
    if (found != theirs.end() && *found == value) continue;
    const bool text = found != theirs.end() && found->is_string();
    return "the " + name + " differ: " + (text ? found->get<std::string>() : "none") + " there, " + value + " here";
  }
  return {};
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool belongs(const SweepTrial& trial, const SweepMatrix& matrix) {
  return contains(matrix.scenarios, trial.cell.scenario) && contains(matrix.strategies, trial.cell.strategy) &&
         contains(matrix.flavours, trial.cell.flavour) && contains(matrix.hosts, trial.cell.host) && trial.seed >= 1 &&
         trial.seed <= matrix.seeds;
}

// Two sweeps at a time would each miss what the other does. Kept as long as the descriptor.
Status take(const Fd& fd, const std::string& path) {
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
  return usage_error("another sweep is writing " + path, "wait for it, or give another --output-dir");
}

struct Content {
  std::vector<SweepTrial> trials;
  std::size_t whole = 0;  // bytes of whole lines
};

// `check_header`: why the journal is refused, or nothing.
Result<Content> read_lines(const std::string& path, const SweepMatrix& matrix, const std::optional<std::string>& host,
                           const std::function<std::string(const Json&)>& check_header) {
  const std::string hint = "begin in another --output-dir";
  std::ifstream in(path, std::ios::binary);
  if (!in) return usage_error("there is no sweep to go on with: " + path + " cannot be read", "leave --resume out");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  Content content;
  std::map<std::pair<std::string, std::uint64_t>, std::size_t> places;
  bool first = true;
  while (content.whole < text.size()) {
    const std::size_t end = text.find('\n', content.whole);
    if (end == std::string::npos) break;  // it was killed while it wrote this line
    const std::string line = text.substr(content.whole, end - content.whole);
    const Json json = Json::parse(line, nullptr, false);
    content.whole = end + 1;
    if (first) {
      const std::string refused = json.is_object() ? check_header(json) : "it is not the journal of a sweep";
      if (!refused.empty()) return usage_error("cannot go on with " + path + ": " + refused, hint);
      first = false;
      continue;
    }
    std::string problem;
    SweepTrial trial = read_trial(json, problem);
    if (!problem.empty()) return usage_error(path + " is damaged: " + problem, hint);
    if (host) trial.cell.host = *host;
    if (!belongs(trial, matrix)) continue;
    // A trial that was made again, because the first failed for a reason of the host, replaces it.
    const auto [known, added] = places.try_emplace({name_of(trial.cell), trial.seed}, content.trials.size());
    if (added) {
      content.trials.push_back(std::move(trial));
    } else {
      content.trials[known->second] = std::move(trial);
    }
  }
  if (first) return usage_error(path + " is not the journal of a sweep", hint);
  return content;
}

}  // namespace

Result<SweepJournal> SweepJournal::create(const std::string& path, const SweepIdentity& identity) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.valid() && errno == EEXIST) {
    return usage_error(path + " is there already: the trials of an earlier sweep",
                       "--resume goes on with it; or give another --output-dir");
  }
  if (!fd.valid()) return errno_error("open", path, errno);
  RS_TRY(take(fd, path));
  SweepJournal journal(std::move(fd), path);
  if (const Status begun = journal.write(to_line(header_of(identity))); !begun) {
    ::unlink(path.c_str());  // half a first line is nothing to go on with
    return begun.error();
  }
  return journal;
}

Result<SweepJournal> SweepJournal::resume(const std::string& path, const SweepIdentity& identity,
                                          const SweepMatrix& matrix, std::vector<SweepTrial>& trials) {
  RS_ASSIGN(const Content before,
            read_lines(path, matrix, {}, [&](const Json& header) { return difference(header, identity); }));
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!fd.valid()) return errno_error("open", path, errno);
  RS_TRY(take(fd, path));
  // Whoever had it until now may have added to it.
  RS_ASSIGN(Content content, read_lines(path, matrix, {}, [](const Json&) { return std::string(); }));
  if (::ftruncate(fd.get(), static_cast<off_t>(content.whole)) != 0) return errno_error("ftruncate", path, errno);
  trials = std::move(content.trials);
  return SweepJournal(std::move(fd), path);
}

Result<std::vector<SweepTrial>> SweepJournal::read(const std::string& path, const SweepMatrix& matrix,
                                                   const std::string& host) {
  RS_ASSIGN(Content content, read_lines(path, matrix, host, [](const Json& header) { return difference(header, {}); }));
  return std::move(content.trials);
}

Status SweepJournal::write(std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("write", path_, errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status SweepJournal::add(const SweepTrial& trial) { return write(to_line(trial_to_json(trial))); }

}  // namespace remapstorm
