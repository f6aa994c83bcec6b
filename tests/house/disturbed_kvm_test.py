# SPDX-License-Identifier: Apache-2.0
"""A host that does not give a guest its time is never the guest's hang. tools/disturb does the same for longer."""
import os
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramCase
from repository import TREE

DISTURB = str(TREE / "tools/disturb")


class Disturbed(ProgramCase):
    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image
        # From here on trials begin where this one's guest was ready: what is disturbed is no boot.
        self.expect(0, "control-inplace", timeout=600)

    def disturb(self, *words):
        result = subprocess.run([sys.executable, DISTURB, "--program", PROGRAM, *words], env=self.environment,
                                capture_output=True, text=True, timeout=800)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_a_stopped_process_is_no_hang(self):
        """Each time longer than a guest may stand still."""
        told = self.disturb("--stop", "7", "--trials", "6", "control-inplace")
        self.assertNotIn("stopped 0 times", told)
        self.assertIn("6 clean", told)

    def test_a_loaded_host_is_no_hang(self):
        self.disturb("--load", "6", "--trials", "4", "control-inplace")


if __name__ == "__main__":
    unittest.main()
