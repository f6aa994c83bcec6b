#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pmd-alone.py RECORDING: in how many trials of pmd-alone the guest's timer came while the block was being split.

The log of a stop has all that the guest logged before it: the timer came in the window if the lock of the split had been
taken by then and not been given back. (The lock is taken a few instructions before the entry is cleared, and given back a
few behind its being set again.)
"""
import json
import pathlib
import sys

PMD = "0x2"


def timers_in_window(events):
    """How often rule "timer" fired in the PMD window; how long that was, in units of the guest's counter."""
    locked, inside, seen, length = False, 0, 0, None
    for line in events:
        event = json.loads(line)
        probe = event.get("probe")
        if event["type"] == "probe" and probe == "lock.got":
            locked, inside = True, 0
        elif event["type"] == "hit" and event["rule"] == "timer" and locked:
            inside += 1
        elif event["type"] == "probe" and probe == "bbm.window" and event["args"][3] == PMD:
            length = int(event["args"][2], 16) - int(event["args"][1], 16)
            seen += inside
        elif event["type"] == "probe" and probe == "lock.drop":
            locked = False
    return (seen + inside if locked and length is None else seen), length


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    trials = sorted(pathlib.Path(sys.argv[1]).glob("**/events.jsonl"))
    if not trials:
        sys.exit(f"{sys.argv[1]}: no recorded trials")
    counts = [timers_in_window(path.open(encoding="utf-8")) for path in trials]
    split = [length for _, length in counts if length is not None]
    print(f"{len(trials)} trials, {len(split)} with a split that ended, {sum(count > 0 for count, _ in counts)} with the timer in it")
    if split:
        print(f"windows in units of the guest's counter: {min(split)} to {max(split)}, median {sorted(split)[len(split) // 2]}")


if __name__ == "__main__":
    main()
