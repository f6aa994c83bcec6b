# SPDX-License-Identifier: Apache-2.0
"""A guest in QEMU's microvm on KVM, and the two ways to drive it: QMP, and the gdb stub."""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time


def fail(message):
    sys.exit(f"{os.path.basename(sys.argv[0])}: {message}")


def connect(path, process):
    for _ in range(200):
        try:
            one = socket.socket(socket.AF_UNIX)
            one.connect(path)
            return one
        except OSError:
            if process.poll() is not None:
                fail("QEMU ended: " + process.stderr.read().decode())
            time.sleep(0.05)
    fail("QEMU does not listen on " + path)


class Monitor:
    """QMP: one JSON object a line; events in between are left out."""

    def __init__(self, path, process):
        self.socket = connect(path, process)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.lines.readline())
            if "error" in answer:
                fail(f"{command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        answer = self.ask("human-monitor-command", **{"command-line": line})
        if answer.strip():
            fail(f"{line}: {answer}")


class GdbStub:
    """The few packets of the remote protocol that an exploration needs. The guest stands still between go() and go()."""

    REGISTER_RIP = 16

    def __init__(self, path, process):
        self.socket = connect(path, process)
        self.buffer = b""
        self.ask("?")
        self.ask("Qqemu.PhyMemMode:1")

    def send(self, packet):
        self.socket.sendall(b"$%s#%02x" % (packet.encode(), sum(packet.encode()) & 0xff))

    def receive(self, seconds=60):
        self.socket.settimeout(seconds)
        while True:
            begin, end = self.buffer.find(b"$"), self.buffer.find(b"#")
            if 0 <= begin < end and len(self.buffer) >= end + 3:
                packet, self.buffer = self.buffer[begin + 1:end], self.buffer[end + 3:]
                self.socket.sendall(b"+")
                return packet.decode()
            got = self.socket.recv(4096)
            if not got:
                fail("the gdb stub hung up")
            self.buffer += got

    def ask(self, packet):
        self.send(packet)
        answer = self.receive()
        if answer.startswith("E"):
            fail(f"gdb stub: {packet}: {answer}")
        return answer

    def breakpoint(self, address, on):
        self.ask(f"{'Z' if on else 'z'}1,{address:x},1")

    def rip(self):
        # All registers: QEMU answers for a single one only to those who read its XML first.
        registers = self.ask("g")
        return int.from_bytes(bytes.fromhex(registers[16 * self.REGISTER_RIP:16 * self.REGISTER_RIP + 16]), "little")

    def write_physical(self, address, value):
        self.ask(f"M{address:x},4:{value.to_bytes(4, 'little').hex()}")

    def go(self, seconds=60):
        """Until the next stop; returns the instruction pointer there."""
        self.send("c")
        if not self.receive(seconds).startswith(("T05", "S05")):
            fail("the guest stopped for another reason than a breakpoint")
        return self.rip()

    def run_to(self, addresses):
        """Until one of the addresses, but not where the guest stands."""
        for address in addresses:
            self.breakpoint(address, True)
        at = self.go()
        for address in addresses:
            self.breakpoint(address, False)
        return at

    def step(self):
        self.ask("s")


def parameters(image):
    """What the kernel is told on a host that interprets it, as the harness fills it in."""
    words = []
    for name in ("common", "interpreting"):
        with open(os.path.join(image, "cmdline", name), encoding="utf-8") as file:
            words += [line.strip() for line in file if line.strip() and not line.startswith("#")]
    mhz = re.search(r"cpu MHz\s*:\s*([0-9.]+)", open("/proc/cpuinfo", encoding="utf-8").read())
    return " ".join(words).replace("@COUNTER_KHZ@", str(int(float(mhz.group(1)) * 1000)))


class Microvm:
    """Use as a context; `gdb` asks for a stub and begins stopped."""

    def __init__(self, image, cpus, command_line, gdb=False, more=()):
        self.work = tempfile.TemporaryDirectory()
        disk, self.console, qmp, stub = (os.path.join(self.work.name, name)
                                         for name in ("state.qcow2", "console", "qmp", "gdb"))
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1G"], check=True)
        words = ["qemu-system-x86_64", "-M", "microvm", "-accel", "kvm", "-cpu", "host,arch-capabilities=off",
                 "-m", "128", "-smp", str(cpus), "-nodefaults", "-no-user-config", "-display", "none",
                 "-serial", "file:" + self.console, "-kernel", image + "/vmlinux", "-initrd", image + "/initramfs.cpio",
                 "-append", command_line, "-qmp", f"unix:{qmp},server=on,wait=off",
                 "-drive", f"if=none,id=state,format=qcow2,file={disk}", *more]
        if gdb:
            words += ["-gdb", f"unix:{stub},server=on,wait=off", "-S"]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE)
        try:
            self.monitor = Monitor(qmp, self.process)
            self.gdb = GdbStub(stub, self.process) if gdb else None
        except BaseException:
            self.end()
            raise

    def text(self):
        with open(self.console, encoding="utf-8", errors="replace") as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.work.cleanup()
