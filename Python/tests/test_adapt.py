# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy
import pytest
import torch
from conftest import SMALL, command
from networks import Named, OfOtherName, Own, Traced, labels

import iapc


def digest(run: Path) -> str:
    return hashlib.sha256((run / "adapted.safetensors").read_bytes()).hexdigest()


def options(steps: int) -> list[object]:
    return ["--size", "64x48", "--crop", "32x32", "--batch", 2, "--steps", steps]


def expect_alike(run: iapc.Run, images: Path) -> None:
    """The network in memory labels as the program does."""
    told = run.predict(images, progress=False)
    equal = total = 0
    for path, expected in zip(sorted(images.iterdir()), told):
        equal += int((labels(run.model, path) == expected).sum())
        total += expected.size
    assert equal >= 0.9999 * total


def test_a_file_is_adapted_as_by_the_command_line(weights: Path, images: Path, tmp_path: Path) -> None:
    """The same call gives the same bytes, and what is in the folder is at hand."""
    run = iapc.adapt(weights, images, tmp_path / "a", steps=3, progress=False, **SMALL)
    command("adapt", "--weights", weights, "--images", images, "--output", tmp_path / "b", *options(3))
    assert digest(run.path) == digest(tmp_path / "b")
    assert len(run.metrics) == 3 and list(run.metrics["step"]) == [1, 2, 3]
    assert run.seconds and run.seconds > 0
    assert run.notes and run.manifest["job"] == "adapt"
    assert "<iframe" in run.report._repr_html_() and "<iframe" in run._repr_html_()
    assert isinstance(run.model, torch.nn.Module)
    assert repr(run) == f"Run({str(tmp_path / 'a')!r}, 3 steps)"


@pytest.mark.parametrize("kind", [Own, Named, OfOtherName, Traced])
def test_a_module_comes_back_as_its_class(kind: type[Own], images: Path, tmp_path: Path) -> None:
    """The given module stays as it is; its copy has the adapted weights and labels as the program does."""
    torch.manual_seed(1)
    given = kind()
    before = copy.deepcopy(given.state_dict())
    run = iapc.adapt(given, images, tmp_path / "run", steps=2, progress=False, **SMALL)
    assert all(torch.equal(before[name], tensor) for name, tensor in given.state_dict().items())
    assert type(run.model) is kind and given.training == run.model.training
    after = run.model.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    expect_alike(run, images)


def test_a_module_is_adapted_as_its_export(images: Path, tmp_path: Path) -> None:
    """The run of a module in memory has the bytes of the command line's run of the same module."""
    torch.manual_seed(2)
    given = Own()
    run = iapc.adapt(given, images, tmp_path / "a", steps=2, progress=False, **SMALL)
    torch.jit.script(copy.deepcopy(given).eval()).save(str(tmp_path / "own.pt"))
    command("adapt", "--weights", tmp_path / "own.pt", "--images", images, "--output", tmp_path / "b", *options(2))
    assert digest(run.path) == digest(tmp_path / "b")


def test_another_number_of_classes_needs_no_word(images: Path, tmp_path: Path) -> None:
    """Classes without names are numbered; names can be given."""
    run = iapc.adapt(Own(7), images, tmp_path / "a", steps=1, progress=False, **SMALL)
    assert max(int(labels.max()) for labels in run.predict(images, progress=False)) < 7
    named = iapc.adapt(
        Own(3), images, tmp_path / "b", steps=1, classes=["ground", "sky", "other"], progress=False, **SMALL)
    assert named.manifest
    with pytest.raises(iapc.SettingError, match="scores 3 classes, 2 are named"):
        iapc.adapt(Own(3), images, tmp_path / "c", steps=1, classes=["a", "b"], progress=False, **SMALL)


def test_a_segformer_of_transformers(images: Path, tmp_path: Path) -> None:
    """It goes as save_pretrained writes it, with its image processor's colors, and comes back as its class."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(3)
    config = transformers.SegformerConfig(num_labels=19)
    given = transformers.SegformerForSemanticSegmentation(config)
    run = iapc.adapt(given, images, tmp_path / "run", steps=1, progress=False, size=(64, 64), crop=(32, 32), batch=2)
    assert type(run.model) is transformers.SegformerForSemanticSegmentation
    assert "pretrained" in run.files
    expect_alike(run, images)


def test_colors_of_timm_are_taken(images: Path, tmp_path: Path) -> None:
    """The configuration of a part of the network says mean and deviation."""
    given = Own()
    given.backbone.pretrained_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}  # type: ignore[assignment]
    run = iapc.adapt(given, images, tmp_path / "run", steps=1, progress=False, **SMALL)
    assert "mean=0.5" in " ".join(run.manifest["command"])


def test_images_in_memory(images: Path, tmp_path: Path, weights: Path) -> None:
    """Arrays are the images that they were read from."""
    from PIL import Image

    files = sorted(images.iterdir())
    arrays = [numpy.array(Image.open(path)) for path in files]
    run = iapc.adapt(weights, arrays, tmp_path / "a", steps=2, progress=False, **SMALL)
    for path in sorted((tmp_path / "a.inputs/images").iterdir()):
        assert (numpy.array(Image.open(path)) == arrays[int(path.stem)]).all()
    assert len(run.metrics) == 2


def test_settings_have_their_names_in_yaml(weights: Path, images: Path, tmp_path: Path) -> None:
    """A setting that there is not is an error that names it, nested or with dots."""
    for config in ({"nothing": {"of_the_kind": 1}}, {"nothing.of_the_kind": 1}):
        with pytest.raises(iapc.SettingError) as caught:
            iapc.adapt(weights, images, tmp_path / "run", progress=False, **config)
        assert "nothing.of_the_kind" in str(caught.value) and caught.value.remedy
    assert not (tmp_path / "run").exists()


def test_groups_of_settings(weights: Path, images: Path, tmp_path: Path) -> None:
    """Groups are those of YAML, also where an option has the name of one."""
    run = iapc.adapt(weights, images, tmp_path / "run", steps=1, progress=False,
                     method={"name": "self-training", "threshold": 0.8}, data={"max_unreadable": 1}, **SMALL)
    assert all(line in run.config for line in ("name: self-training", "threshold: 0.8", "max_unreadable: 1"))


def test_a_callback_hears_and_stops(weights: Path, images: Path, tmp_path: Path) -> None:
    """What a callback raises ends the run after its step, saved; going on gives the bytes of an unbroken run."""
    steps: list[int] = []

    class Enough(Exception):
        pass

    class Watch:
        def on_step(self, step: dict) -> None:
            steps.append(step["step"])
            assert step["total"] > 0
            if step["step"] == 3:
                raise Enough

    with pytest.raises(Enough):
        iapc.adapt(weights, images, tmp_path / "a", steps=400, progress=False, callbacks=[Watch()], **SMALL)
    assert steps == [1, 2, 3] and not (tmp_path / "a/adapted.pth").exists()
    done = len((tmp_path / "a/metrics.jsonl").read_text().splitlines())
    run = iapc.resume(tmp_path / "a", steps=done + 2, progress=False)
    assert list(run.metrics["step"]) == list(range(1, done + 3))


def test_a_killed_run_goes_on(weights: Path, images: Path, tmp_path: Path) -> None:
    """`kill -9` is an error of its own; resume ends with the bytes of a run that was never killed."""
    whole = iapc.adapt(weights, images, tmp_path / "whole", steps=40, progress=False, **SMALL)
    process = 0

    def kill(event: dict) -> None:
        nonlocal process
        process = event.get("process", process)
        if event["event"] == "step" and event["step"] == 30:
            os.kill(process, signal.SIGKILL)

    with pytest.raises(iapc.ProgramDied, match="signal 9"):
        iapc.adapt(weights, images, tmp_path / "killed", steps=40, progress=False, callbacks=kill, **SMALL)
    run = iapc.resume(tmp_path / "killed", progress=False)
    assert digest(run.path) == digest(whole.path)


def test_a_module_of_a_killed_run_comes_back_too(images: Path, tmp_path: Path) -> None:
    """What was written beside the run folder is there for resume."""
    def stop(event: dict) -> None:
        if event["event"] == "step":
            raise RuntimeError("enough")

    given = OfOtherName()
    with pytest.raises(RuntimeError):
        iapc.adapt(given, images, tmp_path / "run", steps=3, progress=False, callbacks=stop, **SMALL)
    run = iapc.resume(tmp_path / "run", given, progress=False)
    assert type(run.model) is OfOtherName
    expect_alike(run, images)


def test_ctrl_c_saves(weights: Path, images: Path, tmp_path: Path) -> None:
    """SIGINT to Python and to the whole group finishes the step, saves and raises KeyboardInterrupt."""
    code = f"""
        import iapc
        try:
            iapc.adapt({str(weights)!r}, {str(images)!r}, {str(tmp_path / "run")!r}, steps=4000, progress=False,
                       size=(64, 48), crop=(32, 32), batch=2)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    log = tmp_path / "run/metrics.jsonl"
    deadline = time.monotonic() + 60
    while not (log.exists() and len(log.read_text().splitlines()) >= 2):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    # As a terminal does: every process of the group hears it.
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "interrupted\n" and process.returncode == 0
    done = len(log.read_text().splitlines())
    assert (tmp_path / f"run/checkpoints/step-{done:06d}.safetensors").exists()
    assert len(iapc.resume(tmp_path / "run", steps=done + 1, progress=False).metrics) == done + 1


def test_bars_end_where_the_run_ends(
        weights: Path, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Progress shows each phase with the loss of its steps."""
    iapc.adapt(weights, images, tmp_path / "run", steps=3, **SMALL)
    shown = capsys.readouterr().err
    assert "adapt: 100%" in shown and "3/3" in shown and "loss" in shown
