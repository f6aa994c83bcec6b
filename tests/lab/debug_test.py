# SPDX-License-Identifier: Apache-2.0
"""Flavour debug, on the lab's host: a guest that checks its own memory."""
import json
import tempfile
import unittest
from pathlib import Path

from lab_case import PATIENCE, PROGRAM, done, lab


class Debug(unittest.TestCase):
    def one(self, *words):
        with tempfile.TemporaryDirectory(prefix="remapstorm-debug-test-") as folder:
            output = Path(folder) / "out"
            code, out, err = done(lab(PROGRAM, "run", *words, "--flavour", "debug", "--cold-boot",
                                      "--output-dir", str(output)), 2 * PATIENCE)
            result = json.loads((output / "results.json").read_text())["results"][0]
            console = next(output.rglob("console.log")).read_text(errors="replace")
            return code, result, console + out + err

    def test_the_mainline_remap_leaves_nothing_damaged(self):
        code, result, text = self.one("control-inplace")
        self.assertEqual((code, result["verdict"]), (0, "clean"), text)

    def test_it_looks(self):
        # Not what control-inplace expects.
        code, result, text = self.one("control-inplace", "--append", "remapstorm.stock_restore=1 loglevel=7")
        self.assertEqual((code, result["verdict"]), (1, "bug"), text)
        self.assertIn("Bad page state", text)
        self.assertIn("page_poison=1", text)  # compiled into the kernel


if __name__ == "__main__":
    unittest.main()
