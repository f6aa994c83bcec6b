# SPDX-License-Identifier: Apache-2.0
"""metrics_cost.py PROGRAM SCENARIO ROUNDS: each round runs the scenario three times in changing order: with metrics and a
scrape each second, without, and without again. Prints the ratios of remap throughput, round by round, and their median."""
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

WITH, WITHOUT, AGAIN = "with", "without", "without again"


class Scraper(threading.Thread):
    """Reads the program's messages for the URL, then scrapes it each second until the program is gone."""

    def __init__(self, process):
        super().__init__()
        self.process, self.scrapes, self.bytes = process, 0, 0
        self.over = threading.Event()
        self.start()

    def run(self):
        url = None
        for line in self.process.stderr:
            if found := re.search(r"metrics at (\S+)", line):
                url = found.group(1)
                break
        drain = threading.Thread(target=self.process.stderr.read)
        drain.start()
        while url and not self.over.wait(1.0):
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    self.bytes = len(answer.read())
                self.scrapes += 1
            except OSError:
                break
        drain.join()


def throughput(events):
    """Remaps a second by the guest's clock, from the first remap's begin to the last one's end."""
    probes = [event for event in map(json.loads, open(events)) if event["type"] == "probe"]
    begins = [event["g"] for event in probes if event["probe"] == "remap.begin"]
    ends = [event["g"] for event in probes if event["probe"] == "remap.end"]
    return len(ends) / (max(ends) - min(begins)) * 1e9, len(ends), len(probes), (max(ends) - min(begins)) / 1e9


def one(program, scenario, which):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, scenario, "--quiet", "--output-dir", folder + "/out"]
        if which == WITH:
            command += ["--metrics-listen", "127.0.0.1:0"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        scraper = Scraper(process)
        code = process.wait()
        scraper.over.set()
        scraper.join()
        if code != 0:
            sys.exit(f"the run ended with {code}")
        return throughput(next(Path(folder).rglob("events.jsonl"))), scraper


def summary(name, ratios):
    ordered = sorted(ratios)
    quarter = len(ordered) // 4
    print(f"{name:<46} n {len(ordered)}  min {ordered[0]:.4f}  quartile {ordered[quarter]:.4f}  "
          f"median {statistics.median(ordered):.4f}  quartile {ordered[-1 - quarter]:.4f}  max {ordered[-1]:.4f}")


def main():
    program, scenario, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    one(program, scenario, WITHOUT)  # boots, if there is no snapshot yet
    orders = itertools.cycle(itertools.permutations((WITH, WITHOUT, AGAIN)))
    cost, floor, plain, scrapes, page = [], [], [], [], 0
    for _ in range(rounds):
        seen = {}
        for which in next(orders):
            seen[which], scraper = one(program, scenario, which)
            if which == WITH:
                scrapes.append(scraper.scrapes)
                page = scraper.bytes
        cost.append(seen[WITH][0] / seen[WITHOUT][0])
        floor.append(seen[AGAIN][0] / seen[WITHOUT][0])
        plain.append(seen[WITHOUT][0])
        _, remaps, probes, seconds = seen[WITH]
        print(f"  round {len(cost)}: {cost[-1]:.4f}, floor {floor[-1]:.4f}", file=sys.stderr, flush=True)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; a run: {remaps} remaps, {probes} probes, {seconds:.2f} s; "
          f"scrapes in it: median {statistics.median(scrapes)}, {page} bytes")
    print(f"{'remaps a second, without metrics':<46} median {statistics.median(plain):.1f}")
    summary("throughput with metrics / without", cost)
    summary("  floor: without / without", floor)


if __name__ == "__main__":
    main()
