# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import numpy
import pytest
from conftest import SMALL, command
from networks import Own, labels
from PIL import Image

import iapc


@pytest.fixture(scope="module")
def run(weights: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> iapc.Run:
    return iapc.adapt(weights, images, tmp_path_factory.mktemp("runs") / "run", steps=3, progress=False, **SMALL)


def test_evaluate_gives_what_the_command_measures(weights: Path, scenes: Path, tmp_path: Path) -> None:
    """Folders or arrays, the numbers are those of --json."""
    file = tmp_path / "score.json"
    command("evaluate", "--weights", weights, "--images", scenes / "images", "--labels", scenes / "labels",
            "--label-space", "camvid11", "--json", file)
    expected = json.loads(file.read_text())
    told = iapc.evaluate(
        weights, scenes / "images", scenes / "labels", label_space="camvid11", progress=False)
    maps = [numpy.array(Image.open(path)) for path in sorted((scenes / "labels").iterdir())]
    pictures = [Image.open(path) for path in sorted((scenes / "images").iterdir())]
    again = iapc.evaluate(weights, pictures, maps, label_space="camvid11", progress=False)
    assert told.mIoU == again.mIoU == expected["mIoU"]
    assert (told.confusion == numpy.array(expected["confusion"])).all()
    assert set(told.classes) == {item["name"] for item in expected["classes"]}
    assert "mIoU" in repr(told) and "<table>" in told._repr_html_() and "sky" in repr(told.table)


def test_predict_reads_label_maps(run: iapc.Run, images: Path, tmp_path: Path) -> None:
    """Maps are those that the command writes; without a folder they go with the result."""
    command("predict", "--weights", run.weights, "--images", images, "--output", tmp_path / "labelled")
    told = run.predict(images, progress=False)
    assert len(told) == 5
    for path, found in zip(sorted((tmp_path / "labelled/labels").iterdir()), told):
        assert (numpy.array(Image.open(path)) == found).all()
    kept = run.predict(str(images / "*.png"), tmp_path / "kept", progress=False, size=(32, 24))
    turned = run.predict(sorted(images.iterdir(), reverse=True), progress=False)
    assert all((one == other).all() for one, other in zip(turned, list(told)[::-1]))
    assert kept.folder == tmp_path / "kept" and kept[0].shape == (48, 64) and len(kept[1:3]) == 2


def test_a_module_is_labelled_and_inspected(images: Path) -> None:
    """A module in memory does for every command."""
    network = Own()
    found = iapc.predict(network, images, progress=False)
    assert (labels(network, sorted(images.iterdir())[0]) == found[0]).mean() >= 0.9999
    told = iapc.inspect(network)
    assert any(text.endswith("runs") for text in told.networks)


def test_inspect_says_what_weights_are(weights: Path) -> None:
    """The words of the command, by their names too."""
    told = iapc.inspect(weights)
    assert told.text == command("inspect", "--weights", weights)
    assert told.networks and told.fields["format"] == ["safetensors"]


def test_select_ranks_the_checkpoints(run: iapc.Run, tmp_path: Path) -> None:
    """The table, its numbers, and the selected weights."""
    found = run.select(output=tmp_path / "best.pth", progress=False)
    assert found.weights is not None and found.weights.exists() and found.values and str(found)


def test_compare_puts_methods_side_by_side(weights: Path, images: Path, tmp_path: Path) -> None:
    """A row a method, from runs in the folder."""
    told = iapc.compare(
        weights, images, tmp_path / "compared", methods=["source-only", "tent"], steps=2, progress=False, **SMALL)
    assert "tent" in told.text and told.report.path.exists()
    assert sorted(path.name for path in told.folder.iterdir() if path.is_dir())


def test_a_run_can_be_opened(run: iapc.Run, tmp_path: Path) -> None:
    """A folder that is no run that is done is an error."""
    assert iapc.Run(run.path).weights == run.weights
    with pytest.raises(iapc.DataError, match="no adapted.pth"):
        iapc.Run(tmp_path)


def test_scores_are_a_table(run: iapc.Run) -> None:
    """With or without pandas, columns have the log's names."""
    assert len(run.scores) == 0 or "step" in run.scores.columns


class Recorder(types.ModuleType):
    """A tracker's package that remembers what it is called with."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls: list[tuple] = []
        self.run = None

    def __getattr__(self, name: str):  # noqa: ANN204
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: object, **named: object) -> object:
            self.calls.append((name, arguments, named))
            return None if name == "active_run" else self

        return call


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_trackers_hear_each_step(
        name: str, weights: Path, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through their own packages, which are asked for by name where they are missing."""
    tracker = Recorder(name)
    monkeypatch.setitem(sys.modules, name, tracker)
    iapc.adapt(weights, images, tmp_path / "run", steps=2, progress=False, report_to=name, **SMALL)
    logged = [arguments[0] for call, arguments, _ in tracker.calls if call in ("log", "log_metrics")]
    assert sum("train/total" in values for values in logged) == 2
    assert tracker.calls[-1][0] in ("finish", "end_run")
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(iapc.LibraryError, match=rf"pip install 'iapc\[{name}\]'"):
        iapc.adapt(weights, images, tmp_path / "other", steps=2, progress=False, report_to=name)
    with pytest.raises(ValueError, match="there are tensorboard, wandb, mlflow"):
        iapc.adapt(weights, images, tmp_path / "other", report_to="papyrus")
