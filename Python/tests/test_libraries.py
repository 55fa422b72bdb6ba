# SPDX-License-Identifier: Apache-2.0
"""Networks of the libraries that people have, each against `iapc predict` and the command line's run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import SMALL
from networks import labels
from test_adapt import digest, expect_alike
from torch import Tensor, nn

import iapc
from iapc import _models


def unet() -> nn.Module:
    library = pytest.importorskip("segmentation_models_pytorch")
    return library.Unet("resnet18", encoder_weights=None, classes=19)


def lraspp() -> nn.Module:
    library = pytest.importorskip("torchvision")
    return library.models.segmentation.lraspp_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=19)


def backbone_with_head() -> nn.Module:
    timm = pytest.importorskip("timm")

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = timm.create_model("mobilenetv3_small_050", pretrained=False, features_only=True)
            self.head = nn.Conv2d(self.backbone.feature_info.channels()[-2], 19, 1)

        def forward(self, images: Tensor) -> Tensor:
            return self.head(self.backbone(images)[-2])

    return Network()


@pytest.mark.parametrize("make", [unet, lraspp, backbone_with_head])
def test_a_network_of_a_library_is_adapted(make, images: Path, tmp_path: Path) -> None:  # noqa: ANN001
    """The network in memory labels as the program does, and its run is that of the exported module."""
    torch.manual_seed(1)
    given = make()
    size = {**SMALL, "size": (96, 64), "crop": (64, 64)}
    run = iapc.adapt(given, images, tmp_path / "run", steps=2, progress=False, **size)
    assert type(run.model) is type(given)
    resized = [image for image in sorted(images.iterdir())]
    (tmp_path / "large").mkdir()
    for path in resized:
        from PIL import Image

        Image.open(path).resize((96, 64)).save(tmp_path / "large" / path.name)
    expect_alike(run, tmp_path / "large")
    prepared = _models.prepare(given, tmp_path / "export")
    again = iapc.adapt(
        prepared.weights, images, tmp_path / "again", steps=2, progress=False, **size,
        normalisation=prepared.options.get("normalisation"))
    assert digest(run.path) == digest(again.path)
    assert labels(given, tmp_path / "large" / resized[0].name).shape == (64, 96)
