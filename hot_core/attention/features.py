"""Positive random features: the softmax kernel as a product of two short vectors.

Source: Choromanski et al., "Rethinking Attention with Performers", arXiv 2009.14794, section 2
(FAVOR+), with the orthogonal directions of section 2.4.
"""

from __future__ import annotations

import torch
from torch import Tensor


def orthogonal_directions(count: int, dim: int) -> Tensor:
    """Random directions `w_1 … w_m`, orthogonal in blocks of `dim`, with the lengths of Gaussian vectors.

    Args:
        count: `m`, the number of features.
        dim: `d`, the width of queries and keys.

    Returns:
        (feature, dim), drawn from torch's generator as weights are.
    """
    turned, upper = torch.linalg.qr(torch.randn(-(-count // dim), dim, dim))
    # QR fixes the signs of Q by its own rule; with R's diagonal made positive, Q is uniform
    uniform = turned * upper.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]
    return uniform.flatten(0, 1)[:count] * torch.randn(count, dim).norm(dim=-1, keepdim=True)


def positive_features(
    query: Tensor, key: Tensor, directions: Tensor, valid: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Features whose products are, up to one factor for each query, an unbiased estimate of `exp(q·k)`.

    `φ(q)·φ(k) = Σ_m exp(w_m·q − |q|²/2) exp(w_m·k − |k|²/2)`. What depends on the query alone
    cancels when rows are normalised and is left out. The largest key exponent of each feature is
    moved from the keys to the queries, and the largest exponent of each query is taken off: the
    products stay the same up to the query's factor, and no row over all keys can underflow. A row over
    some of them can (causal factors): next to a key with a far larger exponent, about 88 in float32,
    the features of the others are 0.

    Args:
        query: (…, query, dim).
        key: (…, key, dim).
        directions: (feature, dim).
        valid: bool (…, key); features of other keys are 0.

    Returns:
        Features of the queries (…, query, feature) and of the keys (…, key, feature), none negative.
    """
    of_key = key @ directions.T - key.square().sum(-1, keepdim=True) / 2
    if valid is not None:
        of_key = of_key.masked_fill(~valid[..., None], torch.finfo(of_key.dtype).min)
    top = of_key.detach().amax(-2, keepdim=True)
    of_query = query @ directions.T + top
    query_features = (of_query - of_query.detach().amax(-1, keepdim=True)).exp()
    key_features = (of_key - top).exp()
    return query_features, key_features if valid is None else key_features * valid[..., None]
