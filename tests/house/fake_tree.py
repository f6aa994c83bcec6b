# SPDX-License-Identifier: Apache-2.0
"""A copy of ./run and tools/ in which cmake, guest/build.sh and Debian's package tools are fakes that leave a trace and
take no time, so that what ./run does around them can be tested in milliseconds."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from repository import TREE

CMAKE = r"""#!/bin/bash
echo "cmake $*" >>"$TRACE"
case "$*" in
  *--build*)
    echo "[1/2] Building CXX object"
    [ -z "${SLOW:-}" ] || { sleep "$SLOW" & echo "$!" >>"$TRACE.pids"; echo "$$" >>"$TRACE.pids"; wait; }
    if [ -n "${BROKEN:-}" ]; then
      for i in $(seq 60); do echo "compiler line $i"; done
      echo "error: it is broken"
      exit 2
    fi
    mkdir -p build/release/cli
    cp "$FAKES/program" build/release/cli/remapstorm
    echo "[2/2] Linking";;
esac
"""
PROGRAM = r"""#!/bin/bash
if [ "$1" = needs ]; then printf '%s' "${NEEDS:-}"; exit 0; fi
for word in "$@"; do printf 'argument <%s>\n' "$word"; done
printf 'image <%s>\n' "${REMAPSTORM_IMAGE_STD:-}"
exit "${PROGRAM_EXIT:-0}"
"""
GUEST = r"""#!/bin/bash
echo "guest $*" >>"$TRACE"
image=$REMAPSTORM_CACHE/guest/std-fake
case "$*" in
  *--check*) [ -f "$image/manifest.json" ] || exit 1;;
  *)
    [ -z "${GUEST_EXIT:-}" ] || { echo "hunk 2 of mm/x.c does not apply" >&2; exit "$GUEST_EXIT"; }
    mkdir -p "$image"
    touch "$image/manifest.json" "$image/vmlinux" "$image/initramfs.cpio";;
esac
echo "$image"
"""
DPKG_QUERY = r"""#!/bin/bash
[ -z "${PACKAGES_MISSING:-}" ] || exit 0
sed -n 's/^\([a-z][^ ]*\) .*/ii  \1/p' "$LIST"
"""
APT_GET = '#!/bin/bash\necho "apt-get $*" >>"$TRACE"\nexit "${APT_EXIT:-0}"\n'
LAB_RUN = '#!/bin/bash\necho "lab $*" >>"$TRACE"\nshift\nexec "$@"\n'
SUDO = "#!/bin/bash\nexit 1\n"


class FakeTree:
    def __init__(self, name="tree"):
        self.top = Path(tempfile.mkdtemp(prefix="remapstorm-run-"))
        self.tree = self.top / name
        self.trace_file = self.top / "trace"
        self.fakes = self.top / "fakes"
        self.fakes.mkdir()
        self.tree.mkdir()
        shutil.copy2(TREE / "run", self.tree / "run")
        shutil.copytree(TREE / "tools", self.tree / "tools")
        (self.tree / "base").mkdir()
        (self.tree / "base" / "a.cpp").write_text("int a;\n")
        (self.tree / "guest" / "kernel" / "config").mkdir(parents=True)
        for name in ("base", "std", "rt", "lockdep", "debug"):
            (self.tree / "guest" / "kernel" / "config" / f"{name}.config").write_text("")
        self.script(self.tree / "guest" / "build.sh", GUEST)
        (self.tree / "lab" / "x86").mkdir(parents=True)
        (self.tree / "lab" / "x86" / "machine").touch()
        self.script(self.tree / "lab" / "run", LAB_RUN)
        for name, text in (("cmake", CMAKE), ("program", PROGRAM), ("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET),
                           ("sudo", SUDO)):
            self.script(self.fakes / name, text)
        self.environment = {
            "PATH": f"{self.fakes}:{os.environ['PATH']}", "HOME": str(self.top / "home"), "FAKES": str(self.fakes),
            "TRACE": str(self.trace_file), "REMAPSTORM_CACHE": str(self.top / "cache"),
            "LIST": str(self.tree / "tools" / "packages.txt"), "LC_ALL": "C"}

    @staticmethod
    def script(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def close(self):
        subprocess.run(["chmod", "-R", "u+w", str(self.top)], check=False)
        shutil.rmtree(self.top)

    def popen(self, *arguments, command=None, cwd=None, prefix=(), **variables):
        return subprocess.Popen([*prefix, str(command or self.tree / "run"), *arguments], cwd=cwd or "/",
                                env={**self.environment, **variables}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments, **how):
        process = self.popen(*arguments, **how)
        process.out, process.err = process.communicate(timeout=60)
        return process

    def trace(self):
        return self.trace_file.read_text().splitlines() if self.trace_file.exists() else []

    def forget(self):
        self.trace_file.unlink(missing_ok=True)

    def wait_for_child(self):
        """Process ids of the fake cmake and its own child, once they run."""
        pids = Path(f"{self.trace_file}.pids")
        for _ in range(200):
            if pids.exists() and len(pids.read_text().split()) == 2:
                return [int(pid) for pid in pids.read_text().split()]
            time.sleep(0.05)
        raise AssertionError("the fake cmake did not start")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


def all_gone(pids, seconds=6.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    for pid in pids:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    return False
