# SPDX-License-Identifier: Apache-2.0
"""Opens adapted ESPNet weights as a Python user would, and compares label maps with those of `iapc predict`.

The weights are loaded with weights_only=True and strictly; the images go through torchvision's usual ImageNet
normalisation, as in networks that `iapc train` made. Prints the share of equal pixels.
"""

import argparse
from pathlib import Path

import numpy
import torch
from PIL import Image

import espnet
from iapc import upsample

MEAN = torch.tensor([0.485, 0.456, 0.406])
STD = torch.tensor([0.229, 0.224, 0.225])


def labels(network, image):
    """The winning class of each pixel, at the image's own size."""
    pixels = torch.from_numpy(numpy.asarray(image.convert("RGB"), numpy.float32) / 255)
    x = ((pixels - MEAN) / STD).permute(2, 0, 1)[None]
    with torch.inference_mode():
        logits = network(x)[0]
    return upsample(logits, (image.height, image.width))[0].argmax(0).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", required=True, help="adapted.pth")
    parser.add_argument("--images", required=True, type=Path, help="folder of .png frames, sizes multiples of 8")
    parser.add_argument("--maps", required=True, type=Path, help="folder of label maps of the same names")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(arguments.weights, map_location="cpu", weights_only=True)
    network = espnet.ESPNet(espnet.read_shape(state))
    network.load_state_dict(state, strict=True)
    network.eval()
    equal = total = 0
    for path in sorted(arguments.images.glob("*.png")):
        expected = numpy.asarray(Image.open(arguments.maps / path.name))
        found = labels(network, Image.open(path))
        equal += int((found == expected).sum())
        total += expected.size
    print(f"{equal} of {total} pixels are equal: {equal / total}")


if __name__ == "__main__":
    main()
