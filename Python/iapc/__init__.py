# SPDX-License-Identifier: Apache-2.0
"""Adapts a semantic-segmentation network to a new place, from its weights and unlabelled images alone.

    run = iapc.adapt(model, "new-city/", output="runs/new-city")
    run.model, run.metrics, run.report

The package runs the program ``iapc`` and reads its events: names, numbers and files are those of the command line.
"""

from ._commands import adapt, compare, evaluate, inspect, predict, resume, select
from ._errors import (
    CollapseError, DataError, Error, LibraryError, ModelError, NotFiniteError, OutputError, ProcessError, ProgramDied,
    ProgramNotFound, ResourceError, ResumeError, SettingError, Stopped, UsageError, WeightsError,
)
from ._program import Event, Outcome, program, run
from ._progress import Callback
from ._results import Comparison, Evaluation, Inspection, Prediction, Report, Run, Selection, Table

__all__ = [
    "adapt", "compare", "evaluate", "inspect", "predict", "resume", "select", "run", "program",
    "Run", "Evaluation", "Prediction", "Inspection", "Selection", "Comparison", "Report", "Table", "Outcome", "Event",
    "Callback", "Error", "UsageError", "SettingError", "WeightsError", "ModelError", "DataError", "OutputError",
    "ResumeError", "ResourceError", "NotFiniteError", "CollapseError", "ProcessError", "LibraryError", "Stopped",
    "ProgramDied", "ProgramNotFound",
]
