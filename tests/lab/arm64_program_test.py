# SPDX-License-Identifier: Apache-2.0
"""The program on the lab's host of kind arm64. REMAPSTORM_ARM64_IMAGE_STD names the guest image; ./test arm64 sets it."""
import json
import os
import subprocess
import unittest
from pathlib import Path

from lab_case import PATIENCE, PROGRAM, TREE, LabCase, done, lab


class Arm64(LabCase):
    def setUp(self):
        super().setUp()
        self.assertTrue(os.environ.get("REMAPSTORM_ARM64_IMAGE_STD"),
                        "REMAPSTORM_ARM64_IMAGE_STD does not name a guest image; ./test arm64 sets it")
        self.output = self.folder / "out"

    def program(self, *words, code=0):
        status, out, err = done(lab(PROGRAM, *words), 3 * PATIENCE)
        self.assertEqual(status, code, out + err)
        return out, err

    def test_control_deadlock_and_live_replacement(self):
        self.program("run", "control-inplace", "irq-same-cpu", "--output-dir", str(self.output / "a"))
        results = json.loads((self.output / "a/results.json").read_text())
        self.assertEqual((results["host"]["kind"], results["host"]["architecture"]), ("lab:arm64", "aarch64"))
        self.assertEqual([one["verdict"] for one in results["results"]], ["clean", "deadlock"])
        self.program("run", "irq-same-cpu", "--strategy", "bbml2", "--output-dir", str(self.output / "b"))
        results = json.loads((self.output / "b/results.json").read_text())
        self.assertEqual([one["verdict"] for one in results["results"]], ["clean"])

    def test_a_pseudo_nmi_gets_through_where_interrupts_are_off(self):
        self.program("run", "irqsafe-nmi", "--output-dir", str(self.output))
        finding = json.loads((self.output / "results.json").read_text())["results"][0]["evidence"]["findings"][0]
        functions = [frame["symbol"] for sample in finding["samples"] for frame in sample["backtrace"]]
        self.assertIn("rs_nmi", functions)
        self.assertIn("rs_vmemmap_fault", functions)

    def test_what_the_findings_say(self):
        self.program("run", "bbml2-absent", "bbml2-live", "spurious-warning", "serror-in-window", "serror-corrected",
                     "abort-in-window", "user-copy-reader", "--output-dir", str(self.output))

    def test_every_boundary_of_a_window(self):
        self.program("explore", "bbm-pte", "--inject", "irq", "--strategy", "bbm-fault", "--output-dir", str(self.output))
        certificate = json.loads((self.output / "certificate.json").read_text())
        trials = certificate["trials"]
        self.assertGreater(len(trials), 30)
        self.assertEqual({trial["verdict"] for trial in trials}, {"deadlock"})
        self.assertTrue(certificate["complete"])

    def test_what_only_x86_has_is_refused_by_name(self):
        scenario = self.folder / "msi.toml"
        text = (TREE / "scenarios/irq-same-cpu.toml").read_text()
        scenario.write_text(text.replace('inject = "irq", ', 'inject = "irq", via = "msi", '))
        _, err = self.program("run", str(scenario), code=64)
        self.assertIn('via = "msi" exists on x86_64 alone', err)
        _, err = self.program("run", "irq-same-cpu", "--strategy", "bbm-fault-ipi", code=64)
        self.assertIn("bbm-fault-ipi", err)

    def test_an_image_of_another_architecture_is_refused(self):
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image for this machine; ./test arm64 sets it")
        status, out, err = done(lab(PROGRAM, "run", "irq-same-cpu", REMAPSTORM_ARM64_IMAGE_STD=image), PATIENCE)
        self.assertEqual(status, 64, out + err)
        self.assertIn("x86_64", err)
        _, err = self.program("run", "irq-same-cpu", "--kernel", image + "/vmlinux", code=64)
        self.assertIn("made for another machine", err)

    def test_an_image_alone_is_enough(self):
        kernel = self.folder / "Image"
        subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", os.environ["REMAPSTORM_ARM64_IMAGE_STD"] + "/vmlinux",
                        str(kernel)], check=True)
        _, err = self.program("run", "irq-same-cpu", "--kernel", str(kernel), "--output-dir", str(self.output))
        self.assertIn("symbols of its kallsyms", err)
        finding = json.loads((self.output / "results.json").read_text())["results"][0]["evidence"]["findings"][0]
        functions = [frame["symbol"] for sample in finding["samples"] for frame in sample["backtrace"]]
        self.assertIn("rs_vmemmap_fault", functions)
        cut = self.folder / "cut"
        cut.write_bytes(kernel.read_bytes()[:2 << 20])
        _, err = self.program("run", "irq-same-cpu", "--kernel", str(cut), code=64)
        self.assertIn("nor kallsyms in it", err)

    def test_a_kernel_of_debian_alone(self):
        image = subprocess.run([str(TREE / "lab/image"), "arm64"], check=True, capture_output=True, text=True).stdout
        kernel = image.splitlines()[-1] + "/kernel"
        scenario = self.folder / "stock.toml"
        scenario.write_text('''name = "stock"
summary = "A kernel with nothing of ours"
strategy = "inplace"
[machine]
cpus = 2
memory = "512M"
[[workload]]
vcpu = 0
run = "hugetlb-cycle"
pages = 2
repeat = 1
[[rule]]
name = "held"
when = { at = "alloc_pool_huge_folio", nth = 1 }
do = { inject = "hold", vcpu = "hit", for_ms = 5 }
[expect]
verdict = "clean"
rules = { held = 1 }
''')
        self.program("run", str(scenario), "--kernel", kernel, "--output-dir", str(self.output))
        results = json.loads((self.output / "results.json").read_text())
        self.assertEqual(results["results"][0]["verdict"], "clean")
        self.assertRegex(results["guest"]["kernel_version"], r"^6\.12\.[0-9]+\+deb12-arm64$")

    def test_a_program_for_another_machine_is_refused(self):
        status, _, err = done(lab("/bin/true"), PATIENCE)
        self.assertEqual(status, 0, err)  # in /usr: the lab's own
        status, _, err = done(lab(str(self.copy_of_this_machines("/bin/true"))), PATIENCE)
        self.assertEqual(status, 4, err)
        self.assertIn("./run --lab arm64", err)

    def copy_of_this_machines(self, program):
        copy = self.folder / "program"
        copy.write_bytes(Path(program).read_bytes())
        copy.chmod(0o755)
        return copy


if __name__ == "__main__":
    unittest.main()
