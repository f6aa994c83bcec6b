# SPDX-License-Identifier: Apache-2.0
"""look_cost.py PROGRAM SCENARIO ROUNDS: what it costs that the guest's page allocator checks what it takes and gives. Each round
runs the scenario with each way to check, in changing order: booted, and going on from a snapshot. Prints the processor time of
the vCPUs and the median remap as ratios to the guest that does not check, round by round, and their medians."""
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

OFF, AGAIN, CHECK, INIT = "off", "off again", "check_pages", "init_on_alloc"
WAYS = {OFF: "remapstorm.check_pages=0", AGAIN: "remapstorm.check_pages=0", CHECK: "remapstorm.check_pages=1",
        INIT: "remapstorm.check_pages=0 init_on_alloc=1"}


def events_of(program, scenario, way, *words):
    with tempfile.TemporaryDirectory(prefix="remapstorm-bench-") as folder:
        done = subprocess.run([program, "run", scenario, "--append", WAYS[way], "--output-dir", folder + "/out", *words],
                              capture_output=True, text=True, check=False)
        recorded = list(Path(folder).rglob("events.jsonl"))
        if done.returncode != 0 or len(recorded) != 1:
            sys.exit(f"{way}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return [json.loads(line) for line in recorded[0].read_text().splitlines()]


def processor_time(events):
    return sum(event["cpu_ns"] for event in events if event["type"] == "usage" and "vcpu" in event)


def median_remap(events):
    """Nanoseconds from remap.begin to remap.end of one vCPU, by the guest's clock."""
    begun, lengths = {}, []
    for event in events:
        if event.get("probe") == "remap.begin":
            begun[event["vcpu"]] = event["g"]
        elif event.get("probe") == "remap.end" and event["vcpu"] in begun:
            lengths.append(event["g"] - begun.pop(event["vcpu"]))
    return statistics.median(lengths)


def measure(program, scenario, way):
    booted = events_of(program, scenario, way, "--cold-boot")
    events_of(program, scenario, way)  # the first boots and keeps the snapshot
    went_on = events_of(program, scenario, way)
    trial = processor_time(went_on)
    return {"boot": processor_time(booted) - trial, "trial": trial, "remap": median_remap(booted + went_on)}


def main(program, scenario, rounds):
    ratios = {way: {"boot": [], "trial": [], "remap": []} for way in WAYS if way != OFF}
    orders = itertools.cycle(itertools.permutations(WAYS))
    for number in range(rounds):
        found = {way: measure(program, scenario, way) for way in next(orders)}
        off = found[OFF]
        print(f"round {number + 1}: off: boot {off['boot'] / 1e9:.2f} s, trial {off['trial'] / 1e9:.2f} s of processor time, "
              f"remap {off['remap'] / 1e6:.2f} ms")
        for way, figures in ratios.items():
            for what, values in figures.items():
                values.append(found[way][what] / off[what])
            print(f"  {way:14}" + "  ".join(f"{what} {values[-1]:.3f}" for what, values in figures.items()), flush=True)
    print("medians")
    for way, figures in ratios.items():
        print(f"  {way:14}" + "  ".join(f"{what} {statistics.median(values):.3f}" for what, values in figures.items()))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
