#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""made_up_events.py FILE EVENTS: a recording of a clean trial, about so many events long: windows, lock waits and holds
of four vCPUs, some faults, console lines, an injection in a thousand windows."""
import json
import random
import sys

LOCK, PAGE = "0xffffffff8165d144", "0xffffea0000400000"
PC = "0xffffffff811c8f77"


def main():
    path, wanted = sys.argv[1], int(sys.argv[2])
    chance = random.Random(1)
    plan = {"schema": 1, "scenario": "made-up", "summary": "A long trial", "strategy": "bbm-fault", "flavour": "std",
            "cpus": 4, "memory_bytes": 1 << 27, "seed": "0x1", "rules": [], "expect": {"verdict": "clean"},
            "limits": {"timeout_ns": 1, "progress_ns": 1, "stall_ns": 10 ** 8}, "guest": {}, "host": {"kind": "made-up"}}
    sequence = [0] * 4
    with open(path, "w", encoding="utf-8") as out:
        out.write(json.dumps({"v": 3, "t": 0, "type": "plan", "plan": plan}) + "\n")
        out.write('{"t":1000,"type":"lifecycle","what":"boot"}\n{"t":2000,"type":"lifecycle","what":"ready"}\n')
        now, count, windows = 10_000, 3, 0

        def probe(vcpu, name, args, ctx=0):
            sequence[vcpu] += 1
            out.write(f'{{"t":{now + 900},"g":{now},"vcpu":{vcpu},"type":"probe","probe":"{name}","seq":{sequence[vcpu]},'
                      f'"pc":"{PC}","context":"task","ctx":{ctx},"args":{args}}}\n')

        while count < wanted:
            vcpu = windows % 4
            entry = f"0xffff8880012{windows % 512:03x}000"
            lock = f'["{LOCK}","0x1","0x0","0x0"]'
            probe(vcpu, "lock.want", lock)
            now += int(chance.expovariate(1 / 500)) + 50
            probe(vcpu, "lock.got", lock, 8)
            probe(vcpu, "bbm.break", f'["{PAGE}","{entry}","0x63","0x1"]', 24)
            now += int(chance.expovariate(1 / 20_000)) + 2_000
            if windows % 10 == 0:
                other = (vcpu + 1) % 4
                probe(other, "fault.enter", f'["{PAGE}","{PC}","0x0","0x0"]')
                now += int(chance.expovariate(1 / 5_000))
                probe(other, "fault.done", f'["{PAGE}","{PC}","0x1","0x0"]')
                count += 2
            probe(vcpu, "bbm.make", f'["{PAGE}","{entry}","0x61","0x1"]', 8)
            probe(vcpu, "lock.drop", lock)
            now += int(chance.expovariate(1 / 30_000))
            count += 5
            windows += 1
            if windows % 1000 == 0:
                token = windows // 1000
                out.write(f'{{"t":{now},"vcpu":{vcpu},"type":"receipt","rule":"r","injector":"irq","phase":"fired",'
                          f'"token":{token},"target":{vcpu},"detail":"msi"}}\n')
                probe(vcpu, "inject.enter", f'["0x2","{hex(token)}","{PC}","0x0"]', 6)
                now += 3_000
                probe(vcpu, "inject.leave", f'["0x2","{hex(token)}","0x0","0x0"]', 6)
                out.write(f'{{"t":{now},"type":"console","line":"[{now / 1e9:12.6f}] round {token}"}}\n')
                count += 4
        out.write(f'{{"t":{now + 1000},"type":"lifecycle","what":"done","detail":"0"}}\n')
        out.write(f'{{"t":{now + 1000},"type":"lifecycle","what":"end"}}\n')


main()
