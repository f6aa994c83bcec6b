# SPDX-License-Identifier: Apache-2.0
"""Guests and hosts that fail: what the program says, its exit code, and what it leaves behind."""
import os
import unittest

from program import ProgramCase
from tiny_kernel import tiny_kernel


# AMD APM volume 2, 15.14.3: after a shutdown the VMCB says nothing, and KVM starts the vCPU anew. The place is lost.
LOST = "KVM has reset its registers"


class BadGuests(ProgramCase):
    """Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image
        self.scenario = self.folder / "hold.toml"
        # Nothing that the driver would be needed for.
        self.scenario.write_text('name = "hold"\nsummary = "x"\nstrategy = "inplace"\n[machine]\ncpus = 1\nmemory = "64M"\n'
                                 '[[workload]]\nvcpu = 0\nrun = "hugetlb-grow"\npages = 1\n[expect]\nverdict = "clean"\n')

    def run_kernel(self, code, expected=125, memory_bytes=0x1000):
        kernel = self.folder / "kernel"
        kernel.write_bytes(tiny_kernel(code, memory_bytes))
        return self.expect(expected, str(self.scenario), "--kernel", str(kernel)).stdout

    def test_a_kernel_larger_than_the_guest(self):
        text = self.run_kernel(b"\xeb\xfe", expected=64, memory_bytes=512 << 20)
        self.assertIn("larger than guest memory", text)
        self.assertIn("HINT: give the guest more memory", text)

    def test_an_instruction_that_kvm_cannot_run_is_shown(self):
        # Without an IDT a processor that runs it itself triple-faults there.
        text = self.run_kernel(b"\xcc\xeb\xfe")
        self.assertRegex(text, rf"int3 \(cc\) at\s+_start\+0x0|triple-faulted while booting: (_start\+0x0|{LOST})")

    def test_a_triple_fault_names_the_place(self):
        text = self.run_kernel(b"\x90\x0f\x0b")
        self.assertRegex(text, rf"triple-faulted while booting: (_start\+0x1|{LOST})")

    def test_a_guest_that_rings_nonsense_without_end_is_ended(self):
        # mov $0x5250, %edx (RS_DOORBELL_PORT); mov $0xff, %eax; 1: out %eax, (%dx); jmp 1b
        text = self.run_kernel(b"\xba\x50\x52\x00\x00\xb8\xff\x00\x00\x00\xef\xeb\xfd")
        self.assertIn("unknown doorbell value 255; the last of too many", text)
        recordings = list(self.folder.glob(".local/state/remapstorm/runs/2*/hold/inplace/trial-0/events.jsonl"))
        self.assertEqual(len(recordings), 1)
        self.assertLess(len(recordings[0].read_text().splitlines()), 200)

    def test_a_panic_at_boot_prints_the_panic(self):
        text = self.expect(125, str(self.scenario), "--append", "remapstorm.strategy=bogus").stdout
        self.assertIn("the guest panicked while booting", text)
        self.assertIn("no strategy 'bogus'", text)
        self.assertIn("--append remapstorm.strategy=bogus", text, "the command that repeats it has it too")

    def test_without_userfaultfd_only_delays_are_out_of_reach(self):
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        hide = ("unshare", "--mount", *as_root, "sh", "-c",
                '{ [ ! -e /dev/userfaultfd ] || mount --bind /dev/null /dev/userfaultfd; } && exec "$@"', "sh",
                "setpriv", "--inh-caps=-all", "--bounding-set=-sys_ptrace")
        with open("/proc/sys/vm/unprivileged_userfaultfd", encoding="ascii") as sysctl:
            self.assertEqual(sysctl.read().strip(), "0", "this test needs vm.unprivileged_userfaultfd=0")
        result = self.expect(4, "stage2-slow-page", prefix=hide)
        self.assertIn("userfaultfd", result.stdout + result.stderr)
        self.assertIn("vm.unprivileged_userfaultfd", result.stdout + result.stderr)

    def test_an_output_folder_that_is_a_file_is_known_before_a_guest_starts(self):
        mine = self.folder / "out"
        mine.write_text("mine")
        self.assertIn("is not a folder", self.expect(64, str(self.scenario), "--output-dir", str(mine)).stderr)
        self.assertEqual(mine.read_text(), "mine")


if __name__ == "__main__":
    unittest.main()
