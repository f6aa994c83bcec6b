# SPDX-License-Identifier: Apache-2.0
"""The program on the lab's host of kind x86: the same verdicts, and what its emulators can do."""
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from lab_case import PATIENCE, PROGRAM, TREE, LabCase, done, lab, wait_for

KVM_TESTS = str(TREE / "build/debug/tests/vmm/test_vmm_kvm")


class Program(LabCase):
    def test_a_rule_at_an_address_is_an_error_and_never_clean_where_none_fires(self):
        # The VMRUN of Debian 12's QEMU arms no debug register: the rule would wait for ever, the trial look undisturbed.
        scenario = self.folder / "at.toml"
        scenario.write_text('name = "at"\nsummary = "x"\nstrategy = "inplace"\n[machine]\ncpus = 1\nmemory = "128M"\n'
                            '[[workload]]\nvcpu = 0\nrun = "hugetlb-cycle"\npages = 1\n[[rule]]\nname = "there"\n'
                            'when = { at = "vmemmap_update_pte" }\ndo = { inject = "irq", via = "msi", vcpu = "hit" }\n'
                            '[expect]\nverdict = "clean"\n')
        code, out, err = done(lab(PROGRAM, "run", str(scenario), "--output-dir", str(self.folder / "out"),
                                  REMAPSTORM_LAB_QEMU="/usr/bin/qemu-system-x86_64"), 2 * PATIENCE)
        self.assertEqual(code, 75, out + err)
        self.assertIn("execution breakpoints do not fire", " ".join(out.split()))

    def test_explore_is_refused_where_a_step_into_a_handler_may_have_no_end(self):
        code, out, err = done(lab(PROGRAM, "explore", "bbm-pte", "--inject", "nmi", "--output-dir", str(self.folder / "out"),
                                  REMAPSTORM_LAB_QEMU="/usr/bin/qemu-system-x86_64"), 2 * PATIENCE)
        self.assertEqual(code, 4, out + err)
        self.assertIn("execution breakpoints do not fire", " ".join(err.split()))

    def test_execution_breakpoints_fire(self):
        image = subprocess.run([str(TREE / "lab/image"), "x86", "--cached"], check=True, capture_output=True, text=True)
        # Where bookworm-backports cannot be had the lab falls back to the installed QEMU, and says so when it is made.
        armed = (Path(image.stdout.strip()) / "qemu").is_dir()
        code, out, err = done(lab(KVM_TESTS, "--gtest_filter=Breakpoint.*:Step.*:Calibrate.*"), 2 * PATIENCE)
        self.assertEqual(code == 0, armed, out + err)

    def test_a_point_of_a_certificate(self):
        # The handler of this NMI waits for ever: hardware runs through it, and the step that raises it must end.
        output = self.folder / "out"
        code, out, err = done(lab(PROGRAM, "explore", "bbm-pte", "--inject", "nmi", "--strategy", "bbm-fault", "--at", "0",
                                  "--output-dir", str(output)), 2 * PATIENCE)
        self.assertEqual(code, 0, out + err)
        trial = json.loads((output / "certificate.json").read_text())["trials"][0]
        self.assertEqual(trial["verdict"], "deadlock")
        self.assertEqual((trial["taken"][0]["boundary"], trial["taken"][0]["exact"]), (0, True))

    def test_a_kernel_of_debian_alone_also_a_second_time(self):
        # The second trial was an oops: its guest came from a snapshot, where QEMU refuses port I/O in user mode.
        image = subprocess.run([str(TREE / "lab/image"), "x86"], check=True, capture_output=True, text=True).stdout
        kernel = image.splitlines()[-1] + "/kernel"
        scenario = self.folder / "stock.toml"
        scenario.write_text('name = "stock"\nsummary = "x"\nstrategy = "inplace"\n[machine]\ncpus = 1\nmemory = "512M"\n'
                            '[[workload]]\nvcpu = 0\nrun = "hugetlb-cycle"\npages = 2\nrepeat = 1\n[[rule]]\nname = "held"\n'
                            'when = { at = "hugetlb_vmemmap_optimize", nth = 1 }\n'
                            'do = { inject = "hold", vcpu = "hit", for_ms = 5 }\n[expect]\nverdict = "clean"\nrules = { held = 1 }\n')
        output = self.folder / "out"
        code, out, err = done(lab(PROGRAM, "run", str(scenario), "--kernel", kernel, "--repeat", "2", "--output-dir",
                                  str(output)), 2 * PATIENCE)
        self.assertEqual(code, 0, out + err)
        self.assertIn("symbols of its kallsyms", err)
        results = json.loads((output / "results.json").read_text())
        self.assertEqual([trial["verdict"] for trial in results["results"]], ["clean", "clean"])
        self.assertRegex(results["guest"]["kernel_version"], r"^6\.1\.0-[0-9]+-amd64$")

    def test_the_same_verdicts_on_another_kvm(self):
        output = self.folder / "out"
        code, out, err = done(lab(PROGRAM, "run", "irq-same-cpu", "irqsafe-nmi", "--repeat", "2", "--format", "ktap",
                                  "--output-dir", str(output)), 2 * PATIENCE)
        self.assertEqual(code, 0, out + err)
        self.assertIn("host lab:x86", out)
        self.assertIn("ok 1 irq-same-cpu", out)
        results = json.loads((output / "results.json").read_text())
        self.assertEqual(results["host"]["kind"], "lab:x86")
        verdicts = [trial["verdict"] for trial in results["results"]]
        self.assertEqual(verdicts, ["deadlock"] * 4)
        # An ordinary guest with the processor it is given boots there without a complaint.
        for log in output.rglob("console.log"):
            self.assertNotIn("WARNING", log.read_text())

    def test_a_folder_that_two_kernels_share_is_used_by_one_run_at_a_time(self):
        # The lab's host sees our files over 9p, and locks of one kernel mean nothing to the other.
        output = self.folder / "out"

        def unfinished():
            return [entry for entry in output.glob(".remapstorm-unfinished-*") if list(entry.rglob("trial-1/events.jsonl"))]

        first = lab(PROGRAM, "run", "irqsafe-irq", "--repeat", "1000", "--quiet", "--no-report", "--output-dir", str(output))
        self.addCleanup(first.wait)
        self.addCleanup(first.kill)
        self.assertTrue(wait_for(unfinished, 2 * PATIENCE), "no trial began")
        working = unfinished()[0]
        report = (PROGRAM, "report", str(working), "--output-dir", str(output))
        here = subprocess.run(report, capture_output=True, text=True, check=False)
        self.assertEqual(here.returncode, 64, here.stdout + here.stderr)
        self.assertIn("is in use by another run", here.stderr)
        code, out, err = done(lab(*report), 2 * PATIENCE)  # a third kernel
        self.assertEqual(code, 64, out + err)
        self.assertIn("is in use by another run", err)
        self.assertIsNone(first.poll(), "the first run was disturbed")
        self.assertEqual(unfinished(), [working])
        # Killed with its kernel: nobody tells, it only stands still.
        first.kill()
        first.communicate()
        here = subprocess.run(report, capture_output=True, text=True, check=False)
        self.assertEqual(here.returncode, 64, here.stdout + here.stderr)  # what it was to tell of has moved
        kept = list(output.glob("incomplete-*"))
        self.assertEqual(len(kept), 1, here.stderr)
        self.assertIn("kept in " + str(kept[0]), here.stderr)
        self.assertTrue((kept[0] / "irqsafe-irq").is_dir())

    def test_what_a_busy_machine_takes_is_no_stall_of_the_guest(self):
        output = self.folder / "out"
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4 * os.cpu_count())]
        for hog in hogs:
            self.addCleanup(hog.wait)
            self.addCleanup(hog.kill)
        code, out, err = done(lab(PROGRAM, "run", "irqsafe-irq", "--repeat", "3", "--quiet", "--no-report",
                                  "--output-dir", str(output)), 3 * PATIENCE)
        self.assertEqual(code, 0, out + err)
        recordings = sorted(output.rglob("events.jsonl"))
        self.assertEqual(len(recordings), 3)
        for recording in recordings:
            events = [json.loads(line) for line in recording.read_text().splitlines()]
            waited = sum(event["waited_ns"] for event in events if event["type"] == "host-wait")
            self.assertGreater(waited, 200_000_000, "nothing was taken, so nothing is shown")


if __name__ == "__main__":
    sys.exit(unittest.main())
