# SPDX-License-Identifier: Apache-2.0
"""A lab: a command runs on its emulated host as if it ran here, and nothing of it stays."""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

from lab_case import EMULATOR, KIND, PATIENCE, TREE, LabCase, done, job_of, lab, qemu_of, wait_for


class Lab(LabCase):
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
        process = subprocess.Popen([str(TREE / "lab/run"), KIND, "bash", "-c", "test -t 1 && test -t 2 && echo yes; exit 7"],
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

    def test_an_emulator_that_could_not_be_had_is_tried_for_again(self):
        """A day later where the installed one does meanwhile, else the next time."""
        here, cache, fakes = (self.folder / name for name in ("lab", "cache", "fakes"))
        (fakes / "root/usr/bin").mkdir(parents=True)
        (here / KIND).mkdir(parents=True)
        parts = ("image", "init", "debian", f"{KIND}/packages")
        for name in parts:
            shutil.copy(TREE / "lab" / name, here / name)
        for path, text in (("apt-get", 'case "$*" in indextargets*) echo http://nowhere ;;\n'
                            '*download*) echo asked >>"$FAKES/asked"; mkdir "$FAKES/refused" 2>/dev/null && exit 100; touch a.deb ;;\nesac'),
                           ("dpkg-deb", 'tar -c -C "$FAKES/root" ./usr'), (f"root/usr/bin/{EMULATOR}", "exit 0")):
            (fakes / path).write_text(f"#!/bin/sh\n{text}\n")
            (fakes / path).chmod(0o755)
        digest = hashlib.sha256(b"".join((here / name).read_bytes() for name in parts)).hexdigest()
        made = cache / "lab" / f"{KIND}-{digest[:12]}"
        made.mkdir(parents=True)
        for name in ("kernel", "initramfs"):
            (made / name).touch()

        def image(*words):
            return subprocess.run([here / "image", KIND, *words], capture_output=True, text=True,
                                  env={**os.environ, "REMAPSTORM_CACHE": str(cache), "FAKES": str(fakes),
                                       "PATH": f"{fakes}:{os.environ['PATH']}"}).returncode

        if KIND == "x86":
            self.assertEqual((image("--cached"), image(), image("--cached")), (1, 0, 0))
            self.assertFalse((made / "qemu").exists())
            yesterday = time.time() - 25 * 3600
            os.utime(made / "without-qemu-10", (yesterday, yesterday))
        else:
            self.assertEqual((image("--cached"), image()), (1, 75))
        self.assertEqual((image("--cached"), image(), image("--cached")), (1, 0, 0))
        self.assertTrue((made / "qemu/usr/bin" / EMULATOR).exists())
        self.assertEqual((fakes / "asked").read_text(), "asked\n" * 2)

    def test_no_network_no_lab(self):
        apt = self.folder / "apt-get"
        apt.write_text('#!/bin/sh\n[ "$1" = indextargets ] && echo http://nowhere && exit\necho "it cannot be fetched"\nexit 100\n')
        apt.chmod(0o755)
        code, _, err = done(lab("true", REMAPSTORM_CACHE=str(self.folder / "cache"), PATH=f"{self.folder}:{os.environ['PATH']}"))
        self.assertEqual(code, 75, err)
        self.assertIn("lab: cannot fetch Debian's package lists", err)
        self.assertIn("the lab's host cannot be made\nHINT: ", err)
        self.assertEqual(list((self.folder / "cache/lab").iterdir()), [])

    def test_its_host(self):
        # x86: QEMU's FXRSTOR writes processor 0's hflags2 from any processor: about one guest in a thousand triple-faulted.
        kept, machine, kvm = {"x86": (1, "x86_64", "Nested Paging enabled"),
                              "arm64": (0, "aarch64", "VHE mode initialized successfully")}[KIND]
        code, out, err = done(lab("bash", "-c", "cat /sys/class/net/lo/flags /proc/self/status; uname -m; dmesg; "
                                  "echo lab $REMAPSTORM_LAB $(cat $REMAPSTORM_LAB_PROCESSORS/*/comm)"))
        first, last = kept, kept + len(os.sched_getaffinity(0)) - 1
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(int(out.split()[0], 16) & 1, "IFF_UP")
        self.assertIn("\nCpus_allowed_list:\t" + (f"{first}" if first == last else f"{first}-{last}") + "\n", out)
        self.assertIn(f"\n{machine}\n", out)
        self.assertIn(kvm, out)
        self.assertRegex(out, f"\nlab {KIND} .*CPU 0/TCG")

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
        for words in ((), ("s390", "true"), (KIND,)):
            result = subprocess.run([str(TREE / "lab/run"), *words], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 64)
            self.assertIn("HINT: ", result.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
