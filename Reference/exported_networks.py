# SPDX-License-Identifier: Apache-2.0
"""Runs networks that `iapc export` wrote, and compares their labels with those of `iapc predict`.

    python exported_networks.py net.onnx frames/ labelled/labels
    python exported_networks.py net.pt frames/ labelled/labels

Prints the share of the pixels whose labels are the same in the image where it is least. An ONNX file has to pass onnx's
checker. `--trained` takes a step of SGD in PyTorch first, for .pt only, and says whether the parameters moved.
"""

import argparse
from pathlib import Path

import numpy
from PIL import Image


def onnx_labels(path):
    import onnx
    import onnxruntime

    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: labels(session.run(None, {"images": images})[0])


def torch_labels(path):
    import torch

    network = torch.jit.load(path).eval()
    return lambda images: labels(network(torch.from_numpy(images)).detach().numpy())


def labels(output):
    """Of scores [N, C, H, W], or labels already, int64 [N, H, W]."""
    return output if output.dtype == numpy.int64 else output.argmax(1)


# Attention hears nothing of what all its keys have in common; ESPNetv2's down-samplers leave out an activation that
# their published weights have.
IDLE = ("key.bias", "_0.eesp.module_act.weight")


def moves(path):
    """Whether a loss moves each parameter that can be moved."""
    import torch

    network = torch.jit.load(path).train()
    network(torch.rand(1, 3, 64, 96) * 255).logsumexp(1).mean().backward()
    return all(
        name.endswith(IDLE) or (value.grad is not None and value.grad.isfinite().all() and value.grad.any())
        for name, value in network.named_parameters())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", help=".onnx or .pt")
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path, help="label maps that predict wrote of the images")
    parser.add_argument("--trained", action="store_true")
    a = parser.parse_args()
    predict = (onnx_labels if a.network.endswith(".onnx") else torch_labels)(a.network)
    shares = []
    for path in sorted(a.images.iterdir()):
        image = numpy.asarray(Image.open(path).convert("RGB")).astype(numpy.float32)
        # Twice the image, as a batch.
        found = predict(numpy.stack([image.transpose(2, 0, 1)] * 2))
        expected = numpy.asarray(Image.open(a.labels / f"{path.stem}.png"))
        assert found.shape == (2, *expected.shape), (found.shape, expected.shape)
        shares.append((found == expected).mean())
    print(min(shares))
    if a.trained:
        print("moved" if moves(a.network) else "some did not move")


if __name__ == "__main__":
    main()
