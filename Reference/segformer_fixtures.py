# SPDX-License-Identifier: Apache-2.0
"""Writes what SegFormers of others' code predict with weights drawn by name: names, shapes, logits and gradients' norms.

Usage: python segformer_fixtures.py FILE.json

Needs transformers, mmsegmentation (with mmcv-lite and mmengine) and segmentation-models-pytorch, whose encoder is the
authors' file; none of them is needed by the tests. A case whose packages are missing stays as the file has it, which is
told. Cases: huggingface-b0, huggingface-b2 (transformers, published
names), transformers5-b0 (names in memory), mmseg-b0, nvlabs-b0 (the authors' encoder with a head of their names). Each holds `entries` [name, shape], a summary of the logits
of one 96 x 64 image / 60 in evaluation mode, and `gradients`: norms for the loss sum(logits * sin(0.3 k)).
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import re
import sys
import types
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import torch
from torch import nn

from deeplabv2 import images
from deeplabv2_fixtures import summary

DEPTHS = {"b0": [2, 2, 2, 2], "b2": [3, 4, 6, 3]}
WIDTHS = {"b0": [32, 64, 160, 256], "b2": [64, 128, 320, 512]}
DECODER = {"b0": 256, "b2": 768}
CLASSES = 5


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands for a package that others import and nothing here uses."""

    def __init__(self, name):
        self.name = name

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == self.name:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = MagicMock()
        module.__spec__, module.__path__, module.__name__ = spec, [], spec.name
        return module

    def exec_module(self, module):
        pass


def huggingface(size):
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig(
        depths=DEPTHS[size], hidden_sizes=WIDTHS[size], decoder_hidden_size=DECODER[size], num_labels=CLASSES
    )
    model = SegformerForSemanticSegmentation(config)
    return model, lambda x: model(x).logits


def mmseg(size):
    # mmcv-lite lacks compiled operators, of which mmseg imports many and a SegFormer uses none.
    sys.modules["mmcv._ext"] = MagicMock()
    from mmseg.models.backbones import MixVisionTransformer
    from mmseg.models.decode_heads import SegformerHead

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = MixVisionTransformer(
                embed_dims=32, num_layers=DEPTHS[size], num_heads=[1, 2, 5, 8], patch_sizes=[7, 3, 3, 3]
            )
            self.decode_head = SegformerHead(
                in_channels=WIDTHS[size], in_index=[0, 1, 2, 3], channels=256, num_classes=CLASSES,
                norm_cfg={"type": "BN"}, align_corners=False, dropout_ratio=0,
            )

        def forward(self, x):
            return self.decode_head(self.backbone(x))

    model = Whole()
    return model, model


def nvlabs(size):
    # The packages of the encoders beside this one import torchvision, of which this one uses nothing.
    sys.meta_path.insert(0, Absent("torchvision"))
    package = "segmentation_models_pytorch"
    found = importlib.util.find_spec(package)
    if found is None:
        raise ModuleNotFoundError(f"No module named '{package}'", name=package)
    folder = found.submodule_search_locations[0]
    for name, path in ((package, folder), (f"{package}.encoders", f"{folder}/encoders")):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [path]
    from segmentation_models_pytorch.encoders.mix_transformer import LayerNorm, MixVisionTransformer

    class Projection(nn.Module):
        def __init__(self, width, output):
            super().__init__()
            self.proj = nn.Linear(width, output)

    class Fusion(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.conv = nn.Conv2d(4 * width, width, 1, bias=False)
            self.bn = nn.BatchNorm2d(width)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            width = DECODER[size]
            for i, channels in enumerate(WIDTHS[size]):
                setattr(self, f"linear_c{i + 1}", Projection(channels, width))
            self.linear_fuse = Fusion(width)
            self.linear_pred = nn.Conv2d(width, CLASSES, 1)

        def forward(self, maps):
            made = []
            for i, x in enumerate(maps):
                y = getattr(self, f"linear_c{i + 1}").proj(x.flatten(2).transpose(1, 2)).transpose(1, 2)
                y = y.reshape(y.shape[0], -1, *x.shape[2:])
                made.append(nn.functional.interpolate(y, maps[0].shape[2:], mode="bilinear", align_corners=False))
            fused = self.linear_fuse.conv(torch.cat(made[::-1], 1))
            return self.linear_pred(self.linear_fuse.bn(fused).relu())

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = MixVisionTransformer(
                embed_dims=WIDTHS[size], num_heads=[1, 2, 5, 8], mlp_ratios=[4] * 4, qkv_bias=True,
                norm_layer=partial(LayerNorm, eps=1e-6), depths=DEPTHS[size], sr_ratios=[8, 4, 2, 1],
            )
            self.decode_head = Head()

        def forward(self, x):
            return self.decode_head(self.backbone.forward_features(x)[-4:])

    model = Whole()
    return model, model


def published(name):
    """What save_pretrained of transformers 5 calls what the module in memory calls otherwise."""
    for pattern, text in (
        (r"^segformer\.stages\.(\d)\.patch_embeddings\.", r"segformer.encoder.patch_embeddings.\1."),
        (r"^segformer\.stages\.(\d)\.blocks\.", r"segformer.encoder.block.\1."),
        (r"^segformer\.stages\.(\d)\.layer_norm\.", r"segformer.encoder.layer_norm.\1."),
        ("attention.q_proj", "attention.self.query"), ("attention.k_proj", "attention.self.key"),
        ("attention.v_proj", "attention.self.value"), ("attention.o_proj", "attention.output.dense"),
        ("attention.sequence_reduction.sequence_reduction", "attention.self.sr"),
        ("attention.sequence_reduction.layer_norm", "attention.self.layer_norm"),
        ("mlp.fc1", "mlp.dense1"), ("mlp.fc2", "mlp.dense2"),
        ("layernorm_before", "layer_norm_1"), ("layernorm_after", "layer_norm_2"),
        ("decode_head.linear_projections", "decode_head.linear_c"),
    ):
        name = re.sub(pattern, text, name)
    return name


def draw(module, published):
    """Draws every floating entry, seeded by its name in files, as the tests draw it."""
    for own, tensor in module.state_dict().items():
        if not tensor.is_floating_point():
            continue
        name, seed = published(own), 0
        for byte in name.encode("ascii"):
            seed = (31 * seed + byte) % 2**31
        values = torch.randn(tensor.shape, generator=torch.Generator().manual_seed(seed))
        if tensor.dim() > 1:
            values = values / (tensor.numel() // tensor.shape[0]) ** 0.5
        elif name.endswith("running_var"):
            values = 1 + 0.25 * values.abs()
        else:
            values = 0.1 * values + (1 if name.endswith(".weight") else 0)
        tensor.copy_(values)


def case(make, size, published=str):
    model, predict = make(size)
    draw(model, published)
    model.eval()
    logits = predict(images(96, 64) / 60)
    probe = torch.sin(0.3 * torch.arange(logits.numel(), dtype=torch.float64)).float().reshape(logits.shape)
    (logits * probe).sum().backward()
    return {
        "entries": [[published(name), list(tensor.shape)] for name, tensor in model.state_dict().items()],
        "shape": list(logits.shape), "logits": summary(logits.detach()),
        "gradients": {published(name): p.grad.double().norm().item() for name, p in model.named_parameters() if p.grad is not None},
    }


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    path = Path(sys.argv[1])
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    cases = {}
    for name, *asked in (
        ("huggingface-b0", huggingface, "b0", published), ("huggingface-b2", huggingface, "b2", published),
        ("transformers5-b0", huggingface, "b0"), ("mmseg-b0", mmseg, "b0"), ("nvlabs-b0", nvlabs, "b0"),
    ):
        try:
            cases[name] = case(*asked)
        except ModuleNotFoundError as error:
            if name not in before:
                raise
            print(f"{path.name}: {name} stays as it is: {error}")
            cases[name] = before[name]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(cases, file)
        file.write("\n")


if __name__ == "__main__":
    main()
