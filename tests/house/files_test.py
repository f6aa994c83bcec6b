# SPDX-License-Identifier: Apache-2.0
"""Rules for every file: length, licence line, nothing left half done, no path of somebody's machine."""
import re
import unittest

from repository import is_shell, relative, text_of, tracked

LONGEST = 400
SOURCES = (".h", ".cpp", ".c", ".py", ".sh", ".S")
# Written so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b|GTEST_" r"SKIP|DIS" r"ABLED_")
# What a call says of it is "true": the name of an enumerator says more.
BOOLEAN_PARAMETER = re.compile(r"[(,]\s*(?:const\s+)?bool\s+&?\s*\w+\s*(?:=[^,)]*)?[,)]")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
SOMEBODYS = re.compile(r"/(?:home|root|work|Users)/(?!somebody)[a-z]")


def licence_for(path):
    return "GPL-2.0-only" if path.startswith(("guest/kernel/", "guest/driver/", "guest/patches/")) else "Apache-2.0"


class Files(unittest.TestCase):
    def check(self, files, problem):
        files = list(files)
        self.assertGreater(len(files), 5)
        found = [f"{relative(file)}: {text}" for file in files if (text := problem(file))]
        self.assertEqual(found, [])

    def sources(self):
        return [f for f in tracked() if f.suffix in SOURCES or (f.suffix == "" and is_shell(f))]

    def test_no_source_is_longer_than_400_lines(self):
        def problem(file):
            lines = text_of(file).count("\n")
            return f"{lines} lines" if lines > LONGEST else ""
        self.check(self.sources(), problem)

    def test_every_source_names_its_licence(self):
        def problem(file):
            path = relative(file)
            wanted = f"SPDX-License-Identifier: {licence_for(path)}"
            head = "\n".join(text_of(file).split("\n")[:6])
            # The ABI header is part of the kernel and of the harness.
            return "" if wanted in head or (path.startswith("guest/") and "SPDX-License-Identifier: " in head) \
                else f"no '{wanted}' in its first lines"
        self.check(self.sources(), problem)

    def test_every_patch_names_its_subject_and_its_reason(self):
        for patch in tracked(".patch"):
            head = text_of(patch).split("\ndiff --git", 1)[0]
            self.assertIn("Subject:", head, relative(patch))
            self.assertGreater(len(head.split("\n\n", 1)[-1].strip()), 80, f"{relative(patch)}: no reason on top")

    def test_nothing_is_left_unfinished(self):
        def problem(file):
            hit = UNFINISHED.search(text_of(file))
            return f"'{hit.group()}'" if hit else ""
        self.check(self.sources(), problem)

    def test_no_header_takes_a_boolean_parameter(self):
        def problem(file):
            hit = BOOLEAN_PARAMETER.search(COMMENT.sub("", text_of(file)))
            return f"'{hit.group()}'" if hit else ""
        self.check((f for f in tracked(".h") if not relative(f).startswith(("guest/", "tests/"))), problem)
        for text in ("void f(bool on);", "int f(int a, bool b = false);", "F(std::function<void(bool level)> f);", "f(const bool x,"):
            self.assertTrue(BOOLEAN_PARAMETER.search(text), text)
        for text in ("bool f(int a);", "std::function<bool(int)> f;", "explicit operator bool() const;", "Status f(bool_like a);"):
            self.assertFalse(BOOLEAN_PARAMETER.search(text), text)

    def test_no_path_of_somebodys_machine(self):
        def problem(file):
            hit = SOMEBODYS.search(text_of(file))
            return f"'{hit.group()}'" if hit else ""
        self.check((f for f in tracked() if relative(f) != "tests/house/files_test.py"), problem)

    def test_scripts_are_executable(self):
        for file in tracked():
            if text_of(file)[:2] == "#!":
                self.assertTrue(file.stat().st_mode & 0o111, f"{relative(file)} starts with #! but cannot be run")


if __name__ == "__main__":
    unittest.main()
