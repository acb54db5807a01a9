"""The parts of a model, and fresh weights for some of them: what a model is before it has learnt anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from torch import Tensor

from hot_core.errors import ModelError
from hot_core.evidence.focus import Focus
from hot_core.models import HOTModel, build_model

Way: TypeAlias = Literal["all", "alone", "cascade", "control"]

EMBEDDING, OUTPUT = "embedding", "output"
INPUT_MODULES = ("embed", "stem", "positions", "role")
"""The modules before the first layer, by the first part of their weights' names; all that is in no layer and not here
comes after the last layer."""


def part_of(name: str) -> str:
    """The part of a model that a weight belongs to: "embedding", "layer 0" … , "output"."""
    first, *rest = name.split(".")
    if first == "trunk" and rest[0] == "blocks":
        return f"layer {rest[1]}"
    return EMBEDDING if first in INPUT_MODULES else OUTPUT


def parts_of(model: HOTModel) -> tuple[str, ...]:
    """The parts of a model from the input to the output."""
    return (EMBEDDING, *(f"layer {at}" for at in range(len(model.trunk.blocks))), OUTPUT)


def matters(parts: tuple[str, ...], focus: Focus) -> bool:
    """Whether a map can depend on any of these parts: none of those after its layer, and for a rollout not the output.

    Args:
        parts: names of parts.
        focus: the map.

    Returns:
        False where the map is sure to stay as it is.
    """
    layers = [int(part.split()[1]) for part in parts if part.startswith("layer")]
    return EMBEDDING in parts or any(focus.shown == "model" or at <= focus.layer for at in layers)


def plans_of(model: HOTModel, focus: Focus) -> Iterator[tuple[str, Way, tuple[str, ...]]]:
    """Every step: its name, its way, and the parts that get fresh weights."""
    parts = parts_of(model)
    yield "all weights", "all", parts
    for part in parts:
        yield f"{part} alone", "alone", (part,)
    for at in reversed(range(len(parts))):
        name = OUTPUT if parts[at] == OUTPUT else f"{OUTPUT} down to {parts[at]}"
        yield name, "cascade", parts[at:]


def randomised(
    model: HOTModel, sets: list[tuple[str, ...]], seed: int
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Tensor]]]:  # fmt: skip
    """The weights of a model with those of a new one in some parts, for each set of parts.

    Args:
        model: the model.
        sets: names of parts.
        seed: of the new model.

    Yields:
        Each set with the weights.

    Raises:
        ModelError: when the new model's weights have other names or shapes.
    """
    own, fresh = model.state_dict(), build_model(model.config, seed).state_dict()
    if {name: tensor.shape for name, tensor in own.items()} != {name: new.shape for name, new in fresh.items()}:
        raise ModelError(
            f"{model.config.name}: its weights are not those that its configuration asks for, so no fresh ones can be "
            "drawn. Sanity needs a model that was made from its configuration."
        )
    for parts in sets:
        yield parts, {name: fresh[name] if part_of(name) in parts else tensor for name, tensor in own.items()}
