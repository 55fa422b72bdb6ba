# SPDX-License-Identifier: Apache-2.0
"""Writes the small checkpoint files that Tests/TorchTests/IO reads, with the real writers.

Needs torch, numpy and safetensors. Usage: python checkpoint_fixtures.py FOLDER

Every tensor follows one rule, so that a test can check each value: element i (row-major) of a tensor of
seed s is (i * 7 + s) mod 31 - 8, unsigned types without the -8, booleans by being odd.
"""
import collections
import os
import pickle
import sys
import zipfile

import numpy
import torch
from safetensors.torch import save_file

UNSIGNED = (torch.uint8,)


def formula(shape, seed, dtype=torch.float32):
    count = 1
    for size in shape:
        count *= size
    values = (torch.arange(count, dtype=torch.int64) * 7 + seed) % 31
    if dtype == torch.bool:
        return (values % 2 == 1).reshape(shape)
    if dtype not in UNSIGNED:
        values = values - 8
    return values.to(dtype).reshape(shape)


def plain():
    """Three tensors as a small network has them."""
    return collections.OrderedDict(
        [
            ("conv.weight", formula((4, 3, 2, 2), 1)),
            ("conv.bias", formula((4,), 2)),
            ("bn.num_batches_tracked", formula((), 3, torch.int64)),
        ]
    )


def every_dtype():
    names = "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 bool".split()
    pairs = ((name, formula((2, 5), seed, getattr(torch, name))) for seed, name in enumerate(names))
    return collections.OrderedDict(pairs)


def views():
    """Views whose values in row-major order are the formula's again."""
    base = formula((6, 4), 1)
    shared = formula((5, 4), 2)
    padded = torch.zeros(6, 8)
    padded[:, ::2] = base
    return collections.OrderedDict(
        [
            ("transposed", base.t().contiguous().t()),
            ("every_second", padded[:, ::2]),
            ("expanded", formula((1,), 5).expand(3, 4)),
            ("shared", shared),
            ("shared_again", shared),
            ("shared_tail", shared[2:]),
            ("channels_last", formula((2, 3, 4, 5), 4).contiguous(memory_format=torch.channels_last)),
            ("scalar", formula((), 6)),
            ("empty", torch.zeros(0, 3)),
            ("parameter", torch.nn.Parameter(formula((3, 2), 7))),
        ]
    )


class Evil:
    def __reduce__(self):
        return (os.system, ("echo iapc executed a pickle",))


def both(folder, name, value, **options):
    torch.save(value, f"{folder}/{name}.zip.pth", **options)
    torch.save(value, f"{folder}/{name}.legacy.pth", _use_new_zipfile_serialization=False, **options)


def trained():
    """A module after two steps of an optimizer with state."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 2), torch.nn.BatchNorm2d(4))
    optimizer = torch.optim.Adam(net.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.ones(1, 3, 4, 4)).sum().backward()
        optimizer.step()
    weights = net.state_dict()
    for seed, key in enumerate(weights):
        weights[key] = formula(tuple(weights[key].shape), seed, weights[key].dtype)
    return weights, optimizer.state_dict()


def main(folder):
    os.makedirs(folder, exist_ok=True)
    both(folder, "plain", plain())
    both(folder, "dtypes", every_dtype())
    both(folder, "views", views())
    weights, optimizer = trained()
    wrapped = {"epoch": 12, "optimizer": optimizer, "state_dict": weights, "best_MIou": 0.5, "arch": "toy"}
    both(folder, "wrapped", wrapped)
    torch.save(wrapped, f"{folder}/wrapped.protocol4.pth", pickle_protocol=4)
    torch.save(
        {"ResNet101": {"model_state": weights, "optimizer_state": {}}, "iters": 7}, f"{folder}/nested.zip.pth"
    )
    torch.save({"model": plain(), "ema": plain()}, f"{folder}/two.zip.pth")
    torch.save({"left": plain(), "right": plain()}, f"{folder}/ambiguous.zip.pth")
    halves = {"iteration": 3, "feature_extractor": plain(), "classifier": plain()}
    torch.save(halves, f"{folder}/halves.zip.pth")
    prefixed = {"module._orig_mod." + key: value for key, value in plain().items()}
    torch.save(prefixed, f"{folder}/prefixed.zip.pth")
    both(folder, "numpy", {"state_dict": plain(), "best": numpy.float64(0.25), "count": numpy.int64(-3)})
    both(folder, "evil", {"state_dict": plain(), "more": Evil()})
    both(folder, "module", torch.nn.Linear(2, 2))
    torch.jit.script(torch.nn.Linear(2, 2)).save(f"{folder}/script.zip.pth")
    with open(f"{folder}/other.pkl", "wb") as file:
        pickle.dump({"a": [1, 2]}, file, protocol=2)
    with zipfile.ZipFile(f"{folder}/notes.zip", "w") as archive:
        archive.writestr("folder/notes.txt", "hello")
    write_bomb(f"{folder}/overlap.legacy.pth")
    save_file(plain(), f"{folder}/plain.safetensors", metadata={"note": "a \"quoted\" text", "epoch": "12"})
    save_file(every_dtype(), f"{folder}/dtypes.safetensors")
    save_file({"scalar": formula((), 6), "empty": torch.zeros(0, 3)}, f"{folder}/small.safetensors")


def write_bomb(path):
    """A legacy file of 20 expanded views, each of 2**28 elements on a storage of one."""
    one = torch.ones(1)
    torch.save(
        {f"t{i}": one.expand(1 << 14, 1 << 14) for i in range(20)}, path, _use_new_zipfile_serialization=False
    )


if __name__ == "__main__":
    main(sys.argv[1])
