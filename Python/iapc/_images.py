# SPDX-License-Identifier: Apache-2.0
"""Images and label maps in whatever form they come, as files for the program."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeGuard, Union

from . import _errors

PathLike = Union[str, "os.PathLike[str]"]
Images = Union[PathLike, Iterable[Any]]
"""Images: a folder, a list file, an image, a pattern (``"frames/*.png"``), a list of paths, or an iterable or
``Dataset`` of arrays ``[H, W, 3]`` (uint8, or floats in 0 to 1), tensors ``[3, H, W]`` and PIL images."""

_LIST = ".iapc-list.txt"
_KEYS = ("image", "images", "pixel_values", "img")


def is_path(value: Any) -> TypeGuard[PathLike]:
    """Whether a value names something on the disk."""
    return isinstance(value, (str, os.PathLike))


def images(value: Images, scratch: Path) -> str:
    """The images as the program takes them: a folder, an image or a list file.

    Args:
        scratch: a folder for a list, or for what is not on the disk yet; made where it is needed.

    Raises:
        DataError: there are none, or one that is no image.
    """
    if is_path(value):
        text = os.fspath(value)
        if os.path.exists(text) or not glob.has_magic(text):
            return text
        return _list_file(sorted(glob.glob(text, recursive=True)), text, scratch)
    items = _items(value)  # type: ignore[arg-type]
    first = next(items, None)
    if first is None:
        raise _none(repr(type(value).__name__))
    if is_path(first):
        return _list_file([os.fspath(path) for path in (first, *items)], "the list", scratch)
    folder = scratch / "images"
    _write(_chain(first, items), folder, _picture)
    return str(folder)


def labels(value: Any, scratch: Path) -> str:
    """Label maps as a folder: one of files that are there, or arrays ``[H, W]`` of class indices, as PNG files.

    Raises:
        DataError: one is no label map.
    """
    if is_path(value):
        return os.fspath(value)
    folder = scratch / "labels"
    _write(iter(value), folder, _label_map)
    return str(folder)


def _items(value: Iterable[Any]) -> Iterator[Any]:
    """The items, of a data set without `__iter__` too."""
    if hasattr(value, "__iter__"):
        return iter(value)
    return (value[index] for index in range(len(value)))  # type: ignore[arg-type, index]


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _none(where: str) -> _errors.DataError:
    return _errors.DataError("no images are named", where, "there is none", "name a folder or files")


def _list_file(paths: list[str], where: str, scratch: Path) -> str:
    """A list of files under names of their own: of files that lie together those that they have there."""
    if not paths:
        raise _none(where)
    folder = scratch / "images"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    whole = [os.path.abspath(path) for path in paths]
    common = os.path.commonpath([os.path.dirname(path) for path in whole])
    names = [os.path.relpath(path, common) for path in whole]
    for name, path in dict(zip(names, whole)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(path)
    file = folder / _LIST
    file.write_text("".join(f"{name}\n" for name in names), encoding="utf-8", errors="surrogateescape")
    return str(file)


def listed(images: str) -> list[str] | None:
    """The names of images in the order in which they were given, without endings; None where that is by name."""
    if os.path.basename(images) != _LIST:
        return None
    lines = Path(images).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return [os.path.splitext(line)[0] for line in lines]


def _write(items: Iterator[Any], folder: Path, picture: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for index, item in enumerate(items):
        picture(item, f"item {index}").save(folder / f"{index:06d}.png", compress_level=1)


def _array(item: Any, where: str) -> Any:
    """An item as an array, the first of a pair or the image of a dictionary."""
    import numpy

    if isinstance(item, dict):
        key = next((key for key in _KEYS if key in item), None)
        if key is None:
            raise _errors.DataError(
                "cannot take the image", where, f"its keys are {', '.join(map(str, item))}",
                f"name it {_KEYS[0]}, or give the images alone")
        item = item[key]
    elif isinstance(item, (tuple, list)) and item and not isinstance(item[0], (int, float)):
        item = item[0]
    if hasattr(item, "detach"):
        item = item.detach().cpu().numpy()
        if item.ndim == 3 and item.shape[0] in (1, 3) and item.shape[2] not in (1, 3):
            item = item.transpose(1, 2, 0)
    elif hasattr(item, "convert"):
        return item.convert("RGB") if item.mode not in ("L", "I;16", "P", "I", "1") else item
    return numpy.asarray(item)


def _picture(item: Any, where: str) -> Any:
    import numpy
    from PIL import Image

    array = _array(item, where)
    if isinstance(array, Image.Image):
        return array.convert("RGB")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim == 3 and array.shape[2] not in (1, 3) and array.shape[0] in (1, 3):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 3):
        raise _errors.DataError(
            "cannot take the image", where, f"expected [H, W, 3] or [3, H, W], found {list(array.shape)}",
            "give RGB images one by one")
    if array.dtype.kind == "f":
        if not numpy.isfinite(array).all() or array.min() < 0 or array.max() > 1:
            raise _errors.DataError(
                "cannot take the image", where, "its numbers are not in 0 to 1",
                "give images before normalization: uint8, or floats in 0 to 1")
        array = numpy.rint(array * 255)
    elif array.dtype.kind not in "uib" or array.min() < 0 or array.max() > 255:
        raise _errors.DataError(
            "cannot take the image", where, f"its numbers are no bytes: {array.dtype}",
            "give uint8, or floats in 0 to 1")
    array = array.astype(numpy.uint8)
    return Image.fromarray(numpy.ascontiguousarray(numpy.broadcast_to(array, (*array.shape[:2], 3))))


def _label_map(item: Any, where: str) -> Any:
    import numpy
    from PIL import Image

    if isinstance(item, (tuple, list)) and len(item) == 2 and hasattr(item[1], "shape"):
        item = item[1]
    if hasattr(item, "detach"):
        item = item.detach().cpu().numpy()
    array = numpy.asarray(item)
    if array.ndim != 2 or array.dtype.kind not in "uib" or array.min() < -1 or array.max() > 255:
        raise _errors.DataError(
            "cannot take the label map", where,
            f"expected [H, W] of classes in 0 to 254, found {array.dtype} {list(array.shape)}",
            "give class indices, 255 or -1 where there is no label")
    return Image.fromarray((array.astype(numpy.int64) & 255).astype(numpy.uint8))
