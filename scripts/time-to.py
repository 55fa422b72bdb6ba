#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long `iapc adapt` takes to pass an mIoU on CamVid's `val`, from the published ESPNet weights in ../shared.

    scripts/time-to.py [49]

Starts the recommended profile on all cores with an empty cache and a checkpoint every 40 steps, as in the tables of
Documentation/Methods.md but for that. A checkpoint's time is when its file was whole, from the start of the program: labels,
statistics and everything else is in it, scoring is not, which comes after. The last line is the adapted weights, whose
statistics were estimated anew. Run it on a machine that does nothing else.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IAPC = ROOT / ".build/release/iapc"
SHARED = ROOT.parent / "shared"


def main():
    wanted = float(sys.argv[1]) if len(sys.argv) > 1 else 49.0
    camvid = SHARED / "data/camvid"
    if not camvid.exists():
        sys.exit(f"there is no {camvid}")
    folder = ROOT / ".build/time-to"
    shutil.rmtree(folder, ignore_errors=True)
    run = folder / "run"
    begin = time.time()
    subprocess.run(
        [IAPC, "adapt", "--weights", SHARED / "weights/espnet_p_2_q_3.pth", "--network", "espnet",
         "--images", camvid / "train", "--size", "640x480", "--crop", "320x240", "--batch", "4",
         "--seed", "1", "--output", run, "--set", "checkpoint.every=40", "--set", "checkpoint.keep=8",
         "--set", "selection.every=0"],
        check=True, env=os.environ | {"IAPC_CACHE": str(folder / "cache")}, stdout=subprocess.DEVNULL)
    subprocess.run(
        [IAPC, "select", run, "--count", "50", "--labels", camvid / "valannot", "--labelled-images", camvid / "val",
         "--label-space", "camvid11", "--json", folder / "scores.json"], check=True, stdout=subprocess.DEVNULL)
    print("|  | minutes | mIoU |\n|---|---|---|")
    passed = None
    items = json.loads((folder / "scores.json").read_text())["candidates"]
    for item in sorted(items, key=lambda item: Path(item["file"]).stat().st_mtime):
        minutes, score = (Path(item["file"]).stat().st_mtime - begin) / 60, 100 * item["mIoU"]
        if passed is None and score >= wanted:
            passed = minutes
        print(f"| {item['name']} | {minutes:.1f} | {score:.2f} |")
    print(f"\npasses {wanted:g} after {passed:.1f} minutes" if passed else f"\ndoes not pass {wanted:g}")


if __name__ == "__main__":
    main()
