#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""qemu_loadvm.py IMAGE-FOLDER CPUS [ROUNDS]: what loadvm costs in QEMU's microvm with the same guest, over QMP.

The guest is saved when its kernel starts process 1; then, over and over, it runs for a moment and is loaded again.
"""
import re
import sys
import time

from qemu_microvm import Microvm, fail, parameters


def main():
    image, cpus = sys.argv[1], sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    with Microvm(image, cpus, parameters(image).replace("loglevel=5", "loglevel=7")) as guest:
        begin = time.monotonic()
        text = ""
        while "Run /init" not in text:
            if guest.process.poll() is not None or time.monotonic() - begin > 120:
                fail("the guest did not come to process 1:\n" + text[-2000:])
            time.sleep(0.02)
            text = guest.text()
        booted = time.monotonic() - begin
        guest.monitor.human("savevm bench")
        times = []
        for _ in range(rounds):
            time.sleep(0.002)
            start = time.perf_counter()
            guest.monitor.human("loadvm bench")
            times.append((time.perf_counter() - start) * 1e6)
    times.sort()
    online = re.search(r"Brought up \d+ node, (\d+) CPU", text)
    print(f"{cpus} vCPU in QEMU microvm ({online.group(1) if online else 1} online), process 1 after {booted:.1f} s")
    print(f"  {'loadvm over QMP':28s} n {len(times)}  min {times[0]:.1f}  p50 {times[len(times) // 2]:.1f}  "
          f"p99 {times[min(len(times) - 1, int(len(times) * 0.99))]:.1f}  max {times[-1]:.1f} us")


if __name__ == "__main__":
    main()
