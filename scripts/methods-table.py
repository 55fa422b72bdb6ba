#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the tables that `scripts/methods-study.sh` left beside each other, in Markdown.

    scripts/methods-table.py [--changes] [.build/methods-study] [dusk fog rain camvid]

A cell is the mean mIoU of the last weights over the seeds and its deviation, and after a slash that of the weights which
label-free criteria chose, where they are others. Then come the seconds of processors a run and the memory, both of
the last target, and how many seeds there are, at least and at most. The best of a column is bold.

With --changes, for `scripts/ablation-study.sh`: the first row is the method as it is, and a cell of another one is how
far the mIoU of its last weights is from the first's with the same seed, mean and deviation.
"""

import json
import statistics
import sys
from pathlib import Path


def cell(values, sign=""):
    known = [100 * v for v in values if v is not None]
    if not known:
        return "-", 0
    mean = statistics.mean(known)
    spread = f" ± {statistics.stdev(known):.2f}" if len(known) > 1 else ""
    return f"{mean:{sign}.2f}{spread}", mean


def changes(targets, methods, runs):
    """Prints what each row changes against the first one, seed by seed."""
    print("| changed | " + " | ".join(targets) + " |")
    print("|---" * (len(targets) + 1) + "|")
    scores = {(run["method"], t, run["seed"]): run["score"].get("last") for t in targets for run in runs[t]}
    for m in methods:
        cells = []
        for t in targets:
            own = {seed: score for (name, at, seed), score in scores.items() if (name, at) == (m, t) and score is not None}
            if m == methods[0]:
                cells.append(cell(own.values())[0])
            else:
                cells.append(cell([own[seed] - scores[methods[0], t, seed] for seed in own], "+")[0])
        name = m.partition("+")[2].replace("+", "`, `") or "recommended"
        print(f"| `{name}` | " + " | ".join(cells) + " |")


def main():
    arguments = [word for word in sys.argv[1:] if word != "--changes"]
    folder = Path(arguments[0] if arguments else ".build/methods-study")
    targets = arguments[1:] or ["dusk", "fog", "rain", "camvid"]
    runs = {t: json.loads((folder / t / "table.json").read_text()) for t in targets}
    methods = list(dict.fromkeys(run["method"] for t in targets for run in runs[t]))
    if "--changes" in sys.argv:
        return changes(targets, methods, runs)
    rows = {m: {} for m in methods}
    for m in methods:
        for t in targets:
            own = [run for run in runs[t] if run["method"] == m]
            rows[m][t] = [cell([run["score"].get(key) for run in own]) for key in ("last", "selected")], own
    best = {(t, i): max(rows[m][t][0][i][1] for m in methods) for t in targets for i in (0, 1)}

    def shown(m, t):
        texts = []
        for i, (text, mean) in enumerate(rows[m][t][0]):
            texts.append(f"**{text}**" if mean == best[t, i] and mean > 0 else text)
        return texts[0] if rows[m][t][0][0] == rows[m][t][0][1] else " / ".join(texts)

    print("| method | " + " | ".join(targets) + " | processor s | GiB | seeds |")
    print("|---" * (len(targets) + 4) + "|")
    for m in methods:
        own = rows[m][targets[-1]][1]
        seconds = [r["cost"]["processor_seconds"] for r in own if r["cost"].get("processor_seconds") is not None]
        memory = max((r["cost"]["peak_resident_bytes"] for r in own), default=0) / 2**30
        counts = [len(rows[m][t][1]) for t in targets]
        seeds = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
        spent = f"{statistics.mean(seconds):.0f}" if seconds else "-"
        cells = [m] + [shown(m, t) for t in targets] + [spent, f"{memory:.1f}", seeds]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
