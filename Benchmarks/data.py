# SPDX-License-Identifier: Apache-2.0
"""Training views of 2048x1024 PNG files: `iapc benchmark data` beside Pillow in a DataLoader with two processes.

The twin makes the views of the method as its description has them: the picture at 1280x640, at a random scale of
that, a colour policy on the latter, a crop of each with enough classes, mirrored or not.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps

from harness import IAPC, PYTHON, Row, Side, drawn_scenes, run_json

SIZE, CROP, BATCH, BATCHES, WORKERS, SCENES = (1280, 640), (512, 256), 6, 8, 2, 12
MEAN = np.array((104.00698793, 116.66876762, 122.67891434), np.float32)

POLICY = [
    (0.6, "solarize", 5, 0.6, "autocontrast", 5), (0.8, "equalize", 8, 0.6, "equalize", 3),
    (0.6, "posterize", 7, 0.6, "posterize", 6), (0.4, "equalize", 7, 0.2, "solarize", 4),
    (0.6, "solarize", 3, 0.6, "equalize", 7), (0.8, "posterize", 5, 1, "equalize", 2),
    (0.6, "equalize", 8, 0.4, "posterize", 6), (0, "equalize", 7, 0.8, "equalize", 8),
    (0.6, "invert", 4, 1, "equalize", 8), (0.6, "color", 4, 1, "contrast", 8),
    (0.8, "color", 8, 0.8, "solarize", 7), (0.4, "sharpness", 7, 0.6, "invert", 8),
    (0.4, "color", 0, 0.6, "equalize", 3), (0.4, "equalize", 7, 0.2, "solarize", 4),
    (0.6, "solarize", 5, 0.6, "autocontrast", 5), (0.6, "invert", 4, 1, "equalize", 8),
    (0.6, "color", 4, 1, "contrast", 8), (0.8, "equalize", 8, 0.6, "equalize", 3),
]  # fmt: skip


def changed(picture, kind, level):
    factor = 1 + random.choice((-1, 1)) * np.linspace(0, 0.9, 10)[level]
    match kind:
        case "solarize":
            return ImageOps.solarize(picture, np.linspace(256, 0, 10)[level])
        case "posterize":
            return ImageOps.posterize(picture, int(np.round(np.linspace(8, 4, 10)[level])))
        case "autocontrast":
            return ImageOps.autocontrast(picture)
        case "equalize":
            return ImageOps.equalize(picture)
        case "invert":
            return ImageOps.invert(picture)
    return getattr(ImageEnhance, kind.capitalize())(picture).enhance(factor)


def coloured(picture):
    p1, first, level1, p2, second, level2 = random.choice(POLICY)
    if random.random() < p1:
        picture = changed(picture, first, level1)
    return changed(picture, second, level2) if random.random() < p2 else picture


class Views(torch.utils.data.Dataset):
    def __init__(self, data):
        self.labels = data / "labels"
        self.paths = sorted((data / "images").glob("*.png"))

    def __len__(self):
        return BATCH * BATCHES

    def __getitem__(self, index):
        path = self.paths[index % len(self.paths)]
        picture, label = Image.open(path).convert("RGB"), Image.open(self.labels / path.name)
        factor = random.uniform(0.8, 1.2)
        size = (round(SIZE[0] * factor), round(SIZE[1] * factor))
        image, scaled = picture.resize(SIZE, Image.BICUBIC), picture.resize(size, Image.BICUBIC)
        label = label.resize(size, Image.NEAREST)
        augmented = coloured(scaled)
        for _ in range(10):
            x, y = random.randint(0, size[0] - CROP[0]), random.randint(0, size[1] - CROP[1])
            crop = np.asarray(label.crop((x, y, x + CROP[0], y + CROP[1])))
            if len(np.unique(crop[crop != 255])) > 10:
                break
        u, v = min(int(x / factor), SIZE[0] - CROP[0]), min(int(y / factor), SIZE[1] - CROP[1])
        views = [scaled.crop((x, y, x + CROP[0], y + CROP[1])), augmented.crop((x, y, x + CROP[0], y + CROP[1]))]
        views.append(image.crop((u, v, u + CROP[0], v + CROP[1])))
        arrays = [np.asarray(view, np.float32)[:, :, ::-1] - MEAN for view in views]
        arrays = [array.transpose(2, 0, 1) for array in arrays] + [crop]
        if random.random() < 0.5:
            arrays = [array[..., ::-1] for array in arrays]
        return [array.copy() for array in arrays]


def twin(data):
    torch.set_num_threads(1)
    loader = torch.utils.data.DataLoader(Views(data), batch_size=BATCH, num_workers=WORKERS)
    started = time.perf_counter()
    count = sum(len(batch[0]) for batch in loader)
    return {"seconds_per_image": (time.perf_counter() - started) / count}


class Case:
    def __init__(self, folder):
        self.folder = folder

    @property
    def data(self):
        return drawn_scenes(self.folder, SCENES)

    def theirs(self):
        found, _, _ = run_json([PYTHON, __file__, "--data", self.data])
        return Side(found["seconds_per_image"])

    def ours(self):
        found, _, _ = run_json(
            [IAPC, "benchmark", "data", "--images", self.data / "images", "--labels", self.data / "labels",
             "--batches", BATCHES, "--batch", BATCH, "--workers", WORKERS])  # fmt: skip
        return Side(1 / found["images_per_second"])


def rows(folder):
    case = Case(folder)
    yield Row("data, a training view of 2048x1024 PNG", case.theirs, case.ours, bar=2)


def main():
    parser = argparse.ArgumentParser(description="One side of the comparison, with Pillow.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    a = parser.parse_args()
    a.json.write_text(json.dumps(twin(a.data)))


if __name__ == "__main__":
    main()
