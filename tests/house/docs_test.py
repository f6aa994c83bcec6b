# SPDX-License-Identifier: Apache-2.0
"""What the documents say exists does: commands, options, parts of ./test, links, scenario names."""
import re
import subprocess
import unittest

from program import PROGRAM
from repository import TREE, relative, text_of, tracked

RUN_LINE = re.compile(r"(?:^|`|    )\./run((?: [^\n`#]+)?)", re.MULTILINE)
TEST_LINE = re.compile(r"(?:^|`|    )\./test((?: [^\n`#]+)?)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
PLACEHOLDER = re.compile(r"^[A-Z.]+$|\.toml$")


def help_of(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=True).stdout


def documents():
    return [file for file in tracked(".md")]


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = set(re.findall(r"^  ([a-z]+) ", help_of("--help"), re.MULTILINE))
        cls.scenarios = {file.stem for file in tracked(".toml") if relative(file).startswith("scenarios/")}

    def test_the_commands_they_show_exist(self):
        self.assertTrue({"run", "list", "describe", "doctor", "guest"} <= self.commands, self.commands)
        seen = 0
        for file in documents():
            for match in RUN_LINE.finditer(text_of(file)):
                line = match.group(1)
                for kind in re.findall(r"--lab (\w+)", line):
                    self.assertTrue((TREE / "lab" / kind / "machine").exists(), line)
                words = re.sub(r"--lab \w+", " ", line).replace("[", " ").replace("]", " ").split()
                if not words or words[0] in ("ARGS", "and"):
                    continue
                seen += 1
                first = words[0]
                where = f"{relative(file)}: ./run {' '.join(words)}"
                if first.startswith("--"):
                    self.assertIn(first, ("--help", "--version"), where)
                    continue
                known = first in self.commands or first in self.scenarios or PLACEHOLDER.search(first)
                self.assertTrue(known, where)
                text = help_of(first if first in self.commands and first != "guest" else "run", "--help")
                for option in re.findall(r"(?:^| )(--[a-z-]+)", " ".join(words)):
                    self.assertIn(option, text + "--flavour", where)
        self.assertGreater(seen, 5)

    def test_the_parts_of_test_they_show_exist(self):
        text = subprocess.run([str(TREE / "test"), "--help"], capture_output=True, text=True, check=True).stdout
        for file in documents():
            for match in TEST_LINE.finditer(text_of(file)):
                for word in match.group(1).split()[:1]:
                    if re.match(r"^[-a-z]+$", word):
                        self.assertRegex(text, rf"(?m)^  {re.escape(word)}\b", f"{relative(file)}: ./test {word}")

    def test_the_page_of_metrics_is_what_the_program_prints(self):
        self.assertEqual(text_of(TREE / "docs/metrics.md"), help_of("metrics"),
                         "make it anew: remapstorm metrics >docs/metrics.md")

    def test_the_catalogue_is_what_the_program_prints(self):
        self.assertEqual(text_of(TREE / "docs/catalogue.md"), help_of("list", "--format", "markdown"),
                         "make it anew: remapstorm list --format markdown >docs/catalogue.md")

    def test_links_lead_somewhere(self):
        for file in documents():
            for target in LINK.findall(text_of(file)):
                self.assertTrue((file.parent / target).exists(), f"{relative(file)} links to {target}")

    def test_the_readme_opens_with_the_two_commands(self):
        head = text_of(TREE / "README.md")[:1500]
        self.assertIn("    ./run irq-same-cpu", head)
        self.assertIn("    ./test", head)

    def test_every_scenario_is_in_the_findings(self):
        findings = "".join(text_of(file) for file in [TREE / "docs/findings.md", *(TREE / "docs/findings").glob("*.md")])
        self.assertEqual([name for name in sorted(self.scenarios) if name not in findings], [])


if __name__ == "__main__":
    unittest.main()
