# SPDX-License-Identifier: Apache-2.0
"""Exit codes that need no guest, each by a real run of the program. Those that need one: exit_codes_kvm_test.py."""
import os
import subprocess
import unittest

from program import PROGRAM, ProgramCase

# Stands before the real operator new: the program runs out of memory, or meets a bug of its own, when it has made
# as many allocations as THROW_AT says.
THROWING_NEW = """
#include <cstdlib>
#include <new>
#include <stdexcept>
static long made;
void* operator new(std::size_t size) {
  const char* at = std::getenv("THROW_AT");
  if (at != nullptr && ++made == std::atol(at)) {
    if (std::getenv("THROW_MEMORY") != nullptr) throw std::bad_alloc();
    throw std::logic_error("a made-up bug");
  }
  return std::malloc(size);
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
"""


class ExitCodes(ProgramCase):
    def throwing(self, at, **variables):
        library = self.folder / "throwing.so"
        if not library.exists():
            source = self.folder / "throwing.cpp"
            source.write_text(THROWING_NEW)
            subprocess.run(["c++", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        return {"LD_PRELOAD": str(library), "THROW_AT": str(at), **variables}

    def limited(self, kilobytes):
        return ("sh", "-c", f'ulimit -v {kilobytes} && exec "$@"', "sh")

    def as_nobody(self):
        """Root may write anywhere."""
        if os.getuid() != 0:
            return ()
        self.folder.chmod(0o755)
        return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

    def test_0_and_64(self):
        self.expect(0, "list")
        for words in (("run",), ("run", "no-such-scenario"), ("list", "--no-such-option"), ("sweep", "--seeds", "0")):
            self.assertIn("remapstorm: ", self.expect(64, *words).stderr)

    def test_a_bug_is_70(self):
        result = self.expect(70, "list", **self.throwing(500))
        self.assertIn("remapstorm: bug: a made-up bug", result.stderr)

    def test_out_of_memory_is_the_hosts_trouble_or_that_of_a_limit(self):
        result = self.expect(75, "list", **self.throwing(500, THROW_MEMORY="1"))
        self.assertIn("out of memory", result.stderr)
        # Where what is there is not enough for the program itself the loader ends it: 127.
        result = self.call("list", prefix=self.limited(400_000), **self.throwing(500, THROW_MEMORY="1"))
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertIn("may use 400000 KiB (ulimit -v)", result.stderr)
        self.assertIn("HINT: ulimit -v unlimited", result.stderr)

    def test_a_full_standard_output_is_75(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PROGRAM, "list"], env=self.environment, stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 75, done.stderr)

    def test_a_place_that_was_asked_for_and_cannot_be_had_is_64(self):
        run = self.folder / "run"
        run.mkdir()
        (run / "results.json").write_text('{"schema": 1}')
        closed = self.folder / "closed"
        closed.mkdir(mode=0o555)
        for place in ("/proc/nothing/out", str(closed / "out"), str(run / "results.json" / "out"), "/" + 300 * "x"):
            result = self.call("report", str(run), "--output-dir", place, prefix=self.as_nobody())
            self.assertEqual(result.returncode, 64, f"{place}: {result.stderr}")
            self.assertIn(place[:20], result.stderr)

    def test_bisect_ends_where_nothing_can_be_tested(self):
        self.expect(255, "run", "no-such-scenario", "--bisect")
        self.expect(255, "run", "--bisect", "--no-such-option")


if __name__ == "__main__":
    unittest.main()
