# SPDX-License-Identifier: Apache-2.0
"""A guest is booted once; later runs go on from its snapshot, and a snapshot that is no good costs a boot and a line."""
import json
import os
import unittest

from program import ProgramCase


class Snapshots(ProgramCase):
    """Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image
        self.snapshots = self.folder / ".cache/remapstorm/snapshots"
        self.runs = 0

    def run_once(self, *arguments, repeat=1, prefix=()):
        """What the trials say of their boot, and standard error. The verdict is the same wherever the guest came from."""
        self.runs += 1
        output = self.folder / f"out-{self.runs}"
        result = self.expect(0, "irq-same-cpu", "--cpus", "1", "-q", "--repeat", str(repeat), "--output-dir", str(output),
                             *arguments, prefix=prefix, timeout=180)
        trials = json.loads((output / "results.json").read_text())["results"]
        self.assertEqual([trial["verdict"] for trial in trials], ["deadlock"] * repeat)
        return [trial["booted"] for trial in trials], result.stderr

    def only_file(self):
        files = list(self.snapshots.iterdir())
        self.assertEqual(len(files), 1, files)
        return files[0]

    def test_boots_once_and_again_when_the_snapshot_is_no_good(self):
        self.assertEqual(self.run_once(repeat=3), ([True, False, False], ""))
        self.assertEqual(self.run_once(), ([False], ""))

        file = self.only_file()
        content = bytearray(file.read_bytes())
        at = len(content) // 2
        at = next(i for i in range(at, len(content)) if content[i] != 0)
        content[at] ^= 1
        file.write_bytes(content)
        booted, err = self.run_once()
        self.assertEqual(booted, [True])
        self.assertIn("damaged", err)

        os.truncate(self.only_file(), 5000)
        booted, err = self.run_once()
        self.assertEqual(booted, [True])
        self.assertIn("cut: 5000 of", err)
        self.assertEqual(self.run_once(), ([False], ""))

    def test_a_boot_can_be_asked_for_and_a_full_cache_fails_no_run(self):
        self.snapshots.parent.mkdir(parents=True)
        self.snapshots.write_text("a file where the folder should be")
        booted, err = self.run_once(repeat=2)
        self.assertEqual(booted, [True, False], "the second goes on from memory")
        self.assertIn("later runs have to boot this guest again", err)
        booted, err = self.run_once("--cold-boot")
        self.assertEqual((booted, err), ([True], ""))

    def test_no_room_for_a_snapshot_is_said_and_leaves_no_piece_of_one(self):
        self.snapshots.mkdir(parents=True)
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        small_disk = ("unshare", "--mount", *as_root, "sh", "-c",
                      f'mount -t tmpfs -o size=1m none {self.snapshots} || exit 99; "$0" "$@"; code=$?; '
                      f'ls -A {self.snapshots} | sed "s/^/left: /" >&2; exit $code')
        booted, err = self.run_once(repeat=2, prefix=small_disk)
        self.assertEqual(booted, [True, False], "the second goes on from memory")
        self.assertIn("later runs have to boot this guest again", err)
        self.assertIn("No space left on device", err)
        self.assertNotIn("left: ", err)


unittest.main()
