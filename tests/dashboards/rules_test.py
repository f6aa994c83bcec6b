# SPDX-License-Identifier: Apache-2.0
"""Rules and configuration of Prometheus, by promtool: they are valid, they fire and stay silent as their tests say, and those
tests would notice a rule that is wrong."""
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from boards import FOLDER
from repository import text_of

RULES = ("rules/alerts.yml", "rules/recording.yml")
TESTS = ("rules/tests/alerts_test.yml", "rules/tests/recording_test.yml")


def promtool(*words, folder=FOLDER):
    return subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, timeout=120)


class Rules(unittest.TestCase):
    def expect(self, result):
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_they_are_valid(self):
        self.expect(promtool("check", "rules", *RULES))
        self.expect(promtool("check", "config", "prometheus.yml"))

    def test_they_fire_and_stay_silent(self):
        self.expect(promtool("test", "rules", *TESTS))

    def test_every_alert_has_a_test_in_which_it_fires(self):
        alerts = [line.split()[-1] for line in text_of(FOLDER / RULES[0]).splitlines() if "- alert:" in line]
        self.assertGreater(len(alerts), 4)
        tests = text_of(FOLDER / TESTS[0])
        for alert in alerts:
            # The alert's name, its time, then a list that is not empty.
            self.assertRegex(tests, rf"alertname: {alert}\n +eval_time: \S+\n +exp_alerts:\n", alert)

    def test_the_tests_notice_rules_that_are_wrong(self):
        mistakes = [('verdict="deadlock",expected="no"', 'verdict="deadlock"'), ("[10m])) > 0", "[10m])) > 5"),
                    ("> 900\n", "> 9000\n"), ('le="0.1"', 'le="0.2"'), ('kind=~"hold|stage2-delay"', 'kind=~"nothing"'),
                    ("for: 5m", "for: 0m"), ('up{job="remapstorm"}', "up"), ("verdict!~", "verdict=~")]
        for right, wrong in mistakes:
            with tempfile.TemporaryDirectory() as work:
                shutil.copytree(FOLDER / "rules", Path(work) / "rules")
                changed = 0
                for name in RULES:
                    text = text_of(Path(work) / name)
                    changed += text.count(right)
                    (Path(work) / name).write_text(text.replace(right, wrong), encoding="utf-8")
                self.assertGreater(changed, 0, right)
                self.assertNotEqual(promtool("test", "rules", *TESTS, folder=work).returncode, 0, f"{right} -> {wrong}")


if __name__ == "__main__":
    unittest.main()
