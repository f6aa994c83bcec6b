// SPDX-License-Identifier: Apache-2.0
#include "report/trace/packet_writer.h"

#include <algorithm>

namespace remapstorm {
namespace {

// Field numbers: perfetto.proto.
enum : std::uint32_t {
  kTracePacket = 1,
  kPacketTimestamp = 8,
  kPacketSequence = 10,
  kPacketTrackEvent = 11,
  kPacketInterned = 12,
  kPacketFlags = 13,
  kPacketDescriptor = 60,
  kTrackUuid = 1,
  kTrackName = 2,
  kTrackProcess = 3,
  kTrackThread = 4,
  kTrackParent = 5,
  kTrackCounter = 8,
  kTrackChildOrdering = 11,
  kTrackRank = 12,
  kProcessPid = 1,
  kProcessName = 6,
  kThreadPid = 1,
  kThreadTid = 2,
  kThreadName = 5,
  kCounterUnit = 3,
  kEventCategoryIid = 3,
  kEventNote = 4,
  kEventType = 9,
  kEventNameIid = 10,
  kEventTrack = 11,
  kEventName = 23,
  kEventCounterValue = 30,
  kEventFlow = 47,
  kNoteNameIid = 1,
  kNoteUnsigned = 3,
  kNoteText = 6,
  kNotePointer = 7,
  kInternedCategories = 1,
  kInternedNames = 2,
  kInternedNoteNames = 3,
  kNameIid = 1,
  kNameText = 2,
};
enum : std::uint64_t { kBegin = 1, kEnd = 2, kInstant = 3, kCounter = 4 };
constexpr std::uint64_t kSequence = 1, kStateCleared = 1, kNeedsState = 2, kOrderedByRank = 3;
constexpr std::size_t kBufferBytes = 1 << 16;

}  // namespace

std::string clipped(std::string_view text, std::size_t limit) {
  constexpr std::string_view kMore = "...";
  if (text.size() <= limit) return std::string(text);
  std::size_t end = limit - std::min(limit, kMore.size());
  // Not in front of a continuation byte.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)).append(kMore);
}

TrackId PacketWriter::describe(ProtoMessage descriptor) {
  descriptor.varint(kTrackUuid, ++last_track_);
  descriptor.varint(kTrackChildOrdering, kOrderedByRank);
  ProtoMessage content;
  content.message(kPacketDescriptor, descriptor);
  packet(content);
  return last_track_;
}

TrackId PacketWriter::process(int pid, const std::string& name) {
  ProtoMessage process, track;
  process.varint(kProcessPid, static_cast<std::uint64_t>(pid));
  process.text(kProcessName, clipped(name, kMaxText));
  track.message(kTrackProcess, process);
  return describe(std::move(track));
}

TrackId PacketWriter::thread(TrackId process, int pid, int tid, const std::string& name) {
  ProtoMessage thread, track;
  thread.varint(kThreadPid, static_cast<std::uint64_t>(pid));
  thread.varint(kThreadTid, static_cast<std::uint64_t>(tid));
  thread.text(kThreadName, clipped(name, kMaxText));
  track.message(kTrackThread, thread);
  track.varint(kTrackParent, process);
  return describe(std::move(track));
}

TrackId PacketWriter::row(TrackId parent, const std::string& name, int rank) {
  ProtoMessage track;
  track.text(kTrackName, clipped(name, kMaxText));
  track.varint(kTrackParent, parent);
  track.varint(kTrackRank, static_cast<std::uint64_t>(rank));
  return describe(std::move(track));
}

TrackId PacketWriter::counter(TrackId parent, const std::string& name, Unit unit, int rank) {
  ProtoMessage counter, track;
  counter.varint(kCounterUnit, unit == Unit::nanoseconds ? 1 : 2);
  track.text(kTrackName, clipped(name, kMaxText));
  track.varint(kTrackParent, parent);
  track.varint(kTrackRank, static_cast<std::uint64_t>(rank));
  track.message(kTrackCounter, counter);
  return describe(std::move(track));
}

void PacketWriter::begin(TrackId track, Nanoseconds time, const TraceLabel& label) {
  ++totals_.slices;
  event(track, time, kBegin, &label, label.notes);
}

void PacketWriter::end(TrackId track, Nanoseconds time, const std::vector<TraceNote>& notes) {
  event(track, time, kEnd, nullptr, notes);
}

void PacketWriter::instant(TrackId track, Nanoseconds time, const TraceLabel& label) {
  ++totals_.instants;
  event(track, time, kInstant, &label, label.notes);
}

void PacketWriter::count(TrackId counter, Nanoseconds time, std::int64_t value) {
  ++totals_.counts;
  ProtoMessage event, content;
  event.varint(kEventType, kCounter);
  event.varint(kEventTrack, counter);
  event.varint(kEventCounterValue, static_cast<std::uint64_t>(value));
  content.varint(kPacketTimestamp, static_cast<std::uint64_t>(std::max(Nanoseconds{0}, time).count()));
  content.message(kPacketTrackEvent, event);
  packet(content);
}

void PacketWriter::event(TrackId track, Nanoseconds time, std::uint64_t type, const TraceLabel* label,
                         const std::vector<TraceNote>& notes) {
  ProtoMessage event, content;
  event.varint(kEventType, type);
  event.varint(kEventTrack, track);
  if (label != nullptr) {
    event.varint(kEventCategoryIid, intern(categories_, kInternedCategories, label->category));
    add_name(event, label->name);
    if (label->flow) event.fixed64(kEventFlow, *label->flow);
  }
  for (const TraceNote& note : notes) add_note(event, note);
  content.varint(kPacketTimestamp, static_cast<std::uint64_t>(std::max(Nanoseconds{0}, time).count()));
  content.message(kPacketTrackEvent, event);
  packet(content);
}

void PacketWriter::add_name(ProtoMessage& event, const std::string& name) {
  const std::string text = clipped(name, kMaxText);
  if (names_.size() < kMaxNames || names_.contains(text)) {
    event.varint(kEventNameIid, intern(names_, kInternedNames, text));
  } else {
    event.text(kEventName, text);
  }
}

void PacketWriter::add_note(ProtoMessage& event, const TraceNote& note) {
  ProtoMessage one;
  one.varint(kNoteNameIid, intern(note_names_, kInternedNoteNames, note.key));
  if (const auto* number = std::get_if<std::uint64_t>(&note.value)) one.varint(kNoteUnsigned, *number);
  if (const auto* address = std::get_if<Gva>(&note.value)) one.varint(kNotePointer, address->value);
  if (const auto* text = std::get_if<std::string>(&note.value)) one.text(kNoteText, clipped(*text, kMaxText));
  event.message(kEventNote, one);
}

std::uint64_t PacketWriter::intern(Names& names, std::uint32_t field, std::string_view name) {
  if (const auto known = names.find(name); known != names.end()) return known->second;
  const std::uint64_t iid = names.size() + 1;
  names.emplace(name, iid);
  ProtoMessage entry;
  entry.varint(kNameIid, iid);
  entry.text(kNameText, name);
  new_names_.message(field, entry);
  return iid;
}

void PacketWriter::packet(ProtoMessage& content) {
  content.varint(kPacketSequence, kSequence);
  content.varint(kPacketFlags, first_ ? kStateCleared : kNeedsState);
  first_ = false;
  if (!new_names_.empty()) content.message(kPacketInterned, new_names_);
  new_names_.clear();
  ProtoMessage framed;
  framed.message(kTracePacket, content);
  buffer_ += framed.bytes();
  totals_.bytes += framed.bytes().size();
  if (buffer_.size() >= kBufferBytes) flush();
}

void PacketWriter::flush() {
  if (status_.ok()) status_ = output_(buffer_);
  buffer_.clear();
}

Status PacketWriter::finish() {
  flush();
  return status_;
}

}  // namespace remapstorm
