# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy
import pytest
import torch
from PIL import Image

import iapc
from iapc import _images


def read(folder: str) -> list[numpy.ndarray]:
    return [numpy.array(Image.open(path)) for path in sorted(Path(folder).iterdir())]


PIXELS = numpy.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=numpy.uint8)


class Items(torch.utils.data.Dataset):
    """A data set that has a length and items, and is no iterable by itself."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[numpy.ndarray, int]:
        return PIXELS, index


@pytest.mark.parametrize("value", [
    [PIXELS], [Image.fromarray(PIXELS)], [torch.from_numpy(PIXELS).permute(2, 0, 1)],
    [torch.from_numpy(PIXELS).permute(2, 0, 1) / 255], [PIXELS / 255.0], (PIXELS for _ in range(1)),
    [{"pixel_values": PIXELS}], [(PIXELS, "a label")], Items(),
], ids=["array", "PIL", "tensor", "float tensor", "float array", "generator", "dictionary", "pair", "Dataset"])
def test_images_of_every_form_are_the_same_pixels(value: object, tmp_path: Path) -> None:
    found = read(_images.images(value, tmp_path))
    assert found and all((image == PIXELS).all() for image in found)
    assert len(found) == (3 if isinstance(value, Items) else 1)


def test_gray_images_become_color(tmp_path: Path) -> None:
    assert (read(_images.images([PIXELS[:, :, 0]], tmp_path))[0] == PIXELS[:, :, :1]).all()


def test_paths_patterns_and_lists(images: Path, tmp_path: Path) -> None:
    """What is on the disk stays there; lists and patterns have its names, in their order."""
    assert _images.images(images, tmp_path) == str(images)
    files = sorted(images.iterdir(), reverse=True)
    for value, expected in ((str(images / "*.png"), files[::-1]), (files, files), (iter(files), files)):
        made = _images.images(value, tmp_path)
        assert _images.listed(made) == [path.stem for path in expected]
        assert [(Path(made).parent / path.name).resolve() for path in expected] == expected
    with pytest.raises(iapc.DataError):
        _images.images(str(images / "*.jpg"), tmp_path)


@pytest.mark.parametrize("value", [
    numpy.zeros((4, 4, 5)), numpy.full((4, 4, 3), -1.0), numpy.full((4, 4, 3), numpy.nan),
    numpy.full((4, 4, 3), 300), {"caption": "no image"},
], ids=["channels", "negative", "nan", "range", "keys"])
def test_what_is_no_image_is_refused(value: object, tmp_path: Path) -> None:
    with pytest.raises(iapc.DataError) as caught:
        _images.images([PIXELS, value], tmp_path)
    assert caught.value.where == "item 1"


def test_labels(tmp_path: Path) -> None:
    """-1 is 255, where there is no label."""
    maps = [numpy.array([[0, 1], [254, -1]]), torch.tensor([[3, 4], [5, 6]])]
    found = read(_images.labels(maps, tmp_path))
    assert found[0].tolist() == [[0, 1], [254, 255]] and found[1].tolist() == [[3, 4], [5, 6]]
    with pytest.raises(iapc.DataError):
        _images.labels([numpy.zeros((2, 2, 3), int)], tmp_path)
