# SPDX-License-Identifier: Apache-2.0
"""Runs the method in PyTorch on batches that `iapc adapt --dump-batches` wrote, and times it.

Each file step_*.safetensors holds images, images_scaled, images_augmented [N, 3, H, W] and pseudo_labels
[N, H, W]. Writes every step's terms, rate and seconds (networks, losses and optimiser; no file reading),
the seconds' median, minimum and maximum, and the peak resident memory.
"""

import argparse
import json
import resource
import statistics
import time
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import deeplabv2
import espnet
import espnetv2
import iapc
from iapc import PROFILES, Adaptation
from op_fixtures import rate


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", required=True)
    parser.add_argument("--network", default="espnet", help="espnet, espnetv2, deeplabv2-resnet101, deeplabv2-resnet50")
    parser.add_argument("--batches", required=True, type=Path, help="folder of step_*.safetensors")
    parser.add_argument("--steps", type=int, help="default: every file")
    parser.add_argument("--profile", choices=PROFILES, default="reference")
    parser.add_argument("--set", action="append", default=[], help="KEY=JSON, a field of iapc.Config")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--warm-up", type=int, default=50)
    parser.add_argument("--total", type=int, default=100_000)
    parser.add_argument("--power", type=float, default=0.9)
    parser.add_argument("--outputs", type=int, default=19, help="outputs of the network that are classes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--as-released", action="store_true", help="sort all classes for the two largest logits")
    parser.add_argument("--json", type=Path, help="where the numbers go")
    parser.add_argument("--save", type=Path, help="where the adapted weights (.safetensors) go")
    return parser.parse_args()


def parsed(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def main():
    a = arguments_of()
    torch.set_num_threads(a.threads)
    if a.as_released:
        iapc.importance = iapc.importance_by_sorting
    settings = {key: parsed(value) for key, value in (item.split("=", 1) for item in a.set)}
    config = replace(PROFILES[a.profile], **settings)
    if config.prototypes == "static":
        raise SystemExit("static prototypes need the whole target set, which the dumped batches are not")
    weights = espnet.read_weights(a.weights)
    if a.network == "espnet":
        network = espnet.load(weights, a.outputs)
    elif a.network == "espnetv2":
        network = espnetv2.load(weights, a.outputs)
    else:
        network = deeplabv2.load(a.network.removeprefix("deeplabv2-"), weights)
    run = Adaptation(network, config, a.learning_rate, a.outputs)
    steps = []
    for i, path in enumerate(sorted(a.batches.glob("step_*.safetensors"))[: a.steps]):
        batch = load_file(path)
        names = ("images", "images_scaled", "images_augmented", "pseudo_labels")
        learning_rate = rate(i, a.learning_rate, a.warm_up, a.total, a.power)
        started = time.perf_counter()
        run.set_rate(learning_rate)
        terms = run.step(**{name: batch[name] for name in names})
        seconds = time.perf_counter() - started
        terms.pop("class_weight")
        steps.append({"step": i + 1, **terms, "learning_rate": learning_rate, "seconds": seconds})
        print(f"{i + 1:5}  total {terms['total']:.6f}  {seconds:.3f} s", flush=True)
    if not steps:
        raise SystemExit(f"{a.batches}: no step_*.safetensors")
    seconds = [step["seconds"] for step in steps]
    summary = {
        "steps": steps,
        "seconds_per_step": {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)},
        "peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "threads": a.threads,
        "torch": torch.__version__,
    }
    print(f"median {summary['seconds_per_step']['median']:.3f} s a step,", end=" ")
    print(f"peak resident {summary['peak_resident_bytes'] / 2**20:.0f} MiB")
    if a.json:
        a.json.write_text(json.dumps(summary, indent=1) + "\n")
    if a.save:
        state = run.student.state_dict()
        save_file({k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}, a.save)


if __name__ == "__main__":
    main()
