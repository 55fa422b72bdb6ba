# SPDX-License-Identifier: Apache-2.0
"""Sums up what soak.sh sampled, and fails where the run held more and more."""

import argparse
import csv
import statistics
import sys

WARM_UP = 60  # seconds

NAMES = {
    "resident_kib": "resident size, KiB",
    "handles": "open files",
    "threads": "threads",
    "disk_kib": "run folder, KiB",
}


def slope(times, values):
    """The change in an hour, by least squares."""
    middle = statistics.fmean(times)
    spread = sum((time - middle) ** 2 for time in times)
    if spread == 0:
        return 0.0
    mean = statistics.fmean(values)
    return 3600 * sum((t - middle) * (v - mean) for t, v in zip(times, values)) / spread


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples")
    parser.add_argument("--growth", type=float, required=True, help="allowed growth in per cent")
    parser.add_argument("--log", help="what the run printed")
    arguments = parser.parse_args()
    with open(arguments.samples) as file:
        rows = [{name: int(value) for name, value in row.items()} for row in csv.DictReader(file)]
    warm = [row for row in rows if row["seconds"] >= WARM_UP]
    if len(warm) < 10:
        sys.exit("too few samples after the minute of warm-up: run it for 3 minutes or more")
    times = [row["seconds"] for row in warm]
    part = max(1, len(warm) // 5)
    print(f"{warm[-1]['steps']} steps in {times[-1]} s; {len(warm)} samples after the warm-up")
    print(f"{'':22}{'first':>10}{'last':>10}{'maximum':>10}{'an hour':>10}")
    levels = {}
    for name, title in NAMES.items():
        values = [row[name] for row in warm]
        levels[name] = (statistics.median(values[:part]), statistics.median(values[-part:]))
        print(f"{title:22}{values[0]:10}{values[-1]:10}{max(values):10}{slope(times, values):+10.0f}")
    before, after = levels["resident_kib"]
    grown = 100 * (after / before - 1)
    print(f"resident size, last fifth over first: {grown:+.1f} % (allowed {arguments.growth:g} %)")
    if grown > arguments.growth:
        sys.exit("the resident size grew")
    if levels["handles"][1] > levels["handles"][0]:
        sys.exit("open files grew")


if __name__ == "__main__":
    main()
