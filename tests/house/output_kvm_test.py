# SPDX-License-Identifier: Apache-2.0
"""Nothing of the user's is lost: folders that are not ours, runs that share a folder, disks that are full."""
import json
import os
import shutil
import subprocess
import time
import unittest

from metrics_case import MetricsCase
from program import PROGRAM

SCENARIO = "irq-same-cpu"


class Output(MetricsCase):
    """Needs the guest image, and shares the booted guests of a file with its tests, as those of metrics do."""

    def content(self, folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def begin(self, *words):
        process = subprocess.Popen([PROGRAM, *words, "--output-dir", str(self.output), "--no-report"], env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 300  # of a busy machine
        while not list(self.output.rglob("console.log")):
            self.assertLess(time.monotonic(), deadline, "no trial began")
            time.sleep(0.02)
        return process

    def test_a_tree_of_the_users_is_refused_by_every_command_without_a_byte_changed(self):
        tree = self.folder / "tree"
        for name in ("report/source.cpp", f"{SCENARIO}/notes.txt", "trials/mine", "round-000001/mine", "latest"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text("mine")
        before = self.content(tree)
        (self.folder / "run").mkdir()
        for words in (["run", SCENARIO], ["serve", SCENARIO, "--rounds", "1", "--metrics-listen", "127.0.0.1:0"],
                      ["sweep", "--scenarios", SCENARIO, "--strategies", "bbm-fault", "--seeds", "1"],
                      ["soak", "--trials", "1"], ["compare", "--repeat", "1"],
                      ["explore", "bbm-pte", "--inject", "irq", "--strategy", "bbm-fault", "--at", "0"],
                      ["census", "bbm-pte", "--strategy", "bbm-fault"], ["minimize", SCENARIO]):
            result = self.expect(64, *words, "--output-dir", str(tree), timeout=300)
            self.assertIn(str(tree), result.stderr, words)
            self.assertIn("HINT: ", result.stderr, words)
            self.assertEqual(self.content(tree), before, words)

    def test_our_own_folder_is_replaced_and_what_a_person_put_there_stays(self):
        self.expect(0, SCENARIO, "--output-dir", str(self.output), timeout=300)
        (self.output / SCENARIO / "notes.txt").write_text("mine")
        first = json.loads((self.output / "results.json").read_text())
        self.expect(0, SCENARIO, "--no-report", "--output-dir", str(self.output), timeout=300)
        self.assertNotEqual(json.loads((self.output / "results.json").read_text())["results"], first["results"])
        self.assertEqual((self.output / SCENARIO / "notes.txt").read_text(), "mine")
        self.assertFalse((self.output / "report").exists(), "an old page beside new results")
        self.expect(0, "report", str(self.output))
        self.expect(0, "report", str(self.output))
        self.expect(0, SCENARIO, "--output-dir", str(self.output), timeout=300)

    def test_of_two_runs_at_once_the_second_is_refused(self):
        first = self.begin(SCENARIO, "--repeat", "3")
        second = self.expect(64, SCENARIO, "--output-dir", str(self.output))
        self.assertIn(f"is in use by another run: process {first.pid}", second.stderr)
        out, err = first.communicate(timeout=300)
        self.assertEqual(first.returncode, 0, out + err)
        self.assertEqual(len(list(self.output.rglob("events.jsonl"))), 3)

    def test_a_folder_removed_meanwhile_is_no_success(self):
        process = self.begin(SCENARIO, "--repeat", "3", "--expect", "deadlock")
        shutil.rmtree(self.output)
        out, err = process.communicate(timeout=300)
        self.assertNotEqual(process.returncode, 0, out + err)
        self.assertNotIn("recorded in", out)
        self.assertIn(f"{self.output} was removed", err)

    def test_a_full_disk_keeps_what_was_proven_and_names_it(self):
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        full, kept = self.folder / "full", self.folder / "kept"
        full.mkdir()
        script = (f'mount -t tmpfs -o size=100k none {full} && "$@"; code=$?; cp -r {full} {kept}; exit $code')
        result = self.call(SCENARIO, "-q", "--expect", "clean", "--repeat", "3", "--output-dir", f"{full}/out", timeout=300,
                           prefix=("unshare", "--mount", *as_root, "sh", "-c", script, "sh"))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("No space left on device", result.stderr)
        recordings = list(kept.rglob("events.jsonl"))
        self.assertGreaterEqual(len(recordings), 1, result.stderr)
        place = next(iter(kept.glob("out/incomplete-*")))
        self.assertIn(f"kept in {full}/out/{place.name}", result.stderr)
        verdicts = self.call("replay", str(place), "--format", "json").stdout
        self.assertIn('"deadlock"', verdicts)


if __name__ == "__main__":
    unittest.main()
