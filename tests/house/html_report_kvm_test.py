# SPDX-License-Identifier: Apache-2.0
"""The report that `run` makes of a real guest; needs the guest image, which ./test names in REMAPSTORM_IMAGE_STD."""
import os
import unittest

from program import ProgramCase


class ReportOfARun(ProgramCase):
    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image

    def test_a_run_leaves_a_report_unless_told_not_to(self):
        out = self.folder / "out"
        result = self.expect(0, "irq-same-cpu", "--output-dir", str(out), timeout=150)
        page = out / "report/index.html"
        self.assertIn(f"report in   {page}\n", result.stdout)
        text = page.read_text()
        for words in ("DEADLOCK (proven)", "init_mm.page_table_lock", "injected here", "rs_vmemmap_fault",
                      " run irq-same-cpu --strategy bbm-fault"):
            self.assertIn(words, text)
        pictures = "".join(file.read_text() for file in (out / "report").glob("index-*-light.svg"))
        self.assertIn("never ended", pictures)
        # Made again from what was recorded, it is the same, file by file.
        self.expect(0, "report", str(out), "--output-dir", str(self.folder / "again"))
        first = {f.name: f.read_bytes() for f in (out / "report").iterdir()}
        again = {f.name: f.read_bytes() for f in (self.folder / "again").iterdir()}
        self.assertEqual(first, again)
        result = self.expect(0, "irq-same-cpu", "--no-report", "--output-dir", str(self.folder / "bare"), timeout=150)
        self.assertNotIn("report in", result.stdout)
        self.assertFalse((self.folder / "bare/report").exists())


if __name__ == "__main__":
    unittest.main()
