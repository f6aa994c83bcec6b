# SPDX-License-Identifier: Apache-2.0
"""Every line that repeats something, pasted into an empty folder: it runs the same bytes, or says what it needs."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from program import OF_THE_LAB, PROGRAM, ProgramCase
from repository import TREE


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class RepeatLines(ProgramCase):
    """One home for all, so that the guest boots once."""

    @classmethod
    def setUpClass(cls):
        home = tempfile.TemporaryDirectory(prefix="remapstorm-lines-")
        cls.addClassCleanup(home.cleanup)
        cls.home = Path(home.name)

    def setUp(self):
        super().setUp()
        self.image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(self.image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment.update(HOME=str(self.home), REMAPSTORM_IMAGE_STD=self.image, **OF_THE_LAB)
        # A user's own scenario with a shipped one's name, in a folder with a shipped one's path, and given relatively.
        text = (TREE / "scenarios/irq-same-cpu.toml").read_text()
        own = text.replace('summary = "', 'summary = "mine: ', 1)
        self.assertNotEqual(own, text)
        self.work = self.folder / "my work"
        (self.work / "scenarios").mkdir(parents=True)
        self.file = self.work / "scenarios/irq-same-cpu.toml"
        self.file.write_text(own)
        self.own = sha256(self.file)
        self.empty = self.folder / "empty"
        self.empty.mkdir()

    def run_there(self, *arguments, code=0, **variables):
        result = subprocess.run([PROGRAM, *arguments], cwd=self.work, env={**self.environment, **variables},
                                capture_output=True, text=True, timeout=400, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}\n{result.stderr}")
        return result

    def paste(self, line, code=0, more=""):
        result = subprocess.run(["sh", "-c", line + more], cwd=self.empty, env=self.environment, capture_output=True,
                                text=True, timeout=400, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(result.returncode, code, f"{line}\n{result.stdout}\n{result.stderr}")
        self.assertEqual(list(self.empty.iterdir()), [])
        return result

    def results_of_paste(self, line):
        output = self.folder / f"pasted-{len(list(self.folder.glob('pasted-*')))}"
        self.paste(line, more=f" -q --output-dir '{output}'")
        return json.loads((output / "results.json").read_text())["results"]

    def test_run(self):
        shutil.copy(f"{self.image}/vmlinux", self.work / "my kernel")
        self.run_there("./scenarios/irq-same-cpu.toml", "--cpus", "1", "--kernel", "my kernel", "--repeat", "2", "--output-dir",
                       "out")
        out = self.work / "out"
        results = json.loads((out / "results.json").read_text())["results"]
        self.assertEqual([(one["scenario_sha256"], one["vmlinux_sha256"]) for one in results],
                         [(self.own, sha256(f"{self.image}/vmlinux"))] * 2)
        # What the user does meanwhile changes nothing: the results hold the bytes.
        self.file.write_text("not even a scenario")
        again = self.results_of_paste(results[1]["repeat"])
        for field in ("scenario_sha256", "vmlinux_sha256", "trial", "seed", "verdict", "strategy"):
            self.assertEqual([one[field] for one in again], [results[1][field]], field)
        whole = self.results_of_paste((out / "reproduce").read_text().strip())
        self.assertEqual([one["trial"] for one in whole], [0, 1])
        # Where they are gone or others, it says so.
        with open(self.work / "my kernel", "ab") as kernel:
            kernel.write(b"x")
        self.assertIn("the guest's vmlinux differs", self.paste(results[1]["repeat"], code=64).stderr)
        kept, = (out / "irq-same-cpu").glob("scenario-*.toml")
        self.assertEqual(sha256(kept), self.own)
        kept.write_text(kept.read_text() + "# edited\n")
        self.assertIn("the scenario differs", self.paste(results[1]["repeat"], code=64).stderr)
        kept.unlink()
        self.assertIn(f"no such scenario file: {kept}", self.paste(results[1]["repeat"], code=64).stderr)

    def test_a_shipped_scenario_is_known_by_its_name(self):
        self.run_there("irq-same-cpu", "--cpus", "1", "--output-dir", "out")
        trial, = json.loads((self.work / "out/results.json").read_text())["results"]
        self.assertIn(f"{PROGRAM} run irq-same-cpu --strategy", trial["repeat"])
        self.assertEqual(trial["scenario_sha256"], sha256(TREE / "scenarios/irq-same-cpu.toml"))
        self.assertEqual([one["verdict"] for one in self.results_of_paste(trial["repeat"])], ["deadlock"])
        other = trial["repeat"].replace("scenario=" + trial["scenario_sha256"][:16], "scenario=" + "0" * 16)
        self.assertIn("the scenario differs", self.paste(other, code=64).stderr)

    def test_sweep_and_going_on_with_it(self):
        words = ("sweep", "--scenarios", "./scenarios/irq-same-cpu.toml", "--strategies", "bbm-fault", "--output-dir", "swept")
        self.run_there(*words, "--seeds", "1")
        trial, = json.loads((self.work / "swept/sweep.json").read_text())["cells"][0]["trials"]
        self.assertIn("scenario=" + self.own[:16], trial["repeat"])
        self.file.write_text("not even a scenario")
        self.assertEqual([one["verdict"] for one in self.results_of_paste(trial["repeat"])], ["deadlock"])

    def test_going_on_with_a_sweep(self):
        process = subprocess.Popen([PROGRAM, "sweep", "--scenarios", "irq-same-cpu", "--strategies", "bbm-fault", "--seeds",
                                    "50", "--output-dir", "sw ept", "--jobs", "1"], cwd=self.work, env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        journal = self.work / "sw ept/sweep.jsonl"
        self.wait_for(process, lambda: journal.exists() and len(journal.read_text().splitlines()) > 2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        line = next(one for one in err.splitlines() if "to go on: " in one).split("to go on: ")[1]
        done = len(journal.read_text().splitlines())
        goes_on = subprocess.Popen(["sh", "-c", "exec " + line], cwd=self.empty, env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.wait_for(goes_on, lambda: len(journal.read_text().splitlines()) > done)
        goes_on.send_signal(signal.SIGINT)
        goes_on.communicate(timeout=60)

    def wait_for(self, process, condition):
        for _ in range(6000):
            if condition():
                return
            if process.poll() is not None:
                break
            signal.sigtimedwait([], 0.05)
        process.kill()
        self.fail(f"it did not come to that: {process.communicate()}")

    def test_serve(self):
        self.run_there("serve", "./scenarios/irq-same-cpu.toml", "--cpus", "1", "--rounds", "2", "--metrics-listen", "127.0.0.1:0",
                       "--output-dir", "served")
        last = self.work / "served/round-000001"
        line = (last / "reproduce").read_text().strip()
        self.assertTrue(line.endswith(" --trial 1"), line)
        again, = self.results_of_paste(line)
        self.assertEqual((again["scenario_sha256"], again["trial"], again["verdict"]), (self.own, 1, "deadlock"))

    def test_minimize(self):
        result = self.run_there("minimize", "./scenarios/irq-same-cpu.toml", "--cpus", "1", "--repeat", "1", "--at-least", "1",
                                "--output-dir", "small")
        line = (self.work / "small/reproduce").read_text().strip()
        self.assertIn("repeat it " + line, result.stdout)
        again, = self.results_of_paste(line)
        self.assertEqual((again["verdict"], again["scenario_sha256"]), ("deadlock", sha256(self.work / "small/minimal.toml")))

    def test_explore_and_census(self):
        self.run_there("explore", "bbm-pte", "--inject", "irq", "--cpus", "1", "--at", "0", "--output-dir", "explored")
        certificate = json.loads((self.work / "explored/certificate.json").read_text())
        trial, = certificate["trials"]
        self.assertIn(trial["verdict"], self.paste(trial["repeat"], more=" -q").stdout)
        kernel = sha256(f"{self.image}/vmlinux")[:16]
        for line in (trial["repeat"], certificate["repeat"]):
            self.assertIn(f"kernel={kernel}", line)
            self.assertIn("the guest's vmlinux differs", self.paste(line.replace(kernel, "0" * 16), code=64).stderr)
        self.run_there("census", "bbm-pte", "--cpus", "1", "--windows", "2", "--output-dir", "counted")
        census = json.loads((self.work / "counted/census.json").read_text())
        self.assertIn("Again    " + census["repeat"] + "\n", (self.work / "counted/census.txt").read_text(), "not wrapped")
        again = json.loads(self.paste(census["repeat"], more=" --format json").stdout)
        self.assertEqual(again["guest"]["vmlinux_sha256"], sha256(f"{self.image}/vmlinux"))
        self.assertEqual(again["repeat"], census["repeat"])

    def test_a_kernel_that_was_exchanged_on_the_disk_is_not_called_the_manifests(self):
        image = self.folder / "image"
        shutil.copytree(self.image, image)
        with open(image / "vmlinux", "ab") as kernel:
            kernel.write(b"exchanged")
        result = self.run_there("irq-same-cpu", "--cpus", "1", "--output-dir", "out", REMAPSTORM_IMAGE_STD=str(image))
        self.assertIn("is not the kernel that the image's manifest names", result.stderr)
        guest = json.loads((self.work / "out/results.json").read_text())["guest"]
        self.assertEqual(guest["vmlinux_sha256"], sha256(image / "vmlinux"))
        self.assertEqual((guest["config_sha256"], guest["series_sha256"]), ("", ""), "nobody knows")
        self.assertEqual(guest["initramfs_sha256"], sha256(image / "initramfs.cpio"))


if __name__ == "__main__":
    unittest.main()
