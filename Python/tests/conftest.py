# SPDX-License-Identifier: Apache-2.0
"""Small drawn images and networks, made once by the program that is tested."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import iapc

os.environ.setdefault("OMP_NUM_THREADS", "1")

SMALL = {"size": (64, 48), "crop": (32, 32), "batch": 2}
"""Of every small run."""


def command(*words: object) -> str:
    """Runs the program by itself, as a shell does."""
    done = subprocess.run([iapc.program(), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pseudo-labels of tests stay among themselves."""
    os.environ["IAPC_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five street scenes of 64x48 pixels: images/ and labels/ in camvid11."""
    folder = tmp_path_factory.mktemp("scenes") / "made"
    command("data", "streets", "--size", "64x48", "--count", "5", "--output", folder)
    return folder


@pytest.fixture(scope="session")
def images(scenes: Path) -> Path:
    return scenes / "images"


@pytest.fixture(scope="session")
def weights(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the program's own that two steps were spent on."""
    run = tmp_path_factory.mktemp("source") / "run"
    command("train", "--images", scenes / "images", "--labels", scenes / "labels", "--label-space", "camvid11",
            "--size", "64x48", "--crop", "32x32", "--batch", "2", "--steps", "2", "--output", run)
    return run / "last.safetensors"
