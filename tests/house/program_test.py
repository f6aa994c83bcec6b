# SPDX-License-Identifier: Apache-2.0
"""The program as a person and a script meet it: exit codes, streams, formats, files that are in the way."""
import bz2
import fcntl
import gzip
import json
import lzma
import os
import pty
import pwd
import struct
import subprocess
import termios
import unittest
from pathlib import Path

from program import PROGRAM, ProgramCase
from repository import TREE, relative, tracked, without_kvm
from tiny_kernel import tiny_kernel

SCENARIOS = sorted(file.stem for file in tracked(".toml") if relative(file).startswith("scenarios/"))
# Not made for this architecture.
ELSEWHERE = {file.stem for file in tracked(".toml") if relative(file).startswith("scenarios/")
             and 'architectures = ["arm64"]' in file.read_text()}
HERE = [name for name in SCENARIOS if name not in ELSEWHERE]


class Program(ProgramCase):
    def test_list_knows_every_scenario(self):
        lines = self.expect(0, "list").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:]], SCENARIOS)
        listed = json.loads(self.expect(0, "list", "--format", "json").stdout)
        self.assertEqual(listed["schema"], 1)
        self.assertEqual([scenario["name"] for scenario in listed["scenarios"]], SCENARIOS)
        for scenario in listed["scenarios"]:
            self.assertIn(scenario["strategy"], scenario["strategies"])
            self.assertTrue(scenario["summary"])

    def test_describe_tells_every_scenario(self):
        for name in SCENARIOS:
            text = self.expect(0, "describe", name).stdout
            for part in (name + ":", "\nStory\n", "\nPrediction\n", "\nWorkloads\n", "\nRules\n", "\nExpected\n",
                         f" run {name}\n"):
                self.assertIn(part, text)

    def test_describe_names_what_runs_in_any_folder(self):
        mine = self.folder / "mine.toml"
        mine.write_text((TREE / "scenarios/irq-same-cpu.toml").read_text())
        named = self.expect(0, "describe", os.path.relpath(mine)).stdout.split("\nRun it\n  ")[1].splitlines()[0]
        self.assertEqual(named, f"{PROGRAM} run {mine}")
        again = subprocess.run(["sh", "-c", named + " --dry-run"], env=self.environment, cwd="/", capture_output=True, text=True,
                               check=False)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn(f"file      {mine}", again.stdout)

    def test_dry_run_starts_nothing_and_writes_nothing(self):
        for name in SCENARIOS:
            if name in ELSEWHERE:
                self.assertIn("--lab arm64", self.expect(64, name, "--dry-run").stderr)
                continue
            text = self.expect(0, name, "--dry-run").stdout
            self.assertIn("  expected  ", text)
        plan = json.loads(self.expect(0, HERE[0], "--dry-run", "--format", "json", "--seed", "7").stdout)
        self.assertEqual(plan["seed"], "0x7")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_dry_run_names_what_does_not_fit(self):
        result = self.expect(64, HERE[0], "--dry-run", "--strategy", "bbm-falt")
        self.assertIn("bbm-falt", result.stderr)
        self.expect(64, HERE[0], "--dry-run", "--flavour", "strawberry")

    def test_mistakes_of_a_tired_person(self):
        for arguments, words in (
                ((), "HINT"), (("irq-smae-cpu",), "irq-same-cpu"), (("./missing.toml",), "no such scenario file"),
                (("irq-same-cpu", "--cpus", "0"), "--cpus"), (("irq-same-cpu", "--memory", "lots"), "--memory"),
                (("irq-same-cpu", "--frobnicate"), "unknown option"), (("docter",), "doctor"),
                (("irq-same-cpu", "--seed"), "--seed"), ((str(TREE),), "is a folder"),
                (("list", "irq-same-cpu"), "irq-same-cpu"), (("run",), "SCENARIO"), (("guest", "biuld"), "build"),
                (("irq-same-cpu", "--format", "xml"), "pretty, ktap, json")):
            result = self.expect(64, *arguments)
            self.assertIn(words, result.stderr, arguments)
            self.assertEqual(result.stdout, "", arguments)

    def test_a_scenario_file_with_mistakes_names_line_and_column(self):
        bad = self.folder / "bad.toml"
        bad.write_text('name = "bad"\nsummary = "x"\nunknown_key = 1\n')
        result = self.expect(64, str(bad))
        self.assertIn(f"{bad}:3:", result.stderr)
        for text in ("", "not toml at all [[[", "\0\0\0", "name = 1\n"):
            bad.write_text(text)
            self.assertIn(str(bad), self.expect(64, str(bad)).stderr)

    def test_without_kvm(self):
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        hide = ("unshare", "--mount", *as_root, "sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh")
        result = self.expect(4, "irq-same-cpu", prefix=hide)
        self.assertIn("/dev/kvm", result.stderr)
        self.assertIn("HINT: ", result.stderr)
        report = self.expect(4, "irq-same-cpu", "--format", "ktap", prefix=hide).stdout
        self.assertEqual(report.splitlines()[0], "KTAP version 1")
        self.assertIn("# SKIP", report)
        results = json.loads(self.expect(4, "irq-same-cpu", "--format", "json", prefix=hide).stdout)
        self.assertEqual([entry["ok"] for entry in results["results"]], [False])
        found = self.expect(4, "doctor", prefix=hide).stdout
        self.assertRegex(found, r"kvm +MISSING")
        self.assertIn("scenarios cannot run here", found)

    def on_a_terminal(self, **variables):
        """What a sweep that cannot run says on a terminal of 70 columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
        process = subprocess.Popen([*without_kvm(), PROGRAM, "sweep", "--scenarios", "irq-same-cpu,control-inplace", "--output-dir",
                                    str(self.folder / f"out-{len(list(self.folder.iterdir()))}")],
                                   env={**self.environment, **variables}, stdin=subprocess.DEVNULL, stdout=theirs,
                                   stderr=theirs)
        os.close(theirs)
        text = b""
        while True:
            try:
                text += os.read(ours, 65536)
            except OSError:  # all writers are gone
                break
        os.close(ours)
        self.assertEqual(process.wait(timeout=60), 4, text)
        self.assertIn(b"irq-sam", text)  # narrow columns are cut
        return text.decode()

    def test_terminals_and_what_they_can(self):
        self.assertIn("\033[", self.on_a_terminal(TERM="xterm"))
        for variables in ({"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"}):
            self.assertNotIn("\033[", self.on_a_terminal(**variables).replace("\r\033[K", ""), variables)
        for variables in ({"TERM": "dumb"}, {}):
            self.assertNotIn("\033", self.on_a_terminal(**variables), variables)
        for variables, columns in (({}, 70), ({"COLUMNS": "50"}, 50), ({"COLUMNS": "no number"}, 70)):
            lines = self.on_a_terminal(TERM="dumb", **variables).replace("\r", "").splitlines()
            head = next(line for line in lines if line.startswith("scenario"))
            self.assertLessEqual(len(head), columns)

    def test_columns_are_kept_to(self):
        for words in (("list",), ("describe", "zone-lock-abba")):
            lines = self.expect(0, *words, COLUMNS="60").stdout.splitlines()
            # Commands and paths are whole, to be pasted.
            whole = (" run ", "file: ", "command line: ")
            wide = [line for line in lines if len(line) > 60 and not any(word in line for word in whole)]
            self.assertEqual(wide, [])
        self.assertIn("irq-same-cpu: deadlock; ", self.expect(0, "list", COLUMNS="60").stdout)

    def test_a_report_file_that_may_never_have_a_reader_is_refused(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        for option in ("--json", "--junit"):
            refused = self.expect(64, "run", "irq-same-cpu", option, str(fifo))
            self.assertIn(f"{option} {fifo}: is a FIFO", refused.stderr)
            self.assertIn("/dev/stdout", self.expect(64, "run", "irq-same-cpu", option, "-").stderr)

    def test_doctor_sees_a_limit_of_memory(self):
        limited = self.call("doctor", prefix=("sh", "-c", 'ulimit -v 400000; exec "$@"', "sh"))
        self.assertRegex(limited.stdout, r"memory limit +MISSING +this process may use 390 MiB \(ulimit -v\)")
        self.assertNotIn("memory limit", self.call("doctor").stdout)

    def test_doctor_opens_userfaultfd_as_delays_do(self):
        """Also by /dev/userfaultfd, where the system call is not permitted."""
        if not (os.getuid() == 0 and Path("/dev/userfaultfd").exists()):
            self.assertIn("userfaultfd", self.call("doctor").stdout)
            return
        minor = os.minor(os.stat("/dev/userfaultfd").st_rdev)
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        for mode, state in (("666", "ok"), ("600", "warning")):
            hide = self.in_namespace(f"mount -t tmpfs none /dev && mknod -m {mode} /dev/userfaultfd c 10 {minor}")
            found = self.call("doctor", prefix=(*hide, *nobody)).stdout
            self.assertRegex(found, rf"userfaultfd +{state} ")
        self.assertIn("/dev/userfaultfd", found, "the hint of what else helps")

    def in_namespace(self, script):
        as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
        return ("unshare", "--mount", *as_root, "sh", "-c", script + ' && exec "$@"', "sh")

    def test_a_dev_kvm_that_is_none(self):
        plain = self.in_namespace("mount -t tmpfs none /dev && touch /dev/kvm")
        result = self.expect(4, "irq-same-cpu", prefix=plain)
        self.assertIn("HINT: /dev/kvm is not a KVM device", result.stderr)

    def test_a_dev_kvm_that_may_not_be_opened(self):
        forbidden = self.in_namespace("mount -t tmpfs none /dev && touch /dev/kvm && chmod 000 /dev/kvm")
        result = self.expect(4, "irq-same-cpu", prefix=(*forbidden, "setpriv", "--inh-caps=-all",
                                                        "--bounding-set=-dac_override,-dac_read_search"))
        self.assertIn("Permission denied", result.stderr)
        # It belongs to root's group and no group may use it: membership of none would help.
        self.assertIn("HINT: /dev/kvm belongs to group root with mode 0000, so no group helps", result.stderr)

    def test_kernels_that_are_none(self):
        good = tiny_kernel(b"\xeb\xfe")
        for content, words in ((b"", "is empty"), (b"hello world\n", "not an ELF file"), (good[:40], "not an ELF file"),
                               (good[:0x1001], "truncated"), (tiny_kernel(b"\xeb\xfe", machine=183), "another machine"),
                               (b"\0" * 0x202 + b"HdrS" + bytes(64), "HINT: this is a bzImage that does not say where"),
                               (gzip.compress(good)[:-20], "the gzip payload of"), (lzma.compress(good)[:-20], "cannot be unpacked"),
                               (b"\x28\xb5\x2f\xfd" + b"\xff" * 64, "cannot be unpacked"), (gzip.compress(b"no kernel"), "not an ELF file"),
                               (bz2.compress(tiny_kernel(b"\xeb\xfe", machine=183)), "another machine"),
                               (b"\0" * 0x38 + b"ARM\x64" + bytes(64), "made for another machine (arm64)")):
            kernel = self.folder / "kernel"
            kernel.write_bytes(content)
            result = self.expect(64, "irq-same-cpu", "--dry-run", "--kernel", str(kernel))
            self.assertIn(words, result.stderr)
            self.assertIn(str(kernel), result.stderr)
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        for path, words in ((str(self.folder), "not a regular file"), (str(fifo), "not a regular file"),
                            ("/dev/zero", "not a regular file"), ("/no/such", "No such file")):
            result = self.expect(64, "irq-same-cpu", "--dry-run", "--kernel", path)
            self.assertIn(words, result.stderr)

    def test_a_kernel_without_our_driver_is_told_what_it_lacks(self):
        kernel = self.folder / "kernel"
        kernel.write_bytes(tiny_kernel(b"\xeb\xfe"))
        result = self.expect(64, "irq-same-cpu", "--dry-run", "--kernel", str(kernel))
        self.assertIn("built without CONFIG_REMAPSTORM", result.stderr)
        self.assertIn("bbm.break", result.stderr)

    def test_scenario_files_with_unknown_names(self):
        text = (TREE / "scenarios/irq-same-cpu.toml").read_text()
        scenario = self.folder / "mine.toml"
        for known, wrong in (('"bbm.break"', '"bbm.brake"'), ('inject = "irq"', 'inject = "irk"'),
                             ('strategy = "bbm-fault"', 'strategy = "bbm-falt"'), ('run = "hugetlb-grow"', 'run = "hugtlb-grow"')):
            self.assertIn(known, text)
            scenario.write_text(text.replace(known, wrong, 1))
            result = self.expect(64, str(scenario), "--dry-run")
            self.assertRegex(result.stderr, rf"{scenario}:\d+:\d+: ")
            self.assertIn(wrong.split('"')[1], result.stderr)
            self.assertIn("did you mean", result.stderr)
        scenario.write_text(text + '\nflavours = ["strawberry"]\n')
        self.assertIn(str(scenario), self.expect(64, str(scenario), "--dry-run").stderr)

    def test_replay_refuses_what_is_no_recording(self):
        bad = self.folder / "events.jsonl"
        for content, words in (("", "empty"), ("hello\n", "not JSON"), ('{"v":7}\n', "version 7")):
            bad.write_text(content)
            result = self.expect(64, "replay", str(bad))
            self.assertIn(words, result.stderr)
        self.assertIn("no recording below", self.expect(64, "replay", str(TREE / "docs")).stderr)
        self.assertIn("no such file", self.expect(64, "replay", "/no/such").stderr)
        self.assertIn("RECORDING", self.expect(64, "replay").stderr)

    def test_minimize_checks_its_words(self):
        for arguments, words in ((("irq-same-cpu", "control-inplace"), "one scenario"), ((), "SCENARIO"),
                                 (("irq-same-cpu", "--at-least", "4"), "--at-least"),
                                 (("irq-same-cpu", "--verdict", "clean"), "no failure"),
                                 (("irq-same-cpu", "--verdict", "deadlok"), "deadlock")):
            self.assertIn(words, self.expect(64, "minimize", *arguments).stderr)
        self.assertIn("std", self.expect(0, "needs", "--", "minimize", "irq-same-cpu", REMAPSTORM_LAB="x86").stdout)

    def test_an_image_is_needed_only_where_a_guest_can_run(self):
        for words in (("irq-same-cpu",), ("serve",), ("soak",), ("sweep", "--scenarios", "irq-same-cpu"), ("compare",)):
            needed = [self.expect(0, "needs", "--", *words, prefix=without_kvm(), **variables).stdout
                      for variables in ({}, {"REMAPSTORM_LAB": "x86"})]
            self.assertEqual(needed[0], "" if "REMAPSTORM_LAB" not in self.environment else needed[1], words)
            self.assertIn("std", needed[1], words)
        for words in (("soak", "--hosts", "lab:x86"), ("soak", "--hosts", "all"), ("sweep", "--hosts", "kvm,lab:x86")):
            self.assertIn("std", self.expect(0, "needs", "--", *words, prefix=without_kvm()).stdout, words)

    def test_output_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([PROGRAM, "list"], env=self.environment, stdout=full, stderr=subprocess.PIPE,
                                    text=True)
        self.assertEqual(result.returncode, 75)
        self.assertIn("cannot write", result.stderr)

    def test_an_output_folder_that_is_a_file(self):
        image = self.folder / "out"
        image.write_text("mine")
        self.assertIn(self.call("irq-same-cpu", "--output-dir", str(image)).returncode, (4, 64))
        self.assertEqual(image.read_text(), "mine")

    def test_a_fifo_without_a_writer_is_refused_and_not_waited_for(self):
        for name, words in (("x.toml", ("describe", "./x.toml")), ("events.jsonl", ("replay", "events.jsonl")),
                            ("results.json", ("report", "."))):
            folder = self.folder / name.replace(".", "-")
            folder.mkdir()
            os.mkfifo(folder / name)
            result = subprocess.run([PROGRAM, *words], cwd=folder, env=self.environment, capture_output=True, text=True,
                                    timeout=60, stdin=subprocess.DEVNULL)
            self.assertEqual(result.returncode, 64, f"{words}\n{result.stdout}\n{result.stderr}")

    def test_without_home_the_user_database_tells_it(self):
        result = self.expect(0, "doctor", "--format", "json", HOME="") if os.path.exists("/dev/kvm") else None
        if result:
            self.assertIn(pwd.getpwuid(os.getuid()).pw_dir, result.stdout)


if __name__ == "__main__":
    unittest.main()
