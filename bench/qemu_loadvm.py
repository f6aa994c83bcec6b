#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qemu_loadvm.py IMAGE-FOLDER CPUS [ROUNDS]: what loadvm costs in QEMU's microvm with the same guest, over QMP.

The guest is saved when its kernel starts process 1; then, over and over, it runs for a moment and is loaded again.
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time


class Monitor:
    """QMP: one JSON object a line; events in between are left out."""

    def __init__(self, path, process):
        for _ in range(200):
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                break
            except OSError:
                if process.poll() is not None:
                    sys.exit("qemu_loadvm: QEMU ended: " + process.stderr.read().decode())
                time.sleep(0.05)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.lines.readline())
            if "error" in answer:
                sys.exit(f"qemu_loadvm: {command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        answer = self.ask("human-monitor-command", **{"command-line": line})
        if answer.strip():
            sys.exit(f"qemu_loadvm: {line}: {answer}")


def parameters(image):
    words = []
    for name in ("common", "interpreting"):
        with open(os.path.join(image, "cmdline", name), encoding="utf-8") as file:
            words += [line.strip() for line in file if line.strip() and not line.startswith("#")]
    mhz = re.search(r"cpu MHz\s*:\s*([0-9.]+)", open("/proc/cpuinfo", encoding="utf-8").read())
    text = " ".join(words).replace("@COUNTER_KHZ@", str(int(float(mhz.group(1)) * 1000)))
    return text.replace("loglevel=5", "loglevel=7")


def main():
    image, cpus = sys.argv[1], sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    with tempfile.TemporaryDirectory() as work:
        disk, console, qmp = (os.path.join(work, name) for name in ("state.qcow2", "console", "qmp"))
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1G"], check=True)
        process = subprocess.Popen(
            ["qemu-system-x86_64", "-M", "microvm", "-accel", "kvm", "-cpu", "host,arch-capabilities=off", "-m", "128", "-smp", cpus,
             "-nodefaults", "-no-user-config", "-display", "none", "-serial", "file:" + console,
             "-kernel", image + "/vmlinux", "-initrd", image + "/initramfs.cpio", "-append", parameters(image),
             "-qmp", f"unix:{qmp},server=on,wait=off", "-drive", f"if=none,id=state,format=qcow2,file={disk}"],
            stderr=subprocess.PIPE)
        try:
            monitor = Monitor(qmp, process)
            begin = time.monotonic()
            text = ""
            while "Run /init" not in text:
                if process.poll() is not None or time.monotonic() - begin > 120:
                    sys.exit("qemu_loadvm: the guest did not come to process 1:\n" + text[-2000:])
                time.sleep(0.02)
                with open(console, encoding="utf-8", errors="replace") as file:
                    text = file.read()
            booted = time.monotonic() - begin
            monitor.human("savevm bench")
            times = []
            for _ in range(rounds):
                time.sleep(0.002)
                start = time.perf_counter()
                monitor.human("loadvm bench")
                times.append((time.perf_counter() - start) * 1e6)
        finally:
            process.kill()
            process.wait()
    times.sort()
    online = re.search(r"Brought up \d+ node, (\d+) CPU", text)
    print(f"{cpus} vCPU in QEMU microvm ({online.group(1) if online else 1} online), process 1 after {booted:.1f} s")
    print(f"  {'loadvm over QMP':28s} n {len(times)}  min {times[0]:.1f}  p50 {times[len(times) // 2]:.1f}  "
          f"p99 {times[min(len(times) - 1, int(len(times) * 0.99))]:.1f}  max {times[-1]:.1f} us")


if __name__ == "__main__":
    main()
