# SPDX-License-Identifier: Apache-2.0
"""The commands of the program as functions: each runs it and gives back what it leaves."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _images, _models, _progress, _program, _results
from ._images import Images, PathLike
from ._models import Model
from ._progress import Callbacks

# Of `adapt`: what else is named is a setting.
_ADAPT_OPTIONS = frozenset({
    "network", "variant", "features", "head", "size", "crop", "batch", "steps", "learning_rate", "device", "precision",
    "seed", "threads", "processes", "join_timeout", "peer_timeout", "sync_batchnorm", "dump_batches", "dataset", "data",
    "split", "allow_missing", "exif_orientation", "overwrite",
})


def _text(value: Any) -> str:
    """A value as options and settings have it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    if isinstance(value, float):
        return repr(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


_SIZES = frozenset({"size", "crop", "tile"})


def _options(values: Mapping[str, Any]) -> list[str]:
    """Keyword arguments as options: ``label_space="camvid11"`` is ``--label-space camvid11``."""
    words: list[str] = []
    for name, value in values.items():
        option = "--" + name.replace("_", "-")
        if value is None or (value is False and name != "sync_batchnorm"):
            continue
        if value is True:
            words.append(option)
        elif value is False:
            words.append("--no-" + name.replace("_", "-"))
        elif name in _SIZES and isinstance(value, (tuple, list)):
            words.append(f"{option}={value[0]}x{value[1]}")
        else:
            words.append(f"{option}={_text(value)}")
    return words


def _settings(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Nested or dotted settings as ``--set``: ``optimizer={"momentum": 0.9}`` is ``--set optimizer.momentum=0.9``."""
    words: list[str] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            words += _settings(value, f"{prefix}{name}.")
        else:
            words += ["--set", f"{prefix}{name}={'auto' if value is None else _text(value)}"]
    return words


def _adapt_words(config: Mapping[str, Any]) -> list[str]:
    """What is no argument of `adapt`: its options, a config file, and settings."""
    # `network` and `data` are options, and with a mapping the groups of settings of those names.
    options = {name: value for name, value in config.items() if name in _ADAPT_OPTIONS and not isinstance(value, Mapping)}
    rest = {name: value for name, value in config.items() if name not in options and name != "config"}
    words = _options(options)
    given = config.get("config")
    if isinstance(given, Mapping):
        rest = {**given, **rest}
    elif given is not None:
        words += ["--config", os.fspath(given)]
    return words + _settings(rest)


def _scratch(output: PathLike) -> Path:
    """Where what is not on the disk is put for a run: beside its folder, since `resume` needs it again."""
    path = Path(output)
    return path.parent / f"{path.name}.inputs"


class _Notes:
    """Collects what the program notes."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, event: _program.Event) -> None:
        if event["event"] == "note":
            self.texts.append(event["text"])


def _both(first: _progress.Listener, second: _progress.Listener) -> _progress.Listener:
    def hear(event: _program.Event) -> None:
        first(event)
        second(event)

    return hear


def adapt(model: Model, images: Images | None = None, output: PathLike = "runs/adapted", *,
          method: str | Mapping[str, Any] | None = None, profile: str | None = None,
          classes: str | Sequence[str] | None = None, normalisation: str | None = None, image_processor: Any = None,
          progress: bool = True, callbacks: Callbacks = None, report_to: str | Sequence[str] | None = None,
          **config: Any) -> _results.Run:
    """Adapts a network to unlabelled images.

    It is ``iapc adapt``: the same numbers, and the same bytes in the run folder.

    Args:
        model: a module in memory, which is left as it is; a weights file; or a folder of ``save_pretrained``. A module
            takes normalized images ``[N, 3, H, W]`` and gives scores ``[N, C, h, w]``, alone or under "out" or
            "logits". One that the program does not know is scripted, or else traced.
        images: a folder, a list file, a pattern, paths, or an iterable or ``Dataset`` of arrays ``[H, W, 3]``, tensors
            ``[3, H, W]`` and PIL images, which are written as PNG files beside the run folder.
        output: the run folder; it must be new, or ``overwrite=True`` given.
        method: the way to adapt: "iapc" (the default), "tent", ...; or with settings of its own,
            ``{"name": "self-training", "threshold": 0.9}``.
        profile: "recommended" (the default), "paper" or "reference".
        classes: what the network predicts: a label space, a .yaml file, or the names of its classes in order. Left out
            it is what the weights or ``id2label`` say, or Cityscapes' 19 classes.
        normalisation: the pixels that the network wants, as ``--normalisation`` has them. Left out it is what the
            weights, the image processor or timm's configuration say, or ImageNet's mean and deviation.
        image_processor: one of transformers, whose mean and deviation are taken, and its size where none is given.
        progress: whether bars show how far it is.
        callbacks: functions of an event, or objects with ``on_step``, ``on_score`` or ``on_event``.
        report_to: "tensorboard" (whose files every run has), "wandb", "mlflow", or several.
        config: options of the command (``size=(640, 480)``, ``crop``, ``batch``, ``steps``, ``learning_rate``, ``seed``,
            ``threads``, ``device``, ...); ``config="run.yaml"``; anything else is a setting under its name in YAML, nested
            or with dots.

    Raises:
        Error: what goes wrong, by its kind.
        KeyboardInterrupt: after Ctrl-C, once the step is done and saved; `resume` goes on.
    """
    from ._images import is_path

    scratch = _scratch(output)
    prepared = _models.prepare(
        model, scratch, classes=classes, normalisation=normalisation, image_processor=image_processor)
    words = ["adapt", "--weights", prepared.weights, "--output", os.fspath(output), *_options(prepared.options)]
    if images is not None:
        words += ["--images", _images.images(images, scratch)]
    if isinstance(method, Mapping):
        config = {**config, "method": method}
    words += _options({"method": None if isinstance(method, Mapping) else method, "profile": profile})
    if "size" not in config and image_processor is not None:
        config = {**config, "size": _size(image_processor)}
    words += _adapt_words(config)
    shown = {"method": method or "iapc", "profile": profile or "recommended", **config}
    if is_path(model):
        shown["weights"] = prepared.weights
    return _run(words, output, prepared.restore, progress, callbacks, report_to, shown)


def _size(processor: Any) -> tuple[int, int] | None:
    """The width and height that an image processor resizes to; None where it does not."""
    size = getattr(processor, "size", None)
    if not getattr(processor, "do_resize", False) or size is None:
        return None
    known = dict(size)
    return (known["width"], known["height"]) if known.get("width") and known.get("height") else None


def _run(words: Sequence[str], output: PathLike, restore: Any, progress: bool, callbacks: Callbacks,
         report_to: str | Sequence[str] | None, config: Mapping[str, Any]) -> _results.Run:
    notes = _Notes()
    listen = _progress.listeners(
        progress, callbacks, report_to, name=Path(output).name, config=dict(config))
    outcome = _program.run(words, _both(notes, listen))
    return _results.Run(output, restore, outcome.seconds, notes.texts)


def resume(path: PathLike, model: Model | None = None, *, progress: bool = True, callbacks: Callbacks = None,
           report_to: str | Sequence[str] | None = None, **config: Any) -> _results.Run:
    """Goes on with a run of `adapt` that was stopped or killed, to the same bytes as without the break.

    Args:
        path: the run folder. What was written beside it has to be there still.
        model: the module that the run began with, for `Run.model` to be of its class.
        config: options and settings that may change: ``steps``, ``threads``, ``device``, ...

    Raises:
        ResumeError: there is no run to go on with, or it began with other settings.
    """
    restore = None
    if model is not None and not _images.is_path(model):
        with tempfile.TemporaryDirectory() as folder:
            restore = _models.prepare(model, Path(folder), classes=None).restore
    words = ["adapt", "--resume", os.fspath(path), *_adapt_words(config)]
    return _run(words, path, restore, progress, callbacks, report_to, config)


def evaluate(model: Model, images: Images | None = None, labels: Any = None, *,
             classes: str | Sequence[str] | None = None, normalisation: str | None = None, image_processor: Any = None,
             progress: bool = True, callbacks: Callbacks = None, **options: Any) -> _results.Evaluation:
    """Scores a network on labelled images: IoU per class and mIoU.

    Args:
        model: as `adapt` takes it.
        images: as `adapt` takes them.
        labels: a folder of label images, or an iterable of arrays ``[H, W]`` of class indices, one an image.
        options: those of ``iapc evaluate``: ``label_space="camvid11"``, ``size=(640, 480)``, ``protocol``, ``dataset``, ...

    Raises:
        Error: what goes wrong, by its kind.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        prepared = _models.prepare(
            model, scratch, classes=classes, normalisation=normalisation, image_processor=image_processor)
        json_file = options.pop("json", None) or scratch / "evaluation.json"
        words = ["evaluate", "--weights", prepared.weights, "--json", os.fspath(json_file), *_options(prepared.options)]
        if images is not None:
            words += ["--images", _images.images(images, scratch)]
        if labels is not None:
            words += ["--labels", _images.labels(labels, scratch)]
        _program.run(words + _options(options), _progress.listeners(progress, callbacks))
        return _results.Evaluation(json.loads(Path(json_file).read_text(encoding="utf-8")))


def predict(model: Model, images: Images, output: PathLike | None = None, *,
            classes: str | Sequence[str] | None = None, normalisation: str | None = None, image_processor: Any = None,
            progress: bool = True, callbacks: Callbacks = None, **options: Any) -> _results.Prediction:
    """Labels images.

    Args:
        model: as `adapt` takes it.
        images: as `adapt` takes them.
        output: a folder for label maps, colors and overlays, new or empty. Left out it is one that goes with the result.
        options: those of ``iapc predict``: ``size=(640, 480)``, ``label_space``, ``scales``, ...

    Raises:
        Error: what goes wrong, by its kind.
    """
    keep = tempfile.TemporaryDirectory(prefix="iapc-") if output is None else None
    target = os.path.join(keep.name, "labelled") if keep else os.fspath(output)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        prepared = _models.prepare(
            model, scratch, classes=classes, normalisation=normalisation, image_processor=image_processor)
        source = _images.images(images, scratch)
        names = _images.listed(source)
        words = ["predict", "--weights", prepared.weights, "--images", source, "--output", target]
        _program.run(
            words + _options({**prepared.options, **options}), _progress.listeners(progress, callbacks))
    return _results.Prediction(target, keep, names)


def inspect(model: Model, images: Images | None = None, *, classes: str | Sequence[str] | None = None,
            progress: bool = False, **options: Any) -> _results.Inspection:
    """Says what a weights file or a module is, and whether it can be adapted.

    Args:
        model: as `adapt` takes it.
        images: a few images of the new place, to hold readings of the weights against.
        options: those of ``iapc inspect``: ``network``, ``entries=True``, ``size=(1024, 512)``, ...

    Raises:
        Error: what goes wrong, by its kind.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        prepared = _models.prepare(model, scratch, classes=classes)
        words = ["inspect", "--weights", prepared.weights, *_options({"classes": prepared.options.get("classes")})]
        if images is not None:
            words += ["--images", _images.images(images, scratch)]
        outcome = _program.run(words + _options(options), _progress.listeners(progress))
        return _results.Inspection(outcome.output)


def select(candidates: PathLike | Iterable[PathLike], *, output: PathLike | None = None, progress: bool = True,
           **options: Any) -> _results.Selection:
    """Ranks checkpoints without labels.

    Args:
        candidates: runs, folders of weights, or weights.
        output: where the selected weights are to be written.
        options: those of ``iapc select``: ``images``, ``size``, ``labels``, ``count``, ...

    Raises:
        Error: what goes wrong, by its kind.
    """
    many: list[PathLike] = [candidates] if _images.is_path(candidates) else list(candidates)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if options.get("images") is not None:
            options["images"] = _images.images(options["images"], scratch)
        file = scratch / "selection.json"
        words = ["select", *(os.fspath(path) for path in many), "--json", str(file), *_options({"output": output, **options})]
        outcome = _program.run(words, _progress.listeners(progress))
        values = json.loads(file.read_text(encoding="utf-8"))
    return _results.Selection(values, outcome.output, None if output is None else Path(output))


def compare(model: Model, images: Images, output: PathLike = "runs/compared", *,
            methods: str | Sequence[str] | None = None, seeds: Sequence[int] = (1,), labels: PathLike | None = None,
            labelled_images: PathLike | None = None, label_space: str | None = None,
            classes: str | Sequence[str] | None = None, normalisation: str | None = None, image_processor: Any = None,
            progress: bool = True, callbacks: Callbacks = None, **config: Any) -> _results.Comparison:
    """Runs several methods on the same network and images, and puts them into one table.

    Runs that are in the output folder are kept: the same call goes on.

    Args:
        methods: their names; all where they are left out.
        seeds: a run of each method for each of them.
        labels: a folder of labels, for the table alone: no method sees one.
        labelled_images: the images that they belong to.
        label_space: what the labels hold.
        config: as `adapt` takes it, alike for every method.

    Raises:
        Error: what goes wrong, by its kind.
    """
    scratch = _scratch(output)
    prepared = _models.prepare(
        model, scratch, classes=classes, normalisation=normalisation, image_processor=image_processor)
    words = ["compare", "--output", os.fspath(output), "--seeds", ",".join(map(str, seeds))]
    words += _options({
        "methods": methods, "labels": labels, "labelled_images": labelled_images, "label_space": label_space,
        "count": config.pop("count", None), "checkpoints": config.pop("checkpoints", None)})
    words += ["--", "--weights", prepared.weights, "--images", _images.images(images, scratch), *_options(prepared.options)]
    _program.run(words + _adapt_words(config), _progress.listeners(progress, callbacks))
    return _results.Comparison(output)
