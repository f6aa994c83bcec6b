// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <limits>
#include <optional>
#include <streambuf>

#include "base/input_file.h"
#include "guest/abi/remapstorm_abi.h"
#include "telemetry/event_json.h"
#include "telemetry/event_names.h"
#include "telemetry/json_fields.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr std::int64_t kMaxTime = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxEventLine = 1 << 20;
constexpr std::size_t kMaxNamedProblems = 20;

template <typename Enum, std::size_t N>
Enum choice(const JsonFields& fields, const char* key, const std::string_view (&names)[N]) {
  const std::string given = fields.text(key);
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == given) return static_cast<Enum>(i);
  }
  fields.fail(key, "is unknown: " + given);
  return static_cast<Enum>(0);
}

std::vector<DisassembledLine> disassembly(const JsonFields& fields, std::string& problem) {
  std::vector<DisassembledLine> lines;
  for (const Json& item : fields.array_or_empty("disassembly")) {
    const JsonFields one(item, problem);
    lines.push_back({one.gva("pc"), one.text("bytes"), one.text("text"), one.flag("current")});
  }
  return lines;
}

Frame frame(const JsonFields& fields) {
  Frame result;
  result.pc = fields.gva("pc");
  result.symbol = fields.text_or("symbol", {});
  if (fields.has("offset")) result.offset = fields.unsigned64("offset");
  return result;
}

EventBody probe_body(const Json& json, const JsonFields& fields) {
  ProbeEvent probe;
  const ProbeInfo* info = nullptr;
  if (fields.has("probe") && json.at("probe").is_number_unsigned()) {
    info = probe_by_number(json.at("probe").get<std::uint64_t>());
  } else {
    info = probe_by_name(fields.text("probe"));
  }
  if (info == nullptr) fields.fail("probe", "names a probe that does not exist");
  probe.probe = info != nullptr ? info->number : std::uint16_t{0};
  probe.sequence = fields.unsigned64("seq");
  probe.pc = fields.gva("pc");
  probe.context = static_cast<std::uint32_t>(fields.integer("ctx", 0, kMaxU32));
  const Json& args = fields.array_or_empty("args");
  if (args.size() != probe.args.size()) {
    fields.fail("args", "does not have four values");
    return probe;
  }
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!args[i].is_string() || !parse_hex(args[i].get_ref<const std::string&>(), probe.args[i])) {
      fields.fail("args", "holds something that is not a hex number");
    }
  }
  return probe;
}

EventBody receipt_body(const JsonFields& fields) {
  ReceiptEvent receipt;
  receipt.rule = fields.text("rule");
  receipt.injector = fields.text("injector");
  receipt.phase = choice<ReceiptEvent::Phase>(fields, "phase", kPhaseNames);
  receipt.token = static_cast<std::uint32_t>(fields.integer("token", 0, kMaxU32));
  receipt.target_vcpu = static_cast<int>(fields.integer_or("target", 0, RS_MAX_VCPUS - 1, -1));
  receipt.detail = fields.text_or("detail", {});
  receipt.requested = Nanoseconds(fields.integer_or("requested_ns", 0, kMaxTime, 0));
  if (fields.has("measured_ns")) receipt.measured = Nanoseconds(fields.integer("measured_ns", 0, kMaxTime));
  return receipt;
}

EventBody sample_body(const JsonFields& fields, std::string& problem) {
  SampleEvent sample;
  sample.reason = fields.text("reason");
  sample.round = static_cast<unsigned>(fields.integer("round", 0, kMaxU32));
  sample.pc = fields.gva("pc");
  sample.flags = fields.hex64("flags");
  if (fields.has("interrupts_enabled")) sample.interrupts_enabled = fields.flag("interrupts_enabled");
  sample.user_mode = fields.flag("user_mode");
  sample.halted = fields.flag("halted");
  sample.held_by_harness = fields.flag("held_by_harness");
  sample.cpu_time_ns = fields.unsigned64("cpu_time_ns");
  for (const Json& item : fields.array_or_empty("backtrace")) {
    sample.backtrace.push_back(frame(JsonFields(item, problem)));
  }
  sample.disassembly = disassembly(fields, problem);
  for (const Json& item : fields.array_or_empty("locks")) {
    const JsonFields one(item, problem);
    sample.lock_words.emplace_back(one.gva("lock"), static_cast<std::uint32_t>(one.integer("word", 0, kMaxU32)));
  }
  return sample;
}

UsageEvent usage_body(const Json& json, const JsonFields& fields) {
  UsageEvent usage;
  usage.cpu = Nanoseconds(fields.integer("cpu_ns", 0, kMaxTime));
  usage.guest = Nanoseconds(fields.integer_or("guest_ns", 0, kMaxTime, 0));
  usage.harness = Nanoseconds(fields.integer_or("harness_ns", 0, kMaxTime, 0));
  usage.parked = Nanoseconds(fields.integer_or("parked_ns", 0, kMaxTime, 0));
  if (!fields.has("exits")) return usage;
  const Json& exits = json.at("exits");
  if (!exits.is_object()) return fields.fail("exits", "is not an object"), usage;
  for (const auto& [reason, count] : exits.items()) {
    if (!count.is_number_unsigned()) return fields.fail("exits", "has something else than whole numbers"), usage;
    usage.exits[reason] = count.get<std::uint64_t>();
  }
  return usage;
}

EventBody body_from(const Json& json, const JsonFields& fields, std::string& problem) {
  const std::string type = fields.text("type");
  if (type == "plan") {
    if (!fields.has("plan")) fields.fail("plan", "is missing");
    if (!problem.empty()) return PlanEvent{};
    const Json& plan = json.at("plan");
    return PlanEvent{plan.is_string() ? plan.get<std::string>() : to_line(plan)};
  }
  if (type == "probe") return probe_body(json, fields);
  if (type == "hit") {
    return HitEvent{fields.text("rule"), fields.unsigned64("count"), fields.gva("pc"), fields.text("where"),
                    disassembly(fields, problem)};
  }
  if (type == "receipt") return receipt_body(fields);
  if (type == "sample") return sample_body(fields, problem);
  if (type == "host-wait") return HostWaitEvent{Nanoseconds(fields.integer("waited_ns", 0, kMaxTime))};
  if (type == "harness-work") return HarnessWorkEvent{Nanoseconds(fields.integer("took_ns", 0, kMaxTime))};
  if (type == "usage") return usage_body(json, fields);
  if (type == "reset")
    return ResetEvent{Nanoseconds(fields.integer("took_ns", 0, kMaxTime)), fields.unsigned64("pages")};
  if (type == "console") {
    if (!fields.has("end")) return ConsoleEvent{fields.text("line")};
    return ConsoleEvent{fields.text("line"), choice<ConsoleEvent::End>(fields, "end", kConsoleEndNames)};
  }
  if (type == "lifecycle") {
    return LifecycleEvent{choice<LifecycleEvent::What>(fields, "what", kMilestoneNames), fields.text_or("detail", {})};
  }
  if (type == "symbol") return SymbolEvent{frame(fields)};
  if (type == "truncated") return TruncatedEvent{fields.unsigned64("dropped"), fields.unsigned64("limit_bytes")};
  fields.fail("type", "is unknown: " + type);
  return PlanEvent{};
}

Result<Event> from_parsed(const Json& json) {
  std::string problem;
  const JsonFields fields(json, problem);
  Event event;
  event.time = Nanoseconds(fields.integer("t", 0, kMaxTime));
  if (fields.has("g")) event.guest_time = Nanoseconds(fields.integer("g", 0, kMaxTime));
  event.vcpu = static_cast<int>(fields.integer_or("vcpu", 0, RS_MAX_VCPUS - 1, -1));
  event.body = body_from(json, fields, problem);
  if (!problem.empty()) return usage_error(problem);
  return event;
}

// Empty if the first line is that of an event file we can read.
Status check_version(const Json& json) {
  if (!json.is_object() || !json.contains("v") || !json.at("v").is_number_integer()) {
    return usage_error("not an event file: the first line has no version (\"v\")");
  }
  if (json.at("v") < kOldestEventSchema || json.at("v") > kEventSchema) {
    return usage_error("events of version " + to_line(json.at("v")) + "; this remapstorm reads versions " +
                           std::to_string(kOldestEventSchema) + " to " + std::to_string(kEventSchema),
                       "read them with the remapstorm that wrote them");
  }
  return {};
}

enum class LineEnd { newline, file };

// The next line without its newline, and what ended it; nothing at the end of the file. Of a line that is too long only
// as much is kept as shows that it is.
std::optional<LineEnd> next_line(std::istream& in, std::string& line) {
  line.clear();
  std::streambuf& from = *in.rdbuf();
  bool any = false;
  for (int letter = from.sbumpc(); letter != std::char_traits<char>::eof(); letter = from.sbumpc()) {
    any = true;
    if (letter == '\n') return LineEnd::newline;
    if (line.size() <= kMaxEventLine) line.push_back(static_cast<char>(letter));
  }
  if (!any) return std::nullopt;
  return LineEnd::file;
}

}  // namespace

Result<Event> event_from_json(std::string_view line) {
  const Json json = parse_json(line);
  if (json.is_discarded()) return usage_error("not JSON");
  return from_parsed(json);
}

Result<EventReading> for_each_event(std::istream& in, const std::function<Status(Event&&)>& take) {
  EventReading reading;
  const auto bad = [&](std::uint64_t number, const std::string& what) {
    ++reading.bad_lines;
    if (reading.problems.size() < kMaxNamedProblems) {
      reading.problems.push_back("line " + std::to_string(number) + ": " + what);
    }
  };
  std::string line;
  std::uint64_t number = 0;
  while (const auto ended = next_line(in, line)) {
    ++number;
    if (line.size() > kMaxEventLine) {
      if (number == 1) return usage_error("not an event file: its first line is longer than 1 MiB");
      bad(number, "longer than 1 MiB");
      continue;
    }
    const Json json = parse_json(line);
    if (number == 1) {
      if (json.is_discarded()) return usage_error("not an event file: the first line is not JSON");
      RS_TRY(check_version(json));
    }
    if (*ended == LineEnd::file && json.is_discarded()) {
      reading.cut = true;
      break;
    }
    if (json.is_discarded()) {
      bad(number, "not JSON");
      continue;
    }
    Result<Event> event = from_parsed(json);
    if (!event.ok()) {
      bad(number, event.error().message);
      continue;
    }
    if (number == 1) {
      if (auto* plan = std::get_if<PlanEvent>(&event->body)) plan->version = json.at("v").get<int>();
    }
    RS_TRY(take(std::move(event).value()));
  }
  if (number == 0) return usage_error("no events: the file is empty");
  return reading;
}

Result<EventReading> for_each_event_in(const std::string& path, const std::function<Status(Event&&)>& take) {
  RS_ASSIGN(std::ifstream in, open_input_file(path));
  Result<EventReading> reading = for_each_event(in, take);
  if (!reading.ok()) return reading.error().in(path);
  return reading;
}

Result<RecordedEvents> read_events(std::istream& in) {
  RecordedEvents recorded;
  RS_ASSIGN(EventReading reading, for_each_event(in, [&](Event&& event) -> Status {
              recorded.events.push_back(std::move(event));
              return {};
            }));
  static_cast<EventReading&>(recorded) = std::move(reading);
  return recorded;
}

Result<RecordedEvents> read_events_file(const std::string& path) {
  RS_ASSIGN(std::ifstream in, open_input_file(path));
  Result<RecordedEvents> recorded = read_events(in);
  if (!recorded.ok()) return recorded.error().in(path);
  return recorded;
}

}  // namespace remapstorm
