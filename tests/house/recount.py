# SPDX-License-Identifier: Apache-2.0
"""Counts from events.jsonl what the metrics of a run must say. Written without a look at how the program does it."""
import json
import re
from collections import Counter, defaultdict

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
CONTEXTS = {0: "task", 1: "softirq", 2: "hardirq", 3: "nmi"}
OPTIMIZE, RESTORE = "optimize", "restore"


def parse(text):
    """{(name, frozenset of labels): value} of Prometheus' text format."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, f"no sample, or one with a time stamp: {line}"
        name, labels, value = match.groups()
        key = (name, frozenset(LABEL.findall(labels or "")))
        assert key not in found, f"twice: {line}"
        found[key] = float(value)
    return found


class Trial:
    """The lengths (in ns) and counts of one recording. Keys: (metric, labels beside the trial's own)."""

    def __init__(self, path):
        with open(path) as lines:
            events = [json.loads(line) for line in lines]
        plan = events[0]["plan"]
        self.labels = {"scenario": plan["scenario"], "strategy": plan["strategy"], "flavour": plan["flavour"],
                       "host": plan["host"]["kind"]}
        self.lengths = defaultdict(list)
        self.counts = Counter()
        for event in events:
            self.count("events_total", 1, type=event["type"])
        probes = [event for event in events if event["type"] == "probe"]
        self.note_injections(events)
        self.windows(probes)
        self.locks(probes)
        self.faults(probes)
        self.stalls(probes)
        self.remaps(probes)
        self.receipts(events)
        self.usage(events)

    def key(self, metric, labels):
        return metric, frozenset({**self.labels, **labels}.items())

    def length(self, metric, nanoseconds, **labels):
        self.lengths[self.key(metric, labels)].append(nanoseconds)

    def count(self, metric, by=1, **labels):
        self.counts[self.key(metric, labels)] += by

    def note_injections(self, events):
        """For each probe: how the clocks were known to differ then, when something was injected last, what still was."""
        offset, last, imposing = None, None, set()
        for event in events:
            if "g" in event:
                offset = min(offset, event["t"] - event["g"]) if offset is not None else event["t"] - event["g"]
            if event["type"] == "receipt" and event["phase"] != "failed":
                last = event["t"]
            if event["type"] == "receipt" and event["injector"] in ("hold", "stage2-delay"):
                token = (event["injector"], event["token"])
                imposing.add(token) if event["phase"] == "fired" else imposing.discard(token)
            event["known"] = (offset, last, bool(imposing))

    @staticmethod
    def injected(event, since):
        """Whether anything was injected from `since` (guest time) until this probe."""
        offset, last, imposing = event["known"]
        return "yes" if imposing or (last is not None and last >= since + offset) else "no"

    def windows(self, probes):
        level = {1: "pte", 2: "pmd"}
        for event in probes:
            self.count("probe_events_total", probe=event["probe"])
            if event["probe"] == "bbm.break":
                self.count("windows_opened_total", level=level[int(event["args"][3], 16)])
            if event["probe"] == "bbm.window":
                _, cleared, is_set, kind = (int(arg, 16) for arg in event["args"])
                self.length("window_seconds", is_set - cleared, level=level[kind], injected=self.injected(event, cleared))

    def locks(self, probes):
        wanted, got = {}, {}
        lock = "init_mm.page_table_lock"
        for event in probes:
            place = (event["vcpu"], event["context"])
            if event["probe"] == "lock.want":
                wanted[place] = event["g"]
            if event["probe"] == "lock.got":
                since = wanted.pop(place)
                self.length("lock_wait_seconds", event["g"] - since, context=event["context"], lock=lock,
                            injected=self.injected(event, since))
                got[event["args"][0]] = event
            if event["probe"] == "lock.drop":
                taken = got.pop(event["args"][0])
                self.length("lock_hold_seconds", event["g"] - taken["g"], context=taken["context"], lock=lock,
                            injected=self.injected(event, taken["g"]))

    def faults(self, probes):
        entered = {}
        for event in probes:
            place = (event["vcpu"], event["context"])
            if event["probe"] == "fault.enter":
                self.count("vmemmap_faults_total", context=event["context"])
                entered[place] = event["g"]
            if event["probe"] == "fault.done":
                since = entered.pop(place)
                self.length("vmemmap_fault_seconds", event["g"] - since, context=event["context"],
                            injected=self.injected(event, since))

    def stalls(self, probes):
        """A wait begins with the fault if there is one, else with lock.want, and ends with the lock."""
        begun = {}
        for event in probes:
            place = (event["vcpu"], event["context"])
            if event["probe"] == "fault.enter" or (event["probe"] == "lock.want" and place not in begun):
                begun[place] = event["g"]
            if event["probe"] in ("lock.got", "fault.done") and place in begun:
                since = begun.pop(place)
                self.length("vcpu_stall_seconds", event["g"] - since, vcpu=str(event["vcpu"]),
                            injected=self.injected(event, since))

    def remaps(self, probes):
        """Each remap by itself: everything its vCPU logged in the same context between its begin and its end."""
        for index, begin in enumerate(probes):
            if begin["probe"] != "remap.begin":
                continue
            mine = [event for event in probes[index + 1:]
                    if (event["vcpu"], event["context"]) == (begin["vcpu"], begin["context"])]
            ends = [n for n, event in enumerate(mine) if event["probe"] == "remap.end"]
            if not ends:
                continue
            inside, end = mine[:ends[0]], mine[ends[0]]
            direction = RESTORE if int(begin["args"][2], 16) else OPTIMIZE
            total = end["g"] - begin["g"]
            windows = [[int(arg, 16) for arg in event["args"][1:3]] for event in inside if event["probe"] == "bbm.window"]

            def pairs(first, last):
                times = [event["g"] for event in inside if event["probe"] in (first, last)]
                return list(zip(times[::2], times[1::2]))

            flushes = pairs("flush.begin", "flush.end")
            within = sum(max(0, min(until, closed) - max(since, opened)) for since, until in flushes
                         for opened, closed in windows)
            spent = {"lock-wait": sum(until - since for since, until in pairs("lock.want", "lock.got")),
                     "flush": sum(until - since for since, until in flushes) - within,
                     "window": sum(closed - opened for opened, closed in windows)}
            injected = self.injected(end, begin["g"])
            self.length("remap_seconds", total, direction=direction, phase="total", injected=injected)
            for phase, length in {**spent, "other": total - sum(spent.values())}.items():
                self.length("remap_seconds", length, direction=direction, phase=phase, injected=injected)

    def receipts(self, events):
        hit, tokens = None, set()
        entered = {int(e["args"][1], 16) for e in events if e["type"] == "probe" and e["probe"] == "inject.enter"}
        for event in events:
            if event["type"] == "hit":
                hit = event["where"] if "." in event["where"] and "+" not in event["where"] else "instruction"
            if event["type"] != "receipt":
                continue
            kind, requested, measured = event["injector"], event.get("requested_ns"), event.get("measured_ns")
            vcpu = {"vcpu": str(event["target"])} if kind == "hold" else {}
            name = {"hold": "hold", "stage2-delay": "stage2_delay"}.get(kind)
            if event["phase"] == "failed":
                self.count("injections_failed_total", kind=kind)
            if event["phase"] == "fired" and kind in ("irq", "nmi") and event["token"] in tokens:
                self.count("injections_merged_total", kind=kind)
            elif event["phase"] == "fired":
                self.count("injections_total", kind=kind, trigger=hit)
                if kind in ("irq", "nmi"):
                    tokens.add(event["token"])
                    if event["token"] in entered:
                        self.count("injection_delivery_seconds_count", kind=kind)
                if name and requested:
                    self.length(f"{name}_requested_seconds", requested, **vcpu)
            if event["phase"] == "ended" and measured is not None:
                self.length(f"{name}_served_seconds", measured, **vcpu)
                if kind == "stage2-delay":
                    self.length("stage2_delay_error_seconds", abs(measured - requested))

    def usage(self, events):
        for event in events:
            if event["type"] == "host-wait":
                self.count("vcpu_host_wait_seconds_total", event["waited_ns"] / 1e9, vcpu=str(event["vcpu"]))
            if event["type"] != "usage":
                continue
            if "vcpu" not in event:
                self.count("cpu_seconds_total", event["cpu_ns"] / 1e9, where="watch")
                continue
            for where in ("guest", "harness", "parked"):
                self.count("vcpu_seconds_total", event.get(f"{where}_ns", 0) / 1e9, vcpu=str(event["vcpu"]), where=where)
            for reason, times in event.get("exits", {}).items():
                self.count("vm_exits_total", times, reason=reason)


def differences(paths, samples):
    """One line for each figure in which the metrics and the recordings of a run differ, and how many were compared."""
    lengths, counts = defaultdict(list), Counter()
    for path in paths:
        trial = Trial(path)
        for key, values in trial.lengths.items():
            lengths[key] += values
        counts.update(trial.counts)
    wrong, compared = [], 0

    def check(name, labels, expected, tolerance=0.0):
        nonlocal compared
        compared += 1
        seen = samples.get(("remapstorm_" + name, labels))
        if seen is None or abs(seen - expected) > tolerance:
            wrong.append(f"{name} {sorted(labels)}: recorded {expected}, metrics say {seen}")

    for (name, labels), expected in counts.items():
        check(name, labels, expected, abs(expected) * 1e-6)
    for (name, labels), values in lengths.items():
        check(name + "_count", labels, len(values))
        check(name + "_sum", labels, sum(values) / 1e9, sum(values) / 1e9 * 1e-6 + 1e-12)
        bounds = {dict(key)["le"] for sample, key in samples
                  if sample == f"remapstorm_{name}_bucket" and labels < key}
        if len(bounds) < 10:
            wrong.append(f"{name} {sorted(labels)}: has buckets {sorted(bounds)}")
        for bound in bounds:
            check(name + "_bucket", labels | {("le", bound)}, sum(value / 1e9 <= float(bound) for value in values))
    # And nothing that the recordings do not have.
    for (name, labels), value in samples.items():
        base = re.sub(r"^remapstorm_|_count$", "", name)
        if name.endswith("_count") and (base, labels) not in lengths and (base + "_count", labels) not in counts:
            if base not in ("trial_seconds", "guest_boot_seconds", "reset_seconds") and value:
                wrong.append(f"{name} {sorted(labels)}: {value}, and nothing was recorded")
    return wrong, compared
