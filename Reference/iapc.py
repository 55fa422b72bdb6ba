# SPDX-License-Identifier: Apache-2.0
"""Importance-aware and prototype-contrast learning (IAPC): one training step, in plain PyTorch.

Source: Cao et al., IEEE T-IV 2024, arXiv 2306.01598. Shapes: N images, C classes, D features,
H x W the crop, h x w the feature grid. A network returns (logits, features).
"""

import copy
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

IGNORED = 255


@dataclass(frozen=True)
class Config:
    """The switches; the defaults are the released code's choices."""

    importance: str = "logits"  # logits | probabilities (both 1 - second/first) | first | second | none
    prototypes: str = "per_image"  # per_image | momentum | static
    prototype_layout: str = "mended"  # mended | scrambled2023
    ignored_in_mean: bool = True
    update_pass: bool = True
    backbone_updates: int = 3
    weightIA: float = 0.2
    weightPE: float = 0.5
    weightPS: float = 0.04
    weightIM: float = 2.0
    rare_pixels: float | None = None  # pixels per image; None: 1/32 of the crop
    rare_weight: float = 7.0
    ema_decay: float = 0.9999
    bankDecay: float = 0.99
    momentum: float = 0.9
    weight_decay: float = 5e-4


REFERENCE = Config()
PAPER = replace(REFERENCE, importance="probabilities", update_pass=False, backbone_updates=1)
PROFILES = {"reference": REFERENCE, "paper": PAPER}


def upsample(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


def nearest(labels, size):
    return F.interpolate(labels[:, None].float(), size=size, mode="nearest")[:, 0].long()


def importance(source, kind):
    """The weight d of each pixel, from the source's upsampled logits. [N, C, H, W] -> [N, H, W]"""
    if kind == "none":
        return torch.ones_like(source[:, 0])
    scores = source if kind == "logits" else source.softmax(1)
    top = scores.topk(2, 1).values
    if kind == "first":
        return top[:, 0]
    if kind == "second":
        return 1 - top[:, 1]
    return 1 - top[:, 1] / top[:, 0]


def importance_by_sorting(source, kind):
    """`importance` of the logits, by sorting all classes of each pixel, as the released code does."""
    order = torch.argsort(source, dim=1, descending=True)
    first = torch.gather(source, 1, order[:, :1])[:, 0]
    second = torch.gather(source, 1, order[:, 1:2])[:, 0]
    return 1 - second / first


class ClassWeights:
    """Rare classes weigh `rare`; classes absent from the batches weigh more the longer they are."""

    def __init__(self, classes, pixels, rare=7.0):
        self.classes, self.pixels, self.rare = classes, pixels, rare
        self.often = torch.ones(classes)

    def update(self, labels):
        """The weights [C] for labels [N, H, W]; `pixels` is the limit per image."""
        valid = labels[labels < self.classes]
        counts = torch.bincount(valid.reshape(-1), minlength=self.classes)
        rare = torch.where(counts < self.pixels * labels.shape[0], self.rare, 1.0)
        absent = torch.where(counts == 0, self.rare, 1.0)
        self.often = 0.9 * self.often + 0.1 * absent
        return rare * self.often


def weighted_map(logits, labels, weights):
    """w_y CE(p, y) of each pixel, 0 where ignored. [N, C, H, W], [N, H, W], [C] -> [N, H, W]"""
    return F.cross_entropy(logits, labels, weights, ignore_index=IGNORED, reduction="none")


def mean(values, labels, ignored_in_mean):
    """The mean over all pixels, or over those with a label."""
    count = values.numel() if ignored_in_mean else (labels != IGNORED).sum().clamp(min=1)
    return values.sum() / count


def entropy(logits, labels=None):
    """The mean over pixels of -sum softmax(p) log(softmax(p) + 1e-5).

    With labels, of the pixels alone whose largest logit is their label; the mean is still over all.
    """
    p = logits.softmax(1)
    of_pixels = -(p * (p + 1e-5).log()).sum(1)
    return (of_pixels if labels is None else torch.where(logits.argmax(1) == labels, of_pixels, 0)).mean()


def class_sums(features, labels, classes):
    """Sums [N, C, D] and counts [N, C, 1] of the features [N, D, h, w] under each label [N, h, w]."""
    member = F.one_hot(labels.flatten(1), classes).to(features.dtype)
    return member.transpose(1, 2) @ features.flatten(2).transpose(1, 2), member.sum(1)[..., None]


def similarities(features, prototypes, layout="mended"):
    """Cosine of each position with each prototype. [N, D, h, w], [N, C, D] -> [N, C, h, w]"""
    n, d, h, w = features.shape
    f = features.flatten(2).transpose(1, 2)
    f = f / f.norm(dim=2, keepdim=True).clamp(min=1e-8)
    p = prototypes / prototypes.norm(dim=2, keepdim=True).clamp(min=1e-8)
    c = f @ p.transpose(1, 2)
    if layout == "scrambled2023":
        return c.contiguous().view(n, -1, h, w)
    return c.transpose(1, 2).reshape(n, -1, h, w)


class Prototypes:
    """The class prototypes [N, C, D] of a batch, without gradient."""

    def __init__(self, kind, classes, decay):
        self.kind, self.classes, self.decay = kind, classes, decay
        self.bank, self.seen = None, None

    @torch.no_grad()
    def fill(self, network, images):
        """Static prototypes: class means over the network's own eval-mode features of all images."""
        network.eval()
        sums = counts = 0
        for image in images.split(1):
            logits, features = network(image)
            labels = nearest(upsample(logits, image.shape[2:]).argmax(1), features.shape[2:])
            s, c = class_sums(features, labels, self.classes)
            sums, counts = sums + s.sum(0), counts + c.sum(0)
        self.bank = sums / counts.clamp(min=1)

    @torch.no_grad()
    def update(self, features, logits):
        """From the memory's features [N, D, h, w] and upsampled logits [N, C, H, W]."""
        n = features.shape[0]
        if self.kind != "static":
            labels = nearest(logits.argmax(1), features.shape[2:])
            sums, counts = class_sums(features, labels, self.classes)
        if self.kind == "per_image":
            return sums / counts.clamp(min=1)
        if self.kind == "momentum":
            sums, counts = sums.sum(0), counts.sum(0)
            means = sums / counts.clamp(min=1)
            if self.bank is None:
                self.bank, self.seen = torch.zeros_like(means), torch.zeros_like(counts) > 0
            present = counts > 0
            moved = self.decay * self.bank + (1 - self.decay) * means
            moved = torch.where(self.seen, moved, means)
            self.bank = torch.where(present, moved, self.bank)
            self.seen = self.seen | present
        return self.bank.expand(n, -1, -1)


def objective(student, source, labels, weights, similarity, config):
    """The five terms, multiplied by their weights.

    student, source: upsampled logits [N, C, H, W]; labels [N, H, W]; similarity [N, C, h, w].
    """
    size = labels.shape[1:]
    near = nearest(similarity.argmax(1), size)
    agreed = torch.where(near == labels, labels, torch.full_like(labels, IGNORED))
    d = importance(source, config.importance)
    ia = mean(weighted_map(student, labels, weights) * d, labels, config.ignored_in_mean)
    pe = mean(weighted_map(student, agreed, weights), labels, config.ignored_in_mean)
    return {
        "ia": config.weightIA * ia,
        "pe": config.weightPE * pe,
        "ps_label": config.weightPS * F.cross_entropy(student, near),
        "ps_prototype": config.weightPS * F.cross_entropy(upsample(similarity, size), student.argmax(1)),
        "im": config.weightIM * entropy(student),
    }


def freeze_affine(network):
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)):
            module.weight.requires_grad_(False)
            module.bias.requires_grad_(False)


def updates_of(network, name, most):
    """Steps of a body parameter for each gradient; a ResNet's stem and shortcuts are listed otherwise."""
    if most == 1 or not hasattr(network, "layer6"):
        return most
    if ".downsample." in name:
        return most + 1
    return most if name.startswith("layer") else 1


class Adaptation:
    """Source, student and memory of one run, and its training step."""

    def __init__(self, network, config, rate, classes):
        self.config, self.rate = config, rate
        self.source = copy.deepcopy(network).eval().requires_grad_(False)
        self.memory = copy.deepcopy(network).train().requires_grad_(False)
        self.student = network.train()
        freeze_affine(self.student)
        body, head = {}, []
        for name, parameter in self.student.named_parameters():
            if not parameter.requires_grad:
                continue
            if name.startswith(network.head):
                head.append(parameter)
            else:
                body.setdefault(updates_of(network, name, config.backbone_updates), []).append(parameter)
        groups = [{"params": p, "lr": rate, "scale": 1, "updates": n} for n, p in sorted(body.items())]
        groups.append({"params": head, "lr": 10 * rate, "scale": 10, "updates": 1})
        self.optimiser = RepeatedSGD(groups, config)
        self.classes, self.weights = classes, None
        self.prototypes = Prototypes(config.prototypes, classes, config.bankDecay)

    def set_rate(self, rate):
        for group in self.optimiser.groups:
            group["lr"] = rate * group["scale"]

    def prepare(self, images):
        """Fills static prototypes from the source network over the target images; else does nothing."""
        if self.config.prototypes == "static":
            self.prototypes.fill(self.source, images)

    @torch.no_grad()
    def update_memory(self):
        decay = self.config.ema_decay
        old, new = list(self.memory.parameters()), list(self.student.parameters())
        # Two products and a sum, each rounded: a fused multiply-add would drift from the released code.
        torch._foreach_mul_(old, decay)
        torch._foreach_add_(old, torch._foreach_mul(new, 1 - decay))
        for old, new in zip(self.memory.buffers(), self.student.buffers()):
            old.copy_(new)

    def step(self, images, images_scaled, images_augmented, pseudo_labels):
        """One training step; returns the terms and the class weights as plain numbers."""
        config, labels = self.config, pseudo_labels.long()
        size = labels.shape[1:]
        if self.weights is None:
            pixels = config.rare_pixels or size.numel() / 32
            self.weights = ClassWeights(self.classes, pixels, config.rare_weight)
        self.update_memory()
        with torch.no_grad():
            source = upsample(self.source(images_scaled)[0], size)
            memory_logits, memory_features = self.memory(images)
            prototypes = self.prototypes.update(memory_features, upsample(memory_logits, size))
        logits, features = self.student(images_augmented)
        similarity = similarities(features, prototypes, config.prototype_layout)
        weights = self.weights.update(labels).to(logits.dtype)
        terms = objective(upsample(logits, size), source, labels, weights, similarity, config)
        total = sum(terms.values())
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step()
        if config.update_pass:
            with torch.no_grad():
                self.student(images)
        numbers = {"total": total.item(), **{name: term.item() for name, term in terms.items()}}
        return {**numbers, "class_weight": weights.tolist()}


class RepeatedSGD:
    """SGD with Nesterov momentum whose groups are stepped `updates` times an iteration.

    The same gradient serves every update of an iteration. In the first iteration each update
    starts a fresh momentum buffer, as torch.optim.SGD does with a parameter listed several times.
    """

    def __init__(self, groups, config):
        self.groups, self.buffers = groups, {}
        self.momentum, self.decay = config.momentum, config.weight_decay

    def zero_grad(self):
        for group in self.groups:
            for parameter in group["params"]:
                parameter.grad = None

    @torch.no_grad()
    def step(self):
        for group in self.groups:
            # Some networks have weights that nothing uses.
            parameters = [p for p in group["params"] if p.grad is not None]
            gradients = [p.grad for p in parameters]
            first = id(group) not in self.buffers
            for _ in range(group["updates"]):
                direction = torch._foreach_add(gradients, parameters, alpha=self.decay)
                if first:
                    self.buffers[id(group)] = [g.clone() for g in direction]
                else:
                    torch._foreach_mul_(self.buffers[id(group)], self.momentum)
                    torch._foreach_add_(self.buffers[id(group)], direction)
                torch._foreach_add_(direction, self.buffers[id(group)], alpha=self.momentum)
                torch._foreach_add_(parameters, direction, alpha=-group["lr"])


def summary(tensors):
    """{name: [sum, L2 norm]} of named tensors, in double precision."""
    return {name: [t.double().sum().item(), t.double().norm().item()] for name, t in tensors}


def buffers(network):
    """The BatchNorm running statistics, by name."""
    return [(n, b) for n, b in network.named_buffers() if not n.endswith("num_batches_tracked")]
