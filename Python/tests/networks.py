# SPDX-License-Identifier: Apache-2.0
"""Networks as users bring them."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch import Tensor, nn

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Own(nn.Module):
    """Gives scores alone."""

    def __init__(self, classes: int = 19) -> None:
        super().__init__()
        self.backbone = nn.Sequential(block(3, 8, 2), block(8, 16, 2), block(16, 16, 1))
        self.classifier = nn.Sequential(block(16, 16, 1), nn.Conv2d(16, classes, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.backbone(images))


class Named(Own):
    """Gives a dictionary, as torchvision's networks do."""

    def forward(self, images: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        scores = self.classifier(self.backbone(images))
        result = OrderedDict()
        result["out"] = nn.functional.interpolate(
            scores, size=images.shape[-2:], mode="bilinear", align_corners=False)
        return result


class OfOtherName(Own):
    """Gives a dictionary whose key nobody knows."""

    def forward(self, images: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        return {"segmentation": self.classifier(self.backbone(images))}


class Traced(Own):
    """Holds Python that can be traced and not scripted."""

    def forward(self, images: Tensor, *others: object, **more: object) -> Tensor:
        parts = [getattr(self, name) for name in sorted(["backbone", "classifier"])]
        for part in parts:
            images = part(images)
        return images


def labels(network: nn.Module, path: Path) -> numpy.ndarray:
    """The classes that a network gives an image, as a user of PyTorch computes them."""
    pixels = torch.from_numpy(numpy.array(Image.open(path).convert("RGB"), numpy.float32) / 255)
    images = ((pixels - torch.tensor(MEAN)) / torch.tensor(STD)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        scores = network.eval()(images)
        if not isinstance(scores, Tensor):
            scores = next(iter(scores.values()))
        scores = nn.functional.interpolate(scores, pixels.shape[:2], mode="bilinear", align_corners=True)
    return scores[0].argmax(0).numpy()
