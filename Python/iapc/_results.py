# SPDX-License-Identifier: Apache-2.0
"""What commands give back: a run, scores, label maps, tables."""

from __future__ import annotations

import html
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _commands, _errors
from ._images import Images, PathLike

if TYPE_CHECKING:
    import numpy
    import pandas
    from torch import nn

Row = dict[str, Any]


class Table(Sequence[Row]):
    """Rows of a log or a table, each a dictionary; shown as a table in a notebook."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        """A row, rows, or the values of a column by its name (None where a row lacks it)."""
        if isinstance(index, str):
            return [row.get(index) for row in self._rows]
        return self._rows[index]

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in the order in which they first come."""
        return list(dict.fromkeys(name for row in self._rows for name in row))

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame; needs pandas."""
        import pandas

        return pandas.DataFrame(self._rows)

    def __repr__(self) -> str:
        shown = self._rows if len(self._rows) <= 10 else [*self._rows[:5], {}, *self._rows[-5:]]
        columns = self.columns
        texts = [columns, *([_text(row[name]) if name in row else "..." if not row else "" for name in columns]
                            for row in shown)]
        widths = [max(len(text[index]) for text in texts) for index in range(len(columns))]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(text, widths)) for text in texts)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_text(row.get(name)))}</td>" for name in self.columns) + "</tr>"
            for row in self._rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list) and len(value) > 4:
        return f"[{len(value)}]"
    return str(value)


def _frame(table: Table) -> Any:
    """The table as a data frame where pandas is there."""
    try:
        return table.to_pandas()
    except ImportError:
        return table


def _lines(path: Path) -> Table:
    if not path.exists():
        return Table([])
    with open(path, encoding="utf-8") as lines:
        return Table([json.loads(line) for line in lines])


class Report:
    """The page of a run: one HTML file, which shows itself in a notebook."""

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        """The file."""

    def __repr__(self) -> str:
        return f"Report({str(self.path)!r})"

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        page = html.escape(self.path.read_text(encoding="utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 640px; border: 0"></iframe>'


class Evaluation:
    """How well weights label images, as ``evaluate --json`` has it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values: dict[str, Any] = dict(values)
        """All that was measured, with the protocol and what it was measured of."""

    @property
    def mIoU(self) -> float | None:  # noqa: N802: the field's name
        """The mean IoU over the classes of the label space, 0 to 1; None where no pixel has a label."""
        mean: float | None = self.values["mIoU"]
        return mean

    @property
    def classes(self) -> dict[str, float | None]:
        """The IoU of each class; None for one that is neither in labels nor in predictions."""
        return {item["name"]: item["iou"] for item in self.values["classes"]}

    @property
    def confusion(self) -> numpy.ndarray:
        """Pixels of true class ``t`` predicted ``p``, int64 ``[C, C]``."""
        import numpy

        return numpy.asarray(self.values["confusion"], dtype=numpy.int64)

    @property
    def table(self) -> Table:
        """A row a class."""
        return Table(self.values["classes"])

    def __repr__(self) -> str:
        mean = "none" if self.mIoU is None else f"{100 * self.mIoU:.2f} %"
        return f"Evaluation(mIoU {mean}, {self.values['images']} images)"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.table._repr_html_()}"


class Prediction(Sequence["numpy.ndarray"]):
    """Label maps of images: uint8 ``[H, W]`` of class indices, read when they are asked for.

    They are in the order of the paths, arrays or items that were given, and of a folder or list file by name.
    """

    def __init__(self, folder: PathLike, keep: tempfile.TemporaryDirectory[str] | None = None,
                 names: Sequence[str] | None = None) -> None:
        self.folder = Path(folder)
        """Where ``labels/``, ``colours/``, ``overlays/`` and ``legend.svg`` are."""
        self._keep = keep
        labels = self.folder / "labels"
        self.paths: list[Path] = (
            sorted(labels.rglob("*.png")) if names is None else [labels / f"{name}.png" for name in names])
        """The label maps, a PNG an image."""

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> Any:
        import numpy
        from PIL import Image

        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        with Image.open(self.paths[index]) as image:
            return numpy.array(image)

    def __repr__(self) -> str:
        return f"Prediction({len(self)} label maps in {str(self.folder)!r})"


class Inspection:
    """What a weights file is, as ``inspect`` says it."""

    def __init__(self, text: str) -> None:
        self.text = text
        """All that it says."""

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """What it says under each of its words, in order."""
        found: dict[str, list[str]] = {}
        for line in self.text.splitlines():
            name, _, value = line.partition(" ")
            if name:
                found.setdefault(name, []).append(value.strip())
        return found

    @property
    def networks(self) -> list[str]:
        """The networks that it fits exactly, or that it runs as."""
        return [text for text in self.fields.get("network", []) if text.endswith(("fits exactly", "runs"))]

    def __repr__(self) -> str:
        return self.text.rstrip()


class Selection:
    """Checkpoints ranked without labels, as ``select --json`` has it."""

    def __init__(self, values: Any, text: str, weights: Path | None) -> None:
        self.values = values
        """All numbers."""
        self.text = text
        """The table."""
        self.weights = weights
        """The selected weights, where they were to be written."""

    def __repr__(self) -> str:
        return self.text.rstrip()


class Comparison:
    """Methods side by side, as ``compare`` leaves them."""

    def __init__(self, folder: PathLike) -> None:
        self.folder = Path(folder)
        """The folder of the runs and the table."""
        self.values: Any = json.loads((self.folder / "table.json").read_text(encoding="utf-8"))
        """The table's numbers."""

    @property
    def text(self) -> str:
        """The table in Markdown."""
        return (self.folder / "table.md").read_text(encoding="utf-8")

    @property
    def report(self) -> Report:
        """The page of the first seed's runs."""
        return Report(self.folder / "report.html")

    def __repr__(self) -> str:
        return self.text.rstrip()


class Run:
    """A run of ``adapt`` that is done: its folder, and what is in it."""

    def __init__(self, path: PathLike, restore: Any = None, seconds: float | None = None,
                 notes: Sequence[str] = ()) -> None:
        self.path = Path(path)
        """The run folder."""
        self.seconds = seconds
        """How long the program took; None for a run that was opened."""
        self.notes = list(notes)
        """What the program had to say of it, line by line."""
        self._restore = restore
        if not (self.path / "adapted.pth").exists():
            raise _errors.DataError(
                "cannot open the run", str(path), "it has no adapted.pth: it is no run of `iapc adapt` that is done",
                f"go on with iapc.resume({str(path)!r})")

    @property
    def files(self) -> dict[str, str]:
        """Paths of what is in the folder, by the names that the event ``ended`` has for them."""
        names = {
            "run": "", "config": "config.yaml", "manifest": "manifest.json", "metrics": "metrics.jsonl",
            "selection": "selection.jsonl", "tensorboard": "tensorboard", "pth": "adapted.pth",
            "safetensors": "adapted.safetensors", "script": "adapted.pt", "pretrained": "adapted",
            "guard": "guard.json", "report": "report.html"}
        found = {key: self.path / name for key, name in names.items()}
        return {key: str(path) for key, path in found.items() if path.exists()}

    @property
    def weights(self) -> Path:
        """The adapted weights that every command takes without options."""
        files = self.files
        return Path(files.get("script") or files["safetensors"])

    @cached_property
    def model(self) -> nn.Module:
        """The network with the adapted weights: of the class that was given, on its device and in its mode.

        Of a run that began with a file it is the TorchScript module, the network of transformers, or a TorchScript
        export of the network that the program knows. It takes normalized images ``[N, 3, H, W]``.
        """
        from . import _models

        return (self._restore or _models._restore_file)(self.files)

    @property
    def metrics(self) -> Any:
        """A row a step: the loss ``total``, its terms, the learning rate; a data frame where pandas is there."""
        return _frame(_lines(self.path / "metrics.jsonl"))

    @property
    def scores(self) -> Any:
        """A row a look at the network: the label-free criteria; a data frame where pandas is there."""
        return _frame(_lines(self.path / "selection.jsonl"))

    @property
    def manifest(self) -> dict[str, Any]:
        """Versions, seed, hashes of weights and images, and the command."""
        values: dict[str, Any] = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))
        return values

    @property
    def config(self) -> str:
        """The resolved settings, in YAML."""
        return (self.path / "config.yaml").read_text(encoding="utf-8")

    @property
    def report(self) -> Report:
        """The page about the run."""
        return Report(self.path / "report.html")

    def select(self, **options: Any) -> Selection:
        """Ranks the run's checkpoints without labels; see `iapc.select`."""
        return _commands.select(self.path, **options)

    def evaluate(self, images: Images | None = None, labels: Any = None, **options: Any) -> Evaluation:
        """Scores the adapted weights on labelled images; see `iapc.evaluate`."""
        return _commands.evaluate(self.weights, images, labels, **options)

    def predict(self, images: Images, output: PathLike | None = None, **options: Any) -> Prediction:
        """Labels images with the adapted weights; see `iapc.predict`."""
        return _commands.predict(self.weights, images, output, **options)

    def __repr__(self) -> str:
        steps = len(_lines(self.path / "metrics.jsonl"))
        return f"Run({str(self.path)!r}, {steps} steps)"

    def _repr_html_(self) -> str:
        return self.report._repr_html_() if self.report.path.exists() else f"<p>{html.escape(repr(self))}</p>"

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a run is not a sequence: see its metrics and scores")

    def __fspath__(self) -> str:
        return os.fspath(self.path)
