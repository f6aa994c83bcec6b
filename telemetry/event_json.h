// SPDX-License-Identifier: Apache-2.0
// events.jsonl: one Event a line (docs/event-format.md). The first line carries the version; a reader refuses
// one that it does not know by name.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/event.h"

namespace remapstorm {

// One line without its newline. `first`: also carries the version.
std::string event_to_json(const Event& event, bool first = false);
// Error: usage, says what is wrong with the line.
Result<Event> event_from_json(std::string_view line);

struct RecordedEvents {
  std::vector<Event> events;
  bool cut = false;  // the last line is not whole (the writer was killed): everything before it is sound
  std::vector<std::string> problems;  // lines that could not be read, "line 17: ..."; at most 20 are named
  std::uint64_t bad_lines = 0;
};
// Error: usage (empty, not an event file, or another version).
Result<RecordedEvents> read_events(std::istream& in);
Result<RecordedEvents> read_events_file(const std::string& path);

}  // namespace remapstorm
