# SPDX-License-Identifier: Apache-2.0
"""Sums up selection-study.sh: how well each criterion ranks, and what choosing by it costs.

Spearman's correlation with mIoU and regret (the best mIoU less that of the choice, in points), from the files that
`iapc select --json` wrote; each by run and over all runs of a target. Flagged candidates are never chosen while
others are left.
"""

import argparse
import itertools
import json
import re
from pathlib import Path
from statistics import fmean

SIGNS = {"im": 1, "snd": 1, "bnm": 1, "mixval": 1, "geometric": 1, "ensemble": 1, "entropy": -1, "drift": -1}


def ranks(values):
    """1 for the largest; equal values share the mean of their places; what is missing is last."""
    known = [float("-inf") if value is None else value for value in values]
    return [sum(o > v for o in known) + (sum(o == v for o in known) + 1) / 2 for v in known]


def spearman(x, y):
    first, second = ranks(x), ranks(y)
    middle = (len(x) + 1) / 2
    product = lambda a, b: sum((i - middle) * (j - middle) for i, j in zip(a, b))  # noqa: E731
    spread = (product(first, first) * product(second, second)) ** 0.5
    return product(first, second) / spread if spread else float("nan")


def value(item, name):
    found = item["criteria"].get(name)
    return None if found is None else SIGNS[name] * found


def scores(items, names):
    """Larger is better: the negative mean rank by some criteria, flagged candidates after all others."""
    result = {}
    for flagged in (False, True):
        part = [item for item in items if bool(item["flags"]) == flagged]
        columns = [ranks([value(item, name) for item in part]) for name in names]
        ahead = len(items) if flagged else 0
        for index, item in enumerate(part):
            result[item["name"]] = -(ahead + fmean(column[index] for column in columns))
    return [result[item["name"]] for item in items]


def regret(items, by):
    """Points of mIoU; of equals the later candidate is taken."""
    chosen = max(range(len(items)), key=lambda index: (by[index], index))
    return 100 * (max(item["mIoU"] for item in items) - items[chosen]["mIoU"])


def groups(report):
    names = list(dict.fromkeys(item["group"] for item in report["candidates"]))
    return {Path(n).name: [i for i in report["candidates"] if i["group"] == n] for n in names}


def row(cells):
    print("| " + " | ".join(cells) + " |")


def own(report):
    """The criteria whose ranks `iapc select` averaged."""
    return re.match("mean rank by ([^;]+)", report["aggregate"]).group(1).split(", ")


def show_target(target, report, aggregate):
    sets = groups(report) | {"all": report["candidates"]}
    print(f"\n## {target}: {len(report['candidates'])} candidates of {len(sets) - 1} runs\n")
    row(["run", "mIoU: lowest", "last", "highest", "selected", "regret", "flagged"])
    row(["---"] * 7)
    for name, items in sets.items():
        truth = [100 * item["mIoU"] for item in items]
        by = scores(items, aggregate)
        cost = regret(items, by)
        flagged = sum(bool(item["flags"]) for item in items)
        cells = [min(truth), truth[-1], max(truth), max(truth) - cost, cost]
        row([name] + [f"{cell:.2f}" for cell in cells] + [f"{flagged} of {len(items)}"])
    print("\nSpearman's correlation with mIoU (flags left aside for single criteria)\n")
    row(["criterion", *sets])
    row(["---"] * (len(sets) + 1))
    truths = {name: [item["mIoU"] for item in items] for name, items in sets.items()}
    for criterion in SIGNS:
        found = [spearman([value(i, criterion) for i in items], truths[n]) for n, items in sets.items()]
        row([criterion] + [f"{number:+.2f}" for number in found])
    found = [spearman(scores(items, aggregate), truths[n]) for n, items in sets.items()]
    row(["aggregate"] + [f"{number:+.2f}" for number in found])


def costs(report, chosen):
    """Regrets of a mean of ranks: in each run, and over all of them."""
    runs = [regret(items, scores(items, chosen)) for items in groups(report).values()]
    return runs, regret(report["candidates"], scores(report["candidates"], chosen))


def merit(found):
    """What to choose a mean of ranks by: the mean regret within runs and that over all runs of a target, alike."""
    return fmean(r for runs, _ in found for r in runs) + fmean(pooled for _, pooled in found)


def show_aggregates(reports, aggregate):
    """Means of ranks of up to four criteria: what would choosing by them have cost? The best ten, and more."""
    print("\n## Choosing by\n\nMean regret in points of mIoU, and the largest; by run, and over all runs of a target.\n")
    row(["criteria", "runs: mean", "largest", "targets: mean", "largest"])
    row(["---"] * 5)
    usable = [name for name in SIGNS if name not in ("entropy", "drift")]
    names = [c for size in (1, 2, 3, 4) for c in itertools.combinations(usable, size)]
    table = {chosen: [costs(report, chosen) for report in reports.values()] for chosen in names}
    last = [
        ([regret(i, range(len(i))) for i in groups(r).values()], regret(r["candidates"], range(len(r["candidates"]))))
        for r in reports.values()
    ]
    lines = [(merit(found), " + ".join(chosen), found) for chosen, found in table.items()]
    lines.append((merit(last), "(the last)", last))
    kept = {" + ".join(aggregate), "(the last)", *usable}
    for place, (_, name, found) in enumerate(sorted(lines)):
        if place >= 10 and name not in kept:
            continue
        runs, pooled = [r for part, _ in found for r in part], [pooled for _, pooled in found]
        row([name] + [f"{n:.2f}" for n in (fmean(runs), max(runs), fmean(pooled), max(pooled))])
    if len(reports) > 1:
        show_held_out(list(reports), table)


def show_held_out(targets, table):
    """What the best choice for all other targets costs on one that had no part in it."""
    print("\n## Held out\n\nThe criteria that lose least on the other targets, and their regret on this one.\n")
    row(["target", "criteria", "runs: mean", "over all runs"])
    row(["---"] * 4)
    for place, target in enumerate(targets):
        best = min(table, key=lambda chosen: merit(table[chosen][:place] + table[chosen][place + 1 :]))
        runs, pooled = table[best][place]
        row([target, " + ".join(best), f"{fmean(runs):.2f}", f"{pooled:.2f}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--by", help="criteria in the place of the ones that select ranked by, between commas")
    given = parser.parse_args()
    reports = {name: json.loads((given.folder / f"{name}.json").read_text()) for name in given.targets}
    for target, report in reports.items():
        show_target(target, report, given.by.split(",") if given.by else own(report))
    if reports:
        show_aggregates(reports, given.by.split(",") if given.by else own(next(iter(reports.values()))))


if __name__ == "__main__":
    main()
