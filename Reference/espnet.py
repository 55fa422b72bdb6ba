# SPDX-License-Identifier: Apache-2.0
"""ESPNet (Mehta et al., ECCV 2018) with the names of its published weights.

Source: arXiv 1803.06815; names and shapes as in the authors' Cityscapes and CamVid files.
The depths p and q, the class count and the kind of skip are read off names and shapes.
"""

import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

EPSILON = 1e-3


@dataclass(frozen=True)
class Shape:
    """What distinguishes one ESPNet file from another."""

    p: int
    q: int
    classes: int
    skip: str = "level1"  # "level1": 16 channels (Cityscapes files); "b1": 19 channels (CamVid files)


def read_shape(state):
    """Reads p, q, the class count and the skip off a state dict."""

    def depth(level):
        found = [re.match(rf"encoder\.{level}\.(\d+)\.", name) for name in state]
        return 1 + max((int(m.group(1)) for m in found if m), default=-1)

    classes = state["classifier.weight"].shape[1]
    extra = state["conv.conv.weight"].shape[1] - classes
    if extra not in (16, 19):
        raise ValueError(f"conv.conv.weight: {extra} skip channels, expected 16 or 19")
    return Shape(depth("level2"), depth("level3"), classes, "level1" if extra == 16 else "b1")


class Conv(nn.Module):
    def __init__(self, i, o, kernel, stride=1, dilation=1):
        super().__init__()
        padding = (kernel - 1) // 2 * dilation
        self.conv = nn.Conv2d(i, o, kernel, stride, padding, dilation, bias=False)

    def forward(self, x):
        return self.conv(x)


class NormAct(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels, eps=EPSILON)
        self.act = nn.PReLU(channels)

    def forward(self, x):
        return self.act(self.bn(x))


class ConvNormAct(NormAct):
    def __init__(self, i, o, stride=1):
        super().__init__(o)
        self.conv = nn.Conv2d(i, o, 3, stride, 1, bias=False)

    def forward(self, x):
        return super().forward(self.conv(x))


class Branches(nn.Module):
    """The reduction, five dilated branches and their hierarchical sums."""

    def __init__(self, i, o, kernel, stride):
        super().__init__()
        n = o // 5
        self.c1 = Conv(i, n, kernel, stride)
        self.d1 = Conv(n, o - 4 * n, 3)
        for dilation in (2, 4, 8, 16):
            setattr(self, f"d{dilation}", Conv(n, n, 3, dilation=dilation))

    def branches(self, x):
        x = self.c1(x)
        sums = [self.d2(x)]
        for branch in (self.d4, self.d8, self.d16):
            sums.append(sums[-1] + branch(x))
        return torch.cat([self.d1(x), *sums], 1)


class Down(Branches):
    def __init__(self, i, o):
        super().__init__(i, o, 3, 2)
        self.bn = nn.BatchNorm2d(o, eps=EPSILON)
        self.act = nn.PReLU(o)

    def forward(self, x):
        return self.act(self.bn(self.branches(x)))


class Pyramid(Branches):
    def __init__(self, i, o, residual=True):
        super().__init__(i, o, 1, 1)
        self.residual = residual
        self.bn = NormAct(o)

    def forward(self, x):
        y = self.branches(x)
        return self.bn(x + y if self.residual else y)


class Encoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.level1 = ConvNormAct(3, 16, 2)
        self.b1 = NormAct(19)
        self.level2_0 = Down(19, 64)
        self.level2 = nn.ModuleList(Pyramid(64, 64) for _ in range(shape.p))
        self.b2 = NormAct(131)
        self.level3_0 = Down(131, 128)
        self.level3 = nn.ModuleList(Pyramid(128, 128) for _ in range(shape.q))
        self.b3 = NormAct(256)
        self.classifier = Conv(256, shape.classes, 1)

    def forward(self, image):
        once = F.avg_pool2d(image, 3, 2, 1)
        twice = F.avg_pool2d(once, 3, 2, 1)
        stem = self.level1(image)
        first = self.b1(torch.cat([stem, once], 1))
        down = self.level2_0(first)
        x = down
        for block in self.level2:
            x = block(x)
        second = self.b2(torch.cat([x, down, twice], 1))
        down = self.level3_0(second)
        x = down
        for block in self.level3:
            x = block(x)
        features = self.b3(torch.cat([down, x], 1))
        return stem, first, second, features, self.classifier(features)


class ESPNet(nn.Module):
    """Logits [N, C, H, W] and the level-3 features [N, 256, H/8, W/8] of images [N, 3, H, W]."""

    head = ("classifier.", "encoder.classifier.")

    def __init__(self, shape, outputs=None):
        super().__init__()
        c = shape.classes
        self.shape, self.outputs = shape, outputs
        self.encoder = Encoder(shape)
        self.level3_C = Conv(131, c, 1)
        self.br = nn.BatchNorm2d(c, eps=EPSILON)
        self.conv = ConvNormAct(c + (16 if shape.skip == "level1" else 19), c)
        self.up_l3 = nn.Sequential(nn.ConvTranspose2d(c, c, 2, 2, bias=False))
        self.combine_l2_l3 = nn.Sequential(NormAct(2 * c), Pyramid(2 * c, c, residual=False))
        self.up_l2 = nn.Sequential(nn.ConvTranspose2d(c, c, 2, 2, bias=False), NormAct(c))
        self.classifier = nn.ConvTranspose2d(c, c, 2, 2, bias=False)

    def forward(self, image):
        stem, first, second, features, coarse = self.encoder(image)
        up = self.up_l3(self.br(coarse))
        x = self.up_l2(self.combine_l2_l3(torch.cat([self.level3_C(second), up], 1)))
        skip = stem if self.shape.skip == "level1" else first
        logits = self.classifier(self.conv(torch.cat([x, skip], 1)))
        return logits[:, : self.outputs], features


def load(state, outputs=None):
    """The network of a state dict, loaded strictly; `outputs` keeps the first so many logits."""
    network = ESPNet(read_shape(state), outputs)
    network.load_state_dict(state, strict=True)
    return network


def read_weights(path):
    """The state dict of a .pth or .safetensors file."""
    if str(path).endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)
