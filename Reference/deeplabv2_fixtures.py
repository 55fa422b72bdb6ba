# SPDX-License-Identifier: Apache-2.0
"""Writes what formula-filled DeepLabV2 networks predict, one case a variant.

Usage: python deeplabv2_fixtures.py FILE.json
Each case holds the variant, the shape, sum and L2 norm of its logits and features, and a few logits.
"""

import json
import sys

import torch

from deeplabv2 import Variant, build, fill, images

CASES = {
    "resnet50": ("resnet50", Variant()),
    "branches": ("resnet50", Variant(branches=2)),
    "stride": ("resnet50", Variant(stride="3x3")),
    "ceil": ("resnet50", Variant(ceil=False)),
    "dilation": ("resnet50", Variant(dilation="contracted")),
    "eps": ("resnet50", Variant(eps=1e-3)),
    "frozen": ("resnet50", Variant(norm="frozen", eps=0.0, stride="3x3", ceil=False, dilation="contracted")),
    "deep": ("resnet50", Variant(stem="3x3", stride="3x3", ceil=False, dilation="contracted")),
    "auxiliary": ("resnet50", Variant(auxiliary=True, branches=2)),
    "narrow": ("resnet101", Variant(width=8)),
    "vgg16": ("vgg16", Variant()),
    "vgg16 branches": ("vgg16", Variant(branches=2)),
}


def summary(tensor):
    tensor = tensor.double().flatten()
    step = max(1, tensor.numel() // 7)
    return {"sum": tensor.sum().item(), "norm": tensor.norm().item(), "values": tensor[::step].tolist()}


def main():
    torch.manual_seed(0)
    cases = {}
    for name, (backbone, variant) in CASES.items():
        network = fill(build(backbone, 5, variant)).eval()
        with torch.no_grad():
            logits, features = network(images(64, 32))
        case = {"backbone": backbone, "outputs": 5, "variant": variant.__dict__}
        case |= {"shape": list(logits.shape), "logits": summary(logits), "features": summary(features)}
        if variant.auxiliary:
            with torch.no_grad():
                case["auxiliary"] = summary(network.layer5(features))
        cases[name] = case
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(cases, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
