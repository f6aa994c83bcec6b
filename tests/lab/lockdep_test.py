# SPDX-License-Identifier: Apache-2.0
"""Flavour lockdep, on the lab's host: it takes minutes to boot where KVM interprets the kernel."""
import json
import tempfile
import unittest
from pathlib import Path

from lab_case import PATIENCE, PROGRAM, done, lab


class Lockdep(unittest.TestCase):
    def verdicts_of(self, *scenarios):
        with tempfile.TemporaryDirectory(prefix="remapstorm-lockdep-test-") as folder:
            output = Path(folder) / "out"
            code, out, err = done(lab(PROGRAM, "run", *scenarios, "--flavour", "lockdep", "--format", "ktap",
                                      "--output-dir", str(output)), 2 * PATIENCE)
            self.assertEqual(code, 0, out + err)
            return [one["verdict"] for one in json.loads((output / "results.json").read_text())["results"]]

    def test_what_the_guest_says_of_a_lock_that_an_interrupt_takes(self):
        self.assertEqual(self.verdicts_of("irq-remote-pmd", "irqsafe-irq"), ["lockdep", "lockdep"])

    def test_a_deadlock_is_proven_all_the_same(self):
        # Their files say what the guest must have said first.
        self.assertEqual(self.verdicts_of("irq-same-cpu", "irqsafe-ipi"), ["deadlock", "deadlock"])


if __name__ == "__main__":
    unittest.main()
