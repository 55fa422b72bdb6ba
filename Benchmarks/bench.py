# SPDX-License-Identifier: Apache-2.0
"""Runs each benchmark beside its twin in PyTorch, in turn, and prints one table.

Both sides take the same weights and inputs on the same machine; compare the ratios, not the times.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import busy
import data
import objective
import prediction
import startup
import step
from harness import measure, print_table

PARTS = ("startup", "data", "objective", "step", "evaluate", "pseudo-label", "busy")


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}, between commas")
    parser.add_argument("--match", default="", help="rows whose names hold this text alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path, help="write every time there")
    return parser.parse_args()


def rows_of(a, folder):
    steps = list(step.rows(folder, a.threads))
    deeplab, espnet = step.cases(folder, a.threads)
    yield from startup.rows(folder, a.threads, espnet)
    yield from data.rows(folder)
    yield from objective.rows(folder, a.threads)
    yield from steps
    yield from prediction.rows(folder, a.threads, ((espnet, "ESPNet"), (deeplab, "DeepLabV2-R101")))
    yield from busy.rows(folder, a.threads)


def main():
    a = arguments_of()
    wanted = a.only.split(",")
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        raise SystemExit(f"--only {unknown[0]}: expected some of {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as folder:
        rows = [r for r in rows_of(a, Path(folder)) if r.name.startswith(tuple(wanted)) and a.match in r.name]
        measure(rows, a.rounds)
    print(f"medians of {a.rounds} rounds in turn, {a.threads} threads; ratio and memory: PyTorch / iapc")
    print_table([row.line() for row in rows])
    if a.json:
        a.json.write_text(json.dumps([row.record() for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
