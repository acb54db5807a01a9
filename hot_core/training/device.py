"""Where a model is trained: a recipe knows nothing of it."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from hot_core.errors import ModelError
from hot_core.models import HOTModel


def chosen(device: str) -> torch.device:
    """The device of a run.

    Args:
        device: "cpu", "cuda", or "auto": a GPU where one is at hand, else the CPU.

    Returns:
        The device.

    Raises:
        ModelError: when it is not there.
    """
    there = torch.cuda.is_available()
    if device not in ("auto", "cpu", "cuda") or (device == "cuda" and not there):
        raise ModelError(f"The device {device!r} is not there. Choose auto or cpu.")
    return torch.device("cuda" if there and device != "cpu" else "cpu")


class Elsewhere(HOTModel):
    """A model on another device that is called as if it were here: batches go there, the answer comes back.

    So recipes draw batches and take losses on the CPU, and gradients find their way through both copies.

    Args:
        model: already on its device.
    """

    def __init__(self, model: HOTModel) -> None:
        nn.Module.__init__(self)
        self.inner = model
        self.config, self.card, self.weights_sha256 = model.config, model.card, model.weights_sha256

    def forward(self, *given: Tensor, **extra: Any) -> Tensor:
        """The inner model's answer, on the CPU."""
        device = next(self.inner.parameters()).device
        answer: Tensor = self.inner(*(tensor.to(device) for tensor in given), **extra)
        return answer.cpu()


def called_from_here(model: HOTModel) -> HOTModel:
    """The model itself when it is on the CPU, else a front that takes tensors from here.

    Returns:
        What a recipe is given.
    """
    here = next(model.parameters()).device.type == "cpu"
    return model if here else Elsewhere(model)


def brought_here(model: HOTModel) -> HOTModel:
    """The model on the CPU, in evaluation mode: itself or a copy.

    Returns:
        What is tested and written.
    """
    here = next(model.parameters()).device.type == "cpu"
    return (model if here else copy.deepcopy(model).cpu()).eval()
