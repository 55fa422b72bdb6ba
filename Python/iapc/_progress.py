# SPDX-License-Identifier: Apache-2.0
"""Who hears of a command while it goes on: bars, callbacks and trackers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, Union, runtime_checkable

from . import _errors
from ._program import Event


@runtime_checkable
class Callback(Protocol):
    """Hears of a run. Each method is optional; what one raises ends the run after its step, saved."""

    def on_step(self, step: dict[str, Any]) -> None:
        """A step was taken: its number, the loss ``total``, its terms and the learning rate."""

    def on_score(self, score: dict[str, Any]) -> None:
        """The label-free criteria were computed: the step and each criterion."""

    def on_event(self, event: Event) -> None:
        """Any event, those above included."""


Callbacks = Union[Callable[[Event], Any], Callback, Iterable[Union[Callable[[Event], Any], Callback]], None]
Listener = Callable[[Event], None]


class Bars:
    """Progress by tqdm: a bar for each phase, notes above it."""

    def __init__(self) -> None:
        from tqdm.auto import tqdm

        self._make = tqdm
        self._bar: Any = None
        self._phase = ""

    def __call__(self, event: Event) -> None:
        kind = event["event"]
        if kind == "phase":
            # The steps go on after a look at the network.
            self.close()
            self._phase = event["phase"]
            self._bar = self._make(total=event["total"], desc=self._phase, leave=True, file=sys.stderr)
        elif kind in ("progress", "step") and self._bar is not None:
            if kind == "step" and event["total"] is not None:
                self._bar.set_postfix_str(f"loss {event['total']:.3f}", refresh=False)
            self._bar.update((event["done"] if kind == "progress" else event["step"]) - self._bar.n)
            if self._bar.n == self._bar.total:
                self.close()
        elif kind == "note":
            self._make.write(event["text"], file=sys.stderr)
        elif kind in ("ended", "stopped", "error"):
            self.close()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _listener(callback: Any) -> Listener:
    methods = [(kind, getattr(callback, name, None)) for kind, name in (
        ("step", "on_step"), ("selection", "on_score"), ("score", "on_score"))]
    every = getattr(callback, "on_event", None)
    if every is None and not any(method for _, method in methods):
        if not callable(callback):
            raise TypeError(f"a callback is a function or has on_step, on_score or on_event: {callback!r}")
        function: Listener = callback
        return function

    def listen(event: Event) -> None:
        if every is not None:
            every(event)
        for kind, method in methods:
            if method is not None and event["event"] == kind:
                method(_numbers(event))

    return listen


def _numbers(event: Event) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in ("event", "time")}


def _scalars(event: Event, prefix: str) -> dict[str, float]:
    return {
        f"{prefix}/{key}": float(value) for key, value in event.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and key not in ("time", "step")}


def _package(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _errors.LibraryError(
            f"cannot report to {name}", f"report_to={name!r}", str(error), f"pip install 'iapc[{name}]'") from error


class _Wandb:
    """Weights & Biases: a run of its own, or the one that is open."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        wandb = _package("wandb")
        self._is_own = wandb.run is None
        self._run = wandb.run or wandb.init(name=name, config=config)

    def __call__(self, event: Event) -> None:
        if event["event"] in ("step", "selection", "score"):
            self._run.log(
                {**_scalars(event, "train" if event["event"] == "step" else event["event"]), "step": event["step"]})
        elif event["event"] in ("ended", "stopped", "error") and self._is_own:
            self._run.finish(exit_code=event["status"])


class _MLflow:
    """MLflow: a run of its own, or the one that is active."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        self._mlflow = _package("mlflow")
        self._is_own = self._mlflow.active_run() is None
        if self._is_own:
            self._mlflow.start_run(run_name=name)
        self._mlflow.log_params({key: str(value)[:500] for key, value in config.items()})

    def __call__(self, event: Event) -> None:
        if event["event"] in ("step", "selection", "score"):
            prefix = "train" if event["event"] == "step" else event["event"]
            self._mlflow.log_metrics(_scalars(event, prefix), step=event["step"])
        elif event["event"] in ("ended", "stopped", "error") and self._is_own:
            self._mlflow.end_run("FINISHED" if event["status"] == 0 else "FAILED")


TRACKERS = ("tensorboard", "wandb", "mlflow")
"""What `report_to` can name. TensorBoard's files are in every run folder, whatever it names."""


def listeners(progress: bool, callbacks: Callbacks = None, report_to: str | Sequence[str] | None = None,
              name: str = "iapc", config: dict[str, Any] | None = None) -> Listener:
    """One listener for all who want to hear of a command.

    Raises:
        LibraryError: the package of a tracker is not there.
        ValueError: there is no such tracker.
    """
    heard: list[Listener] = []
    trackers = [report_to] if isinstance(report_to, str) else list(report_to or [])
    for tracker in trackers:
        if tracker not in TRACKERS:
            raise ValueError(f"report_to names {tracker!r}: there are {', '.join(TRACKERS)}")
        if tracker == "wandb":
            heard.append(_Wandb(name, config or {}))
        elif tracker == "mlflow":
            heard.append(_MLflow(name, config or {}))
    if progress:
        heard.append(Bars())
    if callbacks is not None:
        is_one = callable(callbacks) or not isinstance(callbacks, Iterable)
        heard.extend(map(_listener, [callbacks] if is_one else callbacks))  # type: ignore[arg-type]

    def hear(event: Event) -> None:
        for listen in heard:
            listen(event)

    return hear
