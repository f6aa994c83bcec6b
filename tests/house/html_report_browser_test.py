# SPDX-License-Identifier: Apache-2.0
"""The report in headless Chromium, served under a strict policy: nothing blocked, nothing wider than the screen, text
that can be read in light and dark, everything reached by keyboard."""
import unittest

import report_material
from policy_server import PolicyServer
from program import ProgramCase
from webdriver import TAB, Browser

WIDTHS = (1280, 400)
SCHEMES = ("light", "dark")

# Of each piece of visible text: its contrast with the nearest background behind it (WCAG 2.1).
CONTRAST = """
const parse = (text) => { const m = text.match(/[\\d.]+/g).map(Number); return {c: m.slice(0, 3), a: m.length > 3 ? m[3] : 1}; };
const light = (c) => { const f = c.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
const behind = (node) => { for (let e = node; e; e = e.parentElement) {
  const b = parse(getComputedStyle(e).backgroundColor); if (b.a === 1) return b.c; if (b.a > 0) return null; } return [255, 255, 255]; };
document.querySelectorAll('details').forEach(d => d.open = true);
const poor = []; let seen = 0;
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode.data.trim(), e = walk.currentNode.parentElement;
  if (!text || !e.getClientRects().length) continue;
  const ink = parse(getComputedStyle(e).color), paper = behind(e);
  if (paper === null || ink.a !== 1) { poor.push('cannot tell: ' + text.slice(0, 40)); continue; }
  const a = light(ink.c), b = light(paper), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  seen++;
  if (ratio < 4.5) poor.push(ratio.toFixed(2) + ': ' + e.className + ' ' + text.slice(0, 40));
}
return {seen: seen, poor: poor.slice(0, 10)};
"""
OVERFLOW = """
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
if (wide <= 0) return [];
return [wide + ' px too wide'].concat([...document.querySelectorAll('body *')].filter(
  e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest('.scroll, .excerpt'))
  .slice(0, 5).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 40)));
"""
FOCUSABLE = "return document.querySelectorAll('a[href], summary, [tabindex=\"0\"]').length"
FOCUSED = """
const e = document.activeElement; if (!e || e === document.body) return null;
e.scrollIntoView({block: 'center', behavior: 'instant'});
const s = getComputedStyle(e), r = e.getBoundingClientRect();
const all = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')];
return {index: all.indexOf(e), text: e.textContent.slice(0, 30), skip: e.className === 'skip',
        outlined: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
        visible: r.width > 0 && r.height > 0 && r.bottom > 0 && r.right > 0};
"""


class InTheBrowser(ProgramCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.browser.messages()
        # A page left open asks for its other pictures when the look changes.
        self.addCleanup(self.browser.open, "about:blank")

    def serve(self, folder):
        server = PolicyServer(folder)
        self.addCleanup(server.close)
        return server

    def check(self, server, page):
        """One page in both widths and both schemes."""
        for width in WIDTHS:
            for scheme in SCHEMES:
                where = f"{page}, {width} px, {scheme}"
                self.browser.look(width, scheme)
                self.browser.open(f"{server.address}/{page}")
                self.assertEqual(self.browser.run(OVERFLOW), [], where)
                contrast = self.browser.run(CONTRAST)
                self.assertEqual(contrast["poor"], [], where)
                self.assertGreater(contrast["seen"], 20, where)
                self.assertEqual(self.browser.run(OVERFLOW), [], where + ", unfolded")
                self.check_pictures(where, width, scheme)
                self.assertEqual(server.violations(), [], where)
                self.assertEqual([m["message"] for m in self.browser.messages() if "favicon" not in m["message"]], [],
                                 where)
        levels = self.browser.run("return [...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
        self.assertEqual(levels[0], 1, page)
        self.assertEqual(levels.count(1), 1, page)
        for before, after in zip(levels, levels[1:]):
            self.assertLessEqual(after - before, 1, f"{page}: headings {levels}")

    def check_pictures(self, where, width, scheme):
        self.browser.run("for (const i of document.images) i.loading = 'eager'")
        pictures = self.browser.run("return [...document.images].map(i => [i.alt, i.complete, i.naturalWidth, i.currentSrc])")
        for alt, complete, natural, source in pictures:
            self.assertTrue(alt, f"{where}: {source} has no words")
            self.assertTrue(complete and natural > 0, f"{where}: {source} is not shown")
            if "activity" not in source:
                wanted = ("narrow-" if width < 641 else "") + scheme
                self.assertTrue(source.endswith(f"-{wanted}.svg"), f"{where}: {source}")
                self.assertEqual("narrow" in source, width < 641, where)

    def test_every_page_of_a_run(self):
        report_material.mixed_run(self.folder / "run")
        self.expect(0, "report", str(self.folder / "run"))
        pages = sorted(f.name for f in (self.folder / "run/report").glob("*.html"))
        self.assertEqual(len(pages), 4)
        server = self.serve(self.folder / "run/report")
        for page in pages:
            self.check(server, page)

    def test_the_index_over_many_runs(self):
        for day in (3, 20, 25):
            report_material.mixed_run(self.folder / f"runs/202611{day:02}T040000Z-run", f"2026-11-{day:02}T04:00:00Z")
        self.expect(0, "report", str(self.folder / "runs"))
        server = self.serve(self.folder / "runs/report")
        self.check(server, "index.html")
        # Its links lead to pages that look the same way.
        link = self.browser.run("return document.querySelector('#unexpected td a').getAttribute('href')")
        self.check(server, link)

    def test_a_certificate(self):
        report_material.exploration(self.folder / "explored")
        self.expect(0, "report", str(self.folder / "explored"))
        self.check(self.serve(self.folder / "explored/report"), "index.html")

    def test_a_picture_by_itself_is_allowed_too(self):
        report_material.deadlock_trial(self.folder / "run")
        self.expect(0, "report", str(self.folder / "run"))
        server = self.serve(self.folder / "run/report")
        pictures = sorted(f.name for f in (self.folder / "run/report").glob("*.svg"))
        self.assertGreaterEqual(len(pictures), 8)
        for picture in pictures:
            self.browser.open(f"{server.address}/{picture}")
            self.assertGreater(self.browser.run("return document.querySelectorAll('rect').length"), 1, picture)
            self.assertEqual(server.violations(), [], picture)
            # No text leaves the picture.
            outside = self.browser.run(
                "const w = document.documentElement.viewBox.baseVal.width;"
                "return [...document.querySelectorAll('text')].filter(t => { const b = t.getBBox();"
                "  return b.x < -0.5 || b.x + b.width > w + 0.5; }).map(t => t.textContent)")
            self.assertEqual(outside, [], picture)
        self.assertEqual([m["message"] for m in self.browser.messages() if "favicon" not in m["message"]], [])

    def test_the_keyboard_reaches_everything_and_shows_where_it_is(self):
        report_material.deadlock_trial(self.folder / "run", console=["a line"] * 5)
        self.expect(0, "report", str(self.folder / "run"))
        server = self.serve(self.folder / "run/report")
        self.browser.look(1280, "light")
        self.browser.open(f"{server.address}/index.html")
        wanted = self.browser.run(FOCUSABLE)
        self.assertGreater(wanted, 8)
        reached = set()
        for step in range(wanted):
            self.browser.press(TAB)
            focused = self.browser.run(FOCUSED)
            self.assertIsNotNone(focused, f"step {step}: nothing has the focus")
            if step == 0:
                self.assertTrue(focused["skip"], "the first stop is the way past the head")
            self.assertTrue(focused["outlined"] and focused["visible"], focused)
            reached.add(focused["index"])
        self.assertEqual(len(reached), wanted)

    def test_it_reads_without_a_server(self):
        report_material.deadlock_trial(self.folder / "run")
        self.expect(0, "report", str(self.folder / "run"))
        self.browser.look(400, "dark")
        self.browser.open((self.folder / "run/report/index.html").as_uri())
        self.check_pictures("file://", 400, "dark")
        self.assertEqual(self.browser.run("return document.styleSheets.length"), 1)
        self.assertNotEqual(self.browser.run("return getComputedStyle(document.body).backgroundColor"),
                            "rgba(0, 0, 0, 0)")


if __name__ == "__main__":
    unittest.main()
