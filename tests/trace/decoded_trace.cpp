// SPDX-License-Identifier: Apache-2.0
#include "tests/trace/decoded_trace.h"

#include <algorithm>
#include <optional>

namespace remapstorm {
namespace {

struct Field {
  std::uint32_t number = 0;
  std::uint64_t value = 0;  // varint, fixed64
  std::string_view bytes;   // length-delimited
};

class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}
  // False at the end, or where the bytes are no message: see sound().
  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    field = {static_cast<std::uint32_t>(key >> 3), 0, {}};
    if (field.number == 0) sound_ = false;
    switch (key & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        if (rest_.size() < 8) return fail();
        for (unsigned i = 0; i < 8; ++i) field.value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
        rest_.remove_prefix(8);
        break;
      case 2: {
        const std::uint64_t length = varint();
        if (length > rest_.size()) return fail();
        field.bytes = rest_.substr(0, length);
        rest_.remove_prefix(length);
        break;
      }
      default:
        return fail();
    }
    return sound_;
  }
  [[nodiscard]] bool sound() const { return sound_; }

 private:
  bool fail() { return sound_ = false; }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= shift < 64 ? std::uint64_t{byte & 0x7fU} << shift : 0;
      if ((byte & 0x80) == 0) return value;
    }
    sound_ = false;
    return 0;
  }
  std::string_view rest_;
  bool sound_ = true;
};

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

struct TrackEvent {
  std::uint64_t time = 0, type = 0, track = 0;
  std::optional<std::int64_t> value;
  DecodedSlice content;
};

struct Reader {
  DecodedTrace& trace;
  std::vector<TrackEvent> events;
  std::map<std::uint64_t, std::string> categories, names, note_names;
  bool first = true;

  void problem(std::string text) {
    if (trace.problems.size() < 20) trace.problems.push_back(std::move(text));
  }
  std::string text(std::string_view bytes) {
    if (!is_utf8(bytes)) problem("text that is not UTF-8");
    if (bytes.size() > 2048) problem("text of " + std::to_string(bytes.size()) + " bytes");
    return std::string(bytes);
  }
  std::string known(const std::map<std::uint64_t, std::string>& table, std::uint64_t iid) {
    const auto found = table.find(iid);
    if (found == table.end()) problem("iid " + std::to_string(iid) + " is not known yet");
    return found == table.end() ? "?" : found->second;
  }
  void interned(std::string_view bytes) {
    Fields lists(bytes);
    for (Field list; lists.next(list);) {
      auto& table = list.number == 1 ? categories : list.number == 2 ? names : note_names;
      if (list.number < 1 || list.number > 3) problem("interned data of another kind");
      Fields entry(list.bytes);
      std::uint64_t iid = 0;
      std::string name;
      for (Field field; entry.next(field);)
        (field.number == 1 ? void(iid = field.value) : void(name = text(field.bytes)));
      if (iid == 0 || !entry.sound()) problem("an interned name without number");
      if (!table.emplace(iid, name).second) problem("iid " + std::to_string(iid) + " is given twice");
    }
  }
  void note(std::string_view bytes, DecodedSlice& content) {
    Fields fields(bytes);
    std::string key = "?", value;
    for (Field field; fields.next(field);) {
      if (field.number == 1) key = known(note_names, field.value);
      if (field.number == 3 || field.number == 7) value = std::to_string(field.value);
      if (field.number == 6) value = text(field.bytes);
    }
    content.notes[key] = value;
  }
  void event(std::uint64_t time, std::string_view bytes) {
    TrackEvent one;
    one.time = time;
    Fields fields(bytes);
    for (Field field; fields.next(field);) {
      if (field.number == 9) one.type = field.value;
      if (field.number == 11) one.track = field.value;
      if (field.number == 3) one.content.category = known(categories, field.value);
      if (field.number == 10) one.content.name = known(names, field.value);
      if (field.number == 23) one.content.name = text(field.bytes);
      if (field.number == 30) one.value = static_cast<std::int64_t>(field.value);
      if (field.number == 47) one.content.flow = field.value;
      if (field.number == 4) note(field.bytes, one.content);
    }
    if (!fields.sound()) problem("a broken track event");
    if (!trace.tracks.contains(one.track)) problem("an event on a track that was not described");
    events.push_back(std::move(one));
  }
  void descriptor(std::string_view bytes) {
    DecodedTrack track;
    std::uint64_t uuid = 0;
    Fields fields(bytes);
    for (Field field; fields.next(field);) {
      if (field.number == 1) uuid = field.value;
      if (field.number == 2) track.name = text(field.bytes);
      if (field.number == 5) track.parent = field.value;
      if (field.number == 8) track.counter = true;
      if (field.number != 3 && field.number != 4) continue;
      (field.number == 3 ? track.process : track.thread) = true;
      Fields inner(field.bytes);
      for (Field one; inner.next(one);) {
        if (one.number == 1) track.pid = one.value;
        if (field.number == 4 && one.number == 2) track.tid = one.value;
        if (one.number == (field.number == 3 ? 6U : 5U)) track.name = text(one.bytes);
      }
    }
    if (uuid == 0 || !fields.sound()) problem("a broken track");
    if (track.parent != 0 && !trace.tracks.contains(track.parent)) problem("a track below one that is not there");
    if (!trace.tracks.emplace(uuid, track).second) problem("a track described twice");
  }
  void packet(std::string_view bytes) {
    std::uint64_t time = 0, flags = 0, sequence = 0;
    std::string_view new_names, track_event, track;
    Fields fields(bytes);
    for (Field field; fields.next(field);) {
      if (field.number == 8) time = field.value;
      if (field.number == 10) sequence = field.value;
      if (field.number == 13) flags = field.value;
      if (field.number == 12) new_names = field.bytes;
      if (field.number == 11) track_event = field.bytes;
      if (field.number == 60) track = field.bytes;
    }
    if (!fields.sound()) problem("a broken packet");
    if (sequence != 1 || flags != (first ? 1U : 2U)) problem("a packet with a wrong sequence or flags");
    first = false;
    interned(new_names);
    if (!track.empty()) descriptor(track);
    if (!track_event.empty()) event(time, track_event);
  }
  // As a viewer does it: in the order of time; of equal times in the order of the file.
  void play() {
    std::stable_sort(events.begin(), events.end(),
                     [](const TrackEvent& a, const TrackEvent& b) { return a.time < b.time; });
    std::map<std::uint64_t, std::vector<std::size_t>> open;
    for (TrackEvent& one : events) {
      one.content.track = one.track;
      one.content.from = one.content.to = one.time;
      std::vector<std::size_t>& stack = open[one.track];
      if (one.type == 1) {
        one.content.depth = stack.size();
        stack.push_back(trace.slices.size());
        trace.slices.push_back(one.content);
        if (one.content.name.empty() || one.content.category.empty()) problem("a slice without name or category");
      } else if (one.type == 2) {
        if (stack.empty()) {
          problem("an end of nothing on " + trace.path(one.track));
          continue;
        }
        DecodedSlice& slice = trace.slices[stack.back()];
        slice.to = one.time;
        slice.notes.insert(one.content.notes.begin(), one.content.notes.end());
        stack.pop_back();
      } else if (one.type == 3) {
        trace.instants.push_back(one.content);
      } else if (one.type == 4 && one.value) {
        if (!trace.tracks[one.track].counter) problem("a count on a track that is no counter");
        trace.counts[one.track].emplace_back(one.time, *one.value);
      } else {
        problem("a track event of unknown type");
      }
    }
    for (const auto& [track, stack] : open) {
      if (!stack.empty()) problem("slices without end on " + trace.path(track));
    }
  }
};

}  // namespace

std::size_t DecodedTrace::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(slices.begin(), slices.end(), [&](const DecodedSlice& slice) { return slice.name == name; }));
}

std::string DecodedTrace::path(std::uint64_t track) const {
  const auto found = tracks.find(track);
  if (found == tracks.end()) return "?";
  return found->second.parent == 0 ? found->second.name : path(found->second.parent) + " / " + found->second.name;
}

DecodedSlice DecodedTrace::only(const std::vector<DecodedSlice>& all, std::string_view name) {
  DecodedSlice found;
  found.name = "?";
  std::size_t count = 0;
  for (const DecodedSlice& one : all) {
    if (one.name != name) continue;
    found = one;
    ++count;
  }
  if (count != 1) found.name = "?";
  return found;
}

DecodedTrace decode_trace(std::string_view bytes) {
  DecodedTrace trace;
  Reader reader{trace, {}, {}, {}, {}};
  Fields packets(bytes);
  for (Field field; packets.next(field);) {
    if (field.number != 1) reader.problem("something that is no packet");
    reader.packet(field.bytes);
  }
  if (!packets.sound()) reader.problem("the file is no message");
  reader.play();
  return trace;
}

}  // namespace remapstorm
