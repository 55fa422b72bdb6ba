# SPDX-License-Identifier: Apache-2.0
"""Draws what selection-study.sh measured: mIoU of every candidate against its place by the criteria.

Needs matplotlib: python3 -m pip install matplotlib
"""

import argparse
import importlib.util
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

spec = importlib.util.spec_from_file_location("table", Path(__file__).with_name("selection-table.py"))
table = importlib.util.module_from_spec(spec)
spec.loader.exec_module(table)


def draw(axes, target, report, by):
    sets = table.groups(report)
    everything = report["candidates"]
    scores = dict(zip((item["name"] for item in everything), table.scores(everything, by)))
    for place, (name, items) in enumerate(sets.items()):
        colour, label = f"C{place}", name.removeprefix(f"{target}-")
        for flagged in (False, True):
            part = [item for item in items if bool(item["flags"]) == flagged]
            axes.scatter(
                [-scores[item["name"]] for item in part], [100 * item["mIoU"] for item in part], s=26,
                edgecolors=colour, facecolors="none" if flagged else colour, label=None if flagged else label)
        if all(item["flags"] for item in items):
            axes.scatter([], [], s=26, edgecolors=colour, facecolors="none", label=label)
    chosen = max(range(len(everything)), key=lambda i: (scores[everything[i]["name"]], i))
    item = everything[chosen]
    axes.scatter(
        [-scores[item["name"]]], [100 * item["mIoU"]], s=150, facecolors="none", edgecolors="black",
        label="selected")
    best = max(item["mIoU"] for item in everything)
    axes.axhline(100 * best, color="grey", linewidth=0.8, linestyle="--", label="best")
    axes.set_title(f"{target}: regret {100 * (best - item['mIoU']):.2f}")
    axes.set_xlabel("place by the criteria")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--by", help="criteria in the place of the ones that select ranked by, between commas")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    figure, all_axes = plt.subplots(1, len(given.targets), figsize=(4.2 * len(given.targets), 4), squeeze=False)
    for axes, target in zip(all_axes[0], given.targets):
        report = json.loads((given.folder / f"{target}.json").read_text())
        draw(axes, target, report, given.by.split(",") if given.by else table.own(report))
    all_axes[0][0].set_ylabel("mIoU in %")
    handles, labels = all_axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    figure.savefig(given.output, dpi=110)


if __name__ == "__main__":
    main()
