// SPDX-License-Identifier: Apache-2.0
// events.jsonl: one Event a line (docs/event-format.md). The first line carries the version; a reader refuses
// one that it does not know by name.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/event.h"

namespace remapstorm {

// One line without its newline.
std::string event_to_json(const Event& event);
// The first one, which also carries the version.
std::string first_event_to_json(const Event& event);
// Error: usage, says what is wrong with the line.
Result<Event> event_from_json(std::string_view line);

// How the reading of a file went.
struct EventReading {
  bool cut = false;  // the last line is not whole (the writer was killed): everything before it is sound
  std::vector<std::string> problems;  // lines that could not be read, "line 17: ..."; at most 20 are named
  std::uint64_t bad_lines = 0;
};
// Hands over one event after another and keeps none: a file of any size, and lines of any length, in bounded memory.
// An error of `take` ends the reading and is returned. Error: usage (empty, not an event file, or another version).
Result<EventReading> for_each_event(std::istream& in, const std::function<Status(Event&&)>& take);
Result<EventReading> for_each_event_in(const std::string& path, const std::function<Status(Event&&)>& take);

struct RecordedEvents : EventReading {
  std::vector<Event> events;
};
// All of them at once, with the same errors.
Result<RecordedEvents> read_events(std::istream& in);
Result<RecordedEvents> read_events_file(const std::string& path);

}  // namespace remapstorm
