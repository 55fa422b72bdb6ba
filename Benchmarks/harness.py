# SPDX-License-Identifier: Apache-2.0
"""What the comparisons share: running programs, taking turns, and the table."""

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "Reference"
IAPC = ROOT / ".build/release/iapc"
PYTHON = sys.executable


@dataclass
class Side:
    """One program in one round."""

    seconds: float
    memory: int | None = None  # peak, in bytes
    numbers: object = None  # what must be equal on both sides


@dataclass
class Row:
    """A comparison; `theirs` and `ours` measure once each, and `apart` tells how far their numbers are apart."""

    name: str
    theirs: object
    ours: object
    apart: object = None
    bar: float | None = None  # the ratio that it should reach
    rounds: list = field(default_factory=list)  # of (theirs, ours)

    @property
    def ratios(self):
        return [a.seconds / b.seconds for a, b in self.rounds]

    def median(self, side, what):
        values = [getattr(pair[side], what) for pair in self.rounds]
        return None if None in values else statistics.median(values)

    def line(self):
        a, b = self.median(0, "seconds"), self.median(1, "seconds")
        low, high = min(self.ratios), max(self.ratios)
        memory = [self.median(side, "memory") for side in (0, 1)]
        used = "" if None in memory else f"{mebibytes(memory[0])} / {mebibytes(memory[1])} ({memory[1] / memory[0]:.2f})"
        apart = self.apart(*self.rounds[-1]) if self.apart else ""
        ratio = statistics.median(self.ratios)
        bar = "" if self.bar is None else f"{self.bar:g}"
        return (self.name, duration(a), duration(b), f"{ratio:.2f}", f"{low:.2f} - {high:.2f}", bar, used, apart)

    def record(self):
        sides = [{"seconds": [p[i].seconds for p in self.rounds], "memory": self.median(i, "memory")} for i in (0, 1)]
        return {"name": self.name, "pytorch": sides[0], "iapc": sides[1], "ratio": statistics.median(self.ratios)}


def measure(rows, rounds):
    """Measures rows in turn; neighbours with the same other side share its measurement of a round."""
    for _, group in itertools.groupby(rows, key=lambda row: row.theirs):
        group = list(group)
        for index in range(rounds):
            print(f"{group[0].name}: round {index + 1} of {rounds}", file=sys.stderr, flush=True)
            theirs = group[0].theirs()
            for row in group:
                row.rounds.append((theirs, row.ours()))


HEADER = ("what", "PyTorch", "iapc", "ratio", "spread", "bar", "peak MiB", "numbers apart")


def duration(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def mebibytes(count):
    return f"{count / 2**20:.0f}"


def print_table(lines):
    lines = [HEADER, *lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def run(command, **variables):
    """Runs a command quietly: its seconds and its peak resident memory in bytes."""
    started = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | variables
    )
    errors = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    reader.join()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: status {process.returncode}\n{errors[0].decode()}")
    return seconds, usage.ru_maxrss * 1024


def run_json(command):
    """Runs a command that takes `--json FILE`: what it wrote, its seconds and its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.json"
        seconds, memory = run([*command, "--json", path])
        return json.loads(path.read_text()), seconds, memory


def drawn_scenes(folder, count):
    """A folder of that many 2048x1024 scenes, images/ and labels/ of the 19 classes, drawn when first asked for."""
    scenes = folder / f"scenes-{count}"
    if not scenes.exists():
        run([IAPC, "data", "streets", "--domain", "city", "--classes", "cityscapes19", "--size", "2048x1024",
             "--count", count, "--output", scenes])  # fmt: skip
    return scenes


def furthest(theirs, ours):
    """The largest relative difference of numbers under the same names."""
    worst = max(abs(theirs[name] - ours[name]) / max(abs(theirs[name]), 1e-12) for name in theirs)
    return f"{worst:.1e}"
