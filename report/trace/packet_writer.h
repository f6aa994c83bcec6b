// SPDX-License-Identifier: Apache-2.0
// PacketWriter: a trace as Perfetto packets (perfetto.proto), written as it grows: what it keeps is bounded. It knows
// tracks, slices, instants and counters, and nothing of guests. Whoever calls it owes every begin() of a track its
// end(), innermost first, at times that do not run backwards (NestedTrack and FlatTrack do); times of different tracks
// may come in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "report/trace/protobuf.h"

namespace remapstorm {

using TrackId = std::uint64_t;

// A line of details under a slice or an instant. `key` is one of our own words.
struct TraceNote {
  std::string_view key;
  std::variant<std::uint64_t, Gva, std::string> value;
};

struct TraceLabel {
  std::string_view category;  // one of our own words
  std::string name;
  std::vector<TraceNote> notes{};
  std::optional<std::uint64_t> flow{};  // arrows join everything that has the same one
};

// What a packet writer has written so far.
struct TraceTotals {
  std::uint64_t slices = 0, instants = 0, counts = 0, bytes = 0;
};

class PacketWriter {
 public:
  static constexpr std::size_t kMaxText = 2048;   // bytes of a name or note; longer ones end in "..."
  static constexpr std::size_t kMaxNames = 4096;  // names kept for interning; later ones are written out each time

  using Output = std::function<Status(std::string_view)>;
  explicit PacketWriter(Output output) : output_(std::move(output)) {}

  TrackId process(int pid, const std::string& name);
  TrackId thread(TrackId process, int pid, int tid, const std::string& name);
  // A row below a process or thread; `rank`: its place among its siblings.
  TrackId row(TrackId parent, const std::string& name, int rank);
  enum class Unit { nanoseconds, count };
  TrackId counter(TrackId parent, const std::string& name, Unit unit, int rank);

  void begin(TrackId track, Nanoseconds time, const TraceLabel& label);
  void end(TrackId track, Nanoseconds time, const std::vector<TraceNote>& notes = {});
  void instant(TrackId track, Nanoseconds time, const TraceLabel& label);
  void count(TrackId counter, Nanoseconds time, std::int64_t value);

  // Hands on what is left. The first error of the output; nothing is written after it.
  Status finish();
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] const TraceTotals& totals() const { return totals_; }

 private:
  // Numbers of the names that have been written, from 1.
  using Names = std::map<std::string, std::uint64_t, std::less<>>;

  TrackId describe(ProtoMessage descriptor);
  void event(TrackId track, Nanoseconds time, std::uint64_t type, const TraceLabel* label,
             const std::vector<TraceNote>& notes);
  std::uint64_t intern(Names& names, std::uint32_t field, std::string_view name);
  void add_name(ProtoMessage& event, const std::string& name);
  void add_note(ProtoMessage& event, const TraceNote& note);
  void packet(ProtoMessage& content);
  void flush();

  Output output_;
  Status status_;
  std::string buffer_;
  Names categories_, names_, note_names_;
  ProtoMessage new_names_;  // InternedData of the packet in the making
  TrackId last_track_ = 0;
  bool first_ = true;
  TraceTotals totals_;
};

// At most `limit` bytes of UTF-8, cut between letters; what was cut ends in "...".
std::string clipped(std::string_view text, std::size_t limit);

}  // namespace remapstorm
