# SPDX-License-Identifier: Apache-2.0
"""The built program, called with a home of its own."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from repository import TREE

PROGRAM = os.environ.get("REMAPSTORM_PROGRAM", str(TREE / "build/debug/cli/remapstorm"))
# What lab/run says to a program that runs there.
OF_THE_LAB = {name: os.environ[name] for name in ("REMAPSTORM_LAB", "REMAPSTORM_LAB_PROCESSORS") if name in os.environ}


class ProgramCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="remapstorm-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **OF_THE_LAB}

    def call(self, *arguments, prefix=(), timeout=60, **variables):
        return subprocess.run([*prefix, PROGRAM, *arguments], env={**self.environment, **variables},
                              capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def expect(self, code, *arguments, **how):
        result = self.call(*arguments, **how)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}\n{result.stderr}")
        return result
