# SPDX-License-Identifier: Apache-2.0
"""The loss of an adaptation step and its gradients: `iapc benchmark objective` beside PyTorch, tensor by tensor.

Both start from the same predictions at the networks' stride and end with the gradients at that stride. PyTorch
upsamples all maps, finds the two largest logits by sorting, as the method's released code does, and adds up its
terms. Memory is what each needs beyond its inputs.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from harness import IAPC, PYTHON, REFERENCE, Row, Side, furthest, run_json

sys.path.insert(0, str(REFERENCE))
import iapc  # noqa: E402


CROP, BATCH, CLASSES = (512, 256), 6, 19


def write_inputs(path):
    """Predictions as smooth as networks give them, and labels in blocks with a few ignored pixels."""
    torch.manual_seed(1)
    width, height = CROP
    n, c, h, w = BATCH, CLASSES, height // 8 + 1, width // 8 + 1

    def smooth(scale):
        coarse = torch.randn(n, c, h // 4 + 1, w // 4 + 1)
        return scale * iapc.upsample(coarse, (h, w)).contiguous()

    labels = torch.randint(0, c, (n, 1, height // 32, width // 32)).float()
    labels = torch.nn.functional.interpolate(labels, size=(height, width))[:, 0]
    labels[torch.rand(labels.shape) < 0.05] = iapc.IGNORED
    weights = 1 + 6 * torch.rand(c)
    save_file(
        {"student": smooth(4), "source": 5 + smooth(3), "similarities": smooth(0.4).clamp(-1, 1),
         "labels": labels.to(torch.uint8), "class_weights": weights}, path)  # fmt: skip


def evaluate(x, config):
    """The terms, and the gradients of the student's logits and the similarities."""
    student, similarity = (x[name].clone().requires_grad_(True) for name in ("student", "similarities"))
    labels = x["labels"].long()
    size = labels.shape[1:]
    with torch.no_grad():
        source = iapc.upsample(x["source"], size)
    terms = iapc.objective(iapc.upsample(student, size), source, labels, x["class_weights"], similarity, config)
    sum(terms.values()).backward()
    return {name: term.item() for name, term in terms.items()}, student.grad, similarity.grad


def forget_peak():
    """Lets the peak memory begin at what the process holds now, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def twin(a):
    """One round of PyTorch, in this process, written as `iapc benchmark objective --json` writes its own."""
    torch.set_num_threads(a.threads)
    iapc.importance = iapc.importance_by_sorting
    x, seconds = load_file(a.inputs), []
    forget_peak()
    before = peak_memory()
    for _ in range(a.repeats):
        started = time.perf_counter()
        terms, student, similarity = evaluate(x, iapc.REFERENCE)
        seconds.append(time.perf_counter() - started)
    found = {
        "seconds": seconds, "terms": terms, "logits_gradient": student.double().norm().item(),
        "similarities_gradient": similarity.double().norm().item(), "extra_memory": peak_memory() - before,
    }  # fmt: skip
    a.json.write_text(json.dumps(found))


class Case:
    """Predictions that both sides take."""

    def __init__(self, folder, threads):
        self.inputs = folder / "predictions.safetensors"
        self.common = ["--inputs", self.inputs, "--repeats", 3, "--threads", threads]

    def side(self, command):
        if not self.inputs.exists():
            write_inputs(self.inputs)
        found, _, _ = run_json([*command, *self.common])
        norms = {name: found[name] for name in ("logits_gradient", "similarities_gradient")}
        # The fastest of a few evaluations: the first takes memory from the system.
        return Side(min(found["seconds"]), found["extra_memory"], found["terms"] | norms)


def rows(folder, threads):
    case = Case(folder, threads)
    yield Row(
        "objective and gradient alone", lambda: case.side([PYTHON, __file__]),
        lambda: case.side([IAPC, "benchmark", "objective"]), lambda a, b: furthest(a.numbers, b.numbers), 15)


def main():
    parser = argparse.ArgumentParser(description="One side of the comparison, in PyTorch.")
    parser.add_argument("--inputs", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, required=True)
    twin(parser.parse_args())


if __name__ == "__main__":
    main()
