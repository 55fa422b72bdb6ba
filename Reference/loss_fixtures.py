# SPDX-License-Identifier: Apache-2.0
"""Writes reference values and gradients of the losses and of the basic tensor operations.

Names are `<case>.<name>`; scalars have the shape [1]. N = 2 images, C = 5 classes, crop 6 x 8, feature grid
3 x 4, D = 7 features. Labels are uint8, 255 ignored; class weights [C].

losses/<term>.safetensors, one case a situation (random, all-ignored, one-class, ties, absent):
  cross-entropy        logits, labels, weights -> map [N, H, W] (w_y CE, 0 where ignored), value (mean of the
                       map over all pixels), gradient; value-labelled, gradient-labelled (mean over the pixels
                       with a label); value-normalised, gradient-normalised (torch's weighted mean; left out
                       where all is ignored)
  entropy              logits, labels -> value (mean of -sum p log(p + 1e-5)), gradient; value-agreed,
                       gradient-agreed (of the pixels whose largest logit is their label, over all pixels)
  importance-aware     logits, source, labels, weights -> for each kind (logits, probabilities, first,
                       second, none): importance-<kind> [N, H, W], value-<kind>, gradient-<kind>
  prototype-enhanced   logits, labels, near, weights -> value, gradient, value-labelled, gradient-labelled
  prototypes           features, logits (at the crop) -> prototypes [N, C, D], counts [N, C]
  symmetric-label      logits, near -> value, gradient
  symmetric-prototype  features, prototypes, logits -> similarity [N, C, h, w], near [N, H, W], value,
                       gradient (with respect to features); with -scrambled for the 2023 layout
  class-weights        labels-0 ... labels-3, limit (pixels per image) -> weights-0 ... weights-3
                       (one run: the often average goes on)
ops.safetensors: see op_fixtures.py.
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from iapc import IGNORED, ClassWeights, Prototypes, class_sums, entropy, importance, mean
from iapc import nearest, similarities, upsample, weighted_map
from op_fixtures import operations

N, C, D, H, W = 2, 5, 7, 6, 8
KINDS = ("logits", "probabilities", "first", "second", "none")


class Draw:
    """Seeded random tensors."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0):
        return scale * torch.randn(shape, generator=self.generator)

    def labels(self, kind):
        labels = torch.randint(0, C, (N, H, W), generator=self.generator)
        if kind == "all-ignored":
            labels[:] = IGNORED
        elif kind == "one-class":
            labels[:] = 3
        else:
            labels[0, :2, :3] = IGNORED
        if kind == "absent":
            labels[labels == 2] = 1
            labels[1] = IGNORED
        return labels

    def weights(self):
        return 0.5 + 6 * torch.rand(C, generator=self.generator)


def with_gradient(inputs, compute):
    """A value [1] and its gradient with respect to `inputs`."""
    leaf = inputs.clone().requires_grad_()
    value = compute(leaf)
    value.backward()
    return value.detach().reshape(1), leaf.grad


def put(record, suffix, inputs, compute):
    record[f"value{suffix}"], record[f"gradient{suffix}"] = with_gradient(inputs, compute)


def logits_of(draw, kind):
    logits = draw.normal(N, C, H, W, scale=2.0)
    if kind == "ties":
        logits[:, 1] = logits[:, 3]
        logits[0] = 1.0
    return logits


def cross_entropy(draw, kind):
    logits, labels, w = logits_of(draw, kind), draw.labels(kind), draw.weights()
    record = {"logits": logits, "labels": labels, "weights": w, "map": weighted_map(logits, labels, w)}
    put(record, "", logits, lambda x: mean(weighted_map(x, labels, w), labels, True))
    put(record, "-labelled", logits, lambda x: mean(weighted_map(x, labels, w), labels, False))
    if kind != "all-ignored":
        put(record, "-normalised", logits, lambda x: F.cross_entropy(x, labels, w, ignore_index=IGNORED))
    return record


def information(draw, kind):
    logits = 20 * logits_of(draw, kind) if kind == "one-class" else logits_of(draw, kind)
    # Every third label denies the logits, and every seventh pixel has none.
    labels = logits.argmax(1)
    labels.view(-1)[::3] = (labels.view(-1)[::3] + 1) % C
    labels.view(-1)[::7] = IGNORED
    record = {"logits": logits, "labels": labels}
    put(record, "", logits, entropy)
    put(record, "-agreed", logits, lambda x: entropy(x, labels))
    return record


def importance_aware(draw, kind):
    logits, labels, w = logits_of(draw, kind), draw.labels(kind), draw.weights()
    source = logits_of(draw, kind) + 3
    record = {"logits": logits, "source": source, "labels": labels, "weights": w}
    for name in KINDS:
        d = importance(source, name)
        record[f"importance-{name}"] = d
        put(record, f"-{name}", logits, lambda x, d=d: mean(weighted_map(x, labels, w) * d, labels, True))
    return record


def prototype_enhanced(draw, kind):
    logits, labels, w = logits_of(draw, kind), draw.labels(kind), draw.weights()
    near = torch.where(torch.rand(labels.shape, generator=draw.generator) < 0.6, labels % C, 0)
    agreed = torch.where(near == labels, labels, torch.full_like(labels, IGNORED))
    record = {"logits": logits, "labels": labels, "near": near, "weights": w}
    put(record, "", logits, lambda x: mean(weighted_map(x, agreed, w), labels, True))
    put(record, "-labelled", logits, lambda x: mean(weighted_map(x, agreed, w), labels, False))
    return record


def class_prototypes(draw, kind):
    logits, features = logits_of(draw, kind), draw.normal(N, D, H // 2, W // 2)
    if kind == "one-class":
        logits[:, 3] += 30
    if kind == "absent":
        logits[:, 2] -= 30
        logits[1, 0] -= 30
    found = Prototypes("per_image", C, 0.99).update(features, logits)
    labels = nearest(logits.argmax(1), features.shape[2:])
    counts = class_sums(features, labels, C)[1][..., 0].to(torch.int64)
    return {"logits": logits, "features": features, "prototypes": found, "counts": counts}


def symmetric_label(draw, kind):
    logits, near = logits_of(draw, kind), draw.labels(kind) % C
    record = {"logits": logits, "near": near}
    put(record, "", logits, lambda x: F.cross_entropy(x, near))
    return record


def symmetric_prototype(draw, kind):
    logits, features = logits_of(draw, kind), draw.normal(N, D, H // 2, W // 2)
    prototypes = draw.normal(N, C, D)
    if kind == "absent":
        prototypes[:, 2] = 0
        prototypes[1, 4] = 0
    if kind == "one-class":
        prototypes[:, [0, 1, 2, 4]] = 0
    if kind == "ties":
        prototypes[:, 4] = prototypes[:, 1]
        prototypes[1] = 0
    record = {"logits": logits, "features": features, "prototypes": prototypes}
    target = logits.argmax(1)
    for suffix, layout in (("", "mended"), ("-scrambled", "scrambled2023")):
        cosine = similarities(features, prototypes, layout)
        record[f"similarity{suffix}"] = cosine
        record[f"near{suffix}"] = nearest(cosine.argmax(1), (H, W))
        put(
            record,
            suffix,
            features,
            lambda x, layout=layout: F.cross_entropy(
                upsample(similarities(x, prototypes, layout), (H, W)), target
            ),
        )
    return record


def class_weights(draw, kind):
    weights, record = ClassWeights(C, 9), {"limit": torch.tensor([9.0])}
    for i in range(4):
        labels = draw.labels(kind)
        record[f"labels-{i}"], record[f"weights-{i}"] = labels, weights.update(labels)
    return record


TERMS = {
    "cross-entropy": (cross_entropy, ("random", "all-ignored", "one-class", "ties", "absent")),
    "entropy": (information, ("random", "one-class", "ties")),
    "importance-aware": (importance_aware, ("random", "all-ignored", "one-class", "ties", "absent")),
    "prototype-enhanced": (prototype_enhanced, ("random", "all-ignored", "one-class", "absent")),
    "prototypes": (class_prototypes, ("random", "one-class", "ties", "absent")),
    "symmetric-label": (symmetric_label, ("random", "one-class", "ties")),
    "symmetric-prototype": (symmetric_prototype, ("random", "one-class", "ties", "absent")),
    "class-weights": (class_weights, ("random", "all-ignored", "one-class", "absent")),
}


def stored(tensor):
    """Label maps as uint8, all else as it is."""
    whole = tensor.dtype == torch.int64
    return (tensor.to(torch.uint8) if whole else tensor.detach()).contiguous().clone()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losses", type=Path, required=True, help="folder for the losses")
    parser.add_argument("--ops", type=Path, required=True, help="file for the operations")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.losses.mkdir(parents=True, exist_ok=True)
    for seed, (term, (make, kinds)) in enumerate(TERMS.items()):
        draw, record = Draw(seed), {}
        for kind in kinds:
            record |= {f"{kind}.{name}": stored(tensor) for name, tensor in make(draw, kind).items()}
        save_file(record, arguments.losses / f"{term}.safetensors")
    save_file(operations(), arguments.ops)


if __name__ == "__main__":
    main()
