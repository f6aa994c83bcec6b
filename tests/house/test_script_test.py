# SPDX-License-Identifier: Apache-2.0
"""./test: which parts it runs, how it counts, what it does without /dev/kvm."""
import json
import re
import shutil
import unittest

from fake_tree import FakeTree
from repository import TREE, without_kvm

CTEST = r"""#!/bin/bash
[[ " $* " == *" -N "* ]] || echo "ctest $*" >>"$TRACE"
echo "image=${REMAPSTORM_IMAGE_STD:-}" >>"$TRACE.images"
while [ $# -gt 0 ]; do
  [ "$1" != --output-junit ] || junit=$2
  [ "$1" != -N ] || listed=3
  [ "$1" != --preset ] || part=$2
  shift
done
[[ " ${PARTS:-$part} " == *" $part "* ]] || none=yes
if [ -n "${listed:-}" ]; then
  [ -z "${NO_TESTS:-}${none:-}" ] || listed=0
  echo "Total Tests: $listed"
  exit 0
fi
[ -z "${NO_TESTS:-}" ] || { echo "No tests were found!!!"; exit 8; }
echo "1/3 Test  #1: Good.One .....   Passed    0.01 sec"
echo "2/3 Test  #2: Bad.Two ......***Failed    0.01 sec"
echo "what the failing test printed"
printf '<?xml version="1.0"?>\n<testsuite name="(empty)"\n\ttests="%s"\n\tfailures="%s"\n\tdisabled="%s"\n\tskipped="%s"\n>\n' \
  "${TESTS:-3}" "${FAILURES:-0}" "${DISABLED:-0}" "${SKIPPED:-0}" >"$junit"
[ "${FAILURES:-0}" = 0 ]
"""


class TestScript(unittest.TestCase):
    def setUp(self):
        self.fake = FakeTree()
        self.addCleanup(self.fake.close)
        shutil.copy2(TREE / "test", self.fake.tree / "test")
        self.fake.script(self.fake.fakes / "ctest", CTEST)

    def call(self, *arguments, prefix=(), **variables):
        return self.fake.run(*arguments, command=self.fake.tree / "test", prefix=prefix, **variables)

    def ctests(self):
        return [line for line in self.fake.trace() if line.startswith("ctest")]

    def test_unit_passes_and_closes_with_one_plain_line(self):
        result = self.call("unit")
        self.assertEqual(result.returncode, 0, result.err)
        self.assertEqual(result.out, "3 passed, 0 failed\n")
        self.assertEqual(len(self.ctests()), 1)
        self.assertIn("--preset unit -j ", self.ctests()[0])

    def test_each_label_is_of_one_part_of_the_debug_build(self):
        presets = json.loads((TREE / "CMakePresets.json").read_text(encoding="utf-8"))["testPresets"]

        def has(preset, label):
            (kind, labels), = preset["filter"].items()
            return (re.search(labels["label"], label) is None) == (kind == "exclude")

        for label, part in (("unit", "unit"), ("house", "unit"), ("kvm", "kvm"), ("scenario", "kvm"), ("lab", "lab"),
                            ("lockdep", "lockdep"), ("debug", "debug"), ("lint", "lint"), ("of another kind", "unit")):
            found = [one["name"] for one in presets if "filter" in one and "configurePreset" not in one and has(one, label)]
            self.assertEqual(found, [part], label)

    def test_numbers_are_summed(self):
        result = self.call("unit", "asan", "tsan")
        self.assertEqual(result.out, "9 passed, 0 failed\n")
        self.assertEqual([line.split()[2] for line in self.ctests()], ["unit", "asan", "tsan"])

    def test_a_failure_counts_and_is_shown(self):
        result = self.call("unit", FAILURES="1")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.out, "2 passed, 1 failed\n")
        self.assertIn("what the failing test printed", result.err)

    def test_what_did_not_run_has_failed(self):
        for variables in ({"SKIPPED": "1"}, {"DISABLED": "1"}):
            result = self.call("unit", **variables)
            self.assertEqual((result.returncode, result.out), (1, "2 passed, 1 failed\n"))

    def test_no_tests_at_all_is_a_failure(self):
        self.assertEqual(self.call("unit", NO_TESTS="1").returncode, 1)
        self.assertEqual(self.call("unit", TESTS="0").returncode, 1)
        result = self.call("-k", "NothingIsCalledSo", NO_TESTS="1")
        self.assertEqual((result.returncode, result.out), (1, "0 passed, 1 failed\n"))

    def test_a_build_that_fails_is_a_failure_and_the_rest_goes_on(self):
        result = self.call("unit", "asan", BROKEN="1")
        self.assertEqual((result.returncode, result.out), (1, "0 passed, 2 failed\n"))
        self.assertIn("error: it is broken", result.err)
        self.assertEqual(self.ctests(), [])

    def test_kvm_tests_get_the_image(self):
        result = self.call("kvm")
        self.assertEqual(result.returncode, 0, result.err)
        with open(f"{self.fake.trace_file}.images", encoding="utf-8") as images:
            self.assertIn("/guest/std-fake", images.read())
        self.assertIn("--preset kvm -j 1 ", self.ctests()[0])

    def test_kernels_of_their_own_are_for_those_who_ask(self):
        for part in "lockdep", "debug":
            self.assertEqual(self.call(part).returncode, 0)
            self.assertEqual(len(self.ctests()), 1)
            self.assertIn(f"--preset {part} ", self.ctests()[0])
            self.fake.forget()
        self.assertEqual(self.call("lockdep", "debug").returncode, 0)
        self.assertEqual(len(self.ctests()), 2)
        self.fake.forget()
        self.assertEqual(self.call("arm64").returncode, 0)
        self.assertIn("--preset arm64 -j 1", self.ctests()[0])
        self.assertTrue(any(line.startswith("cmake --build --preset arm64") for line in self.fake.trace()))
        self.fake.forget()
        self.assertEqual(self.call("smoke").returncode, 0)
        self.assertIn("--preset smoke -j 1", self.ctests()[0])
        self.assertTrue(any(line.startswith("cmake --build --preset arm64-smoke") for line in self.fake.trace()))
        self.fake.forget()
        self.call()
        self.assertEqual([line.split()[2] for line in self.ctests()], ["unit", "kvm", "lab", "smoke", "lint", "asan", "tsan"])

    def test_by_name(self):
        result = self.call("-k", "Rng", PARTS="unit")
        self.assertEqual(result.out, "3 passed, 0 failed\n")
        self.assertEqual(len(self.ctests()), 1)
        self.assertIn("-R Rng", self.ctests()[0])

    def test_wrong_arguments(self):
        for arguments in (("everything",), ("-k",), ("--fast",)):
            result = self.call(*arguments)
            self.assertEqual(result.returncode, 64)
            self.assertIn("HINT: ", result.err)
        self.assertEqual(self.call("--help").returncode, 0)

    def test_without_kvm_the_lab_runs_what_needs_it_and_everybody_is_told(self):
        for arguments in (("kvm",), ("unit", "kvm")):
            self.fake.forget()
            result = self.call(*arguments, prefix=without_kvm())
            self.assertEqual(result.returncode, 0, result.err)
            self.assertIn("NO /dev/kvm ON THIS MACHINE", result.err)
            self.assertIn("ran on the lab's emulated host, kind x86", result.err)
            self.assertEqual(len([line for line in self.fake.trace() if line.startswith("lab x86 ctest")]), 1)
        self.fake.forget()
        self.assertEqual(self.call("unit", prefix=without_kvm()).returncode, 0)
        self.assertFalse(any(line.startswith("lab") for line in self.fake.trace()))

    def test_without_permission_only_what_helps_is_named(self):
        stat = '#!/bin/bash\ncase "$*" in *%G*/dev/kvm) echo "$OWNER";; *) exec /usr/bin/stat "$@";; esac\n'
        self.fake.script(self.fake.fakes / "stat", stat)
        hide = (*without_kvm()[:-2], without_kvm()[-2].replace("&& exec", "&& touch /dev/kvm && chmod 000 /dev/kvm && exec"), "sh",
                "setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search")
        for owner, words in (("root crw-------", "it belongs to group root with mode crw-------"),
                             ("kvm crw-------", "it belongs to group kvm with mode crw-------"),
                             ("UNKNOWN crw-rw----", "group UNKNOWN"), ("virt crw-rw----", "HINT: sudo usermod -aG virt ")):
            result = self.call("kvm", prefix=hide, OWNER=owner)
            self.assertEqual(result.returncode, 4, result.err)
            self.assertIn(words, result.err)

    def test_the_lab_on_request(self):
        result = self.call("kvm", "--lab", "x86")
        self.assertEqual(result.returncode, 0, result.err)
        self.assertNotIn("NO /dev/kvm", result.err)
        self.assertIn("kind x86", result.err)
        self.assertTrue(any(line.startswith("lab x86 ctest") for line in self.fake.trace()))

    def test_by_name_the_lab_runs_what_needs_kvm_and_only_that(self):
        for kind, there, here in (("kvm", 1, 0), ("unit", 0, 1), ("unit kvm", 1, 1)):
            for arguments, prefix in ((("-k", "Rng"), without_kvm()), (("-k", "Rng", "--lab", "x86"), ())):
                self.fake.forget()
                result = self.call(*arguments, prefix=prefix, PARTS=kind)
                self.assertEqual(result.out, f"{3 * (there + here)} passed, 0 failed\n", result.err)
                in_lab = [line for line in self.fake.trace() if line.startswith("lab x86 ctest")]
                self.assertEqual((len(in_lab), len(self.ctests())), (there, there + here), (kind, arguments))
                self.assertEqual(there == 1, "kind x86" in result.err, kind)
                self.assertEqual(there == 1 and bool(prefix), "NO /dev/kvm" in result.err, kind)

    def test_a_lab_that_is_not_there(self):
        for arguments in (("--lab", "s390"), ("--lab",)):
            result = self.call("kvm", *arguments)
            self.assertEqual(result.returncode, 64)
            self.assertIn("HINT: ", result.err)


if __name__ == "__main__":
    unittest.main()
