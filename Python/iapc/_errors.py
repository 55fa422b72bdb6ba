# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as exceptions: the program's one-line errors with their parts."""

from __future__ import annotations

import re
from typing import Any

__all__ = [
    "Error", "UsageError", "SettingError", "WeightsError", "ModelError", "DataError", "OutputError", "ResumeError",
    "ResourceError", "NotFiniteError", "CollapseError", "ProcessError", "LibraryError", "Stopped", "ProgramDied",
    "ProgramNotFound",
]


class Error(Exception):
    """Something that you can mend: what failed, where, why, and what to do about it.

    Its text is the program's line, ``WHAT (WHERE): WHY; REMEDY``.
    """

    def __init__(self, what: str, where: str | None = None, why: str | None = None, remedy: str | None = None,
                 status: int = 1) -> None:
        self.what: str = what
        """What failed, as a clause: "cannot read the image"."""
        self.where: str | None = where
        """A path, an option, an entry of a file."""
        self.why: str | None = why
        """What was expected and what was found."""
        self.remedy: str | None = remedy
        """What to do, as an imperative clause."""
        self.status: int = status
        """The program's exit status."""
        text = what + (f" ({where})" if where else "") + (f": {why}" if why else "")
        super().__init__(text + (f"; {remedy}" if remedy else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.where, self.why, self.remedy, self.status)


class UsageError(Error, ValueError):
    """The arguments mean nothing to the program: an option that it does not have, or one that is missing."""


class SettingError(Error, ValueError):
    """A setting, an option or its value that cannot be."""


class WeightsError(Error):
    """Weights or a checkpoint that cannot be read or do not fit."""


class ModelError(Error):
    """A module that cannot be exported, loaded or run."""


class DataError(Error):
    """Images, labels, lists or videos that cannot be read or do not belong together."""


class OutputError(Error, OSError):
    """A file or folder that cannot be written, or that is there already."""

    def __init__(self, *arguments: Any) -> None:
        Error.__init__(self, *arguments)


class ResumeError(Error):
    """A run that cannot go on as it was asked to."""


class ResourceError(Error):
    """Memory or disk that would not do, or did not."""


class NotFiniteError(Error, ArithmeticError):
    """A loss or a gradient that is no longer a number."""


class CollapseError(Error):
    """A network that seems to have collapsed, in a run that was to stop then."""


class ProcessError(Error):
    """Processes of a job that cannot work together."""


class LibraryError(Error, ImportError):
    """libtorch, or the package of a tracker, that cannot be loaded."""

    def __init__(self, *arguments: Any) -> None:
        Error.__init__(self, *arguments)


class Stopped(Error):
    """A signal of somebody else ended the program, with everything saved."""


class ProgramDied(Error):
    """The program was killed, or crashed: the work since the last checkpoint is lost."""


class ProgramNotFound(Error, FileNotFoundError):
    """The program is neither in the package nor on ``PATH``."""

    def __init__(self, *arguments: Any) -> None:
        Error.__init__(self, *arguments)


# By what failed, the first that fits.
_KINDS: list[tuple[str, type[Error]]] = [
    (r"libtorch", LibraryError),
    (r"no longer a number", NotFiniteError),
    (r"collapsed", CollapseError),
    (r"does not fit (in memory|on the disk)|memory ran out|cannot go on computing$", ResourceError),
    (r"^cannot (resume|lock) the run|run folder is in use|run's manifest", ResumeError),
    (r"process|peers|^the job has|share the (run|batch)|free port", ProcessError),
    (r"^cannot (write|make the folder|make a temporary)|output folder|is there already|^cannot use the folder",
     OutputError),
    (r"module|cannot (export|make) the network", ModelError),
    (r"^cannot adapt by|setting|option|^unknown|cannot use the (device|crop|variant|normali[sz]ation|head|\S+$)"
     r"|cannot cut|with these settings", SettingError),
    (r"weights|checkpoint|network", WeightsError),
    (r"image|label|video|list|split|data set|folder|class|file|read", DataError),
]


def error(event: dict[str, Any]) -> Error:
    """The exception of an ``error`` event."""
    what, status = str(event["what"]), int(event["status"])
    parts = (what, event.get("where"), event.get("why"), event.get("remedy"), status)
    if status == 64:
        return UsageError(*parts)
    return next((kind for pattern, kind in _KINDS if re.search(pattern, what)), Error)(*parts)
