# SPDX-License-Identifier: Apache-2.0
"""The lab: a command runs on its emulated host as if it ran here, and nothing of it stays."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TREE = Path(os.environ.get("REMAPSTORM_TREE", Path(__file__).resolve().parents[2]))
PROGRAM = os.environ.get("REMAPSTORM_PROGRAM", str(TREE / "build/debug/cli/remapstorm"))
KVM_TESTS = str(TREE / "build/debug/tests/vmm/test_vmm_kvm")
CACHE = Path(os.environ.get("REMAPSTORM_CACHE") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "remapstorm")
PATIENCE = 300  # of a busy machine; a quiet one needs seconds


def lab(*command, cwd=None, **variables):
    return subprocess.Popen([str(TREE / "lab/run"), "x86", *command], cwd=cwd, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, **variables})


def done(process, patience=PATIENCE):
    out, err = process.communicate(timeout=patience)
    return process.returncode, out, err


def job_of(process):
    return CACHE / "lab" / "jobs" / str(process.pid)


def qemu_of(process):
    """Process ids of the QEMU of this lab."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if words and words[0].endswith(b"qemu-system-x86_64") and any(str(job_of(process)).encode() in w for w in words):
            found.append(int(entry.name))
    return found


def wait_for(what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


class Lab(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="remapstorm-lab-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_as_if_it_ran_here(self):
        process = lab("bash", "-c", 'echo "$WORD"; pwd; echo to err >&2; echo kept >made; [ -c /dev/kvm ] && exit 7',
                      cwd=self.folder, WORD="two  'words'", OMP_NUM_THREADS="1")
        code, out, err = done(process)
        self.assertEqual((code, err), (7, "to err\n"))
        self.assertEqual(out, f"two  'words'\n{self.folder}\n")
        self.assertEqual((self.folder / "made").read_text(), "kept\n")
        self.assertFalse(job_of(process).exists())

    def test_a_terminal_here_is_a_terminal_there(self):
        ours, theirs = os.openpty()
        process = subprocess.Popen([str(TREE / "lab/run"), "x86", "bash", "-c", "test -t 1 && test -t 2 && echo yes; exit 7"],
                                   stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.addCleanup(os.close, ours)
        said = b""
        try:
            while more := os.read(ours, 4096):
                said += more
        except OSError:  # how a terminal says that nobody has its other end
            pass
        self.assertEqual((process.wait(PATIENCE), said), (7, b"yes\r\n"))

    def test_a_cache_whose_name_the_lab_cannot_pass_on(self):
        code, _, err = done(lab("true", REMAPSTORM_CACHE=str(self.folder / "with blank")))
        self.assertEqual(code, 64)
        self.assertIn("HINT: ", err)

    def test_an_emulator_that_could_not_be_had_is_tried_for_again_a_day_later(self):
        here, cache = self.folder / "x86", self.folder / "cache"
        here.mkdir()
        for name in ("image", "init"):
            shutil.copy(TREE / "lab/x86" / name, here / name)
        emulator = here / "emulator"
        emulator.write_text('#!/bin/sh\necho asked >>"$(dirname "$0")/asked"\nmkdir "$1.is-there" 2>/dev/null && exit 75\nmkdir "$1"\n')
        emulator.chmod(0o755)
        digest = hashlib.sha256(b"".join((here / name).read_bytes() for name in ("image", "init", "emulator"))).hexdigest()
        made = cache / "lab" / f"x86-{digest[:12]}"
        made.mkdir(parents=True)
        for name in ("kernel", "initramfs"):
            (made / name).touch()

        def image(*words):
            return subprocess.run([here / "image", *words], env={**os.environ, "REMAPSTORM_CACHE": str(cache)},
                                  capture_output=True, text=True).returncode

        self.assertEqual((image("--cached"), image(), image("--cached")), (1, 0, 0))
        self.assertFalse((made / "qemu").exists())
        yesterday = time.time() - 25 * 3600
        os.utime(made / "without-qemu-10", (yesterday, yesterday))
        self.assertEqual((image("--cached"), image(), image("--cached")), (1, 0, 0))
        self.assertTrue((made / "qemu").exists())
        self.assertEqual((here / "asked").read_text(), "asked\n" * 2)

    def test_loopback_is_up_and_no_guest_runs_on_processor_0(self):
        # QEMU's FXRSTOR writes processor 0's hflags2 from any processor: about one guest in a thousand triple-faulted.
        code, out, err = done(lab("cat", "/sys/class/net/lo/flags", "/proc/self/status"))
        here = len(os.sched_getaffinity(0))
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(int(out.split()[0], 16) & 1, "IFF_UP")
        self.assertIn("\nCpus_allowed_list:\t" + ("1" if here == 1 else f"1-{here}") + "\n", out)

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
        image = subprocess.run([str(TREE / "lab/x86/image"), "--cached"], check=True, capture_output=True, text=True)
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

    def test_a_host_that_stands_still_is_ended(self):
        process = lab("bash", "-c", "echo here; sleep 1000", REMAPSTORM_LAB_PATIENCE="20")
        self.assertEqual(process.stdout.readline(), "here\n")
        time.sleep(30)  # one that only sleeps is alive
        self.assertIsNone(process.poll())
        for one in qemu_of(process):
            os.kill(one, signal.SIGSTOP)
        code, _, err = done(process)
        self.assertEqual(code, 75, err)
        self.assertIn("gave no sign of life for 20 s", err)
        self.assertFalse(job_of(process).exists())

    def test_patience_is_a_number(self):
        code, _, err = done(lab("true", REMAPSTORM_LAB_PATIENCE="long"))
        self.assertEqual(code, 64, err)
        self.assertIn("REMAPSTORM_LAB_PATIENCE is 'long'", err)

    def test_machines_come_and_go(self):
        """Without one that stays the host stood still after some 500."""
        switching = "pipe(A,B);pipe(C,D);if(fork){while(1){syswrite(B,1);sysread(C,$x,1)}}else{while(1){sysread(A,$x,1);syswrite(D,1)}}"
        making = 'open(K,"+<","/dev/kvm")or die;for(1..800){open(V,"+<&=",ioctl(K,0xae01,0))or die;close(V)}print"made\n"'
        code, out, err = done(lab("bash", "-c", f"perl -e '{switching}' & perl -e '{switching}' & perl -e '{making}'",
                                  REMAPSTORM_LAB_PATIENCE="60"))
        self.assertEqual((code, out), (0, "made\n"), err)

    def test_ctrl_c_reaches_the_command(self):
        process = lab("bash", "-c", 'trap "echo caught; exit 3" INT; echo here; while :; do sleep 0.1; done')
        self.assertEqual(process.stdout.readline(), "here\n")
        process.send_signal(signal.SIGINT)
        code, out, _ = done(process)
        self.assertEqual((code, out), (3, "caught\n"))
        self.assertEqual(qemu_of(process), [])

    def test_a_kill_leaves_nothing_running(self):
        process = lab("bash", "-c", "echo here; sleep 1000")
        self.assertEqual(process.stdout.readline(), "here\n")
        self.assertEqual(len(qemu_of(process)), 1)
        process.kill()
        process.communicate()
        self.assertTrue(wait_for(lambda: not qemu_of(process), 10))
        # Its folder goes with the next lab.
        self.assertEqual(done(lab("true"))[0], 0)
        self.assertFalse(job_of(process).exists())

    def test_what_it_does_not_know(self):
        for words in ((), ("s390", "true"), ("x86",)):
            result = subprocess.run([str(TREE / "lab/run"), *words], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 64)
            self.assertIn("HINT: ", result.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
