# SPDX-License-Identifier: Apache-2.0
"""The program on a machine with /dev/kvm; fails on any other."""
import json
import os
import signal
import subprocess
import time
import unittest

from guest_case import GuestCase
from program import PROGRAM, ProgramCase


class ProgramOnKvm(ProgramCase):
    def test_an_empty_cache_is_unavailable_and_says_how_to_fill_it(self):
        result = self.expect(4, "irq-same-cpu")
        self.assertIn("HINT: ", result.stderr)
        self.assertIn("guest build", result.stderr)

    def test_doctor(self):
        checks = json.loads(self.expect(0, "doctor", "--format", "json").stdout)
        self.assertTrue(checks["can_run"])
        by_name = {check["name"]: check for check in checks["checks"]}
        self.assertEqual(by_name["guest image"]["state"], "warning")
        for name in ("kvm", "host kind", "userfaultfd", "memory", "cache", "state", "packages"):
            self.assertIn(name, by_name)
        for check in checks["checks"]:
            self.assertTrue(check["state"] == "ok" or check["hint"], check)


class OwnKernels(GuestCase):
    """Kernels without a symbol table."""

    def setUp(self):
        super().setUp()
        image = self.environment["REMAPSTORM_IMAGE_STD"]
        self.vmlinux = f"{image}/vmlinux"
        self.stripped = str(self.folder / "stripped")
        subprocess.run(["objcopy", "-S", self.vmlinux, self.stripped], check=True)

    def deadlock(self, *words):
        output = self.folder / f"out{len(list(self.folder.glob('out*')))}"
        result = self.expect(0, "irq-same-cpu", "--kernel", self.stripped, "--output-dir", str(output), *words)
        trial = json.loads((output / "results.json").read_text())["results"][0]
        self.assertEqual(trial["verdict"], "deadlock")
        functions = [frame["symbol"] for finding in trial["evidence"]["findings"] for sample in finding["samples"]
                     for frame in sample["backtrace"]]
        for function in ("rs_vmemmap_fault", "vmemmap_remap_pte"):
            self.assertIn(function, functions)
        return result.stderr, trial

    def test_a_stripped_kernel_has_its_names_from_kallsyms(self):
        said, trial = self.deadlock()
        self.assertIn(f"{self.stripped}: symbols of its kallsyms", said)
        self.assertNotIn("--symbols", trial["repeat"])

    def test_a_system_map_and_a_debug_vmlinux(self):
        system_map = self.folder / "System.map"
        system_map.write_bytes(subprocess.run(["nm", self.vmlinux], check=True, capture_output=True).stdout)
        for symbols in (str(system_map), self.vmlinux):
            said, trial = self.deadlock("--symbols", symbols)
            self.assertIn(f"{self.stripped}: symbols of {symbols}", said)
            self.assertIn(f"--symbols {symbols} ", trial["repeat"])

    def test_a_map_of_another_build_is_refused(self):
        system_map = self.folder / "System.map"
        system_map.write_text("ffffffff81000000 T _text\nffffffff81000040 T start_kernel\n")
        result = self.expect(64, "irq-same-cpu", "--kernel", self.stripped, "--symbols", str(system_map))
        self.assertIn("not of the same build", result.stderr)
        self.assertIn("start_kernel", result.stderr)
        result = self.expect(64, "irq-same-cpu", "--symbols", str(system_map))
        self.assertIn("--kernel", result.stderr)


class KilledRuns(ProgramCase):
    """Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image
        self.output = self.folder / "out"
        self.output.mkdir()
        (self.output / "results.json").write_text("earlier results")
        (self.output / ".remapstorm").write_text("remapstorm made this folder; below are its files 1\nresults.json\n")

    def unfinished(self):
        return [entry.name for entry in self.output.iterdir() if entry.name.startswith(".remapstorm-unfinished")]

    def start(self):
        process = subprocess.Popen([PROGRAM, "control-inplace", "--output-dir", str(self.output)],
                                   env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            working = self.output / f".remapstorm-unfinished-{process.pid}"
            if (working / "control-inplace/inplace/trial-0/console.log").exists():
                return process
            time.sleep(0.02)
        process.kill()
        raise AssertionError(f"no trial began: {process.communicate()[1]}")

    def test_sigterm_and_ctrl_c_finish_what_they_have(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            process.send_signal(number)
            started = time.monotonic()
            _, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 128 + number, err)
            self.assertLess(time.monotonic() - started, 5)
            self.assertEqual(json.loads((self.output / "results.json").read_text())["schema"], 2)
            self.assertEqual(self.unfinished(), [])

    def test_kill_9_keeps_earlier_results_and_the_next_run_cleans_up(self):
        process = self.start()
        process.kill()
        process.communicate(timeout=20)
        self.assertEqual((self.output / "results.json").read_text(), "earlier results")
        self.assertEqual(len(self.unfinished()), 1)
        following = self.start()
        self.assertEqual(len(self.unfinished()), 1)
        following.terminate()
        following.communicate(timeout=20)
        self.assertEqual(self.unfinished(), [])

    def test_a_full_disk_is_an_error_and_leaves_no_half_file(self):
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        full = self.folder / "full"
        full.mkdir()
        script = f'mount -t tmpfs -o size=24k none {full} && "$@"; code=$?; find {full} -type f; exit $code'
        result = self.call("irq-same-cpu", "-q", "--output-dir", f"{full}/out", timeout=200,
                           prefix=("unshare", "--mount", *as_root, "sh", "-c", script, "sh"))
        self.assertEqual(result.returncode, 75, result.stdout + result.stderr)
        self.assertIn("No space left on device", result.stderr)
        self.assertIn("HINT: ", result.stderr)
        self.assertIn("No space left on device", result.stdout, "why a trial that deadlocked is none is said")
        self.assertEqual([line for line in result.stdout.splitlines() if line.startswith(str(full))], [], "files are left")


if __name__ == "__main__":
    unittest.main()
