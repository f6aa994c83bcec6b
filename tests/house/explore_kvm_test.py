# SPDX-License-Identifier: Apache-2.0
"""explore as a person uses it: interrupted, resumed, with a full disk, with what cannot be; its recordings and commands."""
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from program import PROGRAM, ProgramCase

# Some thirty boundaries, one injection: a window that is explored in seconds.
SMALL = ("explore", "bbm-pte", "--calls", "over", "--inject", "nmi", "--strategy", "bbm-fault", "--cpus", "1")
# Only ends what would never end: on a machine with other work a guest takes minutes to boot.
PATIENCE = 600


def verdicts(certificate):
    return [(one["boundary"], one["pc"], one["visit"], one["inject"], one["verdict"]) for one in certificate["trials"]]


class Explore(ProgramCase):
    """Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""

    @classmethod
    def setUpClass(cls):
        cls.cache = tempfile.TemporaryDirectory(prefix="remapstorm-cache-")  # one boot for all of them
        cls.addClassCleanup(cls.cache.cleanup)

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.image = Path(image)
        self.environment.update(REMAPSTORM_IMAGE_STD=image, REMAPSTORM_CACHE=self.cache.name)
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        self.unshare = ("unshare", "--mount", *as_root)

    def explore(self, code, name, *more, words=SMALL, **how):
        output = self.folder / name
        result = self.expect(code, *words, "-q", "--output-dir", str(output), *more, timeout=PATIENCE, **how)
        return result, json.loads((output / "certificate.json").read_text())

    def interrupt_in_the_middle(self, output, at_least):
        process = subprocess.Popen([PROGRAM, *SMALL, "--jobs", "1", "-q", "--output-dir", str(output)],
                                   env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        journal, deadline = output / "trials.jsonl", time.monotonic() + 120
        while not journal.exists() or journal.read_text().count("\n") <= at_least:
            self.assertIsNone(process.poll(), "it was over before it could be interrupted")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, err)
        return out, err

    def test_what_was_interrupted_is_resumed_to_the_same_certificate(self):
        output = self.folder / "cut"
        out, err = self.interrupt_in_the_middle(output, 3)
        cut = json.loads((output / "certificate.json").read_text())
        self.assertEqual((cut["complete"], cut["interrupted"]), (False, True))
        self.assertGreaterEqual(len(cut["trials"]), 3)
        self.assertEqual(len(cut["trials"]) + len(cut["skipped"]), cut["points"])
        self.assertIn("NOT COMPLETE", out)
        self.assertIn(f"{len(cut['trials'])} trials are kept in {output}", err)

        refused = self.expect(64, *SMALL, "-q", "--output-dir", str(output))
        self.assertIn("holds an exploration already", refused.stderr)
        other = [word.replace("bbm-fault", "inplace") for word in SMALL]
        refused = self.expect(64, *other, "-q", "--output-dir", str(output), "--resume", timeout=PATIENCE)
        self.assertIn("the strategy differs: bbm-fault there, inplace here", refused.stderr)
        kernel = self.folder / "vmlinux"
        shutil.copyfile(self.image / "vmlinux", kernel)
        with open(kernel, "ab") as file:
            file.write(b"another")
        refused = self.expect(64, *SMALL, "-q", "--output-dir", str(output), "--resume", "--kernel", str(kernel),
                              timeout=PATIENCE)
        self.assertIn("the kernel differs", refused.stderr)

        # The command it told, as it stands.
        words = shlex.split(err.split("to go on: ")[1].strip())[1:]
        self.expect(0, *words, "-q", timeout=PATIENCE)
        resumed = json.loads((output / "certificate.json").read_text())
        self.assertEqual((resumed["complete"], resumed["interrupted"]), (True, False))
        self.assertEqual(resumed["resumed"], len(cut["trials"]))
        _, fresh = self.explore(0, "fresh")
        self.assertEqual(verdicts(resumed), verdicts(fresh))
        self.assertEqual(resumed["boundaries"], fresh["boundaries"])

        # One trial again by its command, and its recording judged without KVM.
        trial = fresh["trials"][len(fresh["trials"]) // 2]
        again = self.expect(0, *shlex.split(trial["repeat"])[1:], "-q", timeout=PATIENCE)
        self.assertIn(f"nmi: {trial['verdict']}", again.stdout)
        recordings = sorted((self.folder / "fresh/events").iterdir())
        self.assertEqual(len(recordings), 1, "one verdict, one recording")
        without_kvm = (*self.unshare, "sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh")
        judged = json.loads(self.call("replay", str(recordings[0]), "--format", "json", prefix=without_kvm).stdout)
        recorded = next(one for one in fresh["trials"] if one["events"])
        self.assertEqual([one["verdict"] for one in judged["results"]], [recorded["verdict"]])
        self.assertEqual(judged["results"][0]["evidence"]["findings"][0]["fingerprint"], recorded["fingerprint"])
        self.assertEqual(judged["results"][0]["reasons"][0], recorded["reason"])

    def test_a_full_disk_keeps_what_was_done_and_resume_goes_on(self):
        _, whole = self.explore(0, "whole")
        disk = self.folder / "disk"
        disk.mkdir()
        count = f'grep -c "^{{.trial.*}}}}$" {disk}/out/trials.jsonl'
        # Full from the third trial on: how large recordings are depends on how busy the host is. It is stopped meanwhile.
        script = (f'mount -t tmpfs -o size=64m none {disk} || exit 99; "$@" & it=$!; '
                  f'while kill -0 $it && [ "$({count} 2>/dev/null)0" -lt 30 ]; do sleep 0.01; done; '
                  f'kill -STOP $it; cat /dev/zero >{disk}/filler 2>/dev/null; kill -CONT $it; wait $it; echo "first $?" >&2; '
                  f'{count} >&2; rm {disk}/filler; "$@" --resume; '
                  f'echo "second $?" >&2; cp {disk}/out/certificate.json {self.folder}/copied; ls -A {disk}/out >&2')
        result = self.call(*SMALL, "-q", "--output-dir", f"{disk}/out", timeout=PATIENCE,
                           prefix=(*self.unshare, "sh", "-c", script, "sh"))
        err = result.stderr
        self.assertIn("No space left on device", err)
        self.assertIn("HINT: ", err)
        self.assertIn("first 75\n", err)
        kept = int(err.split("first 75\n")[1].split("\n")[0])
        self.assertGreater(kept, 0, err)
        self.assertIn(f"{kept} trials are kept in {disk}/out", err)
        self.assertIn("second 0\n", err)
        resumed = json.loads((self.folder / "copied").read_text())
        self.assertTrue(resumed["complete"])
        self.assertEqual(resumed["resumed"], kept)
        self.assertEqual(verdicts(resumed), verdicts(whole))
        self.assertNotIn(".tmp.", err)

    def test_folders_that_cannot_be_written(self):
        started = time.monotonic()
        self.assertIn("/proc/out", self.expect(64, *SMALL, "--output-dir", "/proc/out").stderr)
        mine = self.folder / "mine"
        mine.write_text("a file")
        self.assertIn("is no folder", self.expect(64, *SMALL, "--output-dir", str(mine)).stderr)
        self.assertIn("no exploration to go on with",
                      self.expect(64, *SMALL, "--output-dir", str(self.folder / "none"), "--resume").stderr)
        self.assertFalse((self.folder / "none").exists())
        self.assertLess(time.monotonic() - started, 20, "found before a guest boots")

    def test_windows_between_places_and_windows_that_are_none(self):
        missing = self.expect(64, "explore", "vmemmap_update_ptt..vmemmap_update_pte+0x40", "-q")
        self.assertIn("vmemmap_update_pte", missing.stderr)
        beyond = self.expect(64, "explore", "vmemmap_update_pte..vmemmap_update_pte+0x40000", "-q",
                             "--cpus", "1", timeout=PATIENCE)
        self.assertIn("vmemmap_update_pte+0x40000", beyond.stderr)
        _, pte = self.explore(0, "pte")
        inside = [one["offset"] for one in pte["boundaries"] if one["symbol"] == "rs_update_broken"]
        places = f"rs_update_broken+{inside[0]:#x}..rs_update_broken+{inside[-1]:#x}"
        _, between = self.explore(0, "places", words=("explore", places, *SMALL[2:]))
        self.assertTrue(between["complete"])
        self.assertEqual(between["boundaries"][0]["offset"], inside[0])
        self.assertEqual([one["offset"] for one in between["boundaries"]], inside[:-1])
        self.assertEqual({one["verdict"] for one in between["trials"]}, {"deadlock"})


if __name__ == "__main__":
    unittest.main()
