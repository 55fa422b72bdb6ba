# SPDX-License-Identifier: Apache-2.0
"""Times the loss of an adaptation step and its gradients here and in PyTorch, tensor by tensor, in turn.

Both start from the same predictions at the networks' stride and end with the gradients at that stride. PyTorch
upsamples all maps, finds the two largest logits by sorting, as the method's released code does, and adds up its
terms. Printed are the milliseconds of each round's fastest of a few evaluations, their ratio, the memory that each
needs beyond its inputs, and how far the terms and the gradients' norms are apart.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from adapt import ROOT

sys.path.insert(0, str(ROOT / "Reference"))
import iapc  # noqa: E402


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iapc", default=ROOT / ".build/release/iapc", type=Path)
    parser.add_argument("--crop", default="512x256")
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--classes", type=int, default=19)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3, help="evaluations a round, of which the fastest counts")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path, help="write every round there")
    parser.add_argument("--twin", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_inputs(a, path):
    """Predictions as smooth as networks give them, and labels in blocks with a few ignored pixels."""
    torch.manual_seed(1)
    width, height = map(int, a.crop.split("x"))
    n, c, h, w = a.batch, a.classes, height // 8 + 1, width // 8 + 1

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


def importance_by_sorting(source, kind):
    """`iapc.importance` of the logits, by sorting all classes of each pixel."""
    order = torch.argsort(source, dim=1, descending=True)
    first = torch.gather(source, 1, order[:, :1])[:, 0]
    second = torch.gather(source, 1, order[:, 1:2])[:, 0]
    return 1 - second / first


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
    iapc.importance = importance_by_sorting
    x, seconds = load_file(a.twin), []
    forget_peak()
    before = peak_memory()
    for _ in range(a.repeats):
        started = time.perf_counter()
        terms, student, similarity = evaluate(x, iapc.REFERENCE)
        seconds.append(time.perf_counter() - started)
    found = {
        "seconds": seconds, "terms": terms, "logitsGradient": student.double().norm().item(),
        "similaritiesGradient": similarity.double().norm().item(), "extraMemory": peak_memory() - before,
    }  # fmt: skip
    a.json.write_text(json.dumps(found))


def one_round(a, folder, inputs):
    """What PyTorch found and what we found."""
    ours, theirs = folder / "ours.json", folder / "theirs.json"
    common = ["--repeats", str(a.repeats), "--threads", str(a.threads)]
    subprocess.run(
        [sys.executable, __file__, "--twin", inputs, "--json", theirs, *common], check=True
    )
    subprocess.run(
        [a.iapc, "benchmark", "objective", "--inputs", inputs, "--json", ours, *common],
        check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    return json.loads(theirs.read_text()), json.loads(ours.read_text())


def apart(theirs, ours):
    """The largest relative difference of the terms and of the gradients' norms."""
    pairs = [(theirs["terms"][name], ours["terms"][name]) for name in theirs["terms"]]
    pairs += [(theirs[name], ours[name]) for name in ("logitsGradient", "similaritiesGradient")]
    return max(abs(b - a) / abs(a) for a, b in pairs)


def main():
    a = arguments_of()
    if a.twin:
        twin(a)
        return
    print(f"{a.batch} crops of {a.crop}, {a.classes} classes, {a.threads} threads, {a.rounds} rounds in turn")
    print("round   PyTorch ms   iapc ms   ratio   apart")
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "predictions.safetensors"
        write_inputs(a, inputs)
        for index in range(a.rounds):
            theirs, ours = one_round(a, Path(folder), inputs)
            p, s = (1000 * min(found["seconds"]) for found in (theirs, ours))
            rounds.append({"pytorch": theirs, "iapc": ours, "ratio": p / s})
            print(f"{index + 1:5}   {p:10.0f}   {s:7.1f}   {p / s:5.1f}   {apart(theirs, ours):.1e}", flush=True)
    ratios = [r["ratio"] for r in rounds]
    print(f"ratio: median {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}")
    memory = [statistics.median(r[name]["extraMemory"] for r in rounds) / 2**20 for name in ("pytorch", "iapc")]
    print(f"memory beyond the inputs: PyTorch {memory[0]:.0f} MiB, iapc {memory[1]:.1f} MiB")
    if a.json:
        a.json.write_text(json.dumps(rounds, indent=2) + "\n")


if __name__ == "__main__":
    main()
