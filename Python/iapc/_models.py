# SPDX-License-Identifier: Apache-2.0
"""Networks in whatever form they come, as files for the program, and back."""

from __future__ import annotations

import copy
import json
import os
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from . import _errors, _program
from ._images import PathLike, is_path

if TYPE_CHECKING:
    from torch import Tensor, nn

Model = Union["nn.Module", PathLike]
"""A network: a module in memory, a weights file (.pth, .safetensors, TorchScript .pt), or a folder of
``save_pretrained``."""

# Sides that every known stride divides, and of which neither is a size that somebody works at.
_PROBE = (128, 192)


@dataclass
class Prepared:
    """A network on the disk, and how it comes back."""

    weights: str
    """What ``--weights`` names."""
    restore: Callable[[dict[str, str]], nn.Module]
    """The network with the weights of a run's files in it."""
    options: dict[str, str] = field(default_factory=dict)
    """What the program must be told of it: `classes` and `normalisation`."""


def prepare(model: Model, scratch: Path, *, classes: str | Sequence[str] | None = None,
            normalisation: str | None = None, image_processor: Any = None) -> Prepared:
    """Brings a network onto the disk.

    Args:
        scratch: a folder for what is not there yet; made where it is needed.
        classes: what the network predicts: a label space, a .yaml file, or the names of the classes in their order.
        normalisation: the pixels that it wants, as ``--normalisation`` has them.
        image_processor: one of transformers, whose mean and deviation are taken.

    Raises:
        ModelError: the module gives no scores ``[N, C, h, w]``, or can be neither scripted nor traced.
    """
    told = normalisation or _normalisation(image_processor)
    if is_path(model):
        options = _named(classes, None, scratch) | _option("normalisation", told)
        return Prepared(os.fspath(model), _restore_file, options)
    scratch.mkdir(parents=True, exist_ok=True)
    module = copy.deepcopy(model).cpu().float().eval()  # type: ignore[union-attr]
    if _is_segformer(module):
        return _pretrained(model, module, scratch, classes, told, image_processor)
    scripted, prefix, count = _program_of(module)
    file = scratch / "model.pt"
    scripted.save(str(file))
    options = _named(classes if classes is not None else _names(module, count), count, scratch)
    options |= _option("normalisation", told or _normalisation_of(module))

    def restore(files: dict[str, str]) -> nn.Module:
        return _filled(model, _state(files["pth"], prefix))

    return Prepared(str(file), restore, options)


def _option(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}


# Forms


def _is_segformer(module: nn.Module) -> bool:
    config = getattr(module, "config", None)
    return getattr(config, "model_type", None) == "segformer" and hasattr(module, "save_pretrained") \
        and hasattr(module, "decode_head")


def _pretrained(model: Any, module: Any, scratch: Path, classes: Any, told: str | None, processor: Any) -> Prepared:
    """A network that the program knows from save_pretrained."""
    folder = scratch / "model"
    shutil.rmtree(folder, ignore_errors=True)
    module.save_pretrained(folder, max_shard_size="50GB")
    if processor is not None:
        processor.save_pretrained(folder)

    def restore(files: dict[str, str]) -> nn.Module:
        # The names of entries in memory are not those in files.
        return _filled(model, type(model).from_pretrained(files["pretrained"]).state_dict())

    options = _named(classes, None, scratch) | _option("normalisation", None if processor is not None else told)
    return Prepared(str(folder), restore, options)


def _program_of(module: nn.Module) -> tuple[Any, str, int]:
    """The module as TorchScript, what its entries' names begin with there, and how many classes it scores."""
    import torch

    images = torch.linspace(-1, 1, 3 * _PROBE[0] * _PROBE[1]).reshape(1, 3, *_PROBE)
    try:
        with torch.no_grad():
            output = module(images)
    except Exception as error:
        raise _errors.ModelError(
            "cannot run the module", type(module).__name__, _line(error),
            f"wrap it so that it takes normalized images [N, 3, H, W], {list(images.shape)} among them") from error
    key = _key(output)
    scores = output if key is None else output[key]
    if isinstance(scores, (tuple, list)) and scores:
        scores = scores[0]
    if not isinstance(scores, torch.Tensor) or scores.ndim != 4:
        raise _errors.ModelError(
            "cannot use the module", type(module).__name__, f"it gives {_shape(output)}",
            "wrap it so that it gives scores [N, C, h, w], alone or under \"out\" or \"logits\"")
    if isinstance(module, torch.jit.ScriptModule):
        return module, "", scores.shape[1]
    wraps = key is not None and (key not in ("out", "logits") or type(output) is not dict)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attempts: list[tuple[Callable[[], Any], str]] = [(lambda: torch.jit.script(module), "")]
        if wraps:
            wrapped = _scores_of(module, key)
            # A script of an output class of Python's does not exist.
            attempts = [(lambda: torch.jit.trace(wrapped, images, check_trace=False, strict=False), "module.")]
            if type(output).__module__ == "collections":
                attempts.insert(0, (lambda: torch.jit.script(module), ""))
        else:
            attempts.append((lambda: torch.jit.trace(module, images, check_trace=False, strict=False), ""))
        why: list[str] = []
        for attempt, prefix in attempts:
            try:
                with torch.no_grad():
                    return attempt(), prefix, scores.shape[1]
            except Exception as error:  # noqa: BLE001: PyTorch raises of many kinds
                why.append(_line(error))
    raise _errors.ModelError(
        "cannot export the module", type(module).__name__, why[-1],
        "give it as TorchScript: torch.jit.script or torch.jit.trace")


def _scores_of(module: nn.Module, key: Any) -> nn.Module:
    """A module whose output is the one entry of another's."""
    from torch import nn

    class Scores(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, images: Tensor) -> Tensor:
            return self.module(images)[key]

    return Scores().eval()


def _key(output: Any) -> Any:
    """Under which key of an output the scores are; nil where it is no dictionary."""
    if not hasattr(output, "keys"):
        return None
    keys = list(output.keys())
    return next((key for key in ("out", "logits", "scores", "pred", "output") if key in keys), keys[0] if keys else None)


def _shape(output: Any) -> str:
    if hasattr(output, "shape"):
        return f"a tensor {list(output.shape)}"
    if hasattr(output, "keys"):
        return f"{type(output).__name__} with {', '.join(map(str, output.keys()))}"
    return type(output).__name__


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


# Colors and classes


def _normalisation(processor: Any) -> str | None:
    """What an image processor does to pixels."""
    if processor is None:
        return None
    if not getattr(processor, "do_normalize", True):
        scale = "scale=1/255" if getattr(processor, "do_rescale", True) else "scale=1"
        return f"mean=0/0/0,std=1/1/1,{scale}"
    return _numbers(processor.image_mean, processor.image_std)


def _normalisation_of(module: nn.Module) -> str | None:
    """What timm's configuration says, of the module or of a part of it."""
    for part in module.modules():
        config = getattr(part, "pretrained_cfg", None) or getattr(part, "default_cfg", None)
        if isinstance(config, dict) and config.get("mean") and config.get("std"):
            return _numbers(config["mean"], config["std"])
    return None


def _numbers(mean: Sequence[float], std: Sequence[float]) -> str:
    return f"mean={'/'.join(map(repr, map(float, mean)))},std={'/'.join(map(repr, map(float, std)))}"


def _names(module: nn.Module, count: int) -> list[str] | None:
    """The names of a network's classes; nil for the nineteen that everybody has."""
    told = getattr(getattr(module, "config", None), "id2label", None)
    if isinstance(told, dict) and len(told) == count and not all(str(name).startswith("LABEL_") for name in told.values()):
        return [str(told[index]) for index in sorted(told)]
    return None if count == 19 else [f"class {index}" for index in range(count)]


def _named(classes: str | Sequence[str] | None, count: int | None, scratch: Path) -> dict[str, str]:
    """The option that names the classes."""
    if classes is None:
        return {}
    if is_path(classes):
        return {"classes": os.fspath(classes)}
    if count is not None and len(classes) != count:
        raise _errors.SettingError(
            "cannot use the classes", "classes", f"the network scores {count} classes, {len(classes)} are named",
            "name each output's class")
    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / "classes.yaml"
    # JSON is YAML; every data set has a split, which nobody reads here.
    text = {"name": "classes", "splits": {"all": {"images": "."}}, "classes": list(classes)}
    file.write_text(json.dumps(text, indent=1), encoding="utf-8")
    return {"classes": str(file)}


# Back


def _state(file: str, prefix: str = "") -> dict[str, Tensor]:
    import torch

    state = torch.load(file, map_location="cpu", weights_only=True)
    return {name[len(prefix):] if name.startswith(prefix) else name: tensor for name, tensor in state.items()}


def _filled(model: Any, state: dict[str, Tensor]) -> nn.Module:
    """A copy of the given module with other weights, where and in the precision that the given one is."""
    filled: nn.Module = copy.deepcopy(model)
    filled.load_state_dict(state, strict=True)
    return filled


def _restore_file(files: dict[str, str]) -> nn.Module:
    """A run of a file: its TorchScript module, its network of transformers, or an export of what the program knows."""
    import torch

    if "pretrained" in files:
        from transformers import AutoModelForSemanticSegmentation

        return AutoModelForSemanticSegmentation.from_pretrained(files["pretrained"])
    module = files.get("script")
    if module is None:
        module = str(Path(files["pth"]).with_suffix(".exported.pt"))
        _program.run(["export", "--weights", files["pth"], "--output", module, "--overwrite"])
        loaded = torch.jit.load(module)
        os.unlink(module)
        return loaded.eval()
    return torch.jit.load(module).eval()
