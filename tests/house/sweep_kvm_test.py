# SPDX-License-Identifier: Apache-2.0
"""`sweep`, `soak` and `compare` on the real guest. Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""
import json
import os
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree as xml

from guest_case import GuestCase
from program import PROGRAM


class Sweep(GuestCase):
    MATRIX = ("sweep", "--scenarios", "irq-same-cpu,control-inplace", "--strategies", "bbm-fault,inplace")

    def test_the_table_says_what_each_cell_came_to(self):
        result = self.expect(4, *self.MATRIX, "--flavours", "std,rt", "--seeds", "2", "--output-dir", str(self.output),
                             timeout=600)
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        self.assertIn("irq-same-cpu bbm-fault std 2 deadlock", lines)
        self.assertIn("irq-same-cpu inplace std 2 clean", lines)
        self.assertIn("control-inplace inplace std 2 clean", lines)
        # No image of that flavour here: not run, with the reason, and never green.
        self.assertIn("control-inplace inplace rt 2 not run!", lines)
        self.assertIn("HINT: ", result.stdout)
        self.assertTrue(all(len(line) <= 100 for line in result.stdout.splitlines() if "./run " not in line))
        found = json.loads((self.output / "sweep.json").read_text())
        self.assertEqual(found["summary"]["exit_code"], 4)
        self.assertEqual(found["matrix"]["not_made_for"], 4)
        seeds = [trial["seed"] for trial in found["cells"][0]["trials"]]
        self.assertEqual(seeds, [1, 2])
        self.assertIn("--seed 2", found["cells"][0]["trials"][1]["repeat"])
        ktap = (self.output / "sweep.ktap").read_text()
        self.assertTrue(ktap.startswith("KTAP version 1\n1..2\n  KTAP version 1\n"), ktap)
        self.assertIn("# SKIP", ktap)
        suites = xml.parse(self.output / "sweep.xml").getroot()
        self.assertEqual((suites.get("tests"), suites.get("skipped"), suites.get("failures")), ("8", "2", "0"))
        # One recording of each kind of outcome; replay judges it alike.
        recorded = sorted(str(path.parent.relative_to(self.output)) for path in self.output.rglob("events.jsonl"))
        self.assertEqual(len(recorded), 3, recorded)
        self.expect(0, "replay", str(self.output / recorded[0]))

    def test_killed_it_keeps_what_was_done_and_goes_on(self):
        words = (*self.MATRIX, "--seeds", "3", "--output-dir", str(self.output))
        process = subprocess.Popen([PROGRAM, *words], env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        journal = self.output / "sweep.jsonl"
        deadline = time.monotonic() + 300
        while not journal.exists() or journal.read_bytes().count(b"\n") < 4:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.kill()
        process.wait()
        before = journal.read_text().splitlines()
        with open(journal, "a", encoding="utf-8") as file:
            file.write('{"scenario":"irq-sam')  # as if it had been killed in the middle of a line
        self.assertIn("holds a sweep already", self.expect(64, *words).stderr)
        other = self.expect(64, *self.MATRIX, "--seeds", "4", "--output-dir", str(self.output), "--resume")
        self.assertIn("the seeds differ: 3 there, 4 here", other.stderr)
        self.expect(0, *words, "--resume", timeout=600)
        lines = journal.read_text().splitlines()
        self.assertEqual(lines[:len(before)], before)
        self.assertEqual(len(lines), 1 + 9)
        found = json.loads((self.output / "sweep.json").read_text())
        self.assertEqual([len(cell["trials"]) for cell in found["cells"]], [3, 3, 3])

    def test_ctrl_c_shows_what_was_done(self):
        process = subprocess.Popen([PROGRAM, *self.MATRIX, "--seeds", "500", "--output-dir", str(self.output)],
                                   env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   stdin=subprocess.DEVNULL)
        journal = self.output / "sweep.jsonl"
        deadline = time.monotonic() + 300
        while not journal.exists() or journal.read_bytes().count(b"\n") < 3:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, out + err)
        self.assertIn("not run!", out)
        self.assertIn("--resume", err)
        self.assertTrue(json.loads((self.output / "sweep.json").read_text())["summary"]["interrupted"])

    def test_without_kvm_nothing_is_green(self):
        as_root = () if os.geteuid() == 0 else ("--map-root-user",)
        without_kvm = ("unshare", "--mount", *as_root, "sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh")
        result = self.expect(4, *self.MATRIX, "--output-dir", str(self.output), prefix=without_kvm)
        self.assertIn("HINT: ", result.stderr)
        self.assertEqual(result.stdout.count("1 not run!"), 3, result.stdout)
        ktap = (self.output / "sweep.ktap").read_text()
        self.assertNotRegex(ktap, r"(?m)^ *ok [^#]*$")
        for command in ("soak", "compare"):
            self.assertIn("HINT: ", self.expect(4, command, prefix=without_kvm).stderr)

    def test_a_folder_that_is_none(self):
        self.output.write_text("a file")
        self.assertIn("is no folder", self.expect(64, *self.MATRIX, "--output-dir", str(self.output)).stderr)


class Soak(GuestCase):
    def test_random_control_trials_raise_no_alarm(self):
        result = self.expect(0, "soak", "--trials", "30", "--output-dir", str(self.output), timeout=300)
        self.assertIn("no false alarm", result.stdout)
        found = json.loads((self.output / "soak.json").read_text())
        counts = found["summary"]["counts"]
        self.assertEqual(counts["clean"] + counts["imposed_stalls"], 30, found)
        self.assertEqual(set(found["strategies"]), {"inplace", "bbm-fault-irqsafe"})
        self.assertGreater(found["injections"]["irq"], 10)


class Compare(GuestCase):
    def test_each_strategy_is_measured_the_same_way(self):
        # All of them would take as many boots again.
        result = self.expect(0, "compare", "--strategies", "inplace,bbm-fault", "--repeat", "1", "--output-dir",
                             str(self.output), timeout=600)
        found = json.loads((self.output / "compare.json").read_text())
        self.assertEqual([one["name"] for one in found["strategies"]], ["inplace", "bbm-fault"])
        for one in found["strategies"]:
            self.assertIsNone(one["not_run"])
            measures = one["measures"]
            # 2 pages there and back 2 times; as many remaps and seven windows each, of which inplace has none.
            self.assertEqual(measures["remap"]["remaps"]["count"], 8, one)
            self.assertGreater(measures["answer"]["answers"]["count"], 5, one)
            if one["name"] == "inplace":
                for measure in measures.values():
                    self.assertEqual(measure["windows"]["count"], 0, one)
                    self.assertIsNone(measure["windows"]["max_ns"], one)
                continue
            self.assertGreaterEqual(measures["remap"]["windows"]["count"], 8 * 7, one)
            self.assertGreaterEqual(measures["steal-updater"]["windows"]["max_ns"], 50_000_000, one)
        self.assertTrue(all(len(line) <= 100 for line in result.stdout.splitlines()))
        self.assertIn("| strategy |", (self.output / "compare.md").read_text())


if __name__ == "__main__":
    unittest.main()
