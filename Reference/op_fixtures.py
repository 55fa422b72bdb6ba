# SPDX-License-Identifier: Apache-2.0
"""References of the basic tensor operations; names are `<case>.<name>`, scalars have the shape [1].

Every differentiable case holds its inputs, `output`, `probe` and `gradient-<input>`: the gradients of
sum(output * probe). Each function's docstring lists its cases.
"""

import torch
import torch.nn.functional as F


class Recorder:
    def __init__(self, seed=11):
        self.generator = torch.Generator().manual_seed(seed)
        self.record = {}

    def normal(self, *shape):
        return torch.randn(shape, generator=self.generator)

    def put(self, case, **tensors):
        for name, tensor in tensors.items():
            name = name.replace("_", "-")
            self.record[f"{case}.{name}"] = tensor.detach().contiguous().clone()

    def differentiate(self, case, compute, **inputs):
        """Stores inputs, output, probe and the gradient of each input."""
        leaves = {name: tensor.clone().requires_grad_() for name, tensor in inputs.items()}
        output = compute(**leaves)
        probe = self.normal(*output.shape)
        (output * probe).sum().backward()
        self.put(case, output=output, probe=probe, **inputs)
        self.put(case, **{f"gradient_{name}": leaf.grad for name, leaf in leaves.items()})


def convolutions(r):
    """conv-plain (3x3, padding 1, bias), conv-strided (3x3, stride 2, padding 1), conv-dilated (3x3,
    dilation 2, padding 2), conv-point (1x1), conv-stem (7x7, stride 2, padding 3), transposed (2x2, stride 2)
    and transposed-bias; inputs `input`, `weight`, `bias` (conv-plain, transposed-bias only)."""
    x = r.normal(2, 3, 7, 9)
    cases = {
        "plain": (3, 1, 1, 1),
        "strided": (3, 2, 1, 1),
        "dilated": (3, 1, 2, 2),
        "point": (1, 1, 0, 1),
        "stem": (7, 2, 3, 1),
    }
    for name, (kernel, stride, padding, dilation) in cases.items():
        inputs = {"input": x, "weight": r.normal(4, 3, kernel, kernel)}
        if name == "plain":
            inputs["bias"] = r.normal(4)

        def compute(input, weight, bias=None):
            return F.conv2d(input, weight, bias, stride, padding, dilation)

        r.differentiate(f"conv-{name}", compute, **inputs)

    def transposed(input, weight, bias=None):
        return F.conv_transpose2d(input, weight, bias, stride=2)

    r.differentiate("transposed", transposed, input=x, weight=r.normal(3, 4, 2, 2))
    r.differentiate("transposed-bias", transposed, input=x, weight=r.normal(3, 4, 2, 2), bias=r.normal(4))


def normalisation(r):
    """norm-training and norm-evaluation: momentum 0.1, epsilon 1e-3; inputs `input`, `weight`, `bias`; also
    `mean`, `variance` before and `mean-after`, `variance-after` (from the unbiased batch variance)."""
    for name, training in (("training", True), ("evaluation", False)):
        mean, variance = r.normal(3), 0.5 + torch.rand(3, generator=r.generator)
        mean_after, variance_after = mean.clone(), variance.clone()

        def compute(input, weight, bias):
            return F.batch_norm(input, mean_after, variance_after, weight, bias, training, 0.1, 1e-3)

        inputs = {"input": 2 * r.normal(2, 3, 4, 5) + 1, "weight": r.normal(3), "bias": r.normal(3)}
        r.differentiate(f"norm-{name}", compute, **inputs)
        case = f"norm-{name}"
        r.put(case, mean=mean, variance=variance, mean_after=mean_after, variance_after=variance_after)


def activations(r):
    """prelu (one slope a channel: `input`, `weight`), relu, softmax and log-softmax over axis 1 (`input`)."""
    x = r.normal(2, 3, 4, 5)
    r.differentiate("prelu", lambda input, weight: F.prelu(input, weight), input=x, weight=r.normal(3).abs())
    r.differentiate("relu", lambda input: input.relu(), input=x)
    r.differentiate("softmax", lambda input: input.softmax(1), input=3 * x)
    r.differentiate("log-softmax", lambda input: input.log_softmax(1), input=3 * x)


def pooling(r):
    """average-pool (3x3, stride 2, padding 1, padding counted), max-pool (3x3, stride 2, padding 1) and
    max-pool-ceil (the same with ceil mode), each of `input` [2, 3, 8, 11]."""
    x = r.normal(2, 3, 8, 11)
    r.differentiate("average-pool", lambda input: F.avg_pool2d(input, 3, 2, 1), input=x)
    r.differentiate("max-pool", lambda input: F.max_pool2d(input, 3, 2, 1), input=x)
    r.differentiate("max-pool-ceil", lambda input: F.max_pool2d(input, 3, 2, 1, ceil_mode=True), input=x)


def resizing(r):
    """bilinear-aligned, bilinear-unaligned, nearest: [2, 3, 4, 5] to 9 x 13; bilinear-aligned-down: to 3 x 2;
    nearest-down: [2, 3, 13, 17] to 5 x 6."""
    x = r.normal(2, 3, 4, 5)

    def bilinear(size, corners):
        return lambda input: F.interpolate(input, size=size, mode="bilinear", align_corners=corners)

    r.differentiate("bilinear-aligned", bilinear((9, 13), True), input=x)
    r.differentiate("bilinear-unaligned", bilinear((9, 13), False), input=x)
    r.differentiate("bilinear-aligned-down", bilinear((3, 2), True), input=x)
    r.differentiate("nearest", lambda input: F.interpolate(input, size=(9, 13)), input=x)
    large = r.normal(2, 3, 13, 17)
    r.differentiate("nearest-down", lambda input: F.interpolate(input, size=(5, 6)), input=large)


def choosing(r):
    """top-two over axis 1: `input` [2, 6, 3, 4] -> `values`, `indices` [2, 2, 3, 4], `argmax` (int64)."""
    x = r.normal(2, 6, 3, 4)
    values, indices = x.topk(2, 1)
    r.put("top-two", input=x, values=values, indices=indices, argmax=x.argmax(1))


def optimisers(r):
    """sgd (rate 0.1, Nesterov momentum 0.9, decay 5e-4), sgd-plain (rate 0.1, momentum 0.9, no decay),
    sgd-thrice (as sgd, the parameter listed three times), adamw (rate 0.01, betas 0.9, 0.999, epsilon 1e-8,
    decay 0.01): `start` [3, 4], `gradient-1..3`, `after-1..3`."""
    nesterov = {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    makers = {
        "sgd": lambda p: torch.optim.SGD([p], **nesterov),
        "sgd-plain": lambda p: torch.optim.SGD([p], lr=0.1, momentum=0.9),
        "sgd-thrice": lambda p: torch.optim.SGD([p] * 3, **nesterov),
        "adamw": lambda p: torch.optim.AdamW([p], lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01),
    }
    for case, make in makers.items():
        parameter = torch.nn.Parameter(r.normal(3, 4))
        r.put(case, start=parameter)
        optimiser = make(parameter)
        for i in (1, 2, 3):
            parameter.grad = r.normal(3, 4)
            r.put(case, **{f"gradient_{i}": parameter.grad})
            optimiser.step()
            r.put(case, **{f"after_{i}": parameter})


def rate(step, base=1e-4, warmup=5000, total=100_000, power=0.9):
    """The learning rate of a step, counted from 0: linear warm-up from a tenth, then polynomial decay."""
    if step < warmup:
        return base * (0.1 + 0.9 * step / warmup)
    return base * (1 - step / total) ** power


def schedule(r):
    """schedule: `steps` (int64) and `rates` (float64) at base 1e-4, warm-up 5000, total 100000, power 0.9."""
    steps = [0, 1, 2, 100, 2500, 4998, 4999, 5000, 5001, 8999, 9000, 50_000, 99_999]
    rates = torch.tensor([rate(s) for s in steps], dtype=torch.float64)
    r.put("schedule", steps=torch.tensor(steps), rates=rates)


def transformers(r):
    """linear (bias), linear-plain, layer-norm (epsilon 1e-3), gelu, attention (inputs `query`, `key`, `value`)."""
    x = r.normal(2, 5, 6)
    weight, bias = r.normal(4, 6), r.normal(4)
    r.differentiate("linear", lambda input, weight, bias: F.linear(input, weight, bias), input=x, weight=weight, bias=bias)
    r.differentiate("linear-plain", lambda input, weight: F.linear(input, weight), input=x, weight=weight)

    def norm(input, weight, bias):
        return F.layer_norm(input, (6,), weight, bias, 1e-3)

    r.differentiate("layer-norm", norm, input=x, weight=r.normal(6), bias=r.normal(6))
    r.differentiate("gelu", lambda input: F.gelu(input), input=x)
    query, key, value = r.normal(2, 3, 5, 4), r.normal(2, 3, 7, 4), r.normal(2, 3, 7, 4)
    r.differentiate("attention", F.scaled_dot_product_attention, query=query, key=key, value=value)


def operations():
    recorder = Recorder()
    layers = (convolutions, normalisation, activations, pooling, resizing)
    for group in (*layers, choosing, optimisers, schedule, transformers):
        group(recorder)
    return recorder.record
