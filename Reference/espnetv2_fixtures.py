# SPDX-License-Identifier: Apache-2.0
"""Writes what formula-filled ESPNetv2s predict, one case a size, with gradients' norms in training.

Usage: python espnetv2_fixtures.py FILE.json

Each case holds summaries of the logits and features of one image / 60 in evaluation mode and of the logits of two in
training mode, and `gradients`: norms for the loss sum(logits * sin(0.3 k)) in training mode. The smallest holds
`entries` [name, shape] too.
"""

import json
import sys

import torch

from deeplabv2 import fill, images
from deeplabv2_fixtures import summary
from espnetv2 import ESPNetv2, widths

CASES = {
    "0.5": (0.5, 5, 64, 64),
    "1.0": (1.0, 20, 96, 32),
    "1.5": (1.5, 11, 16, 48),
    "2.0": (2.0, 40, 48, 80),
}


def case(scale, outputs, width, height):
    network = ESPNetv2(widths(scale), outputs).double()
    with torch.no_grad():
        fill(network).eval()
    image = images(width, height).double() / 60
    with torch.no_grad():
        logits, features = network(image)
    made = {"outputs": outputs, "width": width, "height": height}
    made |= {"logits": summary(logits), "features": summary(features)}
    if scale == 0.5:
        made["entries"] = [[name, list(tensor.shape)] for name, tensor in network.state_dict().items()]
    logits = network.train()(torch.cat([image, image.flip(3)]))[0]
    probe = torch.sin(0.3 * torch.arange(logits.numel(), dtype=torch.float64)).reshape(logits.shape)
    (logits * probe).sum().backward()
    made["trained"] = summary(logits.detach())
    made["gradients"] = {
        name: None if p.grad is None else float(f"{p.grad.norm().item():.8g}") for name, p in network.named_parameters()
    }
    return made


def main():
    torch.set_num_threads(1)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({name: case(*what) for name, what in CASES.items()}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
