# SPDX-License-Identifier: Apache-2.0
"""shellcheck finds nothing in the scripts."""
import subprocess
import unittest

from repository import TREE, is_shell, relative, text_of, tracked


class Shell(unittest.TestCase):
    def test_shellcheck(self):
        # Files that others source are followed from those (-x) and need the others' variables.
        scripts = [relative(file) for file in tracked()
                   if is_shell(file) and "# shellcheck shell=bash" not in text_of(file)[:200]]
        self.assertIn("run", scripts)
        self.assertIn("test", scripts)
        result = subprocess.run(["shellcheck", "-x", *scripts], cwd=TREE, capture_output=True, text=True)
        self.assertEqual(result.stdout + result.stderr, "")


if __name__ == "__main__":
    unittest.main()
