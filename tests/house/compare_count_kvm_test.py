# SPDX-License-Identifier: Apache-2.0
"""`compare --count`: what a strategy costs in guest instructions, the same in each run. Needs the guest image."""
import json
import unittest

from guest_case import GuestCase


class CompareCount(GuestCase):
    def test_runs_agree_and_say_what_each_strategy_does(self):
        self.expect(0, "compare", "--count", "--strategies", "inplace,bbm-fault", "--repeat", "2", "-q", "--output-dir",
                    str(self.output), timeout=600)
        counts = {one["name"]: one["count"] for one in json.loads((self.output / "compare.json").read_text())["strategies"]}
        for name, count in counts.items():
            self.assertEqual((name, count["spread"]), (name, []))
        mainline, broken = counts["inplace"]["runs"][0], counts["bbm-fault"]["runs"][0]
        # The head's page and 7 tails, and 7 tails back; each with a flush that one other vCPU answers.
        for way, windows in (("optimize", 8), ("restore", 7)):
            self.assertEqual((mainline[way]["windows"], mainline[way]["nmis"]), ([], 0))
            self.assertEqual((len(broken[way]["windows"]), broken[way]["nmis"]), (windows, windows))
            self.assertGreater(broken[way]["remap"]["kernel"], mainline[way]["remap"]["kernel"])
        self.assertIsNone(mainline["fault"]["fault"])
        self.assertEqual(mainline["fault"]["why"], "no entry is ever invalid")
        # From asm_exc_page_fault there and back.
        self.assertGreater(broken["fault"]["fault"]["kernel"], 200)
        self.assertLess(broken["fault"]["fault"]["kernel"], 2000)
        self.assertIn("rs_vmemmap_fault", broken["fault"]["functions"])


if __name__ == "__main__":
    unittest.main()
