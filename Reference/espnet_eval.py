# SPDX-License-Identifier: Apache-2.0
"""Scores ESPNet weights on labelled CamVid frames, and can save label maps as PNG.

The protocol: image resized by Pillow's BICUBIC, one forward pass, logits resized bilinearly
(align_corners) to the label's size, argmax over the first 19 outputs, mapped to camvid11; 11 is ignored.
"""

import argparse
import time
from pathlib import Path

import numpy
import torch
from PIL import Image

import espnet
from iapc import upsample

MEAN = torch.tensor([72.3923111, 82.90893555, 73.15840149])  # BGR, 0...255
STD = torch.tensor([45.3192215, 46.15289307, 44.91483307])
NAMES = "sky building pole road pavement tree sign fence car pedestrian bicyclist".split()
CAMVID = [3, 4, 1, 1, 7, 2, 6, 6, 5, 5, 0, 9, 10, 8, 8, 8, 8, 10, 10]  # of each Cityscapes train id


def pair(text):
    width, height = text.split("x")
    return int(width), int(height)


def read_image(path, size):
    """The network's input [3, H, W] and the (width, height) of the file."""
    image = Image.open(path).convert("RGB")
    pixels = numpy.asarray(image.resize(size, Image.Resampling.BICUBIC), numpy.float32)
    bgr = (torch.from_numpy(pixels.copy()).flip(2) - MEAN) / STD / 255
    return bgr.permute(2, 0, 1).contiguous(), image.size


def confusion(truth, found, classes):
    valid = truth < classes
    flat = truth[valid] * classes + found[valid]
    return torch.bincount(flat, minlength=classes**2).view(classes, classes)


def report(matrix):
    both = matrix.sum(0) + matrix.sum(1) - matrix.diag()
    iou = matrix.diag() / both
    for name, value, pixels in zip(NAMES, iou.tolist(), matrix.sum(1).tolist()):
        print(f"{name:12} {100 * value:6.2f}  {pixels}")
    print(f"mIoU {100 * iou[both > 0].mean().item():.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", required=True)
    parser.add_argument("--images", required=True, type=Path, help="folder of .jpg or .png frames")
    parser.add_argument("--labels", type=Path, help="folder of camvid11 label PNGs of the same stems")
    parser.add_argument("--size", type=pair, default=(640, 480), help="network input, WIDTHxHEIGHT")
    parser.add_argument("--map-size", type=pair, help="size of maps saved without labels")
    parser.add_argument("--save", type=Path, help="folder for argmax maps (Cityscapes train ids)")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--batch-statistics", action="store_true", help="BatchNorm on each batch")
    parser.add_argument("--outputs", type=int, default=19, help="outputs kept before the argmax")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    network = espnet.load(espnet.read_weights(arguments.weights), arguments.outputs)
    network.train(arguments.batch_statistics)
    matrix, table = torch.zeros(11, 11, dtype=torch.int64), torch.tensor(CAMVID)
    paths = sorted(p for p in arguments.images.iterdir() if p.suffix in (".jpg", ".png"))
    started = time.perf_counter()
    for i in range(0, len(paths), arguments.batch):
        chunk = paths[i : i + arguments.batch]
        loaded = [read_image(path, arguments.size) for path in chunk]
        with torch.inference_mode():
            logits = network(torch.stack([x for x, _ in loaded]))[0]
            for path, score, (_, size) in zip(chunk, logits, loaded):
                width, height = arguments.map_size or size
                if arguments.labels:
                    truth = numpy.asarray(Image.open(arguments.labels / f"{path.stem}.png")).copy()
                    height, width = truth.shape
                found = upsample(score[None], (height, width))[0].argmax(0)
                if arguments.save:
                    arguments.save.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(found.to(torch.uint8).numpy()).save(arguments.save / f"{path.stem}.png")
                if arguments.labels:
                    matrix += confusion(torch.from_numpy(truth).long(), table[found], 11)
    if arguments.labels:
        report(matrix)
    print(f"{len(paths)} images, {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
