# SPDX-License-Identifier: Apache-2.0
"""Times training steps of `iapc adapt` and of the same steps in PyTorch, on the same batches, in turn.

Each round runs `iapc adapt --dump-batches`, then Reference/compare_adapt.py on the batches it wrote. Printed are
the seconds a step (networks, losses, optimiser; no reading of files) of both, their ratio round by round, the
peak memory of each process, and how far the losses are apart.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iapc", default=ROOT / ".build/release/iapc", type=Path)
    parser.add_argument("--weights", required=True, type=Path, help=".pth or .safetensors of ESPNet")
    parser.add_argument("--images", required=True, type=Path)
    parser.add_argument("--classes", default="cityscapes19")
    parser.add_argument("--outputs", type=int, default=19, help="classes of that label space")
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--crop", default="320x240")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def run(command, **variables):
    """Runs a command quietly; its peak resident memory in bytes."""
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | variables
    )
    errors = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    reader.join()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: status {process.returncode}\n{errors[0].decode()}")
    return usage.ru_maxrss * 1024


def one_round(a, folder):
    """Seconds of each step, terms and peak memory of ours and of PyTorch's."""
    ours = folder / "run"
    memory = run(
        [a.iapc, "adapt", "--weights", a.weights, "--network", "espnet", "--classes", a.classes,
         "--images", a.images, "--output", ours, "--overwrite", "--profile", "reference",
         "--size", a.size, "--crop", a.crop, "--batch", a.batch, "--steps", a.steps,
         "--learning-rate", "1e-3", "--set", "warmUp=50", "--threads", a.threads,
         "--set", "pseudoLabels.scales=1", "--set", "pseudoLabels.mirror=off",
         "--dump-batches", folder / "batches"], IAPC_CACHE=str(folder / "cache"))  # fmt: skip
    theirs, twin_memory = pytorch(a, folder, a.threads)
    mine = [json.loads(line) for line in (ours / "metrics.jsonl").read_text().splitlines()]
    return mine, memory, theirs, twin_memory


def pytorch(a, folder, threads):
    """Steps and peak memory of PyTorch on the batches in the folder."""
    twin = folder / "twin.json"
    memory = run(
        [sys.executable, ROOT / "Reference/compare_adapt.py", "--weights", a.weights, "--batches",
         folder / "batches", "--learning-rate", "1e-3", "--warm-up", 50, "--threads", threads,
         "--outputs", a.outputs, "--json", twin])  # fmt: skip
    return json.loads(twin.read_text())["steps"], memory


def seconds(steps):
    """The median over the steps after the first, which warms up."""
    return statistics.median(step["seconds"] for step in steps[1:])


def apart(mine, theirs):
    """The largest relative difference of the totals, over the first three steps and over all."""
    differences = [abs(m["total"] - t["total"]) / abs(t["total"]) for m, t in zip(mine, theirs)]
    return f"{max(differences[:3]):.1e}, {max(differences):.1e}"


def compare(rounds, one_round, apart, digits):
    """Prints a line for each round and the medians.

    `one_round` gives our steps and peak memory, then PyTorch's. Returns the last round's steps of both, and the
    memory in words.
    """
    rows = []
    for index in range(rounds):
        mine, memory, theirs, twin_memory = one_round()
        p, s = seconds(theirs), seconds(mine)
        rows.append((p, s, p / s, memory, twin_memory))
        line = f"{index + 1:5}   {p:14.{digits}f}   {s:11.{digits}f}   {p / s:5.2f}   {apart(mine, theirs)}"
        print(line, flush=True)
    p, s, ratio, memory, twin_memory = (statistics.median(row[i] for row in rows) for i in range(5))
    print(f"median  {p:14.{digits}f}   {s:11.{digits}f}   {ratio:5.2f}")
    return mine, theirs, f"peak memory: PyTorch {twin_memory / 2**20:.0f} MiB, iapc {memory / 2**20:.0f} MiB"


def main():
    a = arguments_of()
    print(f"{a.steps} steps of {a.batch} crops of {a.crop}, {a.threads} threads, {a.rounds} rounds in turn")
    print("round   PyTorch s/step   iapc s/step   ratio   losses apart (3 steps, all)")
    with tempfile.TemporaryDirectory() as folder:
        _, theirs, memory = compare(a.rounds, lambda: one_round(a, Path(folder)), apart, digits=3)
        alone, _ = pytorch(a, Path(folder), 1)
    print(f"PyTorch on {a.threads} threads and on 1: losses apart {apart(theirs, alone)}")
    print(f"{memory} (with its data loading)")


if __name__ == "__main__":
    main()
