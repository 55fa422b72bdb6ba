# SPDX-License-Identifier: Apache-2.0
"""ESPNetv2 (Mehta et al., CVPR 2019) for segmentation, with the names of its published weights.

Source: arXiv 1811.11431, and for the decoder the names and shapes of the authors' Cityscapes files. Widths and outputs
are read off a state dict.
"""

from math import ceil, gcd

import torch
import torch.nn.functional as F
from torch import nn

SCALES = (2.0, 1.5, 1.0, 0.5, 0.1)


def conv(i, o, kernel, stride=1, dilation=1, groups=1):
    padding = dilation * (kernel - 1) // 2
    return nn.Conv2d(i, o, kernel, stride, padding, dilation, groups, bias=False)


class ConvNorm(nn.Module):
    """`conv`, `bn` and, where it activates, `act`."""

    def __init__(self, i, o, kernel=1, stride=1, dilation=1, groups=1, activates=True):
        super().__init__()
        self.conv = conv(i, o, kernel, stride, dilation, groups)
        self.bn = nn.BatchNorm2d(o)
        if activates:
            self.act = nn.PReLU(o)

    def forward(self, x):
        x = self.bn(self.conv(x))
        return self.act(x) if hasattr(self, "act") else x


class Branch(nn.Module):
    def __init__(self, n, stride, dilation):
        super().__init__()
        self.conv = conv(n, n, 3, stride, dilation, n)

    def forward(self, x):
        return self.conv(x)


class NormAct(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.bn = nn.BatchNorm2d(n)
        self.act = nn.PReLU(n)

    def forward(self, x):
        return self.act(self.bn(x))


class EESP(nn.Module):
    def __init__(self, i, o, stride=1, dilations=(1, 2, 3, 4)):
        super().__init__()
        n = o // 4
        self.proj_1x1 = ConvNorm(i, n, groups=4)
        self.spp_dw = nn.ModuleList(Branch(n, stride, d) for d in dilations)
        self.conv_1x1_exp = ConvNorm(o, o, groups=4, activates=False)
        self.br_after_cat = NormAct(o)
        self.module_act = nn.PReLU(o)
        self.halves = stride == 2

    def forward(self, x):
        reduced = self.proj_1x1(x)
        parts = []
        for branch in self.spp_dw:
            y = branch(reduced)
            parts.append(parts[-1] + y if parts else y)
        y = self.conv_1x1_exp(self.br_after_cat(torch.cat(parts, 1)))
        return y if self.halves else self.module_act(y + x)


def halve(x):
    return F.avg_pool2d(x, 3, 2, 1)


class DownSampler(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.eesp = EESP(i, o - i, 2)
        self.inp_reinf = nn.Sequential(ConvNorm(3, 3, 3), ConvNorm(3, o, activates=False))
        self.act = nn.PReLU(o)

    def forward(self, x, image):
        return self.act(torch.cat([halve(x), self.eesp(x)], 1) + self.inp_reinf(image))


class Encoder(nn.Module):
    def __init__(self, c1, c2, c3, c4):
        super().__init__()
        self.level1 = ConvNorm(3, c1, 3, 2)
        self.level2_0 = DownSampler(c1, c2)
        self.level3_0 = DownSampler(c2, c3)
        self.level3 = nn.ModuleList(EESP(c3, c3) for _ in range(3))
        self.level4_0 = DownSampler(c3, c4)
        self.level4 = nn.ModuleList(EESP(c4, c4, 1, (1, 1, 2, 3)) for _ in range(7))

    def forward(self, image):
        quarter = halve(halve(image))
        eighth = halve(quarter)
        e1 = self.level1(image)
        e2 = self.level2_0(e1, quarter)
        e3 = self.level3_0(e2, eighth)
        for unit in self.level3:
            e3 = unit(e3)
        e4 = self.level4_0(e3, halve(eighth))
        for unit in self.level4:
            e4 = unit(e4)
        return e1, e2, e3, e4


class CBR(nn.Module):
    def __init__(self, i, o, kernel=1, groups=1):
        super().__init__()
        self.cbr = nn.Sequential(conv(i, o, kernel, groups=groups), nn.BatchNorm2d(o), nn.PReLU(o))

    def forward(self, x):
        return self.cbr(x)


class BR(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.br = nn.Sequential(nn.BatchNorm2d(n), nn.PReLU(n))

    def forward(self, x):
        return self.br(x)


def resize(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


class Pyramid(nn.Module):
    def __init__(self, i, o, q, classifies=False):
        super().__init__()
        self.stages = nn.ModuleList(conv(q, q, 3, groups=q) for _ in SCALES)
        self.projection_layer = CBR(i, q)
        parts = len(SCALES)
        last = nn.Conv2d(q, o, 1, bias=classifies)
        self.merge_layer = nn.Sequential(
            BR(parts * q), nn.ChannelShuffle(parts), CBR(parts * q, q, 3, q), last
        )
        if not classifies:
            self.br = BR(o)

    def forward(self, x):
        z = self.projection_layer(x)
        own = z.shape[2:]
        parts = []
        for scale, stage in zip(SCALES, self.stages):
            size = tuple(max(5, ceil(scale * side)) for side in own)
            if scale > 1:
                parts.append(F.adaptive_avg_pool2d(stage(resize(z, size)), own))
            elif scale == 1:
                parts.append(stage(z))
            else:
                parts.append(resize(stage(F.adaptive_avg_pool2d(z, size)), own))
        y = self.merge_layer(torch.cat(parts, 1))
        return self.br(y) if hasattr(self, "br") else y


class GatedMerge(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.wt_layer = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(i, o, 1), nn.Sigmoid())
        self.expansion_layer = CBR(i, o, 3, gcd(i, o))

    def forward(self, x):
        return self.expansion_layer(x) * self.wt_layer(x)


class ESPNetv2(nn.Module):
    """Normalised images [N, 3, H, W] -> logits at their size, and the decoder's map at stride 8.

    `used` keeps the first so many logits; what is left out is void.
    """

    head = "bu_dec_l4.merge_layer.3."

    def __init__(self, widths, outputs, used=None):
        super().__init__()
        self.used = used or outputs
        c1, c2, c3, c4 = widths
        q = min(outputs // 2, 16)
        self.base_net = Encoder(*widths)
        self.bu_dec_l1 = Pyramid(c4, 64, q)
        self.bu_dec_l2 = Pyramid(64, 48, q)
        self.bu_dec_l3 = Pyramid(48, 32, q)
        self.bu_dec_l4 = Pyramid(32, outputs, q, classifies=True)
        self.merge_enc_dec_l2 = GatedMerge(c3, 64)
        self.merge_enc_dec_l3 = GatedMerge(c2, 48)
        self.merge_enc_dec_l4 = GatedMerge(c1, 32)
        self.bu_br_l2, self.bu_br_l3, self.bu_br_l4 = (
            nn.Sequential(nn.BatchNorm2d(n), nn.PReLU(n)) for n in (64, 48, 32)
        )

    def forward(self, x):
        e1, e2, e3, e4 = self.base_net(x)

        def joined(merge, norm, encoded, decoded):
            merged = merge(encoded)
            return norm(merged + resize(decoded, merged.shape[2:]))

        u1 = self.bu_dec_l1(e4)
        u2 = self.bu_dec_l2(joined(self.merge_enc_dec_l2, self.bu_br_l2, e3, u1))
        u3 = self.bu_dec_l3(joined(self.merge_enc_dec_l3, self.bu_br_l3, e2, u2))
        u4 = self.bu_dec_l4(joined(self.merge_enc_dec_l4, self.bu_br_l4, e1, u3))
        return resize(u4, x.shape[2:])[:, : self.used], u2


def widths(scale):
    """Channels of the encoder's maps for the paper's s."""
    c2 = int(64 * scale)
    return (16 if scale == 0.5 else 32), c2, 2 * c2, 4 * c2


def load(state, outputs=None):
    """The network of a state dict, loaded strictly; `outputs` keeps the first so many logits."""
    found = [state[f"base_net.{level}.act.weight"].numel() for level in ("level1", "level2_0", "level3_0", "level4_0")]
    network = ESPNetv2(found, state["bu_dec_l4.merge_layer.3.bias"].numel(), outputs)
    network.load_state_dict(state, strict=True)
    return network
