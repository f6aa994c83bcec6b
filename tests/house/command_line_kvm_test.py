# SPDX-License-Identifier: Apache-2.0
"""Every word of the guest's command line is one that its kernel knows, and an oops ends the guest."""
import json
import os
import re
import unittest
from pathlib import Path

from program import ProgramCase

# What the kernel looks for by itself, before there are parameters, and then does not know (arch/x86/kernel/cpu/common.c).
LOOKED_FOR = {"noxsave"}
NAMES = re.compile(rb"remapstorm\.[a-z_]+")


class CommandLine(ProgramCase):
    def setUp(self):
        super().setUp()
        self.image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(self.image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = self.image

    def console(self, scenario, *words):
        """The guest's own lines and the results of one trial."""
        output = self.folder / "out"
        result = self.call("run", scenario, *words, "--cold-boot", "--output-dir", str(output), timeout=600)
        self.assertIn(result.returncode, (0, 1), result.stdout + result.stderr)
        consoles = list(output.rglob("console.log"))
        self.assertEqual(len(consoles), 1, result.stdout)
        return consoles[0].read_text(errors="replace"), json.loads((output / "results.json").read_text())["results"][0]

    def test_the_kernel_knows_every_word(self):
        text, _ = self.console("control-inplace", "--append", "loglevel=7 made_up_word=1")
        line = re.search(r"Kernel command line: (.*)", text)
        self.assertTrue(line, text[:2000])
        for word in ("oops=panic", "panic=-1", "remapstorm.check_pages=1", "remapstorm.stock_restore=0"):
            self.assertIn(word, line[1].split())
        unknown = re.findall(r'Unknown kernel command line parameters "([^"]*)"', text)
        self.assertEqual(len(unknown), 1, text)
        # One word is there to see that the kernel names what it does not know.
        self.assertEqual(set(unknown[0].split()) - LOOKED_FOR, {"made_up_word=1"})

    def test_the_kernel_has_every_switch_of_ours(self):
        # Of a word with a dot it says nothing: it might be for a module.
        known = set(NAMES.findall((Path(self.image) / "vmlinux").read_bytes()))
        asked = {name for file in (Path(self.image) / "cmdline").iterdir() for name in NAMES.findall(file.read_bytes())}
        self.assertIn(b"remapstorm.check_pages", asked)
        self.assertEqual(asked - known, set())

    def test_an_oops_ends_the_guest(self):
        text, result = self.console("healthy-block")
        self.assertEqual(result["verdict"], "oops", text)
        self.assertIn("Kernel panic - not syncing: Fatal exception", text)


if __name__ == "__main__":
    unittest.main()
