"""Models as folders: weights as safetensors, the configuration with their hash, and the card."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from hot_core.errors import ModelError
from hot_core.familiarity import load_reference
from hot_core.models.base import HOTModel
from hot_core.models.classifier import VolumeClassifier
from hot_core.models.config import ModelConfig
from hot_core.models.forecaster import Forecaster
from hot_core.models.land_cover import LandCover
from hot_core.models.segmenter import VolumeSegmenter

ASSETS = Path(__file__).resolve().parents[2] / "assets"

_drawing = threading.Lock()
"""Held while weights are drawn: torch's generator is one for the whole process, and sessions are threads."""

CLASSES: dict[tuple[str, str], Callable[[ModelConfig], HOTModel]] = {
    ("series", "forecast"): Forecaster,
    ("volume", "segment"): VolumeSegmenter,
    ("volume", "classify"): VolumeClassifier,
    ("raster", "segment"): LandCover,
}


def list_models() -> tuple[str, ...]:
    """The names of the bundled models."""
    return tuple(sorted(folder.parent.name for folder in ASSETS.glob("*/model.safetensors")))


def build_model(config: ModelConfig, seed: int = 0) -> HOTModel:
    """A model with fresh weights; the same seed gives the same weights and leaves the global one alone.

    Returns:
        The model in training mode.

    Raises:
        ModelError: when no model does this task on this kind of data.
    """
    try:
        make = CLASSES[config.kind, config.task]
    except KeyError:
        known = ", ".join(f"{task} on {kind}" for kind, task in CLASSES)
        raise ModelError(f"No model does {config.task} on {config.kind} data; there are: {known}.") from None
    with _drawing, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make(config)


def save_model(model: HOTModel, folder: str | Path, extra: dict[str, Any] | None = None) -> None:
    """Write `model.safetensors` and `config.json`, which holds the architecture and the weights' hash.

    Args:
        model: the model.
        folder: made when it is not there.
        extra: further entries of `config.json`, such as how it was trained.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "model.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, weights)
    described = {"model": model.config.model_dump(), "weights_sha256": sha256_of(weights), **(extra or {})}
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def load_model(name: str | Path) -> HOTModel:
    """Load a bundled model by name, or your own from a folder of the same make.

    Returns:
        The model in evaluation mode on the CPU, with its card, the weights' hash and what it has learnt from.

    Raises:
        ModelError: when there is no such model, or its files are damaged or do not belong together.
    """
    folder = Path(name) if Path(name).is_dir() else ASSETS / str(name)
    if not (folder / "model.safetensors").is_file() or not (folder / "config.json").is_file():
        raise ModelError(
            f"There is no model {str(name)!r}. Bundled are: {', '.join(list_models()) or 'none'}; "
            "a folder of your own needs model.safetensors and config.json."
        )
    described, config = read_config(folder)
    found = sha256_of(folder / "model.safetensors")
    if found != described.get("weights_sha256"):
        raise ModelError(
            f"The weights of model {folder.name!r} do not match the hash in its config.json: the files are damaged "
            "or do not belong together. Restore the folder from the release, or train the model again."
        )
    model = build_model(config)
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
    except (RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The weights of model {folder.name!r} do not fit its config.json ({type(error).__name__}). "
            "Restore the folder from the release, or train the model again."
        ) from error
    card = folder / "CARD.md"
    model.card = card.read_text(encoding="utf-8") if card.is_file() else ""
    model.weights_sha256 = found
    model.familiarity = load_reference(folder, described)
    return model.eval()


def read_config(folder: Path) -> tuple[dict[str, Any], ModelConfig]:
    """Everything in `config.json`, and the architecture in it, checked.

    Returns:
        The whole record and its "model" entry.

    Raises:
        ModelError: when it is not JSON or does not describe a model.
    """
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return described, ModelConfig.model_validate(described["model"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValidationError) as error:
        raise ModelError(
            f"The config.json of model {folder.name!r} does not describe a model ({type(error).__name__}). "
            "Restore the folder from the release, or train the model again."
        ) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
