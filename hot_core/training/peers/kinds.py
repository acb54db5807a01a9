"""What is compared: kinds of attention in one trunk, and models without any, for each data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from hot_core.attention import KroneckerAttention
from hot_core.errors import ModelError
from hot_core.models import Block, HOTModel, ModelConfig, build_model
from hot_core.training.peers.rotated import RotatedAxial, RotatedFull
from hot_core.training.peers.without import NoExchange, SeriesTrunk, SharedLinear, SmallUNet
from hot_core.training.recipe import Recipe

REFERENCE = "product"
"""The kind that every other one is compared with."""
SERIES_HIDDEN, UNET_WIDTH = 56, 20
"""Sizes that give the models without attention about as many parameters as the product has."""
OTHER_SEED = 1_000_003
"""Added to the seed of what takes the place of the attention: it must not repeat the numbers of what stays."""


@dataclass(frozen=True)
class Kind:
    """One row of the table.

    Attributes:
        name: short, on the command line and in the results.
        title: in the table.
        differs: a sentence on what it has in the place of product attention.
        make: the model with fresh weights, from the recipe and a seed.
        trained: False for what is computed in closed form: no seed, no budget.
        heads: the number of heads where that is what differs, else 0.
        own_trunk: whether more than the attention is another.
    """

    name: str
    title: str
    differs: str
    make: Callable[[Recipe, int], HOTModel]
    trained: bool = True
    heads: int = 0
    own_trunk: bool = False


def configured(**changes: Any) -> Callable[[Recipe, int], HOTModel]:
    """A model of the recipe's architecture with some entries changed.

    Returns:
        What `Kind.make` wants.
    """

    def make(recipe: Recipe, seed: int) -> HOTModel:
        return build_model(recipe.config().model_copy(update=changes), seed)

    return make


def exchanged(attention: Callable[[ModelConfig], nn.Module]) -> Callable[[Recipe, int], HOTModel]:
    """The recipe's model with another attention in every block; all other weights are those of the same seed.

    Returns:
        What `Kind.make` wants.
    """

    def make(recipe: Recipe, seed: int) -> HOTModel:
        model = build_model(recipe.config(), seed)
        with seeded(seed):
            for block in model.trunk.blocks:
                cast(Block, block).attention = attention(model.config)
        return model

    return make


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw weights from a seed of their own and leave the global generator alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(OTHER_SEED + seed)
        yield


def _linear_factors(config: ModelConfig) -> nn.Module:
    return KroneckerAttention(
        config.dim, len(config.modes), config.heads, "product", "linear", rope_modes=config.rope_modes
    )


def _full(config: ModelConfig) -> nn.Module:
    return RotatedFull(config.dim, config.heads, config.rope_modes)


def _axial(config: ModelConfig) -> nn.Module:
    return RotatedAxial(config.dim, len(config.modes), config.heads, config.rope_modes)


def _series_network(recipe: Recipe, seed: int) -> HOTModel:
    model = build_model(recipe.config(), seed)
    with seeded(seed):
        model.add_module("trunk", SeriesTrunk(model.config, SERIES_HIDDEN))
    return model


def _linear_map(recipe: Recipe, seed: int) -> HOTModel:
    from hot_core.training.air_quality import AirQuality

    return SharedLinear(recipe.config(), cast(AirQuality, recipe).linear_map())


def _unet(recipe: Recipe, seed: int) -> HOTModel:
    with seeded(seed):
        return SmallUNet(recipe.config(), UNET_WIDTH)


ATTENTIONS = (
    Kind(REFERENCE, "Kronecker product (HOT)", "The bundled model.", configured()),
    Kind("full", "full attention", "All pairs of tokens; heads are cut into one slice for each mode with an order and "
         "rotated along it; queries and keys are not layer-normed. Along a mode without an order (stations, variables) "
         "nothing but its content tells a token's place, where Kronecker factors and axial lines keep to the mode. "
         "Invalid tokens are no keys, and the weights of the others add up to 1, where Kronecker attention loses what "
         "it puts on them.", exchanged(_full)),
    Kind("axial", "axial attention", "A token looks along the lines through it, one for each mode, added up; rotated "
         "along the modes with an order; queries and keys are not layer-normed. Masks as in full attention.",
         exchanged(_axial)),
    Kind("sum", "Kronecker sum", "The mode-wise factors are summed and not multiplied.", configured(combine="sum")),
    Kind("linear-factors", "Kronecker product, linear factors", "Factors of positive random features, two for each "
         "number of the head width, in the place of softmax factors.", exchanged(_linear_factors)),
)  # fmt: skip
NONE = Kind("none", "no attention", "The same trunk with the attention left out of every block: tokens meet in the "
            "convolutions or the head alone.", exchanged(lambda config: NoExchange()))  # fmt: skip
HEADS = tuple(
    Kind(f"heads-{n}", f"Kronecker product, {words}", f"Kronecker terms: {n}, of the same width together, so that "
         "fewer are wider.", configured(heads=n), heads=n)
    for n, words in ((1, "1 head"), (2, "2 heads"), (8, "8 heads"))
)  # fmt: skip

KINDS: Mapping[str, tuple[Kind, ...]] = {
    "air-quality": (
        *ATTENTIONS,
        Kind("series-network", "network for each series", "One residual layer over all tokens of a series in the place "
             "of the trunk; no series learns of another.", _series_network, own_trunk=True),
        Kind("linear-map", "shared linear map", "Ridge regression 96 → 24, the same for all series, gaps carried "
             "forward; in closed form, without a seed and outside the budget.", _linear_map, trained=False,
             own_trunk=True),
        *HEADS,
        NONE,
    ),
    "hippocampus": (
        *ATTENTIONS,
        Kind("cnn", "3-D U-Net", "Three levels of two 3×3×3 convolutions, nothing of the trunk.", _unet,
             own_trunk=True),
        NONE,
    ),
}  # fmt: skip


def kinds_of(dataset: str, names: Sequence[str] | None = None) -> tuple[Kind, ...]:
    """The kinds of a data set, all of them or those that are named.

    Args:
        dataset: "air-quality" or "hippocampus".
        names: some of their names; None for all.

    Returns:
        The kinds in the order of the table.

    Raises:
        ModelError: when there is no such data set or kind.
    """
    if dataset not in KINDS:
        raise ModelError(f"There are no peers for {dataset!r}; there are some for: {', '.join(KINDS)}.")
    known = {kind.name: kind for kind in KINDS[dataset]}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise ModelError(f"{dataset} has no kind {', '.join(unknown)}; there are: {', '.join(known)}.")
    return tuple(kind for name, kind in known.items() if names is None or name in names)
