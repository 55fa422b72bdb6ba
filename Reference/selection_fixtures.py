# SPDX-License-Identifier: Apache-2.0
"""Writes reference values of the label-free criteria, computed by NumPy in float64, pixel by pixel.

One file; names are `<case>.<name>`; scalars have the shape [1]. Cases: random (40 x 6), sure (one class takes
nearly all of each row), collapsed (all rows alike), two (2 x 3).
  probabilities [N, C] float32 -> entropy, im, snd, bnm
"""

import argparse
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

TEMPERATURE = 0.05


def entropy_of(row):
    return -sum(p * np.log(p) for p in row if p > 0)


def density(rows):
    """-(1/N) sum_i sum_{j != i} S_ij log S_ij with S_ij = softmax over j != i of f_i . f_j / temperature."""
    features = [row / np.linalg.norm(row) for row in rows]
    total = 0.0
    for i, own in enumerate(features):
        near = np.array([own @ other / TEMPERATURE for j, other in enumerate(features) if j != i])
        shares = np.exp(near - near.max())
        total += entropy_of(shares / shares.sum())
    return total / len(features)


def values(rows):
    rows = rows.astype(np.float64)
    mean = np.mean([entropy_of(row) for row in rows])
    return {
        "entropy": mean,
        "im": entropy_of(rows.mean(0)) - mean,
        "snd": density(rows),
        "bnm": np.linalg.svd(rows, compute_uv=False).sum() / len(rows),
    }


def cases():
    draw = np.random.default_rng(3)

    def softmax(scores):
        shares = np.exp(scores - scores.max(1, keepdims=True))
        return shares / shares.sum(1, keepdims=True)

    yield "random", softmax(2 * draw.standard_normal((40, 6)))
    yield "sure", softmax(60 * draw.standard_normal((40, 6)))
    yield "collapsed", np.repeat(softmax(draw.standard_normal((1, 6))), 30, 0)
    yield "two", softmax(draw.standard_normal((2, 3)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    record = {}
    for name, rows in cases():
        rows = rows.astype(np.float32)
        record[f"{name}.probabilities"] = rows
        record |= {f"{name}.{key}": np.array([value]) for key, value in values(rows).items()}
    save_file(record, parser.parse_args().file)


if __name__ == "__main__":
    main()
