# SPDX-License-Identifier: Apache-2.0
"""What the tests of a lab share. REMAPSTORM_LAB_KIND: which kind of lab."""
import os
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

TREE = Path(os.environ.get("REMAPSTORM_TREE", Path(__file__).resolve().parents[2]))
PROGRAM = os.environ.get("REMAPSTORM_PROGRAM", str(TREE / "build/debug/cli/remapstorm"))
CACHE = Path(os.environ.get("REMAPSTORM_CACHE") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "remapstorm")
KIND = os.environ.get("REMAPSTORM_LAB_KIND", "x86")
EMULATOR = {"x86": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}[KIND]
PATIENCE = 300  # of a busy machine; a quiet one needs seconds


def lab(*command, cwd=None, **variables):
    return subprocess.Popen([str(TREE / "lab/run"), KIND, *command], cwd=cwd, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, **variables})


def done(process, patience=PATIENCE):
    out, err = process.communicate(timeout=patience)
    return process.returncode, out, err


def job_of(process):
    return CACHE / "lab" / "jobs" / str(process.pid)


def qemu_of(process):
    """Process ids of the QEMU of this lab."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if words and words[0].endswith(EMULATOR.encode()) and any(str(job_of(process)).encode() in w for w in words):
            found.append(int(entry.name))
    return found


def wait_for(what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


class LabCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="remapstorm-lab-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
