#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Methods (rows) on source networks and target places (columns): which stay at or above the source, and by how much.

    make cases                                        all that is below
    Experiments/cases.py --cases espnetv2-2.0-idd --methods iapc,iapc+batch_norm.source_fraction=0 --seeds 1
    Experiments/cases.py --table                      the table of the runs that are there

Each case is one `iapc compare`, with one thread a process and as many processes as cores. Runs that are there are kept,
so that the study goes on where it was stopped. Labels are for the table alone. Cases of real images need ../shared and
are left out, visibly, where it is absent.

Results: OUT/CASE/table.md of each case, and OUT/table.md: mIoU of the last weights in each case, mean over the seeds; how
many of the runs ended below the source network, the worst of them, and how far a method is from the best of the methods
without steps.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
IAPC = ROOT / ".build/release/iapc"

NETWORKS = {
    "espnet": ["--network", "espnet", "espnet_p_2_q_3.pth"],
    "espnetv2-2.0": ["--network", "espnetv2", "espnetv2_s_2.0_city_1024x512.pth"],
    "espnetv2-0.5": ["--network", "espnetv2", "espnetv2_s_0.5_city_1024x512.pth"],
}
# A place: its folder, input size and crop, the labels' classes.
PLACES = {
    "camvid": ("camvid", "640x480", "320x240", "camvid11"),
    "idd": ("idd-lite", "320x224", "256x160", SHARED / "data/iddlite.yaml"),
    "idd-large": ("idd-lite", "640x448", "320x224", SHARED / "data/iddlite.yaml"),
}
STREETS = ["noon", "dusk", "fog", "rain"]
# A source and a place, with as many of the place's images as the number. The demo's source was trained at noon: its own
# place, where adaptation must not harm.
CASES = (
    [f"{network}-{place}" for network in NETWORKS for place in PLACES]
    + ["espnetv2-2.0-camvid-20", "espnetv2-2.0-idd-60", "espnetv2-0.5-camvid-20", "espnet-idd-60"]
    + [f"demo-{domain}" for domain in STREETS]
)
FREE = ["source-only", "adabn", "adabn+batch_norm.source_fraction=0.5", "adabn+batch_norm.source_fraction=0.25", "adabn:auto"]
METHODS = FREE + ["tent", "cotta", "iapc:paper+schedule.steps=300", "iapc"]


def streets(domain, count, seed, labels, out):
    """The folder of drawn scenes, made where it is not there."""
    folder = out / "streets" / f"{domain}-{seed}"
    if not folder.exists():
        words = [] if labels else ["--no-labels"]
        subprocess.run(
            [IAPC, "data", "streets", "--domain", domain, "--count", str(count), "--seed", str(seed), "--size", "320x240",
             "--output", folder, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


def arguments(case, out):
    """What `compare` is given for a case, before and after --; None where its files are not here."""
    if case.startswith("demo-"):
        domain = case.removeprefix("demo-")
        images, test = streets(domain, 160, 2001, False, out), streets(domain, 60, 1001, True, out)
        return (
            ["--labelled-images", test / "images", "--labels", test / "labels", "--label-space", "camvid11"],
            ["--weights", ROOT / "demo/source.safetensors", "--images", images / "images", "--size", "320x240", "--crop",
             "256x192", "--set", "augmentation.min_classes=8"])
    name = next(n for n in NETWORKS if case.startswith(n + "-"))
    rest = case.removeprefix(name + "-")
    place = max((p for p in PLACES if rest.startswith(p)), key=len)
    count = rest.removeprefix(place).removeprefix("-")
    folder, size, crop, space = PLACES[place]
    data, (*words, weights) = SHARED / "data" / folder, NETWORKS[name]
    if not data.exists() or not (SHARED / "weights" / weights).exists():
        return None
    images = data / "train"
    if count:
        files = sorted(images.iterdir())
        chosen = files[:: len(files) // int(count)][: int(count)]
        images = out / f"{place}-{count}.txt"
        images.write_text("".join(f"{file}\n" for file in chosen))
    return (
        ["--labelled-images", data / "val", "--labels", data / "valannot", "--label-space", space],
        ["--weights", SHARED / "weights" / weights, *words, "--classes", "cityscapes19", "--images", images, "--size", size,
         "--crop", crop])


def compare(case, options, out):
    """Runs a case to its end; its messages go to OUT/CASE.log."""
    found = arguments(case, out)
    if found is None:
        print(f"{case} is left out: its files are not in {SHARED}", flush=True)
        return
    before, after = found
    threads = ["--threads", str(options.threads)]
    command = [
        IAPC, "compare", "--methods", ",".join(options.methods), "--seeds", options.seeds, "--checkpoints", "2", "--output",
        out / case, *before, *threads, "--", *after, "--batch", "4", "--set", "selection.every=0", *threads,
        *(["--steps", options.steps] if options.steps else [])]
    with open(out / f"{case}.log", "a") as log:
        status = subprocess.run(
            [str(word) for word in command], stdout=log, stderr=log,
            env=os.environ | {"IAPC_CACHE": str(out / "cache")}).returncode
    print(f"{case}: {'done' if status == 0 else f'status {status}, see {log.name}'}", flush=True)


def folder_of(method):
    """The name that `compare` gives a method's folder, less the seed."""
    return "".join(c if c.isalnum() or c == "." else "-" for c in method)


def scores(method, case, out):
    """mIoU of the last weights by seed, in percent."""
    found = {}
    for file in (out / case).glob(f"{folder_of(method)}-*/score.json"):
        seed = file.parent.name.removeprefix(folder_of(method) + "-")
        value = json.loads(file.read_text()).get("last") if seed.isdigit() else None
        if value is not None:
            found[int(seed)] = 100 * value
    return found


def table(methods, cases, out):
    """Rows of methods, columns of cases, and how each compares with what costs nothing."""
    kept = {(m, c): scores(m, c, out) for m in methods for c in cases}
    cases = [c for c in cases if any(kept[m, c] for m in methods)]
    source = {c: mean(v.values()) for c in cases if (v := scores("source-only", c, out))}
    free = {c: max(mean(v.values()) for m in FREE if (v := scores(m, c, out))) for c in source}
    head = ["method", *cases, "below the source", "worst", "mean gain", "over the best free: mean", "worst"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for method in methods:
        row, gains, over = [], [], []
        for case in cases:
            found = kept[method, case].values()
            row.append(f"{mean(found):.2f}" if found else "")
            if found and case in source:
                gains += [value - source[case] for value in found]
                over.append(mean(found) - free[case])
        if not gains:
            continue
        below = sum(gain < -0.005 for gain in gains)
        row += [f"{below} of {len(gains)}", f"{min(gains):+.2f}", f"{mean(gains):+.2f}", f"{mean(over):+.2f}", f"{min(over):+.2f}"]
        lines.append(f"| {method} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cases", default=",".join(CASES), help="between commas")
    parser.add_argument("--methods", default=",".join(METHODS), help="between commas, as `iapc compare` takes them")
    parser.add_argument("--seeds", default="1,2,3", help="between commas")
    parser.add_argument("--steps", default="", help="of the methods that say none")
    parser.add_argument("--threads", type=int, default=1, help="of a process")
    parser.add_argument("--jobs", type=int, default=0, help="processes at a time; 0: as many as cores for their threads")
    parser.add_argument("--out", type=Path, default=ROOT / ".build/cases")
    parser.add_argument("--table", action="store_true", help="run nothing")
    options = parser.parse_args()
    cases, options.methods = options.cases.split(","), options.methods.split(",")
    if unknown := [case for case in cases if case not in CASES]:
        sys.exit(f"error: no case is called {', '.join(unknown)}; there are {', '.join(CASES)}")
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if not options.table:
        jobs = options.jobs or max(1, (os.cpu_count() or 1) // options.threads)
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda case: compare(case, options, out), cases))
    text = table(options.methods, cases, out)
    (out / "table.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
