# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path

import numpy
import pytest
import torch
from conftest import SMALL
from networks import Own
from torch import nn

import iapc
from iapc import _errors


def test_errors_have_their_parts(images: Path, tmp_path: Path) -> None:
    """What, where, why and remedy are those of the program's line, and survive being sent to another process."""
    with pytest.raises(iapc.WeightsError) as caught:
        iapc.adapt(tmp_path / "none.pth", images, tmp_path / "run", progress=False)
    error = caught.value
    assert str(tmp_path / "none.pth") in (error.where or "") and error.why and error.remedy and error.status == 1
    assert str(error) == f"{error.what} ({error.where}): {error.why}; {error.remedy}"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error) and again.remedy == error.remedy


def test_usage(weights: Path, images: Path) -> None:
    """An option that there is not, and one that is missing."""
    with pytest.raises(iapc.UsageError, match="Unknown option"):
        iapc.predict(weights, images, progress=False, no_such_option=1)
    with pytest.raises(iapc.UsageError, match="--images"):
        iapc.evaluate(weights, progress=False)


def test_settings(weights: Path, images: Path, tmp_path: Path) -> None:
    with pytest.raises(iapc.SettingError):
        iapc.adapt(weights, images, tmp_path / "run", progress=False, method="nothing")
    with pytest.raises(iapc.SettingError):
        iapc.adapt(weights, images, tmp_path / "run", progress=False, batch=0)
    with pytest.raises(iapc.SettingError):
        iapc.predict(weights, images, progress=False, device="abacus")


def test_data(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(iapc.DataError):
        iapc.predict(weights, tmp_path / "nowhere", progress=False)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(iapc.DataError):
        iapc.predict(weights, tmp_path / "broken.png", progress=False)
    with pytest.raises(iapc.DataError, match="no images are named"):
        iapc.predict(weights, [], progress=False)
    with pytest.raises(iapc.DataError, match="not in 0 to 1"):
        iapc.predict(weights, [numpy.full((8, 8, 3), 2.5)], progress=False)


def test_output(weights: Path, images: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/note.txt").write_text("mine")
    with pytest.raises(iapc.OutputError):
        iapc.predict(weights, images, tmp_path / "full", progress=False)
    with pytest.raises(OSError):
        iapc.adapt(weights, images, tmp_path / "full", progress=False, **SMALL)


def test_resume(tmp_path: Path) -> None:
    with pytest.raises(iapc.ResumeError):
        iapc.resume(tmp_path / "nothing", progress=False)


def test_models(images: Path, tmp_path: Path) -> None:
    class NoScores(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean((2, 3))

    class NoImages(nn.Module):
        def forward(self, words: list[str]) -> str:
            return words[0].upper()

    for network, why in [(NoScores(), "it gives a tensor"), (NoImages(), "no attribute")]:
        with pytest.raises(iapc.ModelError, match=why):
            iapc.adapt(network, images, tmp_path / "run", progress=False)


def test_not_finite(images: Path, tmp_path: Path) -> None:
    with pytest.raises(iapc.NotFiniteError):
        iapc.adapt(
            Own(), images, tmp_path / "run", steps=30, learning_rate=1e30, profile="paper", progress=False, **SMALL)


def test_stopped_by_another(weights: Path, images: Path, tmp_path: Path) -> None:
    """A signal that did not come from here is an error, with where to go on."""
    process = 0

    def stop(event: dict) -> None:
        nonlocal process
        process = event.get("process", process)
        if event["event"] == "step" and event["step"] == 2:
            os.kill(process, signal.SIGTERM)

    with pytest.raises(iapc.Stopped) as caught:
        iapc.adapt(weights, images, tmp_path / "run", steps=400, progress=False, callbacks=stop, **SMALL)
    assert caught.value.where == str(tmp_path / "run") and caught.value.status == 143


def test_no_program(monkeypatch: pytest.MonkeyPatch, weights: Path) -> None:
    monkeypatch.setenv("IAPC_PROGRAM", "nowhere")
    with pytest.raises(iapc.ProgramNotFound, match="IAPC_PROGRAM"):
        iapc.inspect(weights)


@pytest.mark.parametrize(("what", "kind"), [
    ("the run does not fit in memory", iapc.ResourceError),
    ("the memory ran out", iapc.ResourceError),
    ("the run does not fit on the disk", iapc.ResourceError),
    ("the network seems to have collapsed", iapc.CollapseError),
    ("cannot load libtorch", iapc.LibraryError),
    ("cannot join the job's processes", iapc.ProcessError),
    ("the job has ended", iapc.ProcessError),
    ("cannot resume the run with another seed", iapc.ResumeError),
    ("the run folder is in use", iapc.ResumeError),
    ("the run folder is there already", iapc.OutputError),
    ("cannot write the checkpoint", iapc.OutputError),
    ("cannot run the module", iapc.ModelError),
    ("cannot use the setting batch", iapc.SettingError),
    ("unknown setting", iapc.SettingError),
    ("cannot use the option --threads", iapc.SettingError),
    ("cannot load the weights", iapc.WeightsError),
    ("cannot read the checkpoint", iapc.WeightsError),
    ("cannot read the image", iapc.DataError),
    ("images have no label file", iapc.DataError),
    ("the loss is no longer a number", iapc.NotFiniteError),
    ("something new", iapc.Error),
])
def test_kinds(what: str, kind: type[iapc.Error]) -> None:
    """What cannot be brought about here is told apart by its words."""
    event = {"what": what, "where": "w", "why": "y", "remedy": "r", "status": 1}
    assert type(_errors.error(event)) is kind
