# SPDX-License-Identifier: Apache-2.0
"""Replays golden/espnet_step and prints the worst relative error of every number in it."""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

import espnet
from iapc import REFERENCE, Adaptation, replace, summary


def relative(found, expected):
    return abs(found - expected) / max(abs(expected), 1e-12)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--golden", required=True, type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    batch = load_file(arguments.golden / "inputs.safetensors")
    logits = batch.pop("source_logits")
    expected = json.loads((arguments.golden / "expected.json").read_text())
    c = expected["config"]
    network = espnet.load(espnet.read_weights(arguments.weights), c["classes"])
    config = replace(REFERENCE, backbone_updates=1, rare_pixels=c["rare_pixels_per_image"])
    run = Adaptation(network, config, c["lr_body"], c["classes"])
    with torch.no_grad():
        difference = (run.source(batch["images_scaled"])[0] - logits).abs().max().item()
    print("source logits: largest difference", difference)
    worst = 0.0
    for i, step in enumerate(expected["steps"]):
        found = run.step(**batch)
        errors = {k: relative(found[k], v) for k, v in step.items() if k != "class_weight"}
        errors["class_weight"] = max(map(relative, found["class_weight"], step["class_weight"]))
        worst = max(worst, *errors.values())
        print(f"step {i + 1}:", "  ".join(f"{k} {v:.1e}" for k, v in errors.items()))
    for role, network in (("student", run.student), ("teacher", run.memory)):
        found = summary(network.named_parameters())
        if set(found) != set(expected[f"{role}_parameters_after"]):
            raise SystemExit(f"{role}: other parameter names than expected")
        for place, what in enumerate(("sum", "L2")):
            pairs = expected[f"{role}_parameters_after"].items()
            errors = {k: relative(found[k][place], v[place]) for k, v in pairs}
            name = max(errors, key=errors.get)
            worst = max(worst, errors[name])
            print(f"{role} {what}: worst {errors[name]:.1e} ({name})")
    print(f"worst relative error {worst:.1e}")
    raise SystemExit(0 if worst <= 1e-4 else 1)


if __name__ == "__main__":
    main()
