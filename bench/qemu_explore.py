#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qemu_explore.py IMAGE-FOLDER GUEST-FOLDER CERTIFICATE.json [ROUNDS]: the NMI trials of a certificate, driven through QEMU.

The same kernel, initramfs and command line in a microvm. The guest is saved (savevm) where the window opens. A trial:
loadvm over QMP; a hardware breakpoint of the gdb stub at the boundary; the token into the mailbox; inject-nmi; on to
the fault handler's wait for the lock, seen at two places of its loop one after the other (a deadlock), or to the agent's
last two calls (clean). GUEST-FOLDER is what bench/explore_floor wrote.

What QEMU has no counterpart for is left out, in its favour: no check of the way to the boundary, no events, no
backtraces, no proof from the lock word and its owner, no time between the two looks.
"""
import collections
import json
import os
import struct
import subprocess
import sys
import time

from qemu_microvm import Microvm, fail

MAILBOX = 96 << 20  # in RAM that the guest is told to leave alone: a microvm has nothing outside RAM to lend


def symbols_of(vmlinux):
    lines = subprocess.run(["nm", "-n", vmlinux], check=True, capture_output=True, text=True).stdout.splitlines()
    found = [(int(line.split()[0], 16), line.split()[2]) for line in lines if len(line.split()) == 3]
    ends = dict(zip((name for _, name in found), (address for address, _ in found[1:] + [(0, "")])))
    return {name: address for address, name in found}, ends


def code(image, address, length):
    """Bytes of the kernel's text, from its ELF file."""
    with open(image + "/vmlinux", "rb") as file:
        header = file.read(64)
        offset, size, count = struct.unpack_from("<Q", header, 32)[0], *struct.unpack_from("<HH", header, 54)
        for i in range(count):
            file.seek(offset + i * size)
            kind, _, begin, virtual, _, filesize = struct.unpack_from("<IIQQQQ", file.read(size))
            if kind == 1 and virtual <= address < virtual + filesize:
                file.seek(begin + address - virtual)
                return file.read(length)
    fail(f"no code at {address:#x}")


def wait_loop(image):
    """Where the fault handler that waits for the lock calls rs_flush_poll, and where that returns to."""
    symbols, ends = symbols_of(image + "/vmlinux")
    begin, target = symbols["rs_vmemmap_fault"], symbols["rs_flush_poll"]
    body = code(image, begin, ends["rs_vmemmap_fault"] - begin)
    for i in range(len(body) - 4):
        if body[i] == 0xe8 and begin + i + 5 + struct.unpack_from("<i", body, i + 1)[0] == target:
            return begin + i, begin + i + 5
    fail("rs_vmemmap_fault does not call rs_flush_poll")


class Explorer:
    def __init__(self, guest, image, certificate, told):
        self.gdb, self.monitor, self.told = guest.gdb, guest.monitor, told
        self.boundaries = [(int(one["pc"], 16), one["visit"]) for one in certificate["boundaries"]]
        symbols, _ = symbols_of(image + "/vmlinux")
        self.spin = wait_loop(image)
        self.agent = symbols["rs_ioctl"]
        self.loads = []

    def open_window(self, update):
        # The first update of a PTE; its break is the first armed probe that rings from then on.
        for place in (update, self.boundaries[0][0]):
            at = self.gdb.run_to([place])
            if at != place:
                fail(f"the window did not open: stopped at {at:#x}, not at {place:#x}")
        self.monitor.human("savevm window")

    def trial(self, index):
        begin = time.perf_counter()
        self.monitor.human("loadvm window")
        self.loads.append(time.perf_counter() - begin)
        pc, visit = self.boundaries[index]
        visits_left = visit - (pc == self.boundaries[0][0])
        for nth in range(visits_left):
            if nth or pc == self.boundaries[0][0]:
                self.gdb.step()
            if self.gdb.run_to([pc]) != pc:
                fail(f"not at boundary {index}")
        self.gdb.write_physical(MAILBOX + self.told["nmi_action"], self.told["read_target"])
        self.gdb.write_physical(MAILBOX + self.told["nmi_token"], 1)
        self.monitor.ask("inject-nmi")
        at = self.gdb.run_to([self.spin[0], self.agent])
        if at == self.spin[0]:
            at = self.gdb.run_to([self.spin[1], self.agent])
            return "deadlock" if at == self.spin[1] else "unclear"
        self.gdb.step()
        return "clean" if self.gdb.run_to([self.spin[0], self.agent]) == self.agent else "unclear"


def summary(name, seconds):
    seconds = sorted(seconds)
    at = lambda part: seconds[int(part * (len(seconds) - 1))] * 1e3
    print(f"  {name:44s} n {len(seconds)}  min {at(0):.3f}  p50 {at(.5):.3f}  p90 {at(.9):.3f}  max {at(1):.3f} ms")


def main():
    image, folder = sys.argv[1:3]
    with open(sys.argv[3], encoding="utf-8") as file:
        certificate = json.load(file)
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    told = {}
    with open(folder + "/guest", encoding="utf-8") as file:
        for line in file:
            name, _, value = line.rstrip("\n").partition(" ")
            told[name] = int(value) if value.isdigit() else value
    expected = [trial["verdict"] for trial in certificate["trials"] if trial["inject"] == "nmi"]
    words = [word for word in told["command_line"].split() if not word.startswith("remapstorm.mailbox=")]
    words += [f"remapstorm.mailbox={MAILBOX:#x}", f"memmap=1M${MAILBOX:#x}"]
    more = ["-device", f"loader,file={folder}/mailbox,addr={MAILBOX:#x},force-raw=on"]
    with Microvm(image, 1, " ".join(words), gdb=True, more=more) as guest:
        explorer = Explorer(guest, image, certificate, told)
        try:
            explorer.open_window(symbols_of(image + "/vmlinux")[0]["vmemmap_update_pte"])
        except OSError:
            fail("the guest did not come to the window:\n" + guest.text()[-2000:])
        times, verdicts, rates, differ = [], collections.Counter(), [], 0
        for _ in range(rounds):
            begin = time.perf_counter()
            for index in range(len(explorer.boundaries)):
                start = time.perf_counter()
                verdict = explorer.trial(index)
                times.append(time.perf_counter() - start)
                verdicts[verdict] += 1
                differ += verdict != expected[index]
            rates.append(len(explorer.boundaries) / (time.perf_counter() - begin))
    counted = ", ".join(f"{name} {count}" for name, count in sorted(verdicts.items()))
    print(f"QEMU: {counted}; {differ} differ from the certificate")
    summary("floor: loadvm alone", explorer.loads)
    summary("a trial", times)
    print("  trials a second, each round: " + " ".join(f"{rate:.1f}" for rate in rates))


if __name__ == "__main__":
    main()
