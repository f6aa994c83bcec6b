# SPDX-License-Identifier: Apache-2.0
"""`remapstorm trace` from outside: made-up recordings, decoded by protoc; cut and damaged ones; bad outputs; memory."""
import json
import os
import stat
import subprocess
import sys
import unittest

from perfetto import Trace
from program import PROGRAM, ProgramCase

LOCK = "0xffffffff82000100"
ENTRY = "0xffff888001230000"


# Runs its arguments; the last line is their peak of resident memory in kB.
PEAK = """
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Recording:
    """Lines of an events.jsonl as the harness writes it."""

    def __init__(self):
        self.time, self.sequence, self.lines = 0, 0, []
        plan = {"schema": 1, "scenario": "made-up", "strategy": "bbm-fault", "flavour": "std", "seed": "0x1", "trial": 0,
                "cpus": 2, "limits": {"timeout_ns": 10**10, "progress_ns": 10**10, "stall_ns": 10**8},
                "expect": {"verdict": "clean"}, "guest": {}, "host": {"kind": "kvm-hardware"}}
        self.add("plan", plan=plan).add("lifecycle", what="boot").add("lifecycle", what="ready")

    def add(self, kind, passed=1000, **fields):
        self.time += passed
        version = {} if self.lines else {"v": 3}
        self.lines.append({**version, "t": self.time, "type": kind, **fields})
        return self

    def probe(self, name, *args, vcpu=0, context=0, passed=1000):
        self.sequence += 1
        words = ("task", "softirq", "hardirq", "nmi")
        self.add("probe", passed, g=self.time + passed + 5 * 10**9, vcpu=vcpu, probe=name, seq=self.sequence,
                 pc="0xffffffff81300040", context=words[context & 3], ctx=context,
                 args=[arg if isinstance(arg, str) else hex(arg) for arg in args] + ["0x0"] * (4 - len(args)))
        return self

    def window(self, passed=20000):
        self.probe("lock.want", LOCK, 1).probe("lock.got", LOCK, 1).probe("bbm.break", "0xffffea0000400000", ENTRY, 0x63, 1)
        return self.probe("bbm.make", "0xffffea0000400000", ENTRY, 0x61, 1, passed=passed).probe("lock.drop", LOCK, 1)

    def done(self):
        return self.add("lifecycle", what="done", detail="0").add("lifecycle", what="end")

    def text(self):
        return "".join(json.dumps(line) + "\n" for line in self.lines)


class TraceCommand(ProgramCase):
    def setUp(self):
        super().setUp()
        self.events = self.folder / "events.jsonl"
        self.output = self.folder / "events.pftrace"

    def trace(self, code=0):
        result = self.expect(code, "trace", str(self.events))
        return Trace(self.output.read_bytes()), result

    def test_a_recording_becomes_a_trace_that_protoc_decodes(self):
        recording = Recording().window()
        recording.add("receipt", vcpu=0, rule="r", injector="irq", phase="fired", token=3, target=1, detail="msi")
        recording.probe("inject.enter", 2, 3, vcpu=1, context=6).probe("inject.leave", 2, 3, vcpu=1, context=6)
        recording.add("console", line="Grüße vom Gast").done()
        self.events.write_text(recording.text())
        trace, result = self.trace()
        self.assertEqual(trace.processes(), ["made-up, bbm-fault, trial 0: clean"])
        self.assertEqual(trace.threads(), ["vCPU 0", "vCPU 1"])
        window, = trace.named("break to make (pte)")
        self.assertEqual(window["end"] - window["time"], 20000)
        self.assertEqual(window["notes"]["entry_va"], int(ENTRY, 16))
        sent, = trace.named("irq under way")
        handler, = trace.named("irq handler (msi)")
        self.assertEqual((sent["flow"], sent["end"]), (handler["flow"], handler["time"]))
        self.assertIn("Grüße vom Gast", [instant["name"] for instant in trace.instants])
        self.assertEqual([count["value"] for count in trace.counts], [1, 0])
        self.assertIn(f"wrote {self.output}: 1 trial, {len(recording.lines)} events", result.stdout)
        self.assertEqual(result.stderr, "")
        # The same again, byte for byte; also of a folder, and on standard output.
        first = self.output.read_bytes()
        self.trace()
        self.assertEqual(self.output.read_bytes(), first)
        self.expect(0, "trace", str(self.folder))
        self.assertEqual((self.folder / "trace.pftrace").read_bytes(), first)
        piped = subprocess.run([PROGRAM, "trace", str(self.events), "-o", "-"], env=self.environment, check=True,
                               capture_output=True)
        self.assertEqual(piped.stdout, first)

    def test_a_cut_recording(self):
        text = Recording().window().window().probe("lock.want", LOCK, 1).text()
        for cut in (len(text), len(text) - 10, len(text) // 2):
            self.events.write_text(text[:cut])
            trace, result = self.trace(75)
            self.assertIn("the recording stops in the middle", result.stderr)
            self.assertTrue(trace.named("break to make (pte)"))
        self.assertIn("never ended", result.stdout)

    def test_a_damaged_recording(self):
        lines = Recording().window().done().text().splitlines(keepends=True)
        self.events.write_text("".join(lines[:4] + ["{nonsense}\n"] + lines[4:]))
        trace, result = self.trace(64)
        self.assertIn("line 5: not JSON", result.stderr)
        self.assertEqual(len(trace.named("break to make (pte)")), 1)

    def test_what_is_no_recording_is_refused_and_leaves_nothing(self):
        for text, message in (("", "empty"), ("{}\n", "no version"), ('{"v":99,"t":0}\n', "version 99"),
                              (json.dumps({"v": 3, "t": 0, "type": "console", "line": "x"}) + "\n", "no plan")):
            self.events.write_text(text)
            self.assertIn(message, self.expect(64, "trace", str(self.events)).stderr)
        self.assertIn("no such file", self.expect(64, "trace", str(self.folder / "none")).stderr)
        self.events.unlink()
        self.assertIn("no recording below", self.expect(64, "trace", str(self.folder)).stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_only_a_timeline_is_replaced(self):
        self.events.write_text(Recording().window().done().text())
        for content in (b"mine\n", b"\nmine, after an empty line\n", b"\x0a\x05mine\n and more"):
            self.output.write_bytes(content)
            result = self.expect(64, "trace", str(self.events), "-o", str(self.output))
            self.assertIn("HINT: ", result.stderr)
            self.assertEqual(self.output.read_bytes(), content)
        self.output.write_bytes(b"")
        self.expect(0, "trace", str(self.events), "-o", str(self.output))

    def test_bad_outputs(self):
        self.events.write_text(Recording().window().done().text())
        self.assertIn("is a folder", self.expect(64, "trace", str(self.events), "-o", str(self.folder)).stderr)
        self.assertIn("recording itself", self.expect(64, "trace", str(self.events), "-o", str(self.events)).stderr)
        missing = self.folder / "none/x.pftrace"
        self.assertIn("No such file", self.expect(64, "trace", str(self.events), "-o", str(missing)).stderr)
        self.assertIn("No space", self.expect(75, "trace", str(self.events), "-o", "/dev/full").stderr)
        # A device is written to, not replaced.
        self.expect(0, "trace", str(self.events), "-o", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["events.jsonl"])

    def test_memory_does_not_grow_with_the_recording(self):
        peaks = []
        for windows in (400, 8000):
            recording = Recording()
            for _ in range(windows):
                recording.window()
            self.events.write_text(recording.done().text())
            # Through a small process: a child's peak begins with the memory of whoever started it.
            measured = subprocess.run([sys.executable, "-c", PEAK, PROGRAM, "trace", str(self.events)], check=True,
                                      env=self.environment, capture_output=True, text=True, timeout=120)
            peaks.append(int(measured.stdout.splitlines()[-1]))
        # 38,000 events more take 13 MB as text. In kB.
        self.assertLess(peaks[1] - peaks[0], 4096, peaks)


if __name__ == "__main__":
    unittest.main()
