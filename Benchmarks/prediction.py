# SPDX-License-Identifier: Apache-2.0
"""Evaluating and labelling: `iapc benchmark evaluate` and `pseudo-label` beside the field's scripts.

The twins do what the method's authors' scripts do: Pillow resizes the picture, all classes' scores are upsampled
to the label's size, and numpy takes the argmax over them as [H, W, C].
"""

import argparse
import json
import sys
import time
from pathlib import Path

from harness import IAPC, PYTHON, REFERENCE, Row, Side, drawn_scenes, run_json

MEANS = {"espnet": (72.3923111, 82.90893555, 73.15840149), "deeplabv2": (104.00698793, 116.66876762, 122.67891434)}
DEVIATIONS = {"espnet": (45.3192215, 46.15289307, 44.91483307), "deeplabv2": (1, 1, 1)}


def network_of(name, weights, threads):
    import torch

    sys.path.insert(0, str(REFERENCE))
    import deeplabv2
    import espnet

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    state = espnet.read_weights(weights)
    network = espnet.load(state, 19) if name == "espnet" else deeplabv2.load(name.removeprefix("deeplabv2-"), state)
    return network.eval()


def input_of(picture, size, family):
    import numpy as np
    import torch
    from PIL import Image

    pixels = np.asarray(picture.resize(size, Image.BICUBIC), np.float32)[:, :, ::-1]
    pixels = (pixels - np.array(MEANS[family], np.float32)) / np.array(DEVIATIONS[family], np.float32)
    if family == "espnet":
        pixels = pixels / 255
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]


def upsampled(scores, picture):
    import torch

    size = (picture.height, picture.width)
    return torch.nn.functional.interpolate(scores, size=size, mode="bilinear", align_corners=True)


def evaluate_twin(a):
    import numpy as np
    from PIL import Image

    network, family = network_of(a.network, a.weights, a.threads), a.network.split("-")[0]
    matrix = np.zeros((19, 19), np.int64)
    started = time.perf_counter()
    for path in sorted((a.data / "images").glob("*.png")):
        picture = Image.open(path).convert("RGB")
        label = np.asarray(Image.open(a.data / "labels" / path.name))
        output = upsampled(network(input_of(picture, a.size, family))[0], picture).numpy()[0].transpose(1, 2, 0)
        found = np.asarray(np.argmax(output, axis=2), dtype=np.uint8)
        valid = label < 19
        matrix += np.bincount(19 * label[valid].astype(int) + found[valid], minlength=361).reshape(19, 19)
    seconds = time.perf_counter() - started
    union = matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
    scores = matrix.diagonal()[union > 0] / union[union > 0]
    return {"seconds": seconds, "mIoU": float(scores.mean())}


def label_twin(a):
    import numpy as np
    from PIL import Image

    network, family = network_of(a.network, a.weights, a.threads), a.network.split("-")[0]
    started = time.perf_counter()
    for path in sorted((a.data / "images").glob("*.png")):
        picture, total = Image.open(path).convert("RGB"), 0
        for scale in (1, 1.25, 0.75):
            image = input_of(picture, [round(scale * side / 8) * 8 for side in a.size], family)
            for flips in ([], [3]):
                scores = network(image.flip(flips))[0].flip(flips)
                total = total + upsampled(scores.softmax(1), picture)
        output = total.numpy()[0].transpose(1, 2, 0)
        Image.fromarray(np.asarray(np.argmax(output, axis=2), dtype=np.uint8)).save(a.output / path.name)
    return {"seconds": time.perf_counter() - started}


class Case:
    """A network and drawn scenes of 2048x1024, which both sides take."""

    def __init__(self, folder, threads, kind, step_case, count):
        self.folder, self.threads, self.kind, self.step_case = folder, threads, kind, step_case
        self.count = count

    def prepare(self):
        self.step_case.prepare()
        self.data = drawn_scenes(self.folder, self.count)

    @property
    def common(self):
        return ["--network", self.step_case.network, "--weights", self.step_case.dump / "weights.pth",
                "--size", "1024x512", "--threads", self.threads]  # fmt: skip

    def theirs(self):
        self.prepare()
        output = self.folder / "labelled"
        output.mkdir(exist_ok=True)
        found, _, memory = run_json(
            [PYTHON, __file__, self.kind, *self.common, "--data", self.data, "--output", output])
        return Side(found["seconds"] / self.count, memory, found.get("mIoU"))

    def ours(self, precision):
        labels = ["--labels", self.data / "labels"] if self.kind == "evaluate" else []
        found, _, _ = run_json(
            [IAPC, "benchmark", self.kind, *self.common, "--images", self.data / "images", *labels,
             "--precision", precision])  # fmt: skip
        return Side(found["seconds_per_image"], found["peak_resident_bytes"], found.get("mIoU"))


def apart(theirs, ours):
    return "" if theirs.numbers is None else f"{abs(theirs.numbers - ours.numbers) / theirs.numbers:.1e}"


def rows(folder, threads, step_cases, count=6):
    # Six passes of the large network an image take a minute in PyTorch and are what an evaluation's one pass is.
    for kind, cases in (("evaluate", step_cases), ("pseudo-label", step_cases[:1])):
        for step_case, name in cases:
            case = Case(folder, threads, kind, step_case, count if "ESPNet" in name else count // 3)
            for precision in ("float32", "bfloat16"):
                ours = lambda c=case, p=precision: c.ours(p)  # noqa: E731
                yield Row(f"{kind} {name}, {precision}", case.theirs, ours, apart, 2)


def main():
    parser = argparse.ArgumentParser(description="One side of the comparison, in PyTorch.")
    parser.add_argument("kind", choices=("evaluate", "pseudo-label"))
    parser.add_argument("--network", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--size", type=lambda text: tuple(map(int, text.split("x"))), required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, required=True)
    a = parser.parse_args()
    a.json.write_text(json.dumps((evaluate_twin if a.kind == "evaluate" else label_twin)(a)))


if __name__ == "__main__":
    main()
