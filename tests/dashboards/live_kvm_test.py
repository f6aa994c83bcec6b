# SPDX-License-Identifier: Apache-2.0
"""Dashboards and consoles against the real thing: Prometheus scrapes a `remapstorm serve` that runs shipped scenarios on
this machine. A panel without data is a failure, and a console must show what Prometheus answers."""
import math
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from boards import GRAFANA, filled, load, panels, variables
from program import PROGRAM
from prometheus import Prometheus, free_port

from webdriver import Browser

# Of one flavour: with each value of each variable there must be something to see.
SCENARIOS = ["control-inplace", "irq-same-cpu", "irqsafe-irq", "irqsafe-nmi", "stage2-slow-page", "vcpu-steal"]
ROUNDS = 2  # of serve, after the first was seen: rates need a change
LONGEST = float(os.environ.get("REMAPSTORM_SERVE_SECONDS", "420"))
STEP = 5
SCENARIO = "irq-same-cpu"


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        assert image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it"
        folder = tempfile.TemporaryDirectory(prefix="remapstorm-live-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.target = f"127.0.0.1:{free_port()}"
        cls.prometheus = Prometheus(cls.folder, cls.target)
        cls.addClassCleanup(cls.prometheus.stop)
        cls.prometheus.start()
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.empty = {path: cls.prometheus.page(path) for path in ("fleet.html", "scenario.html", "strategies.html")}
        cls.began = time.time()
        cls.serve_and_wait()
        cls.ended = time.time()
        cls.check_panels_now()
        cls.running = cls.prometheus.page("fleet.html")
        cls.stop_serve()
        cls.wait_until_gone()
        cls.prometheus.freeze()

    @classmethod
    def serve_and_wait(cls):
        environment = {**os.environ, "REMAPSTORM_STATE": str(cls.folder / "state")}
        cls.log = open(cls.folder / "serve.log", "w+", encoding="utf-8")
        cls.addClassCleanup(cls.log.close)
        cls.scenarios = SCENARIOS
        cls.serve = subprocess.Popen([PROGRAM, "serve", *SCENARIOS, "--metrics-listen", cls.target, "--quiet"],
                                     env=environment, stdout=cls.log, stderr=cls.log, stdin=subprocess.DEVNULL)
        cls.addClassCleanup(cls.stop_serve)
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline and cls.serve.poll() is None:
            rounds = cls.prometheus.instant("remapstorm_serve_rounds_total")
            if rounds and rounds[0][1] >= 1 + ROUNDS:
                time.sleep(3)  # the last values are scraped
                return
            time.sleep(1)
        cls.log.seek(0)
        raise AssertionError(f"serve came to no {1 + ROUNDS} rounds in {LONGEST} s: {cls.log.read()[-3000:]}")

    @classmethod
    def wait_until_gone(cls):
        """Consoles are about a time, and must show what has ended by now."""
        deadline = time.monotonic() + 60
        while cls.prometheus.instant("remapstorm_trials_total"):
            assert time.monotonic() < deadline, "Prometheus has not noticed that serve ended"
            time.sleep(0.2)

    @classmethod
    def stop_serve(cls):
        if cls.serve.poll() is None:
            cls.serve.send_signal(signal.SIGTERM)
            try:
                cls.serve.wait(30)
            except subprocess.TimeoutExpired:
                cls.serve.kill()
                cls.serve.wait()

    # ---- Grafana --------------------------------------------------------------------------------------------------------

    @classmethod
    def chosen(cls, board):
        """What Grafana's variables are when everything is chosen."""
        shown = f"{math.ceil(cls.ended - cls.began) + 30}s"
        values = {"__rate_interval": "30s", "__range": shown, "__interval": f"{STEP}s", "datasource": "x"}
        empty = []
        for name, one in variables(board).items():
            if one["type"] != "query":
                continue
            match, label = re.fullmatch(r"label_values\((.*), (\w+)\)", one["query"]["query"]).groups()
            found = cls.prometheus.values_of(label, filled(match, values))
            if not found:
                empty.append(name)
            values[name] = found if one["multi"] else found[0] if found else ""
        return values, empty

    @classmethod
    def check_panels_now(cls):
        """Asks what every panel asks; what came to nothing is told by the tests."""
        cls.without_data, cls.asked, cls.variables_without_values = [], 0, []
        for path in GRAFANA:
            board = load(path)
            values, empty = cls.chosen(board)
            cls.variables_without_values += [f"{path.name}: ${name}" for name in empty]
            for panel in panels(board):
                repeated = values[panel["repeat"]] if "repeat" in panel else [None]
                for one in repeated:
                    here = values if one is None else {**values, panel["repeat"]: one}
                    for target in panel["targets"]:
                        expr = filled(target["expr"], here)
                        cls.asked += 1
                        if not cls.finite(expr, target["instant"]):
                            cls.without_data.append(f"{path.name}: {panel['title']}: {expr}")

    @classmethod
    def finite(cls, expr, instant):
        if instant:
            return any(math.isfinite(value) for _, value in cls.prometheus.instant(expr, cls.ended))
        found = cls.prometheus.course(expr, cls.began, cls.ended, STEP)
        return any(math.isfinite(value) for _, values in found for value in values)

    def test_every_panel_has_data(self):
        self.assertGreater(self.asked, 60)
        self.assertEqual(self.variables_without_values, [])
        self.assertEqual(self.without_data, [])

    def test_an_expression_without_data_would_be_noticed(self):
        self.assertFalse(self.finite('remapstorm_trials_total{scenario="no such thing"}', True))
        self.assertFalse(self.finite("rate(remapstorm_no_such_metric_total[30s])", False))
        self.assertFalse(self.finite("0 * remapstorm_trials_total / 0", True))

    def test_no_alert_fires_but_on_what_went_wrong(self):
        wrong = {labels["scenario"] for labels, value in
                 self.prometheus.instant('remapstorm_trials_total{expected="no"}', self.ended) if value > 0}
        errors = {labels["scenario"] for labels, value in
                  self.prometheus.instant("remapstorm_trial_errors_total", self.ended) if value > 0}
        fired = self.prometheus.course('ALERTS{alertstate="firing"}', self.began, self.ended, STEP)
        for labels, _ in fired:
            self.assertIn(labels["alertname"], {"RemapstormDeadlock", "RemapstormUnexpectedVerdict", "RemapstormHarnessErrors",
                                                "RemapstormStallAboveBudget"}, labels)
            if labels["alertname"] != "RemapstormStallAboveBudget":
                self.assertIn(labels["scenario"], wrong | errors, labels)

    # ---- consoles -------------------------------------------------------------------------------------------------------

    def pages(self):
        return ["fleet.html", "strategies.html", "scenario.html", *(f"scenario.html?scenario={name}" for name in
                                                                     self.scenarios)]

    def open(self, page, width=1280, scheme="light"):
        self.browser.look(width, scheme)
        self.browser.open(f"{self.prometheus.url}/consoles/{page}")

    def figures(self):
        return self.browser.run("return [...document.querySelectorAll('[data-expr]')].map(e => ({...e.dataset, "
                                "text: e.innerText}))")

    def test_consoles_show_what_prometheus_answers(self):
        compared = 0
        for page in self.pages():
            self.open(page)
            moment = self.browser.run("return document.documentElement.dataset.time")
            for one in self.figures():
                if "label" in one:
                    expected = [value for labels, value in self.prometheus.instant(one["expr"], moment)
                                if labels.get(one["label"]) == one["key"]]
                else:
                    expected = [value for _, value in self.prometheus.instant(one["expr"], moment)]
                self.assertEqual(len(expected), 1, (page, one))
                # Both computed it at the same moment, to the millisecond.
                self.assertTrue(math.isclose(float(one["value"]), expected[0], rel_tol=1e-6, abs_tol=1e-3), (page, one, expected))
                self.assertRegex(one["text"], r"\d", (page, one))
                compared += 1
        self.assertGreater(compared, 150)

    def test_a_process_is_shown_while_it_runs(self):
        cell = f'<td class="t">{self.target}</td>'
        self.assertIn(cell, self.running)
        self.assertNotIn(cell, self.prometheus.page("fleet.html"))

    def test_the_fleet_is_what_ran(self):
        self.open("fleet.html")
        rows = self.browser.run("return [...document.querySelectorAll('#scenarios tr')].slice(1)"
                                ".map(r => [...r.cells].map(c => c.innerText))")
        self.assertEqual(sorted({row[0] for row in rows}), self.scenarios)
        trials = {labels["scenario"]: value for labels, value in
                  self.prometheus.instant("sum by (scenario) (remapstorm_trials_total)", self.ended)}
        for row in rows:
            # increase() extrapolates over the ends of its time, by less than one trial here and there.
            self.assertLess(abs(int(row[4]) - trials[row[0]]), 2, (row, trials))
        self.browser.run(f"document.querySelector('#scenarios a[href*=\"{SCENARIO}\"]').click()")
        deadline = time.monotonic() + 10
        while self.browser.run("return document.querySelector('h1').innerText") != SCENARIO:
            self.assertLess(time.monotonic(), deadline)
        self.assertIn("deadlock", self.browser.run("return document.querySelector('#verdicts .key').innerText"))
        self.assertIn("irq", self.browser.run("return document.querySelector('#made').innerText"))

    def test_bars_are_as_long_as_their_figures(self):
        seen = 0
        for page in ("fleet.html", f"scenario.html?scenario={SCENARIO}"):
            self.open(page)
            lists = self.browser.run("""return [...document.querySelectorAll('dl.bars:not(.dense)')].map(list =>
              [...list.querySelectorAll('dd[data-label]')].map(dd => [parseFloat(dd.dataset.value),
                dd.previousElementSibling.firstElementChild.getBoundingClientRect().width /
                dd.previousElementSibling.getBoundingClientRect().width]))""")
            for bars in lists:
                most = max((value for value, _ in bars), default=0)
                for value, width in bars:
                    if most > 0:
                        self.assertAlmostEqual(width, value / most, delta=0.01, msg=(page, bars))
                        seen += 1
        self.assertGreater(seen, 8)
        columns = self.browser.run("""return [...document.querySelectorAll('.cols')].map(cols => Math.max(
          ...[...cols.children].map(c => [...c.children].reduce((sum, i) => sum + i.getBoundingClientRect().height, 0)))
          / cols.clientHeight)""")
        self.assertTrue(columns and all(0.5 < height <= 1.01 for height in columns), columns)

    def test_consoles_fit_every_reader(self):
        shots = os.environ.get("REMAPSTORM_SCREENSHOTS")
        for page in ("fleet.html", "strategies.html", f"scenario.html?scenario={SCENARIO}", "scenario.html"):
            for width in (1280, 400):
                for scheme in ("light", "dark"):
                    self.open(page, width, scheme)
                    too_wide = self.browser.run("return document.documentElement.scrollWidth - window.innerWidth")
                    self.assertLessEqual(too_wide, 0, (page, width))
                    self.assertEqual([one for one in self.browser.messages() if "favicon" not in one["message"]], [], page)
                    self.assertEqual(self.browser.run(FAINT), [], (page, scheme))
                    if shots:
                        name = re.sub(r"\W+", "-", page.replace(".html", "")).strip("-")
                        self.browser.screenshot(Path(shots) / f"{name}-{width}-{scheme}.png")

    def test_consoles_without_data_say_so(self):
        for path, text in self.empty.items():
            self.assertIn("has been scraped", text, path)
            self.assertNotRegex(text, "error (executing|parsing|calling)", path)

    def test_what_is_typed_into_an_address_stays_text(self):
        nasty = "%22%7D%29%20or%20vector%281%29%3Cscript%3Ealert%281%29%3C/script%3E"
        text = self.prometheus.page(f"scenario.html?scenario={nasty}&unit={nasty}")
        self.assertNotIn("<script", text)
        self.assertIn("Nothing in this time.", text)

    def test_other_times(self):
        for unit, word in (("h", "24 hours ago"), ("d", "24 days ago")):
            self.assertIn(word, self.prometheus.page(f"fleet.html?unit={unit}"))
        self.assertIn("url=/consoles/fleet.html", self.prometheus.page("index.html").replace("; url", ";url").replace(" ", ""))


# Texts whose contrast with what is behind them is below 4.5 : 1 (WCAG AA).
FAINT = """
const rgb = text => { const m = text.match(/[\\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m.slice(0, 3) };
const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b };
const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c) return c }
  return [255, 255, 255] };
const faint = [];
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
  const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) faint.push(e.tagName + ': ' + e.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
}
return faint;
"""


if __name__ == "__main__":
    unittest.main()
