# SPDX-License-Identifier: Apache-2.0
"""Recorded runs judged again, killed runs whose trials are kept, trials that are repeated."""
import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from perfetto import Trace
from program import PROGRAM, ProgramCase

NO_KVM = ("sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh")


class Recorded(ProgramCase):
    """Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        self.without_kvm = ("unshare", "--mount", *as_root, *NO_KVM)

    def start(self, *arguments):
        process = subprocess.Popen([PROGRAM, *arguments], env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def wait_for(self, process, condition, seconds=90):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and process.poll() is None:
            if condition():
                return
            time.sleep(0.02)
        process.kill()
        self.fail(f"it did not come to that: {process.communicate()[1]}")

    def test_a_recorded_run_is_judged_again_without_kvm(self):
        output = self.folder / "out"
        self.expect(0, "irq-same-cpu", "--repeat", "2", "--seed", "5", "--output-dir", str(output), timeout=150)
        ran = json.loads((output / "results.json").read_text())
        result = self.expect(0, "replay", str(output), prefix=self.without_kvm)
        self.assertIn("2 of 2 as the run had judged", result.stdout)
        again = json.loads(self.expect(0, "replay", str(output), "--format", "json", prefix=self.without_kvm).stdout)
        for first, second in zip(ran["results"], again["results"], strict=True):
            for field in ("scenario", "strategy", "trial", "seed", "verdict", "ok", "reasons", "differences", "evidence",
                          "repeat"):
                self.assertEqual(first[field], second[field], field)
        self.assertEqual(ran["host"], again["host"])
        self.assertTrue(ran["results"][1]["repeat"].endswith(" --seed 5 --trial 1"))
        self.check_trace(output)
        # One trial alone, then with its end cut off: the deadlock was proven before.
        events = output / ran["results"][1]["directory"] / "events.jsonl"
        self.assertIn("as expected", self.expect(0, "replay", str(events)).stdout)
        whole = events.read_text()
        events.write_text(whole[:-30])
        self.assertIn("stops in the middle", self.expect(0, "replay", str(events)).stdout)
        # In the middle nothing was proven yet.
        events.write_text(whole[:len(whole) // 2])
        self.assertIn("stops in the middle", self.expect(75, "replay", str(events), "--format", "ktap").stdout)
        # Another verdict than the recorded one is not ok, whatever was expected.
        recorded = (output / "results.json").read_text().replace('"verdict": "deadlock"', '"verdict": "hang"')
        events.write_text(whole)
        (output / "results.json").write_text(recorded)
        self.assertIn("the run recorded: hang", self.expect(1, "replay", str(output)).stdout)

    def check_trace(self, output):
        """The deadlock as a timeline: the wait in the fault in the handler in the window, none of which ends."""
        self.expect(0, "trace", str(output), prefix=self.without_kvm)
        trace = Trace((output / "trace.pftrace").read_bytes())
        self.assertEqual(len(trace.processes()), 2)
        self.assertTrue(all(name.endswith(": deadlock") for name in trace.processes()), trace.processes())
        findings = [instant for instant in trace.instants if instant["category"] == ["finding"]]
        self.assertEqual(len(findings), 2)
        open_ones = [slice_["name"] for slice_ in trace.slices if "never ended" in slice_["notes"]]
        for name in ("hold init_mm.page_table_lock", "break to make (pte)", "irq handler (msi)", "vmemmap fault",
                     "wait for init_mm.page_table_lock"):
            self.assertEqual(open_ones.count(name), 2, open_ones)
        for sent in trace.named("irq under way"):
            handler = [one for one in trace.named("irq handler (msi)") if one["flow"] == sent["flow"]]
            self.assertEqual([one["time"] for one in handler], [sent["end"]])

    def test_a_trial_is_repeated_by_its_command(self):
        # Chance decides in which of forty windows the hold comes: the seed of the trial, and nothing else.
        scenario = self.folder / "chance.toml"
        scenario.write_text('name = "chance"\nsummary = "x"\nstrategy = "inplace"\n[machine]\ncpus = 1\nmemory = "128M"\n'
                            '[[workload]]\nvcpu = 0\nrun = "hugetlb-cycle"\npages = 3\n[[rule]]\nname = "some"\n'
                            'when = { probe = "bbm.make", level = "pte", probability = 0.3 }\n'
                            'do = { inject = "hold", for_ms = 1 }\n[expect]\nverdict = "clean"\n')

        def held(*arguments):
            output = self.folder / f"out{len(list(self.folder.glob('out*')))}"
            self.expect(0, str(scenario), "--seed", "11", "--output-dir", str(output), *arguments, timeout=170)
            results = json.loads((output / "results.json").read_text())["results"]
            places = []
            for result in results:
                count, places_of_one = 0, []
                for line in (output / result["directory"] / "events.jsonl").read_text().splitlines():
                    event = json.loads(line)
                    if event["type"] == "probe" and event["probe"] == "bbm.make" and int(event["args"][3], 16) == 1:
                        count += 1
                    if event["type"] == "hit":
                        places_of_one.append(count)
                places.append(places_of_one)
            return places, results

        places, results = held("--repeat", "3")
        self.assertEqual(len({str(one) for one in places}), 3, "three trials, three choices")
        again, repeated = held("--trial", "2", "--repeat", "2")
        self.assertEqual(again, [places[2], places[2]])
        self.assertEqual([result["attempt"] for result in repeated], [1, 2])
        # Each names the copy of the scenario that lies among its own results.
        self.assertEqual(results[2]["repeat"].replace("/out0/", "/out1/"), repeated[0]["repeat"])
        self.assertNotEqual(repeated[0]["directory"], repeated[1]["directory"])

    def test_signals_while_the_workloads_run(self):
        scenario = self.folder / "long.toml"
        scenario.write_text('name = "long"\nsummary = "x"\nstrategy = "inplace"\n[machine]\ncpus = 1\nmemory = "128M"\n'
                            '[[workload]]\nvcpu = 0\nrun = "hugetlb-cycle"\npages = 1\n[[rule]]\nname = "wait"\n'
                            'when = { probe = "bbm.make", nth = 1 }\ndo = { inject = "hold", for_ms = 60000 }\n'
                            '[expect]\nverdict = "clean"\n')
        for number in (signal.SIGTERM, signal.SIGINT):
            output = self.folder / f"out-{number}"
            process = self.start(str(scenario), "--output-dir", str(output))
            self.wait_for(process, lambda: any('"receipt"' in file.read_text() for file in output.rglob("events.jsonl")))
            process.send_signal(number)
            _, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 128 + number, err)
            self.assertEqual(json.loads((output / "results.json").read_text())["results"], [])
            self.assertEqual([path.name for path in output.iterdir() if path.name.startswith(".")], [".remapstorm"])

    def test_kill_9_in_a_repeated_run_keeps_the_finished_trials(self):
        process = self.start("irq-same-cpu", "--repeat", "100", "--strategy", "inplace")
        runs = self.folder / ".local/state/remapstorm/runs"
        unfinished = lambda: list(runs.glob(".remapstorm-unfinished-*"))
        third = lambda: any(one.read_bytes() for one in runs.glob(
            ".remapstorm-unfinished-*/irq-same-cpu/inplace/trial-2/events.jsonl"))
        self.wait_for(process, third, seconds=150)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)
        self.assertEqual(len(unfinished()), 1)
        following = self.start("irq-same-cpu")
        self.wait_for(following, lambda: len(list(runs.glob("*-incomplete"))) == 1 and len(unfinished()) == 1)
        following.terminate()
        _, err = following.communicate(timeout=20)
        self.assertIn("2 finished trials are kept in", err)
        kept = next(runs.glob("*-incomplete"))
        self.assertEqual(sorted(path.name for path in (kept / "irq-same-cpu/inplace").iterdir()),
                         ["trial-0", "trial-1", "trial-2-cut"])
        self.assertIn("Trials that had finished: 2", (kept / "INCOMPLETE").read_text())
        self.assertEqual(unfinished(), [])
        for path in kept.rglob("*.jsonl"):
            self.assertTrue(path.read_text().endswith("}\n"), path)
        results = json.loads(self.expect(75, "replay", str(kept), "--format", "json").stdout)["results"]
        self.assertEqual([(one["verdict"], one["ok"]) for one in results],
                         [("clean", True), ("clean", True), ("error", False)])
        left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(self.folder) in read_or_empty(path)]
        self.assertEqual(left, [])


def read_or_empty(path):
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    unittest.main()
