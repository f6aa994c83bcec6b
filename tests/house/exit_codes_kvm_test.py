# SPDX-License-Identifier: Apache-2.0
"""Exit codes of real guests, and what git bisect makes of them. Those without a guest: exit_codes_test.py."""
import json
import os
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree as xml

from guest_case import GuestCase
from program import PROGRAM
from tiny_kernel import tiny_kernel

HANGING_KERNEL = b"\x90\x0f\x0b"  # ud2 without an IDT: a triple fault


class GuestCodes(GuestCase):
    def bad_kernel(self):
        kernel = self.folder / "bad-kernel"
        kernel.write_bytes(tiny_kernel(HANGING_KERNEL))
        return str(kernel)

    def test_0_and_1(self):
        self.expect(0, "control-inplace", "--no-report", timeout=300)
        self.expect(1, "control-inplace", "--no-report", "--expect", "deadlock", timeout=300)

    def test_no_verdict_in_time_is_3_which_timeout_1_never_says(self):
        """The workloads of control-inplace take longer than this, and a limit is kept however short it is."""
        result = self.expect(3, "control-inplace", "--no-report", "--timeout", "20ms", timeout=300)
        self.assertIn("no verdict before the hard timeout", result.stdout)
        outer = self.call("serve", "control-inplace", "--metrics-listen", "127.0.0.1:0", "--output-dir", str(self.output),
                          prefix=("timeout", "--preserve-status", "20"), timeout=300)
        self.assertEqual(outer.returncode, 0, "serve ends when it is told to")
        outer = self.call("sweep", "--scenarios", "control-inplace", "--seeds", "10000", "--jobs", "1",
                          prefix=("timeout", "5"), timeout=300)
        self.assertEqual(outer.returncode, 124)

    def test_a_guest_that_does_not_boot_is_125(self):
        self.expect(125, "control-inplace", "--no-report", "--append", "remapstorm.strategy=bogus", timeout=300)
        scenario = self.folder / "bare.toml"
        scenario.write_text('name = "bare"\nsummary = "x"\nstrategy = "inplace"\n[machine]\ncpus = 1\nmemory = "64M"\n'
                            '[[workload]]\nvcpu = 0\nrun = "hugetlb-grow"\npages = 1\n[expect]\nverdict = "clean"\n')
        self.expect(125, str(scenario), "--no-report", "-k", self.bad_kernel())
        self.expect(125, "explore", "bbm-pte", "--append", "remapstorm.strategy=bogus", timeout=300)

    def test_a_place_nobody_can_write_to(self):
        for command in (("run", "control-inplace"), ("serve", "control-inplace", "--metrics-listen", "127.0.0.1:0"),
                        ("sweep", "--scenarios", "control-inplace"), ("soak",), ("compare",), ("explore", "bbm-pte"),
                        ("minimize", "control-inplace")):
            self.expect(64, *command, "--output-dir", "/proc/nothing/out", timeout=300)
            result = self.expect(64, *command, "--junit", "/proc/nothing/out.xml", timeout=300)
            self.assertIn("--junit", result.stderr)
        self.expect(4, "control-inplace", REMAPSTORM_STATE="/proc/nothing", timeout=300)

    def test_too_little_memory_is_named(self):
        """Whatever it is that cannot be had: guest memory, a thread's stack, a buffer."""
        for kilobytes in (250_000, 400_000, 800_000):
            result = self.call("control-inplace", "--no-report", "--cold-boot", timeout=300,
                               prefix=("sh", "-c", f'ulimit -v {kilobytes} && exec "$@"', "sh"))
            self.assertIn(result.returncode, (0, 4), f"{kilobytes}: {result.stdout}{result.stderr}")
            if result.returncode == 4:
                self.assertIn(f"may use {kilobytes} KiB (ulimit -v)", result.stdout + result.stderr)

    def start(self, *arguments):
        return subprocess.Popen([PROGRAM, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, stdin=subprocess.DEVNULL)

    def stop_after(self, process, text, number=signal.SIGTERM):
        seen = ""
        for line in process.stdout:
            seen += line
            if text in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        return seen + out, err

    def test_a_signal_does_not_hide_what_was_seen(self):
        words = ("irq-same-cpu", "--no-report", "--repeat", "500")
        process = self.start(*words, "--expect", "clean")
        out, err = self.stop_after(process, "trial   0  ")
        self.assertEqual(process.returncode, 1, out + err)
        self.assertIn("stopped by a signal", err)
        process = self.start(*words)
        out, err = self.stop_after(process, "trial   0  ")
        self.assertEqual(process.returncode, 143, out + err)

    def test_a_full_disk_does_not_hide_what_was_seen(self):
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        full = self.folder / "full"
        full.mkdir()
        script = f'mount -t tmpfs -o size=100k none {full} && exec "$@"'
        result = self.call("irq-same-cpu", "--expect", "clean", "--repeat", "3", "--output-dir", f"{full}/out",
                           timeout=300, prefix=("unshare", "--mount", *as_root, "sh", "-c", script, "sh"))
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn("No space left on device", result.stdout + result.stderr)

    def test_git_bisect_finds_the_first_bad_kernel(self):
        """Commits are kernels: good ones, one that does not boot, and a first bad one."""
        tree = self.folder / "tree"
        tree.mkdir()
        git = ("git", "-c", "user.name=x", "-c", "user.email=x@y", "-C", str(tree))

        def commit(name, append):
            (tree / "append").write_text(append)
            subprocess.run([*git, "add", "."], check=True)
            subprocess.run([*git, "commit", "-qm", name], check=True)

        subprocess.run(["git", "init", "-q", str(tree)], check=True)
        for name, append in (("good 1", "a=1"), ("good 2", "a=2"), ("no boot", "remapstorm.strategy=bogus"),
                             ("good 3", "a=3"), ("first bad", "a=4"), ("bad", "a=5")):
            commit(name, append)
        test = tree.parent / "test.sh"
        # What a kernel is, stands in a file here: a bad one is told from a good one by the expectation.
        test.write_text(f'cd {tree}; a=$(cat append); case $a in a=[45]) e=deadlock ;; *) e=clean ;; esac\n'
                        f'exec {PROGRAM} run control-inplace --no-report --bisect --append "$a" --expect $e\n')
        subprocess.run([*git, "bisect", "start", "HEAD", "HEAD~5"], check=True, capture_output=True)
        found = subprocess.run([*git, "bisect", "run", "sh", str(test)], env=self.environment, capture_output=True,
                               text=True, timeout=600)
        self.assertIn("is the first bad commit", found.stdout, found.stdout + found.stderr)
        self.assertIn("first bad\n", found.stdout)

    def test_a_scenario_that_cannot_run_is_no_trouble_of_the_others(self):
        """There is no image of flavour rt here."""
        junit = self.folder / "out.xml"
        result = self.expect(4, "rt-atomic", "control-inplace", "--no-report", "--format", "ktap", "--junit", str(junit),
                             "--json", str(self.folder / "out.json"), timeout=300)
        self.assertRegex(result.stdout, r"(?m)^ok 1 rt-atomic # SKIP no guest image of flavour rt")
        self.assertRegex(result.stdout, r"(?m)^ok 2 control-inplace$")
        suites = xml.parse(junit).getroot()
        self.assertEqual((suites.get("tests"), suites.get("skipped"), suites.get("failures")), ("2", "1", "0"))
        results = json.loads((self.folder / "out.json").read_text())["results"]
        self.assertEqual([(one["scenario"], one["exit_code"]) for one in results], [("rt-atomic", 4), ("control-inplace", 0)])
        result = self.expect(4, "serve", "rt-atomic", "control-inplace", "--rounds", "2", "--metrics-listen", "127.0.0.1:0",
                             "--junit", str(junit), timeout=300)
        self.assertIn("rt-atomic is not run: no guest image of flavour rt", result.stderr)
        self.assertIn("2 trials: 2 as expected", result.stdout)
        self.assertEqual(xml.parse(junit).getroot().get("skipped"), "1")

    def test_a_sweep_leaves_out_nothing_that_was_named(self):
        result = self.expect(4, "sweep", "--scenarios", "rt-atomic,control-inplace", "--strategies", "inplace",
                             "--output-dir", str(self.output), timeout=300)
        self.assertRegex(result.stdout, r"(?m)^rt-atomic +inplace +std +1 not run!$")
        self.assertIn("rt-atomic is not made for", result.stdout)
        self.assertIn("# SKIP not run: rt-atomic is not made for", (self.output / "sweep.ktap").read_text())
        self.assertEqual(xml.parse(self.output / "sweep.xml").getroot().get("skipped"), "1")


if __name__ == "__main__":
    unittest.main()
