# SPDX-License-Identifier: Apache-2.0
"""DeepLabV2 in every published variant, as one PyTorch module per backbone.

Source: Chen et al., arXiv 1606.00915; ResNet arXiv 1512.03385; VGG arXiv 1409.1556. Entries are named as
AdaptSegNet and ADVENT name them. What weights do not show is in `Variant`.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

DILATIONS = (6, 12, 18, 24)
DEPTHS = {"resnet50": (3, 4, 6, 3), "resnet101": (3, 4, 23, 3)}


@dataclass(frozen=True)
class Variant:
    branches: int = 4
    stride: str = "1x1"  # the convolution that takes the stride
    ceil: bool = True
    dilation: str = "full"  # "contracted": a dilated stage's first block keeps the dilation before
    norm: str = "batch"  # "frozen": all four vectors are buffers
    eps: float = 1e-5
    stem: str = "7x7"  # "3x3": three of them
    auxiliary: bool = False
    width: int = 64


class FrozenBatchNorm(nn.Module):
    def __init__(self, channels, eps):
        super().__init__()
        self.eps = eps
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, x):
        def spread(v):
            return v[None, :, None, None]

        deviation = torch.sqrt(self.running_var + self.eps)
        return spread(self.weight) * (x - spread(self.running_mean)) / spread(deviation) + spread(self.bias)


def norm_layer(channels, v):
    return FrozenBatchNorm(channels, v.eps) if v.norm == "frozen" else nn.BatchNorm2d(channels, eps=v.eps)


class Block(nn.Module):
    def __init__(self, inputs, width, stride, dilation, projects, v):
        super().__init__()
        first, second = (stride, 1) if v.stride == "1x1" else (1, stride)
        self.conv1 = nn.Conv2d(inputs, width, 1, first, bias=False)
        self.bn1 = norm_layer(width, v)
        self.conv2 = nn.Conv2d(width, width, 3, second, dilation, dilation, bias=False)
        self.bn2 = norm_layer(width, v)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = norm_layer(4 * width, v)
        self.downsample = None
        if projects:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), norm_layer(4 * width, v)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Classifier(nn.Module):
    def __init__(self, inputs, outputs, summed):
        super().__init__()
        self.summed = summed
        self.conv2d_list = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding=d, dilation=d) for d in DILATIONS
        )

    def forward(self, x):
        return sum(conv(x) for conv in self.conv2d_list[: self.summed])


class DeepLabResNet(nn.Module):
    """Images [N, 3, H, W] -> logits at stride 8, and layer3's output."""

    head = ("layer5.", "layer6.")

    def __init__(self, depth, outputs, v):
        super().__init__()
        w = v.width
        if v.stem == "7x7":
            self.conv1 = nn.Conv2d(3, w, 7, 2, 3, bias=False)
            self.bn1 = norm_layer(w, v)
        else:
            layers = []
            for inputs, channels, stride in ((3, w // 2, 2), (w // 2, w // 2, 1), (w // 2, w, 1)):
                layers += [nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)]
                layers += [norm_layer(channels, v), nn.ReLU()]
            self.stem = nn.Sequential(*layers)
        self.pool = nn.MaxPool2d(3, 2, 1, ceil_mode=v.ceil)
        inputs = w
        for stage, (blocks, stride, dilation) in enumerate(zip(DEPTHS[depth], (1, 2, 1, 1), (1, 1, 2, 4))):
            width = w * 2**stage
            first = max(1, dilation // 2) if v.dilation == "contracted" else dilation
            parts = [Block(inputs, width, stride, first, True, v)]
            inputs = 4 * width
            parts += [Block(inputs, width, 1, dilation, False, v) for _ in range(1, blocks)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*parts))
        if v.auxiliary:
            self.layer5 = Classifier(16 * w, outputs, v.branches)
        self.layer6 = Classifier(32 * w, outputs, v.branches)

    def forward(self, x):
        x = self.stem(x) if hasattr(self, "stem") else F.relu(self.bn1(self.conv1(x)))
        features = self.layer3(self.layer2(self.layer1(self.pool(x))))
        return self.layer6(self.layer4(features)), features


class DeepLabVGG(nn.Module):
    """Images [N, 3, H, W] -> logits at stride 8, and the classifier's input."""

    def __init__(self, outputs, v):
        super().__init__()
        layers, inputs = [], 3
        for stage, (count, dilation) in enumerate(((2, 1), (2, 1), (3, 1), (3, 1), (3, 2))):
            channels = v.width * min(2**stage, 8)
            for _ in range(count):
                layers += [nn.Conv2d(inputs, channels, 3, padding=dilation, dilation=dilation), nn.ReLU()]
                inputs = channels
            if stage < 3:
                layers.append(nn.MaxPool2d(2, 2))
        for _ in range(2):
            layers += [nn.Conv2d(inputs, 16 * v.width, 3, padding=4, dilation=4), nn.ReLU()]
            inputs = 16 * v.width
        self.features = nn.Sequential(*layers)
        self.classifier = Classifier(inputs, outputs, v.branches)

    def forward(self, x):
        features = self.features(x)
        return self.classifier(features), features


def build(backbone, outputs, v):
    return DeepLabVGG(outputs, v) if backbone == "vgg16" else DeepLabResNet(backbone, outputs, v)


def load(backbone, state):
    """The network of a state dict in ADVENT's variant, loaded strictly."""
    network = build(backbone, state["layer6.conv2d_list.0.bias"].shape[0], Variant())
    network.load_state_dict(state, strict=True)
    return network


def fill(module):
    """Sets every floating entry by the formula of the tests: sines that depend on the entry's name."""
    for name, tensor in module.state_dict().items():
        if not tensor.is_floating_point():
            continue
        shift = sum(name.encode("ascii")) % 97
        s = torch.sin(0.7 * torch.arange(tensor.numel(), dtype=torch.float64) + shift)
        if tensor.dim() == 4:
            values = s * (2 / (tensor.numel() // tensor.shape[0])) ** 0.5
        elif name.endswith("running_var"):
            values = 1 + 0.25 * (1 + s)
        elif tensor.dim() == 1 and name.endswith(".weight"):
            values = 1 + 0.1 * s
        else:
            values = 0.1 * s
        tensor.copy_(values.reshape(tensor.shape))
    return module


def images(width, height):
    """One image [1, 3, height, width] of `60 sin(0.01 k)`."""
    k = torch.arange(3 * height * width, dtype=torch.float64)
    return (60 * torch.sin(0.01 * k)).float().reshape(1, 3, height, width)
