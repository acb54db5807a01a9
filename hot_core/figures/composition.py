"""What a picture of attention is made of and what it is not: a head's term, a layer's heads, the whole model."""

from __future__ import annotations

from typing import Literal, TypeAlias

from hot_core.record import AttentionRecord, HeadWeights, LayerFactors

Shown: TypeAlias = Literal["head", "layer", "model"]
"""One head, all heads of a layer, or the rollout over all layers."""


def formula(record: AttentionRecord, shown: Shown, weights: HeadWeights = "equal", layer: int = 0) -> str:
    """How what is shown is made from the factors.

    Args:
        record: of attention with factors.
        shown: a head, a layer or the whole model.
        weights: of a layer: how its heads are mixed.
        layer: the layer, from 0.

    Returns:
        "entity ⊗ variable ⊗ time", "Σ_h w_h (entity_h ⊗ variable_h ⊗ time_h), w_h = 1/4" or
        "Ã_2 Ã_1 Ã_0, Ã_l = ½ (A_l + I)".
    """
    if shown == "head":
        return term(record, layer)
    if shown == "layer":
        weight = f"1/{record.heads_of(layer)}" if weights == "equal" else "share of the output"
        inner = term(record, layer, "_h")
        inner = inner if inner.startswith("(") or len(record.modes) == 1 else f"({inner})"
        return f"Σ_h w_h {inner}, w_h = {weight}"
    last = record.num_layers - 1
    names = [f"Ã_{at}" for at in range(last, -1, -1)]
    product = " ".join(names) if last < 3 else f"{names[0]} ⋯ {names[-1]}"
    return f"{product}, Ã_l = ½ (A_l + I)"


def term(record: AttentionRecord, layer: int = 0, mark: str = "") -> str:
    """The Kronecker term of one head: "entity ⊗ variable ⊗ time", "(row ⊕ column ⊕ band) / 3"."""
    found = record.layers[layer]
    combine = found.combine if isinstance(found, LayerFactors) else record.combine  # which says what is missing
    names = [f"{name}{mark}" for name in record.modes]
    joined = (" ⊗ " if combine == "product" else " ⊕ ").join(names)
    divided = isinstance(found, LayerFactors) and found.normalize and len(names) > 1
    return f"({joined}) / {len(names)}" if divided else joined


def what(
    record: AttentionRecord, shown: Shown, layer: int = 0, head: int | None = None, weights: HeadWeights = "equal"
) -> str:
    """Two sentences: what is shown, with its formula, and what it is not.

    Args:
        record: of attention with factors.
        shown: a head, a layer or the whole model.
        layer: the layer, from 0; the model has all of them.
        head: the head, from 0, where one is shown.
        weights: of a layer: how its heads are mixed.

    Returns:
        "Head 2 of layer 1 is one Kronecker term, entity ⊗ variable ⊗ time. It is not the whole layer: …"
    """
    made = formula(record, shown, weights, layer)
    if shown == "head":
        return _head(record, layer, head or 0, made)
    return _layer(record, layer, weights, made) if shown == "layer" else _model(record, made)


def _head(record: AttentionRecord, layer: int, head: int, made: str) -> str:
    heads = record.heads_of(layer)
    found = f"Head {head} of layer {layer}: one Kronecker {'sum' if _sums(record, layer) else 'product'}, {made}."
    if len(record.modes) == 1:
        found = f"Head {head} of layer {layer}: one matrix, {made}."
    if heads == 1:
        return f"{found} It is the layer's only head, but not the layer's output: the values it moves are not shown."
    return f"{found} It is not the whole layer: the layer adds {heads} such terms, each acting on values of its own."


def _layer(record: AttentionRecord, layer: int, weights: HeadWeights, made: str) -> str:
    heads = record.heads_of(layer)
    how = "its only head" if heads == 1 else f"the mean of its {heads} heads"
    if heads > 1 and weights == "output":
        how = f"its {heads} heads weighted by their share of the output (by norm, before its bias)"
    found = f"Layer {layer}, {how}: {made}."
    if heads == 1:
        return f"{found} It is one map, but not the layer's output: the values it moves are not shown."
    if _sums(record, layer) or len(record.modes) == 1:
        return f"{found} It is again one map of that form, but not the layer's output: each head moves other values."
    return f"{found} It is in general not one Kronecker product, and it ignores that each head moves other values."


def _sums(record: AttentionRecord, layer: int) -> bool:
    """Whether a layer's heads are Kronecker sums; a weighted sum of them is one again."""
    found = record.layers[layer]
    return isinstance(found, LayerFactors) and found.combine == "sum"


def _model(record: AttentionRecord, made: str) -> str:
    count = record.num_layers
    depth = f"{count} layer{'' if count == 1 else 's'}"
    return (
        f"Whole model, attention rollout over {depth}: {made}, with the heads of a layer mixed equally and its rows "
        "brought to 1, so that half of every layer is the residual. It is not one Kronecker product and not what the "
        "model computes: values, MLPs and norms are ignored, and it is shown for the chosen position only."
    )
