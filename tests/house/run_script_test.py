# SPDX-License-Identifier: Apache-2.0
"""./run: builds when it must, is quick and silent when it need not, says what goes wrong, leaves nothing running."""
import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import termios
import unittest
from pathlib import Path

from fake_tree import FakeTree, all_gone
from repository import TREE


class RunScript(unittest.TestCase):
    def setUp(self):
        self.fake = FakeTree()
        self.addCleanup(self.fake.close)

    def built(self, **how):
        """True if ./run called cmake."""
        self.fake.forget()
        result = self.fake.run("list", **how)
        self.assertEqual(result.returncode, 0, result.err)
        return any(line.startswith("cmake --build") for line in self.fake.trace())

    def test_arguments_arrive_as_typed(self):
        result = self.fake.run("run", "two words", "", "a'b\"c", "--append=x y")
        self.assertEqual(result.returncode, 0, result.err)
        self.assertEqual(result.out.splitlines()[:5],
                         ["argument <run>", "argument <two words>", "argument <>", "argument <a'b\"c>",
                          "argument <--append=x y>"])

    def test_in_the_lab(self):
        for arguments in (("--lab", "x86", "run", "a b"), ("run", "a b", "--lab=x86")):
            self.fake.forget()
            result = self.fake.run(*arguments)
            self.assertEqual(result.returncode, 0, result.err)
            self.assertEqual(result.out.splitlines()[:2], ["argument <run>", "argument <a b>"])
            program = self.fake.tree / "build/release/cli/remapstorm"
            self.assertIn(f"lab x86 {program} run a b", self.fake.trace())
        self.assertEqual(self.fake.run("--lab", "x86", "list", PROGRAM_EXIT="1").returncode, 1)
        wrong = self.fake.run("--lab", "s390", "list")
        self.assertEqual(wrong.returncode, 64)
        self.assertIn("HINT: there is: x86", wrong.err)

    def test_exit_code_of_the_program_is_ours(self):
        self.assertEqual(self.fake.run("x", PROGRAM_EXIT="4").returncode, 4)

    def test_second_time_is_silent_and_quick(self):
        first = self.fake.run("list")
        self.assertIn("step 2/3 harness", first.err)
        self.fake.forget()
        used = os.times()
        second = self.fake.run("list")
        now = os.times()
        self.assertEqual(second.err, "")
        self.assertEqual(self.fake.trace(), [])
        # Processor time: how long it takes is also up to what else this machine does.
        self.assertLess(now.children_user + now.children_system - used.children_user - used.children_system, 0.5)

    def test_every_change_of_the_sources_is_seen(self):
        source = self.fake.tree / "base" / "a.cpp"
        self.assertTrue(self.built())
        self.assertFalse(self.built())
        times = (source.stat().st_atime, source.stat().st_mtime)
        source.write_text("int b;\n")
        os.utime(source, times)
        self.assertTrue(self.built(), "same size, same time, other text")
        (self.fake.tree / "base" / "b.cpp").write_text("")
        self.assertTrue(self.built(), "a new file")
        (self.fake.tree / "base" / "b.cpp").unlink()
        self.assertTrue(self.built(), "a deleted file")
        source.rename(source.with_name("c.cpp"))
        self.assertTrue(self.built(), "a renamed file")
        (self.fake.tree / "build" / "release" / "cli" / "remapstorm").unlink()
        self.assertTrue(self.built(), "no program")
        self.assertFalse(self.built())

    def test_packages_that_do_not_matter_come_and_go(self):
        dpkg = self.fake.top / "dpkg"
        (dpkg / "info").mkdir(parents=True)
        for name in ("status", "info/g++.list", "info/libelf-dev:amd64.list", "info/tzdata.list"):
            (dpkg / name).write_text("x\n")
        how = {"DPKG_ADMINDIR": str(dpkg), "NEEDS": "std\n"}
        self.assertTrue(self.built(**how))
        self.assertFalse(self.built(**how))
        for name in ("status", "info/tzdata.list", "info/cowsay.list"):
            (dpkg / name).write_text("y and more\n")
            self.assertFalse(self.built(**how), name)
            self.assertEqual(self.fake.trace(), [], "nor is the guest looked at")
        for name in ("info/libelf-dev:amd64.list", "info/g++.list"):
            (dpkg / name).write_text("another version\n")
            self.assertTrue(self.built(**how), name)
        (dpkg / "info/libelf-dev:amd64.list").unlink()
        self.assertTrue(self.built(**how), "one of ours was removed")

    def test_a_running_test_of_the_same_tree_is_not_waited_for(self):
        shutil.copy2(TREE / "test", self.fake.tree / "test")
        self.assertTrue(self.built())
        testing = self.fake.popen("unit", command=self.fake.tree / "test", SLOW="1000")
        self.addCleanup(testing.wait)
        self.addCleanup(testing.terminate)
        self.fake.wait_for_child()
        self.assertFalse(self.built(), "there is nothing to build")
        (self.fake.tree / "base" / "b.cpp").write_text("")
        self.assertTrue(self.built(), "another preset than the one that is being tested")
        self.assertIsNone(testing.poll())

    def test_signals_that_were_ignored_stay_so(self):
        """nohup, and a shell that runs jobs in the background."""
        for number in (signal.SIGHUP, signal.SIGINT):
            self.fake.forget()
            (self.fake.tree / "base" / f"{number}.cpp").write_text("")
            Path(f"{self.fake.trace_file}.pids").unlink(missing_ok=True)
            process = self.fake.popen("list", SLOW="2", prefix=("env", f"--ignore-signal={number.name[3:]}"))
            self.fake.wait_for_child()
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, err)
            self.assertIn("argument <list>", out)

    def on_a_terminal(self, **variables):
        """What the first ./run of a changed tree writes to a terminal as its standard error."""
        (self.fake.tree / "base" / "b.cpp").write_text(str(variables))
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        environment = {**self.fake.environment, "SLOW": "1.5", **variables}
        process = subprocess.Popen([self.fake.tree / "run", "list"], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        text = b""
        while True:
            try:
                text += os.read(ours, 65536)
            except OSError:  # all writers are gone
                break
        os.close(ours)
        self.assertEqual(process.wait(timeout=60), 0, text)
        self.assertIn(b"step 2/3 harness", text)
        return text.decode()

    def test_terminals_that_can_redraw_and_those_that_cannot(self):
        for variables in ({"TERM": "dumb"}, {}):
            text = self.on_a_terminal(**variables)
            self.assertNotIn("\033", text)
            self.assertEqual(text.replace("\r\n", "\n").count("\r"), 0)
        redrawn = self.on_a_terminal(TERM="xterm")
        self.assertIn("\r\033[K", redrawn)
        for columns, most in (("30", 29), ("", 59)):
            text = self.on_a_terminal(TERM="xterm", COLUMNS=columns)
            drawn = [part for part in text.replace("\r\n", "\r").split("\r") if part.startswith("\033[K") and len(part) > 3]
            self.assertEqual(max(len(part) - 3 for part in drawn if "remapstorm" not in part) <= most, True, drawn)

    def test_from_anywhere_and_through_a_link(self):
        link = self.fake.top / "link to run"
        link.symlink_to(self.fake.tree / "run")
        self.assertTrue(self.built(command=link, cwd=self.fake.top))
        self.assertFalse(self.built(command="./run", cwd=self.fake.tree))

    def test_a_path_with_spaces(self):
        fake = FakeTree("my tree (1)")
        self.addCleanup(fake.close)
        result = fake.run("list", NEEDS="std\n")
        self.assertEqual(result.returncode, 0, result.err)
        self.assertIn(f"image <{fake.top}/cache/guest/std-fake>", result.out)

    def test_a_read_only_tree_is_an_error_that_helps(self):
        prefix = ()
        if os.getuid() == 0:  # root may write anywhere: become nobody
            self.fake.top.chmod(0o755)
            prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
            cache = self.fake.top / "cache"
            cache.mkdir()
            cache.chmod(0o777)
        self.fake.tree.chmod(0o555)
        result = self.fake.run("list", prefix=prefix)
        self.assertEqual(result.returncode, 4, "no retry makes it writable")
        self.assertIn("cannot write to", result.err)
        self.assertIn("HINT: the source tree is read-only", result.err)

    def test_a_build_that_fails_shows_its_end_and_its_log(self):
        result = self.fake.run("list", BROKEN="1")
        self.assertEqual(result.returncode, 70, "1 would be a verdict")
        self.assertIn("error: it is broken", result.err)
        self.assertNotIn("compiler line 3\n", result.err)
        log = result.err.rsplit("log: ", 1)[1].split("\n")[0]
        with open(log, encoding="utf-8") as text:
            self.assertIn("compiler line 3\n", text.read())
        self.assertTrue(self.built(), "the next run tries again")

    def test_a_folder_that_was_moved_is_configured_anew(self):
        cache = self.fake.tree / "build" / "release" / "CMakeCache.txt"
        cache.parent.mkdir(parents=True)
        cache.write_text("CMAKE_HOME_DIRECTORY:INTERNAL=/somewhere/else\n")
        self.assertTrue(self.built())
        self.assertFalse(cache.exists())

    def test_the_guest_image_is_built_when_needed_only(self):
        self.assertNotIn("guest", "".join(line.split()[0] for line in self.fake.run("list") and self.fake.trace()))
        first = self.fake.run("x", NEEDS="std\n")
        self.assertIn("step 3/3 guest image std", first.err)
        self.assertIn("std-fake>", first.out)
        self.fake.forget()
        second = self.fake.run("x", NEEDS="std\n")
        self.assertEqual((second.err, self.fake.trace()), ("", []))
        self.assertIn("std-fake>", second.out)
        (self.fake.tree / "guest" / "new.patch").write_text("x")
        third = self.fake.run("x", NEEDS="std\n")
        self.assertEqual(third.returncode, 0, third.err)
        self.assertTrue(any("--check" in line for line in self.fake.trace()), self.fake.trace())

    def test_a_guest_build_that_fails_keeps_its_exit_code(self):
        for code, expected in (("75", 75), ("4", 4), ("2", 70)):
            result = self.fake.run("x", NEEDS="std\n", GUEST_EXIT=code)
            self.assertEqual(result.returncode, expected)
            self.assertIn("hunk 2 of mm/x.c does not apply", result.err)
            self.assertIn("log: ", result.err)

    def test_a_flavour_that_is_not_built_is_unavailable(self):
        result = self.fake.run("x", NEEDS="nonsense\n")
        self.assertEqual(result.returncode, 4)
        self.assertIn("nonsense", result.err)
        self.assertIn("HINT: there is: debug lockdep rt std\n", result.err)

    def test_two_at_once_build_once(self):
        one = self.fake.popen("one", SLOW="1")
        two = self.fake.popen("two", SLOW="1")
        (_, _), (_, _) = one.communicate(timeout=60), two.communicate(timeout=60)
        self.assertEqual((one.returncode, two.returncode), (0, 0))
        self.assertEqual(sum(line.startswith("cmake --build") for line in self.fake.trace()), 1)

    def stop_by(self, number, expected):
        process = self.fake.popen("list", SLOW="1000")
        pids = self.fake.wait_for_child()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, expected, err)
        self.assertTrue(all_gone(pids), f"left running after {number}")
        leftovers = [str(f) for f in self.fake.top.rglob("*") if ".tmp" in f.name or f.name.endswith("lock")]
        self.assertEqual(leftovers, [])
        self.assertTrue(self.built(), "the next run builds")
        return err

    def test_ctrl_c_leaves_nothing_running(self):
        self.assertIn("stopped by SIGINT", self.stop_by(signal.SIGINT, 130))

    def test_sigterm_leaves_nothing_running(self):
        self.assertIn("stopped by SIGTERM", self.stop_by(signal.SIGTERM, 143))

    def test_kill_9_leaves_nothing_running(self):
        self.stop_by(signal.SIGKILL, -9)

    def test_a_line_at_least_every_ten_seconds(self):
        result = self.fake.run("list", SLOW="11.5")
        lines = [line for line in result.err.splitlines() if "step 2/3" in line]
        self.assertGreaterEqual(len(lines), 3, result.err)
        self.assertIn("[1/2] 50%", result.err)
        self.fake.forget()
        (self.fake.tree / "base" / "b.cpp").write_text("")
        self.assertRegex(self.fake.run("list").err, r"last time (0:[1-5]\d|[1-9]\d*:\d\d)")


class Packages(unittest.TestCase):
    def setUp(self):
        self.fake = FakeTree()
        self.addCleanup(self.fake.close)
        self.id = self.fake.fakes / "id"

    def be(self, user):
        self.fake.script(self.id, f'#!/bin/bash\n[ "$1" = -u ] && echo {user} || echo somebody\n')

    def test_root_installs_them_without_a_question(self):
        self.be(0)
        result = self.fake.run("list", PACKAGES_MISSING="1")
        self.assertEqual(result.returncode, 0, result.err)
        install = [line for line in self.fake.trace() if line.startswith("apt-get") and " install " in line]
        self.assertEqual(len(install), 1)
        for word in (" -y ", "install", "libcapstone-dev", "linux-source-6.12"):
            self.assertIn(word, install[0])
        self.assertNotIn("clang-tidy", install[0], "./run needs no test packages")

    def test_without_root_they_are_named(self):
        self.be(1000)
        result = self.fake.run("list", PACKAGES_MISSING="1")
        self.assertEqual(result.returncode, 4)
        self.assertIn("libcapstone-dev", result.err)
        self.assertIn("HINT: sudo apt-get install", result.err)
        self.assertEqual(self.fake.trace(), [])

    def test_an_installation_that_fails_says_so(self):
        self.be(0)
        result = self.fake.run("list", PACKAGES_MISSING="1", APT_EXIT="100")
        self.assertEqual(result.returncode, 75)
        self.assertIn("package lists", result.err)


if __name__ == "__main__":
    unittest.main()
