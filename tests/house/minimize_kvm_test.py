# SPDX-License-Identifier: Apache-2.0
"""minimize on the real guest: of several rules only the one that matters is left, and its file stands alone."""
import json
import os
import re
import unittest

from program import ProgramCase

SCENARIO = '''name = "three"
summary = "x"
strategy = "bbm-fault"
[machine]
cpus = 2
memory = "128M"
[[workload]]
vcpu = 0
run = "hugetlb-grow"
pages = 2
[[rule]]
name = "wait-before"
when = { probe = "remap.begin", nth = 1 }
do = { inject = "hold", for_ms = 3, vcpu = 0 }
[[rule]]
name = "the-one"
when = { probe = "bbm.break", level = "pte", nth = 1 }
do = { inject = "irq", via = "msi", action = "read-struct-page", vcpu = "hit" }
[[rule]]
name = "elsewhere"
when = { probe = "remap.begin", nth = 1 }
do = { inject = "nmi", action = "none", vcpu = 1 }
[expect]
verdict = "deadlock"
'''


class Minimize(ProgramCase):
    """Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image

    def fingerprints(self, output):
        results = json.loads((output / "results.json").read_text())["results"]
        return [(one["verdict"], one["evidence"]["findings"][0]["fingerprint"]) for one in results]

    def test_one_rule_of_three_is_left_and_fails_the_same_way(self):
        scenario = self.folder / "three.toml"
        scenario.write_text(SCENARIO)
        before = self.folder / "before"
        self.expect(0, str(scenario), "-q", "--output-dir", str(before), timeout=170)
        whole = self.fingerprints(before)
        self.assertEqual([verdict for verdict, _ in whole], ["deadlock"])

        output = self.folder / "small"
        result = self.expect(0, "minimize", str(scenario), "--repeat", "2", "--at-least", "2", "--output-dir", str(output),
                             timeout=170)
        self.assertRegex(result.stdout, r"smallest +1 rule of 3")
        self.assertRegex(result.stdout, r"repeated +2 of 2")
        self.assertIn(whole[0][1], result.stdout)
        report = json.loads((output / "minimize.json").read_text())
        self.assertEqual(report["rules"], {"before": 3, "after": 1})
        self.assertEqual((report["repeated"], report["confirmed_with"], report["complete"]), (2, 2, True))

        minimal = output / "minimal.toml"
        text = minimal.read_text()
        self.assertEqual(text.count("[[rule]]"), 1)
        self.assertIn('name = "the-one"', text)
        self.assertIn("Repeated 2 of 2.", text)
        after = self.folder / "after"
        self.expect(0, str(minimal), "--repeat", "2", "-q", "--output-dir", str(after), timeout=170)
        self.assertEqual(self.fingerprints(after), whole * 2)
        for told in (result.stdout, result.stderr, text, (output / "minimize.json").read_text()):
            self.assertIsNone(re.search("deterministic", told, re.IGNORECASE))


if __name__ == "__main__":
    unittest.main()
