# SPDX-License-Identifier: Apache-2.0
"""`remapstorm report` from outside: files that parse and that a strict policy allows, bad input, bounded memory."""
import re
import resource
import subprocess
import unittest
import xml.etree.ElementTree
from html.parser import HTMLParser

import report_material
from program import PROGRAM, ProgramCase

VOID = {"meta", "link", "img", "source", "br", "hr"}
# What "default-src 'none'; style-src 'self'; img-src 'self'" blocks, and what would fetch from elsewhere.
FORBIDDEN_ELEMENTS = {"script", "style", "iframe", "object", "embed", "base", "form", "foreignObject", "image", "use"}


class Strict(HTMLParser):
    """Every element closed in the order it was opened; attributes that the policy blocks are noted."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.problems, self.ids, self.references, self.text = [], [], set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.look_at(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.look_at(tag, dict(attrs))
        if tag not in VOID:
            self.problems.append(f"<{tag}/> is no empty element")

    def look_at(self, tag, attributes):
        if tag in FORBIDDEN_ELEMENTS:
            self.problems.append(f"<{tag}>")
        for name, value in attributes.items():
            if name == "style" or name.startswith("on"):
                self.problems.append(f"{tag} {name}=")
            if name in ("href", "src", "srcset"):
                self.references.add(value)
        if "id" in attributes:
            if attributes["id"] in self.ids:
                self.problems.append(f"id {attributes['id']} twice")
            self.ids.add(attributes["id"])

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes what was not open")

    def handle_data(self, data):
        self.text.append(data)


class HtmlReport(ProgramCase):
    def check(self, folder):
        """Every page and picture below the folder; returns the text of all pages by file name."""
        texts = {}
        for file in sorted(folder.rglob("*")):
            if file.suffix == ".html":
                page = Strict()
                page.feed(file.read_text(encoding="utf-8"))
                page.close()
                self.assertEqual(page.problems + page.open, [], file)
                for reference in page.references:
                    self.assertNotRegex(reference, r"^[a-z]+:|^/", file)
                    target, _, fragment = reference.partition("#")
                    if target:
                        self.assertTrue((file.parent / target).is_file(), f"{file} refers to {reference}")
                    elif fragment:
                        self.assertIn(fragment, page.ids, file)
                texts[str(file.relative_to(folder))] = " ".join(page.text)
            elif file.suffix == ".svg":
                root = xml.etree.ElementTree.parse(file).getroot()
                self.assertTrue(root.find("{http://www.w3.org/2000/svg}title").text, file)
                for element in root.iter():
                    self.assertNotIn(element.tag.split("}")[1], FORBIDDEN_ELEMENTS, file)
                    for name in element.attrib:
                        self.assertFalse(name == "style" or name.startswith("on") or "href" in name, file)
            elif file.is_file() and file.name != ".remapstorm":
                self.assertEqual(file.name, "style.css")
                self.assertNotRegex(file.read_text(), r"url\(|@import")
        return texts

    def report(self, *paths):
        result = self.expect(0, "report", *map(str, paths))
        self.assertIn("report in ", result.stdout)
        return result

    def test_a_run_of_several_trials(self):
        report_material.mixed_run(self.folder / "run")
        self.report(self.folder / "run")
        texts = self.check(self.folder / "run/report")
        self.assertIn("1 of 3 trials not as expected", texts["index.html"])
        deadlock = texts["irq-same-cpu-bbm-fault-trial-0.html"]
        for words in ("DEADLOCK (proven)", "waits for it in", "injected here", "./run irq-same-cpu"):
            self.assertIn(words, deadlock)
        oops = (self.folder / "run/report/oops-bbm-fault-trial-2.html").read_text()
        self.assertRegex(oops, r"<mark>\[   31\.000000\] BUG: unable to handle page fault")
        self.assertNotIn("<mark>[    3.000000]", oops)
        self.assertIn("</ol></section><script>alert(1)</script>", texts["oops-bbm-fault-trial-2.html"])

    def test_an_exploration_is_its_certificate(self):
        report_material.exploration(self.folder / "explored")
        self.report(self.folder / "explored")
        text = self.check(self.folder / "explored/report")["index.html"]
        self.assertIn("NOT COMPLETE", text)
        self.assertIn("119 of 120 points executed", text)
        page = (self.folder / "explored/report/index.html").read_text()
        self.assertEqual(len(re.findall(r'class="field ', page)), 120)
        self.assertEqual(len(re.findall(r'class="field bad later"', page)), 15)

    def test_again_replaces_what_was_there_and_nothing_else(self):
        report_material.deadlock_trial(self.folder / "run")
        (self.folder / "other").mkdir()
        (self.folder / "other/mine.txt").write_text("mine")
        refused = self.expect(64, "report", str(self.folder / "run"), "--output-dir", str(self.folder / "other"))
        self.assertIn("not made by remapstorm", refused.stderr)
        self.assertEqual([f.name for f in (self.folder / "other").iterdir()], ["mine.txt"])
        for _ in range(3):
            self.expect(0, "report", str(self.folder / "run"), "--output-dir", str(self.folder / "out"))
            (self.folder / "out/mine.txt").write_text("mine")
        self.assertEqual((self.folder / "out/mine.txt").read_text(), "mine")
        self.assertEqual([f.name for f in (self.folder / "out").iterdir() if f.name.startswith(".")], [".remapstorm"])
        (self.folder / "out/mine.txt").unlink()
        self.check(self.folder / "out")

    def test_a_recording_cut_anywhere_shows_what_is_there(self):
        report_material.clean_trial(self.folder / "run", windows=20)
        events = self.folder / "run/events.jsonl"
        whole = events.read_bytes()
        first = whole.index(b"\n") + 1
        for size in (first + 1, len(whole) // 2, len(whole) - 3):
            events.write_bytes(whole[:size])
            self.report(self.folder / "run")
            text = self.check(self.folder / "run/report")["index.html"]
            self.assertIn("Not everything is here", text)
            self.assertIn("stops in the middle", text)
        events.write_bytes(whole[:first // 2])
        self.assertIn("not JSON", self.expect(64, "report", str(self.folder / "run")).stderr)

    def test_damaged_lines_and_very_long_ones(self):
        report_material.deadlock_trial(self.folder / "run")
        events = self.folder / "run/events.jsonl"
        lines = events.read_text().split("\n")
        lines[5:5] = ["nonsense", '{"t":1,"type":"console","line":"' + "x" * (3 << 20) + '"}', '{"t":-1}']
        events.write_text("\n".join(lines))
        self.report(self.folder / "run")
        self.assertIn("3 lines cannot be read", self.check(self.folder / "run/report")["index.html"])

    def test_what_is_no_run_is_refused_by_name(self):
        (self.folder / "empty").mkdir()
        for path in ("nowhere", "empty"):
            result = self.expect(64, "report", str(self.folder / path))
            self.assertIn(path, result.stderr)
        self.assertIn("HINT: ", self.expect(64, "report", str(self.folder / "empty")).stderr)
        other = self.folder / "other"
        other.mkdir()
        (other / "results.json").write_text('{"schema": 99, "results": []}')
        self.assertIn("schema 99", self.expect(64, "report", str(other)).stderr)
        unfinished = self.folder / "unfinished"
        unfinished.mkdir()
        (unfinished / "trials.jsonl").write_text("{}\n")
        self.assertIn("--resume", self.expect(64, "report", str(unfinished)).stderr)

    def test_an_index_over_many_runs(self):
        runs = self.folder / "runs"
        for day in (20, 22, 25):
            report_material.mixed_run(runs / f"202611{day}T040000Z-irq-same-cpu-and-2-more", f"2026-11-{day}T04:00:00Z")
        (runs / "20261126T000000Z-cut").mkdir()
        (runs / "20261126T000000Z-cut/results.json").write_text("{")
        (runs / "latest").symlink_to("20261125T040000Z-irq-same-cpu-and-2-more")
        result = self.report(runs)
        self.assertIn("3 runs", result.stdout)
        self.assertIn("1 cannot be read", result.stdout)
        text = self.check(runs / "report")["index.html"]
        self.assertIn("9 trials of 3 runs, 3 not as expected", text)
        self.assertIn("rs_handle:rs_msi:sysvec_x86_platform_ipi", text)
        self.assertIn("2026-11-20 04:00 UTC", text)
        self.assertIn("2026-11-25 04:00 UTC", text)
        page = (runs / "report/index.html").read_text()
        unexpected, clean = page.index('id="unexpected"'), page.index('id="clean"')
        self.assertLess(unexpected, clean)
        self.assertEqual(len(re.findall(r'<section id="unexpected".*?</section>', page, re.S)), 1)
        # Once more: its own report/ is no run.
        self.assertIn("3 runs", self.report(runs).stdout)

    def test_many_events_in_bounded_memory(self):
        # As many as show growth, and no more: a debug build takes a fifth of a millisecond of processor time for each.
        lines = report_material.clean_trial(self.folder / "run", windows=7_000)
        self.assertGreater(lines, 35_000)
        short = report_material.clean_trial(self.folder / "short", windows=700)
        self.assertLess(short, 5_500)
        limits = {}
        for name in ("short", "run"):
            subprocess.run([PROGRAM, "report", str(self.folder / name)], env=self.environment, check=True,
                           capture_output=True, timeout=170)
            # The largest child so far, and the smaller one ran first.
            limits[name] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        text = self.check(self.folder / "run/report")["index.html"]
        self.assertIn(f"{lines} events", text)
        self.assertIn("drawn as one", text)
        self.assertLess(limits["run"] - limits["short"], 5 * 1024, f"KiB: {limits}")
        self.assertLess(sum(f.stat().st_size for f in (self.folder / "run/report").iterdir()), 4 << 20)


if __name__ == "__main__":
    unittest.main()
