# SPDX-License-Identifier: Apache-2.0
"""Made-up runs, as `remapstorm run` leaves them: what the tests of the report read."""
import json
from pathlib import Path

LOCK = 0xffffffff82000100
ENTRY = 0xffff888001230000
PAGE = 0xffffea0000400000
UPDATE = 0xffffffff81300040
FAULT = 0xffffffff81400020
GUEST_AHEAD = 7_000_000_000
HOSTILE = "</ol></section><script>alert(1)</script> \x1b[31m\u202egnp.exe \x00 & \" ' <img src=x onerror=y>" + "A" * 3000


def plan(scenario="irq-same-cpu", expected="deadlock", summary="An interrupt reads what is just broken"):
    return {"schema": 1, "scenario": scenario, "scenario_file": "", "summary": summary, "claims": ["C1", "C2"],
            "strategy": "bbm-fault", "flavour": "std", "cpus": 2, "memory_bytes": 128 << 20, "append": "", "seed": "0x1",
            "limits": {"timeout_ns": 10 ** 11, "progress_ns": 10 ** 10, "stall_ns": 10 ** 8}, "workload": "",
            "rules": [], "expect": {"verdict": expected}, "guest": {"flavour": "std", "kernel_version": "6.12.117"},
            "host": {"kind": "kvm-interpreting", "architecture": "x86_64", "kernel": "6.1.0", "cpu": "Some CPU",
                     "kvm": "KVM API 12"},
            "trial": 0, "repeat": f"./run {scenario} --strategy bbm-fault --cpus 2 --memory 128M --seed 1 --trial 0"}


class Trial:
    """Writes the lines of an events.jsonl, a nanosecond clock going along."""

    def __init__(self, path, the_plan):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "w", encoding="utf-8")
        self.now = 0
        self.sequence = [0] * 8
        self.lines = 0
        self.add(type="plan", plan=the_plan)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def add(self, **fields):
        line = {"v": 3} if self.lines == 0 else {}
        self.file.write(json.dumps({**line, "t": self.now, **fields}) + "\n")
        self.lines += 1
        return self

    def wait(self, milliseconds):
        self.now += int(milliseconds * 1e6)
        return self

    def ready(self):
        self.add(type="lifecycle", what="boot").wait(20).add(type="lifecycle", what="ready")
        for pc, name in ((UPDATE, "vmemmap_update_pte"), (FAULT, "rs_vmemmap_fault")):
            self.add(type="symbol", pc=hex(pc), symbol=name, offset=pc & 0xff)
        return self.wait(1)

    def probe(self, vcpu, name, *args, context="task", pc=UPDATE, bits=0):
        self.now += 1000
        self.sequence[vcpu] += 1
        level = {"task": 0, "softirq": 1, "hardirq": 6, "nmi": 7}[context]
        values = [hex(value) for value in (*args, 0, 0, 0, 0)[:4]]
        return self.add(type="probe", g=self.now + GUEST_AHEAD, vcpu=vcpu, probe=name, seq=self.sequence[vcpu],
                        pc=hex(pc), context=context, ctx=level | bits, args=values)

    def open(self, vcpu=0, entry=ENTRY):
        self.probe(vcpu, "lock.want", LOCK, 1).probe(vcpu, "lock.got", LOCK, 1)
        return self.probe(vcpu, "bbm.break", PAGE, entry, 0x63, 1, bits=0x18)

    def close(self, vcpu=0, entry=ENTRY):
        return self.probe(vcpu, "bbm.make", PAGE, entry, 0x61, 1).probe(vcpu, "lock.drop", LOCK, 1)

    def fire(self, injector="irq", token=1, where="bbm.break"):
        code = [{"pc": hex(UPDATE - 4), "bytes": "48 89 e5 90", "text": "mov rbp, rsp"},
                {"pc": hex(UPDATE), "bytes": "e8 b4 f1 ff ff", "text": "call 0xffffffff811c8130 <__rs_probe>",
                 "current": True},
                {"pc": hex(UPDATE + 5), "bytes": "48 8b 05 e5 a0 58 00", "text": "mov rax, qword ptr [rip + 0x58a0e5]"}]
        self.add(type="hit", vcpu=0, rule=injector + "-in-window", count=token, pc=hex(UPDATE), where=where,
                 disassembly=code)
        return self.add(type="receipt", vcpu=0, rule=injector + "-in-window", injector=injector, phase="fired",
                        token=token, target=0, detail="msi")

    def look(self, round_number, cpu_time, vcpu=0):
        frames = [{"pc": hex(FAULT + 8), "symbol": "rs_vmemmap_fault", "offset": 0x28},
                  {"pc": hex(FAULT + 0x10000), "symbol": "exc_page_fault", "offset": 0x1fc},
                  {"pc": hex(UPDATE + 5), "symbol": "vmemmap_update_pte", "offset": 0x45}]
        code = [{"pc": hex(FAULT + 6), "bytes": "f3 90", "text": "pause"},
                {"pc": hex(FAULT + 8), "bytes": "8b 07", "text": "mov eax, dword ptr [rdi]", "current": True},
                {"pc": hex(FAULT + 10), "bytes": "eb fa", "text": "jmp 0xffffffff81400026 <rs_vmemmap_fault+0x26>"}]
        return self.add(type="sample", vcpu=vcpu, reason="suspected deadlock", round=round_number, pc=hex(FAULT + 8),
                        flags="0x46", cpu_time_ns=cpu_time, backtrace=frames, disassembly=code,
                        locks=[{"lock": hex(LOCK), "word": 1}])

    def deadlock(self):
        self.open().fire().wait(0.2)
        self.probe(0, "inject.enter", 2, 1, UPDATE, context="hardirq", pc=FAULT + 0x5000)
        self.probe(0, "fault.enter", PAGE, UPDATE, context="hardirq", pc=FAULT)
        self.probe(0, "lock.want", LOCK, 1, context="hardirq", pc=FAULT)
        self.look(0, 10_000_000).wait(50).look(1, 55_000_000).wait(0.2)
        return self.end()

    def end(self, done=False):
        if done:
            self.add(type="lifecycle", what="done", detail="0")
        return self.add(type="lifecycle", what="end")


def clean_work(trial, windows):
    for number in range(windows):
        trial.open(number % 2).wait(0.01 * (number % 9 + 1))
        if number % 5 == 0:
            other = 1 - number % 2
            trial.probe(other, "fault.enter", PAGE, UPDATE, pc=FAULT).wait(0.02)
            trial.probe(other, "fault.done", PAGE, UPDATE, 1, pc=FAULT)
        trial.close(number % 2).wait(0.3)


def deadlock_trial(folder, console=()):
    with Trial(Path(folder) / "events.jsonl", plan()) as trial:
        trial.ready()
        for line in console:
            trial.add(type="console", line=line)
        clean_work(trial, 12)
        trial.deadlock()


def clean_trial(folder, windows=60, scenario="control-inplace"):
    with Trial(Path(folder) / "events.jsonl", plan(scenario, "clean", "Nothing breaks, nothing waits")) as trial:
        trial.ready()
        clean_work(trial, windows)
        trial.end(done=True)
        return trial.lines


def oops_trial(folder, extra=()):
    with Trial(Path(folder) / "events.jsonl", plan("oops", "clean", "A guest that trips")) as trial:
        trial.ready()
        for number in range(30):
            trial.add(type="console", line=f"[    {number}.000000] all is well")
        for line in ("BUG: unable to handle page fault for address: ffffea0000400000",
                     "#PF: supervisor read access in kernel mode", "Oops: Oops: 0000 [#1] PREEMPT SMP",
                     "RIP: 0010:rs_handle+0x10f/0x140", "Call Trace:", " <IRQ>", " rs_msi+0x32/0x40",
                     " sysvec_x86_platform_ipi+0x6a/0x80", " </IRQ>", "---[ end trace 0000000000000000 ]---"):
            trial.wait(1).add(type="console", line="[   31.000000] " + line)
        for line in extra:
            trial.add(type="console", line=line)
        trial.wait(5).end()


def results(folder, trials, started="2026-11-23T04:00:00Z"):
    """results.json of `trials`: (scenario, verdict, ok, directory, fingerprint)."""
    listed = []
    for number, (scenario, verdict, ok, directory, fingerprint) in enumerate(trials):
        finding = [] if verdict == "clean" else [{"verdict": verdict, "summary": f"what {verdict} looks like",
                                                  "detail": [], "fingerprint": fingerprint, "seen_at_ns": 1,
                                                  "proven_at_ns": 2}]
        listed.append({"scenario": scenario, "strategy": "bbm-fault", "flavour": "std", "trial": number, "attempt": 1,
                       "expected": verdict if ok else "clean", "verdict": verdict, "ok": ok, "booted": number == 0,
                       "boot_ns": 1, "duration_ns": 400_000_000 + number, "reasons": ["because"], "differences": [],
                       "notes": [], "error": None, "directory": directory, "repeat": f"./run {scenario} --trial {number}",
                       "evidence": {"findings": finding, "statistics": {"windows": {
                           "count": 9, "p50_ns": 40_000 + 900 * number, "p99_ns": 900_000, "max_ns": 900_000 + number}}}})
    text = {"schema": 1, "remapstorm": {"version": "0.1.0", "started_at": started, "repeat": len(trials)},
            "host": plan()["host"], "guest": {"flavour": "std", "kernel_version": "6.12.117", "hash": "0123456789abcdef"},
            "summary": {}, "results": listed}
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "results.json").write_text(json.dumps(text))


def mixed_run(folder, started="2026-11-23T04:00:00Z"):
    """Three trials with recordings, one not as expected."""
    folder = Path(folder)
    deadlock_trial(folder / "irq-same-cpu/bbm-fault/trial-0", console=["[    0.1] booted", HOSTILE])
    clean_trial(folder / "control-inplace/bbm-fault/trial-1")
    oops_trial(folder / "oops/bbm-fault/trial-2", extra=[HOSTILE])
    results(folder, [("irq-same-cpu", "deadlock", True, "irq-same-cpu/bbm-fault/trial-0",
                      "rs_vmemmap_fault:exc_page_fault:vmemmap_update_pte"),
                     ("control-inplace", "clean", True, "control-inplace/bbm-fault/trial-1", ""),
                     ("oops", "oops", False, "oops/bbm-fault/trial-2", "rs_handle:rs_msi:sysvec_x86_platform_ipi")],
            started)


def exploration(folder, boundaries=60):
    """certificate.json of a window in which interrupts deadlock while they are on, and NMIs always do."""
    places = []
    for number in range(boundaries):
        symbol = "vmemmap_update_pte" if number < 20 or number >= 50 else "rs_log"
        places.append({"boundary": number, "pc": hex(UPDATE + 4 * number), "symbol": symbol, "offset": 4 * number,
                       "visit": 1, "steps": number, "interrupts_on": not 25 <= number < 40,
                       "entry": "clear" if number < 55 else "present", "bytes": "90",
                       "text": "mov qword ptr [rbp - 0x%x], 0xffffffff811c8130 <rs_flush_requests+0x%x>" % (number, number)})
    point = ("boundary", "pc", "symbol", "offset", "visit")
    trials, skipped = [], []
    for place in places:
        at = {key: place[key] for key in point}
        for inject in ("irq", "nmi"):
            if inject == "nmi" and place["boundary"] == 59:
                skipped.append({**at, "inject": inject, "reason": "not executed: the exploration was interrupted"})
                continue
            taken = 40 if inject == "irq" and not place["interrupts_on"] else place["boundary"]
            verdict = "clean" if place["entry"] == "present" else "deadlock"
            trials.append({**at, "inject": inject, "verdict": verdict, "reason": "vCPU 0 waits for what it holds itself",
                           "fingerprint": "" if verdict == "clean" else "rs_vmemmap_fault:exc_page_fault",
                           "taken": [{"pc": hex(UPDATE), "symbol": "rs_log", "offset": 0, "boundary": taken,
                                      "context": "hardirq"}],
                           "duration_ns": 5_000_000, "repeat": "./run explore bbm-pte --at 3", "events": ""})
    certificate = {"schema": 1, "window": "bbm-pte", "window_opens": "bbm.break level=pte", "window_closes": "bbm.make level=pte",
                   "nth": 1, "vcpu": 0, "strategy": "bbm-fault", "flavour": "std", "calls": "follow", "host": plan()["host"],
                   "guest": {"kernel_version": "6.12.117", "cpus": 2, "memory": 128 << 20, "workloads": ["0:hugetlb-grow"]},
                   "harness": {"version": "0.1.0", "build": "00"}, "made_at": "2026-11-24T04:00:00Z", "took_ns": 61_000_000_000,
                   "repeat": "./run explore bbm-pte --inject irq,nmi --strategy bbm-fault", "interrupted": True,
                   "injections": [{"name": name, "what": f"{name} to the vCPU in the window"} for name in ("irq", "nmi")],
                   "boundaries": places, "trials": trials, "skipped": skipped}
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "certificate.json").write_text(json.dumps(certificate))
