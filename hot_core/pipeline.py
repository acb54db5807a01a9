"""One analysis from a sample and a model: the data's way in, the forward pass, the way back."""

from __future__ import annotations

import copy
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hot_core.analysis.result import Analysis
from hot_core.errors import ModelError
from hot_core.familiarity import Familiarity, describe
from hot_core.models import HOTModel
from hot_core.modes import Sample
from hot_core.record import AttentionRecord
from hot_core.transforms import ModelInput, Settings, to_input
from hot_core.transforms.chosen import chosen_series

__all__ = ["Analysis", "Settings", "analyse"]

PACKAGES = ("hot-lens", "torch", "numpy", "xarray")


def analyse(sample: Sample, model: HOTModel, settings: Settings | None = None) -> Analysis:
    """Run a model on a sample and keep what it attended to.

    Pure: the same sample, model and settings give the same numbers; the model is not changed, and the
    attention is written into a record of this call, never into the model.

    Args:
        sample: what was read.
        model: a model for this kind of data.
        settings: choices; None takes the defaults.

    Returns:
        Prediction, attention, token grid and provenance.

    Raises:
        ModelError: when the model does not take this sample, or the device cannot run it.
        SelectionError: when a chosen window, region or volume does not exist.
    """
    settings = settings or Settings()
    sample = chosen_series(sample, settings)
    given = to_input(sample, model.config, settings)
    record = AttentionRecord(given.grid.modes, shares=True)
    output = forward(on_device(model, settings.device), given, record, settings)
    return Analysis(
        sample=sample,
        model_name=model.config.name,
        model_config=model.config.model_dump(mode="json"),
        prediction=given.back(output),
        record=record,
        grid=given.grid,
        provenance=provenance(sample, model, settings, given.roles),
        notes=given.notes,
        familiarity=familiarity(model, given),
    )


def familiarity(model: HOTModel, given: ModelInput) -> Familiarity | None:
    """Whether an input is like what the model has learnt from; None for a model that came without statistics."""
    if model.familiarity is None:
        return None
    return model.familiarity.compare(describe(model.config, given.values, given.mask, given.roles))


def on_device(model: HOTModel, device: str) -> HOTModel:
    """The model itself, or a copy on another device: the original may be shared.

    Returns:
        A model in evaluation mode.

    Raises:
        ModelError: when the device is unknown or not there.
    """
    if device not in ("cpu", "cuda") or (device == "cuda" and not torch.cuda.is_available()):
        raise ModelError(f"The device {device!r} is not there. Choose 'cpu'.")
    if next(model.parameters()).device.type == device and not model.training:
        return model
    return copy.deepcopy(model).to(device).eval()


def forward(model: HOTModel, given: ModelInput, record: AttentionRecord, settings: Settings) -> np.ndarray:
    """One forward pass without gradients. In evaluation mode no model draws random numbers.

    Returns:
        The output without the batch axis, float64.

    Raises:
        ModelError: when memory runs out, or a valid input or an output is not a number.
    """
    if not np.isfinite(given.values).all():
        raise ModelError(f"{model.config.name}: a value that is marked as present is not a number. Report the file.")
    values, mask = torch.from_numpy(given.values), torch.from_numpy(given.mask)
    extra: dict[str, Any] = {"roles": given.roles} if given.roles else {}
    with torch.inference_mode():
        try:
            batch = values[None].to(settings.device), mask[None].to(settings.device)
            output: Tensor = model(*batch, record=record, **extra)
        except (torch.cuda.OutOfMemoryError, MemoryError) as error:
            raise ModelError(out_of_memory(model, given)) from error
        except RuntimeError as error:
            if "alloc" not in str(error):
                raise
            raise ModelError(out_of_memory(model, given)) from error
    result = output[0].cpu().double().numpy()
    if not np.isfinite(result).all():
        raise ModelError(f"{model.config.name}: the model gave no number. Its weights may be damaged; load it again.")
    return result


def out_of_memory(model: HOTModel, given: ModelInput) -> str:
    """The sentence for an input that did not fit."""
    sizes = " × ".join(map(str, given.values.shape))
    return f"{model.config.name}: {sizes} values did not fit into memory. Choose a smaller region or fewer series."


def provenance(sample: Sample, model: HOTModel, settings: Settings, roles: tuple[str, ...] = ()) -> dict[str, Any]:
    """What is needed to repeat the analysis, as plain values; no file name, no time."""
    return {
        "input": {"sha256": sample.source.sha256, "format": sample.source.format, "bytes": sample.source.size},
        "model": {"name": model.config.name, "weights_sha256": model.weights_sha256},
        "settings": settings.model_dump(mode="json"),
        "roles": list(roles),
        "seed": settings.seed,
        "versions": {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}},
    }


def installed(name: str) -> str:
    """The installed version of a package, or "source" where it runs from its folder."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "source"
