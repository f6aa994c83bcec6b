# SPDX-License-Identifier: Apache-2.0
"""The files of the repository, for the checks."""
import os
import subprocess
from pathlib import Path

TREE = Path(os.environ.get("REMAPSTORM_TREE", Path(__file__).resolve().parents[2]))


def tracked(*suffixes):
    """Files git tracks or would track (new ones too, ignored ones not), by suffix; all files without suffixes."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(TREE), "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout.split("\0")
    files = [TREE / name for name in listed if name and (not suffixes or name.endswith(suffixes))]
    return [file for file in files if file.is_file()]


def relative(file):
    return str(Path(file).relative_to(TREE))


def text_of(file):
    return Path(file).read_text(encoding="utf-8", errors="replace")


def is_shell(file):
    return file.suffix == ".sh" or text_of(file)[:40].startswith(("#!/usr/bin/env bash", "#!/bin/bash", "#!/bin/sh"))


def without_kvm():
    """A prefix under which a command sees no /dev/kvm."""
    as_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", "--mount", *as_root, "sh", "-c",
            "mount -t tmpfs none /dev && : >/dev/null && ln -s /proc/self/fd /dev/fd && exec \"$@\"", "sh")
