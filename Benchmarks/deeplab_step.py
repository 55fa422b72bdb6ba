# SPDX-License-Identifier: Apache-2.0
"""Times adaptation steps of the paper's network, DeepLabV2 on ResNet-101, here and in PyTorch, in turn.

Weights are filled by a formula, images and labels drawn from a seed, so no file is needed. Each round runs
`iapc step` and Reference/compare_adapt.py on the same batch; printed are seconds a step, their ratio, the peak
memory of each process, and how far the losses are apart.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file

from adapt import ROOT, compare, run

sys.path.insert(0, str(ROOT / "Reference"))
import deeplabv2  # noqa: E402


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iapc", default=ROOT / ".build/release/iapc", type=Path)
    parser.add_argument("--backbone", default="resnet101", choices=("resnet101", "resnet50"))
    parser.add_argument("--crop", default="512x256")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def write_inputs(a, folder):
    """The weights and one batch: smooth random pictures, less the mean, and labels in blocks."""
    torch.manual_seed(1)
    width, height = map(int, a.crop.split("x"))
    network = deeplabv2.fill(deeplabv2.build(a.backbone, 19, deeplabv2.Variant()))
    torch.save(network.state_dict(), folder / "weights.pth")

    def pictures():
        coarse = torch.rand(a.batch, 3, height // 16, width // 16) * 255 - 115
        return torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear").contiguous()

    labels = torch.randint(0, 19, (a.batch, 1, height // 32, width // 32)).float()
    labels = torch.nn.functional.interpolate(labels, size=(height, width))[:, 0].to(torch.uint8)
    (folder / "batches").mkdir()
    for step in range(a.steps):
        name = folder / "batches" / f"step_{step + 1:06}.safetensors"
        if step:
            name.symlink_to(folder / "batches" / "step_000001.safetensors")
            continue
        batch = {n: pictures() for n in ("images", "images_scaled", "images_augmented")}
        save_file({**batch, "pseudo_labels": labels}, name)


def one_round(a, folder):
    network = f"deeplabv2-{a.backbone}"
    weights, batch = folder / "weights.pth", folder / "batches" / "step_000001.safetensors"
    memory = run(
        [a.iapc, "step", "--weights", weights, "--network", network, "--inputs", batch, "--steps", a.steps,
         "--learning-rate", "1e-4", "--profile", "reference", "--threads", a.threads,
         "--json", folder / "ours.json"])  # fmt: skip
    twin_memory = run(
        [sys.executable, ROOT / "Reference/compare_adapt.py", "--weights", weights, "--network", network,
         "--batches", folder / "batches", "--learning-rate", "1e-4", "--warm-up", 0, "--total", 10**12,
         "--threads", a.threads, "--json", folder / "twin.json"])  # fmt: skip
    ours, theirs = (json.loads((folder / n).read_text())["steps"] for n in ("ours.json", "twin.json"))
    return ours, memory, theirs, twin_memory


def apart(ours, theirs):
    """The relative difference of the totals at the first step, and the largest over all.

    Networks filled by a formula have nearly equal prototypes, so rounding decides many of their labels: later
    steps differ in PyTorch against itself on another number of threads too.
    """
    differences = [abs(m["total"] - t["total"]) / abs(t["total"]) for m, t in zip(ours, theirs)]
    return f"{differences[0]:.1e}, {max(differences):.1e}"


def main():
    a = arguments_of()
    print(f"DeepLabV2-{a.backbone}: {a.steps} steps of {a.batch} crops of {a.crop}, {a.threads} threads, in turn")
    print("round   PyTorch s/step   iapc s/step   ratio   losses apart (step 1, all)")
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(a, Path(folder))
        _, _, memory = compare(a.rounds, lambda: one_round(a, Path(folder)), apart, digits=2)
    print(memory)


if __name__ == "__main__":
    main()
