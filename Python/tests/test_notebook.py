# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "Examples/adapt.ipynb"


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell by cell, with fewer scenes and steps than it has for people."""
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "__main__"}
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    for place, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            code = "".join(cell["source"])
            if "parameters" in cell["metadata"].get("tags", []):
                code = "scenes, epochs, steps = 4, 1, 2\nsize = (96, 72)\n"
            exec(compile(code, f"cell {place}", "exec"), names)  # noqa: S102: it is ours
    assert names["before"].mIoU is not None and len(names["run"].metrics) == 2
    assert (tmp_path / "adapted.pth").exists()
