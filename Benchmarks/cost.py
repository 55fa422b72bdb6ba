# SPDX-License-Identifier: Apache-2.0
"""What work costs: time and memory of a step by crop and batch, and of an evaluation by the number of images.

No twin runs here. Prints the sheet of Benchmarks/README.md.
"""

import argparse
import os
import tempfile
from pathlib import Path

from harness import IAPC, duration, mebibytes, run, run_json

CROPS = ("256x128", "512x256", "1024x512")
BATCHES = (1, 2, 4, 8)
IMAGES = (10, 100, 1000)


def step_cost(network, precision, crop, batch, threads):
    found, _, _ = run_json(
        [IAPC, "benchmark", "step", "--network", network, "--crop", crop, "--batch", batch, "--steps", 1,
         "--precision", precision, "--threads", threads])  # fmt: skip
    return f"{duration(found['seconds_per_step']['median'])}, {mebibytes(found['peak_resident_bytes'])} MiB"


def step_sheet(network, precision, batches, threads):
    print(f"\n{network}, {precision}: a step's time and the process's peak memory\n")
    print("| crop | " + " | ".join(f"batch {batch}" for batch in batches) + " |")
    print("|---|" + "---|" * len(batches))
    for crop in CROPS:
        cells = [step_cost(network, precision, crop, batch, threads) for batch in batches]
        print(f"| {crop} | " + " | ".join(cells) + " |", flush=True)


def evaluation_sheet(folder, threads):
    print("\nespnet, float32: an evaluation of 320x240 images\n\n| images | time an image | peak memory |\n|---|---|---|")
    scenes = folder / "scenes"
    run([IAPC, "data", "streets", "--domain", "city", "--classes", "cityscapes19", "--size", "320x240",
         "--count", max(IMAGES), "--output", scenes])  # fmt: skip
    names = sorted(path.name for path in (scenes / "images").iterdir())
    for count in IMAGES:
        part = folder / f"images-{count}"
        for kind in ("images", "labels"):
            (part / kind).mkdir(parents=True)
            for name in names[:count]:
                (part / kind / name).symlink_to(scenes / kind / name)
        found, _, _ = run_json(
            [IAPC, "benchmark", "evaluate", "--network", "espnet", "--size", "320x240", "--images", part / "images",
             "--labels", part / "labels", "--threads", threads])  # fmt: skip
        seconds, memory = duration(found["seconds_per_image"]), mebibytes(found["peak_resident_bytes"])
        print(f"| {count} | {seconds} | {memory} MiB |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        evaluation_sheet(Path(folder), a.threads)
    step_sheet("espnet", "float32", BATCHES, a.threads)
    step_sheet("deeplabv2-resnet101", "bfloat16", BATCHES[:2], a.threads)


if __name__ == "__main__":
    main()
