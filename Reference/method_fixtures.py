# SPDX-License-Identifier: Apache-2.0
"""Writes reference values and gradients of the losses of the methods beside IAPC: methods.safetensors.

Names are `<case>.<name>`; scalars have the shape [1]. N = 2 images, C = 5 classes, crop 6 x 8, feature grid 3 x 4,
D = 7 features. Each loss is computed tensor by tensor with PyTorch from its paper's equation.

  tent            logits -> value (mean entropy), gradient
  self-training   probabilities, thresholds -> labels (class-balanced, 255 below its threshold)
                  histogram [C, 10] -> portion-20, portion-50 (thresholds)
  urma            logits, labels, other-0, other-1 -> value, gradient (of the logits), gradient-other (of other-0)
  category        logits, labels, weights, past, source -> value, gradient            (HCL)
  instance        features, past, labels, logits -> value, gradient                   (HCL)
  cotta           logits, truth -> value, gradient
  labels          probabilities, running -> labels                                    (DT-ST)
  negative        logits, probabilities -> value, gradient                            (DT-ST)
"""

import argparse
import math

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from iapc import IGNORED
from loss_fixtures import C, D, H, N, W, Draw, with_gradient


def tent(draw):
    logits = draw.normal(N, C, H, W, scale=2.0)
    p = lambda x: F.softmax(x, 1)
    value, gradient = with_gradient(logits, lambda x: -(p(x) * F.log_softmax(x, 1)).sum(1).mean())
    return dict(logits=logits, value=value, gradient=gradient)


def self_training(draw):
    probabilities = F.softmax(draw.normal(N, C, H, W, scale=2.0), 1)
    thresholds = 0.3 + 0.6 * torch.rand(C, generator=draw.generator)
    ratio = probabilities / thresholds.view(1, C, 1, 1)
    best, labels = ratio.max(1)
    labels = torch.where(best < 1, IGNORED, labels)
    # Every class has its pixels in the middle of bins: the portion's quantile is a bin's lower edge.
    counts = torch.randint(0, 9, (C, 10), generator=draw.generator).float()
    counts[3] = 0
    found = {}
    for portion in (0.2, 0.5):
        values = []
        for row in counts:
            confidences = sorted(((b + 0.5) / 10 for b in range(10) for _ in range(int(row[b]))), reverse=True)
            wanted = math.ceil(portion * len(confidences) - 1e-6)
            values.append(max(math.floor(confidences[wanted - 1] * 10), 0.5) / 10 if confidences else 1.0)
        found[f"portion-{int(100 * portion)}"] = torch.tensor(values)
    return dict(probabilities=probabilities, thresholds=thresholds, labels=labels, histogram=counts, **found)


def urma(draw):
    logits, labels = draw.normal(N, C, H, W, scale=2.0), draw.labels("random")
    others = [draw.normal(N, C, H, W, scale=2.0) for _ in range(2)]

    def loss(x, first):
        p = F.softmax(x, 1)
        ce = F.cross_entropy(x, labels, ignore_index=IGNORED)
        entropy = -(p * torch.log2(p + 1e-10)).sum() / (N * H * W * math.log2(C))
        apart = sum(F.mse_loss(F.softmax(o, 1), p.detach()) for o in (first, others[1]))
        return ce + entropy + 0.1 * apart

    value, gradient = with_gradient(logits, lambda x: loss(x, others[0]))
    _, gradient_other = with_gradient(others[0], lambda o: loss(logits, o))
    return {
        "logits": logits, "labels": labels.to(torch.uint8), "other-0": others[0], "other-1": others[1],
        "value": value, "gradient": gradient, "gradient-other": gradient_other,
    }


def category(draw):
    logits, labels, weights = draw.normal(N, C, H, W, scale=2.0), draw.labels("random"), draw.weights()
    past, source = draw.normal(N, C, H, W), draw.normal(N, C, H, W)

    def loss(x):
        ce = F.cross_entropy(x, labels, weight=weights, ignore_index=IGNORED, reduction="none")
        kl = F.kl_div(F.log_softmax(past, 1), F.softmax(source, 1), reduction="none").sum(1)
        return (ce * torch.exp(-kl)).mean()

    value, gradient = with_gradient(logits, loss)
    return dict(
        logits=logits, labels=labels.to(torch.uint8), weights=weights, past=past, source=source, value=value,
        gradient=gradient)


def instance(draw):
    features, past = draw.normal(N, D, 3, 4), draw.normal(N, D, 3, 4)
    labels, logits = draw.labels("random"), draw.normal(N, C, H, W, scale=2.0)
    grid = F.interpolate(labels.float()[:, None], size=(3, 4), mode="nearest").view(N, -1)
    p = F.softmax(logits, 1)
    each = F.interpolate(-p * torch.log2(p + 1e-30), size=(3, 4), mode="bilinear", align_corners=True)
    reliability = (1 - each.sum(1).view(N, -1) / math.log2(C) + 0.1).clamp(0.9, 1.1)

    def loss(x):
        a = F.normalize(x.flatten(2), dim=1).transpose(1, 2)
        b = F.normalize(past.flatten(2), dim=1).transpose(1, 2)
        total = 0
        for n in range(N):
            s = a[n] @ b[n].T / 0.07
            for i in range(12):
                rest = [j for j in range(12) if j != i]
                denominator = sum(reliability[n, k] * torch.exp(s[i, k] - s[i].max().detach()) for k in rest)
                for j in rest:
                    if grid[n, i] == grid[n, j]:
                        log = s[i, j] - s[i].max().detach() + torch.log(reliability[n, j]) - torch.log(denominator)
                        total = total - log / 12
        return total / (N * 12)

    value, gradient = with_gradient(features, loss)
    return dict(
        features=features, past=past, labels=labels.to(torch.uint8), logits=logits, value=value, gradient=gradient)


def cotta(draw):
    logits, truth = draw.normal(N, C, H, W, scale=2.0), F.softmax(draw.normal(N, C, H, W), 1)
    value, gradient = with_gradient(logits, lambda x: F.cross_entropy(x, truth))
    return dict(logits=logits, truth=truth, value=value, gradient=gradient)


def dynamic_labels(draw):
    probabilities = F.softmax(draw.normal(N, C, H, W, scale=2.0), 1)
    running = 0.004 * torch.rand(C, generator=draw.generator)
    discount = 0.75 * (1 - torch.exp(-running / 0.001))
    labels = torch.empty(N, H, W, dtype=torch.int64)
    for n in range(N):
        thresholds = (probabilities[n].flatten(1).max(1).values * discount).clamp(min=0.2)
        best, found = probabilities[n].max(0)
        labels[n] = torch.where(best < thresholds[found], IGNORED, found)
    return dict(probabilities=probabilities, running=running, labels=labels)


def negative(draw):
    logits, probabilities = draw.normal(N, C, H, W, scale=2.0), F.softmax(draw.normal(N, C, H, W), 1)
    out = probabilities <= 1 / C
    value, gradient = with_gradient(logits, lambda x: -torch.log(1 - F.softmax(x, 1))[out].mean())
    return dict(logits=logits, probabilities=probabilities, value=value, gradient=gradient)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="methods.safetensors")
    arguments = parser.parse_args()
    cases = {
        "tent": tent, "self-training": self_training, "urma": urma, "category": category, "instance": instance,
        "cotta": cotta, "labels": dynamic_labels, "negative": negative,
    }
    record = {}
    for seed, (name, make) in enumerate(cases.items()):
        for key, value in make(Draw(700 + seed)).items():
            if value.dtype == torch.int64:
                value = value.to(torch.uint8)
            record[f"{name}.{key}"] = value.detach().contiguous()
    save_file(record, arguments.output)


if __name__ == "__main__":
    main()
