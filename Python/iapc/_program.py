# SPDX-License-Identifier: Apache-2.0
"""The program: where it is, and how it is run."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import _errors

Event = dict[str, Any]
"""An event of the program, as ``Documentation/Events.md`` lists them: its kind is under ``"event"``."""


def program() -> str:
    """The path of the program: that of ``IAPC_PROGRAM``, else the package's own, else the first on ``PATH``.

    Raises:
        ProgramNotFound: there is none.
    """
    named = os.environ.get("IAPC_PROGRAM")
    own = Path(__file__).parent / "bin" / "iapc"
    found = named or (str(own) if own.is_file() else shutil.which("iapc"))
    if found and os.access(found, os.X_OK) and not os.path.isdir(found):
        return found
    raise _errors.ProgramNotFound(
        "cannot find the program iapc", named or str(own), "there is no such program",
        "install the wheel again, or name the program in IAPC_PROGRAM")


@dataclass
class Outcome:
    """What a finished command left."""

    files: dict[str, str] = field(default_factory=dict)
    """Paths by name, as the event ``ended`` has them."""
    output: str = ""
    """What it printed."""
    seconds: float = 0.0


def run(arguments: Sequence[str | os.PathLike[str]], on_event: Callable[[Event], None] = lambda _: None,
        environment: Mapping[str, str] | None = None) -> Outcome:
    """Runs a command of the program to its end, and passes its events on as they come.

    Ctrl-C lets the program finish its step and save before `KeyboardInterrupt` is raised; a second one ends it at once.
    What `on_event` raises ends the program in the same way, and is raised.

    Args:
        arguments: what follows the program's name.
        on_event: hears of each event.
        environment: variables in the place of this process's.

    Raises:
        Error: what the program says went wrong, by its kind.
    """
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            words = [program(), *(os.fspath(word) for word in arguments)]
            # Options stand before a terminator.
            end = words.index("--") if "--" in words else len(words)
            words[end:end] = ["--events", str(writer)]
            # In a session of its own: a Ctrl-C of the terminal comes here, and is passed on once.
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, pass_fds=[writer],
                env=_environment(environment), start_new_session=True)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        try:
            with _Interrupts(process) as interrupts:
                last, raised = _follow(process, reader, on_event)
                status = process.wait()
            if interrupts.count and raised is None:
                raised = KeyboardInterrupt()
        finally:
            os.close(reader)
        for stream in (output, errors):
            stream.seek(0)
        printed = output.read().decode(errors="replace")
        told = errors.read().decode(errors="replace")
    if raised is not None:
        raise raised
    if status == 0 and last.get("event") == "ended":
        return Outcome(last["files"], printed, last["seconds"])
    raise _failure(status, last, told)


class _Interrupts:
    """Passes Ctrl-C on to the program, in the place of an exception that may come at any place of the code.

    The first ends the program after its step. At the second it ends at once, and a callback that hangs is ended too.
    A handler of somebody else stays, and so does that of a thread, which hears of no signal.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.count = 0
        self._process = process
        self._is_ours = (threading.current_thread() is threading.main_thread()
                         and signal.getsignal(signal.SIGINT) is signal.default_int_handler)

    def __enter__(self) -> _Interrupts:
        if self._is_ours:
            signal.signal(signal.SIGINT, self._pass_on)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _pass_on(self, *_: object) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt
        _send(self._process, signal.SIGINT)


def _follow(process: subprocess.Popen[bytes], reader: int, on_event: Callable[[Event], None]
            ) -> tuple[Event, BaseException | None]:
    """Reads all events; returns the last one, and what was raised here meanwhile."""
    last: Event = {}
    raised: BaseException | None = None
    rest, signals, is_open = b"", 0, True
    while is_open:
        try:
            read = os.read(reader, 1 << 16)
            is_open = bool(read)
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                last = json.loads(line)
                if raised is None:
                    on_event(last)
        except json.JSONDecodeError:
            continue
        except BaseException as error:  # The program is waited for, whatever it was.
            if raised is None or isinstance(error, KeyboardInterrupt):
                # At the second signal it ends at once.
                signals += 1
                _send(process, signal.SIGINT if signals < 3 else signal.SIGKILL)
            raised = raised or error
    return last, raised


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except ProcessLookupError:
        pass


def _environment(environment: Mapping[str, str] | None) -> dict[str, str]:
    """The variables for the program, with the torch that this Python would import."""
    variables = dict(os.environ if environment is None else environment)
    if not variables.get("LIBTORCH"):
        found = importlib.util.find_spec("torch")
        if found and found.origin:
            variables["LIBTORCH"] = str(Path(found.origin).parent)
    return variables


def _failure(status: int, last: Event, told: str) -> _errors.Error:
    """The exception for a command that did not end well."""
    lines = [line for line in told.splitlines() if line.strip()]
    if last.get("event") == "error":
        return _errors.error(last)
    if last.get("event") == "stopped":
        resume = last.get("resume")
        return _errors.Stopped(
            f"the program was stopped by signal {last['signal']}", resume, "everything is saved" if resume else None,
            f"go on with iapc.resume({resume!r})" if resume else None, status)
    if status == 64:
        return _errors.UsageError(
            (lines[0] if lines else "the arguments mean nothing").removeprefix("Error: "), status=status)
    if status < 0:
        return _errors.ProgramDied(
            f"the program was killed by signal {-status}", None, lines[-1] if lines else None,
            "go on with iapc.resume, from the last checkpoint", status)
    return _errors.ProgramDied(
        "the program ended without a word", None, lines[-1] if lines else f"its status is {status}",
        "see whether memory ran out", status)
