# SPDX-License-Identifier: Apache-2.0
"""Writes narrow DeepLabV2 networks in the outer forms and names of many code bases, and compares files.

Usage: python deeplabv2_dialects.py write FOLDER
       python deeplabv2_dialects.py check FOLDER OTHER_FOLDER
       python deeplabv2_dialects.py keys FILE
`write` leaves a file a case, `logits.pth` with what each network predicts, and `cases.json`. `check` expects
that each case's file in the other folder holds the same weights under the same keys, and nothing else. `keys`
prints the keys that torch.load finds, inner ones behind their outer one.
"""

import argparse
import json
import os
import sys
from collections import OrderedDict

import torch
from safetensors.torch import load_file, save_file

from deeplabv2 import Variant, build, fill, images

OUTPUTS = 19
NARROW = {"width": 4}
TORCHVISION = {"stride": "3x3", "ceil": False, "dilation": "contracted"}
FROZEN = {"norm": "frozen", "eps": 0.0}
SIZE = (65, 33)


def renamed(state, *pairs):
    """Replaces the first fitting beginning of each name."""

    def name(key):
        return next(new + key[len(old) :] for old, new in pairs if key.startswith(old))

    return OrderedDict((name(key), value) for key, value in state.items())


def prefixed(state, prefix):
    return OrderedDict((prefix + key, value) for key, value in state.items())


def merged(*states):
    return OrderedDict(item for state in states for item in state.items())


def split(state, head):
    parts = OrderedDict(), OrderedDict()
    for key, value in state.items():
        parts[key.startswith(head)][key] = value
    return parts


def other(state):
    """The same names with other values."""
    return OrderedDict((key, value + 1) for key, value in state.items())


def halves(state, head, wrapper=""):
    body, classifier = split(state, head)
    features = "" if head != "classifier." else "features."
    return {
        "iteration": 7,
        "feature_extractor": renamed(body, (features, wrapper + "backbone.")),
        "classifier": renamed(classifier, (head, wrapper)),
        "optimizer_fea": {"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]},
    }


def mmseg(state):
    pairs = [(f"layer6.conv2d_list.{n}.", f"decode_head.aspp_modules.{n}.conv.") for n in range(4)]
    return renamed(state, *pairs, ("", "backbone."))


def namespace():
    return argparse.Namespace(lr=2.5e-4, classes={1, 2}, device=torch.device("cpu"))


def proda(state):
    body, head = split(state, "layer6.")
    own = {"layer5.conv2d_list.0.0.weight": torch.ones(4, 128, 1, 1), "layer5.head.1.weight": torch.ones(19, 4, 1, 1)}
    return {"ResNet101": {"model_state": merged(body, own)}, "iters": 1}


# name: (backbone, variant, make(state), dialect, --variant, path to the weights, prefix of the set taken)
WHOLE = {
    "advent": ("resnet50", {}, lambda s: s, "advent", None, [], ""),
    "advent.safetensors": ("resnet50", {}, lambda s: s, "advent", None, [], ""),
    "adaptsegnet.legacy": (
        "resnet50", {"branches": 2, "auxiliary": True}, lambda s: s, "advent", "adaptsegnet", [], "",
    ),
    "iapc source": (
        "resnet50", {"auxiliary": True},
        lambda s: {"epoch": 1, "state_dict": prefixed(s, "module."), "best_MIou": 0.3, "args": namespace()},
        "advent", "iapc", ["state_dict"], "",
    ),
    "partly prefixed": (
        "resnet101", {}, lambda s: merged(prefixed(split(s, "layer6.")[0], "module."), split(s, "layer6.")[1]),
        "advent", None, [], "",
    ),
    "caffe.legacy": (
        "resnet50", {}, lambda s: prefixed(renamed(s, ("layer6.", "layer5."), ("", "")), "Scale."), "caffe", None,
        [], "",
    ),
    "single head": (
        "resnet50", {}, lambda s: {"state_dict": renamed(s, ("layer6.", "layer5."), ("", "")), "cfg": namespace()},
        "single-head", None, ["state_dict"], "",
    ),
    "fada": ("resnet50", TORCHVISION | FROZEN, lambda s: halves(s, "layer6.", "module."), "fada", "dt-st", None, ""),
    "fada batch": ("resnet50", TORCHVISION, lambda s: halves(s, "layer6."), "fada", None, None, ""),
    "fada vgg": ("vgg16", {}, lambda s: halves(s, "classifier."), "fada-vgg", None, None, ""),
    "vgg": ("vgg16", {}, lambda s: prefixed(s, "module."), "advent", None, [], ""),
    "da-sac": (
        "resnet50", {},
        lambda s: {
            "model": merged(
                *(
                    prefixed(renamed(v, ("layer6.", "layer5."), ("", "")), p)
                    for v, p in ((other(s), "slow_net.model."), (s, "backbone.model."))
                ),
                {"running_conf": torch.zeros(19), "slow_init": torch.ones(1)},
            ),
            "opt": {"state": {}}, "score": 0.5, "epoch": 3,
        },
        "da-sac", None, ["model"], "backbone.",
    ),
    "daformer": (
        "resnet50", TORCHVISION | {"stem": "3x3"},
        lambda s: {
            "meta": {"CLASSES": ["road"], "config": namespace()},
            "state_dict": merged(
                prefixed(mmseg(other(s)), "ema_model."), prefixed(mmseg(s), "model."),
                prefixed(mmseg(other(s)), "imnet_model."),
            ),
            "optimizer": {"state": {}},
        },
        "daformer", None, ["state_dict"], "model.",
    ),
    "mmseg": ("resnet101", TORCHVISION | {"stem": "3x3"}, lambda s: {"meta": {}, "state_dict": mmseg(s)}, "mmseg",
              None, ["state_dict"], ""),
}

# Files that no whole network can be read from.
OTHERS = {
    "proda": ("resnet101", proda),
    "torchvision": (
        "resnet50",
        lambda s: merged(split(s, "layer6.")[0], {"fc.weight": torch.ones(10, 128), "fc.bias": torch.ones(10)}),
    ),
    "torchvision vgg": (
        "vgg16",
        lambda s: merged(
            OrderedDict(
                (f"features.{int(n) + (int(n) > 22)}.{rest}", value)
                for (_, n, rest), value in ((k.split("."), v) for k, v in s.items() if k.startswith("features."))
                if int(n) < 29
            ),
            {"classifier.0.weight": torch.ones(4, 49), "classifier.0.bias": torch.ones(4)},
        ),
    ),
    "caffe init": (
        "resnet50",
        lambda s: merged(
            prefixed(split(s, "layer6.")[0], "Scale."),
            {f"Scale.layer5.conv2d_list.{n}.{e}": t for n in range(4)
             for e, t in (("weight", torch.ones(21, 128, 3, 3)), ("bias", torch.ones(21)))},
        ),
    ),
    "foreign auxiliary": (
        "resnet50", lambda s: merged(s, {"layer5.conv2d_list.0.weight": torch.ones(5, 128, 3, 3)})
    ),
}


def network(backbone, changes):
    return fill(build(backbone, OUTPUTS, Variant(**(NARROW | changes)))).eval()


def write(folder):
    os.makedirs(folder, exist_ok=True)
    logits, cases = {}, []
    for name, (backbone, changes, make, dialect, variant, _, _) in WHOLE.items():
        net = network(backbone, changes)
        with torch.no_grad():
            logits[name] = net(images(*SIZE))[0]
        path = f"{folder}/{name}" + ("" if name.endswith(".safetensors") else ".pth")
        if name.endswith(".safetensors"):
            save_file(make(net.state_dict()), path)
        else:
            torch.save(make(net.state_dict()), path, _use_new_zipfile_serialization=not name.endswith(".legacy"))
        case = {"name": name, "file": os.path.basename(path), "backbone": backbone, "dialect": dialect}
        cases.append(case | ({"variant": variant} if variant else {}))
    for name, (backbone, make) in OTHERS.items():
        torch.save(make(network(backbone, {}).state_dict()), f"{folder}/{name}.pth")
    torch.save(logits, f"{folder}/logits.pth")
    with open(f"{folder}/cases.json", "w", encoding="utf-8") as file:
        json.dump(cases, file)


def load(path, safely):
    return load_file(path) if path.endswith(".safetensors") else torch.load(path, weights_only=safely)


def check(folder, written):
    for name, (_, _, _, _, _, around, prefix) in WHOLE.items():
        file = name if name.endswith(".safetensors") else name + ".pth"
        before, after = load(f"{folder}/{file}", False), load(f"{written}/{file}", True)
        if around is None:
            before = {key: before[key] for key in ("feature_extractor", "classifier")}
        for key in around or []:
            assert list(after) == [key], f"{name}: {list(after)}"
            before, after = before[key], after[key]
        pairs = [(before, after)] if around is not None else [(before[k], after[k]) for k in before]
        assert around is not None or list(before) == list(after), f"{name}: {list(after)}"
        for old, new in pairs:
            kept = {key: value for key, value in old.items() if key.startswith(prefix)}
            assert set(kept) == set(new), f"{name}: {sorted(set(kept) ^ set(new))[:4]}"
            for key, value in kept.items():
                assert value.dtype == new[key].dtype and torch.equal(value, new[key]), f"{name}: {key}"
    print(f"{len(WHOLE)} files are the same")


def keys(path):
    for key, value in torch.load(path, weights_only=True).items():
        print("\n".join(f"{key}/{inner}" for inner in value) if isinstance(value, dict) else key)


if __name__ == "__main__":
    {"write": write, "check": check, "keys": keys}[sys.argv[1]](*sys.argv[2:])
