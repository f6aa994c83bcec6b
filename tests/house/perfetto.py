# SPDX-License-Identifier: Apache-2.0
"""Traces of `remapstorm trace`, decoded by protoc with the schema of report/trace, and read as a viewer reads them."""
import re
import subprocess

from repository import TREE

SCHEMA = TREE / "report/trace/perfetto.proto"
FIELD = re.compile(r'(\w+)(?:: (.*)| \{)')
ESCAPE = re.compile(rb'\\(?:([0-7]{1,3})|(.))')


def decode(raw):
    """The message as {field: [values]}; protoc fails on what the schema does not describe at all."""
    text = subprocess.run(["protoc", f"--proto_path={SCHEMA.parent}", "--decode=remapstorm.perfetto.Trace", SCHEMA.name],
                          input=raw, capture_output=True, check=True).stdout.decode("ascii")
    top = {}
    stack = [top]
    for line in text.splitlines():
        line = line.strip()
        if line == "}":
            stack.pop()
            continue
        match = FIELD.fullmatch(line)
        # A field that the schema lacks comes as its bare number.
        if match is None or match[1].isdigit():
            raise AssertionError(f"not in the schema: {line}")
        value = {} if match[2] is None else scalar(match[2])
        stack[-1].setdefault(match[1], []).append(value)
        if match[2] is None:
            stack.append(value)
    return top


def scalar(text):
    if text.startswith('"'):
        known = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
        raw = ESCAPE.sub(lambda m: bytes([int(m[1], 8)]) if m[1] else known.get(m[2], m[2]), text[1:-1].encode("ascii"))
        return raw.decode("utf-8")
    return int(text) if re.fullmatch(r"-?\d+", text) else text


class Trace:
    """tracks {uuid: descriptor}, slices and instants as dictionaries; raises on what a viewer would have to guess."""

    def __init__(self, raw):
        self.tracks, self.slices, self.instants, self.counts = {}, [], [], []
        self.names = {"event_categories": {}, "event_names": {}, "debug_annotation_names": {}}
        events = []
        for number, packet in enumerate(decode(raw).get("packet", [])):
            flags = "SEQ_NEEDS_INCREMENTAL_STATE" if number else "SEQ_INCREMENTAL_STATE_CLEARED"
            expect(packet["sequence_flags"] == [2 if number else 1] or packet["sequence_flags"] == [flags], packet)
            for kind, entries in packet.get("interned_data", [{}])[0].items():
                for entry in entries:
                    expect(entry["iid"][0] not in self.names[kind], entry)
                    self.names[kind][entry["iid"][0]] = entry["name"][0]
            for track in packet.get("track_descriptor", []):
                expect(track["uuid"][0] not in self.tracks, track)
                self.tracks[track["uuid"][0]] = track
            for event in packet.get("track_event", []):
                events.append(self.event(packet.get("timestamp", [0])[0], event))
        # As a viewer does it: by time, and as they stand in the file where times are equal.
        events.sort(key=lambda event: event["time"])
        open_slices = {}
        for event in events:
            stack = open_slices.setdefault(event["track"], [])
            if event["type"] == "TYPE_SLICE_BEGIN":
                stack.append(event)
                self.slices.append(event)
            elif event["type"] == "TYPE_SLICE_END":
                expect(stack, f"an end of nothing: {event}")
                begun = stack.pop()
                begun["end"] = event["time"]
                begun["notes"].update(event["notes"])
            elif event["type"] == "TYPE_INSTANT":
                self.instants.append(event)
            else:
                expect(event["type"] == "TYPE_COUNTER", event)
                self.counts.append(event)
        expect(not any(open_slices.values()), "slices without end")

    def event(self, time, event):
        expect(event["track_uuid"][0] in self.tracks, f"no such track: {event}")
        notes = {}
        for note in event.get("debug_annotations", []):
            key = self.names["debug_annotation_names"][note["name_iid"][0]]
            notes[key] = next(values[0] for name, values in note.items() if name != "name_iid")
        name = event.get("name", [None])[0]
        if "name_iid" in event:
            name = self.names["event_names"][event["name_iid"][0]]
        return {"time": time, "track": event["track_uuid"][0], "type": event["type"][0], "name": name, "notes": notes,
                "value": event.get("counter_value", [None])[0], "flow": event.get("flow_ids", [None])[0],
                "category": [self.names["event_categories"][iid] for iid in event.get("category_iids", [])]}

    def named(self, name):
        return [slice_ for slice_ in self.slices if slice_["name"] == name]

    def processes(self):
        return [track["process"][0]["process_name"][0] for track in self.tracks.values() if "process" in track]

    def threads(self):
        return [track["thread"][0]["thread_name"][0] for track in self.tracks.values() if "thread" in track]


def expect(condition, what):
    if not condition:
        raise AssertionError(what)
