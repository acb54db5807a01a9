"""Attention over tuples of keys straight from its definition: loops over queries and tuples, number by number."""

import itertools
import math
from collections.abc import Sequence

import numpy as np


def tensor_weights(
    q: np.ndarray,
    keys: Sequence[np.ndarray],
    scale: float,
    masks: Sequence[np.ndarray] | None = None,
    causal: bool = False,
) -> np.ndarray:
    """Softmax over all tuples, (n, n_1, …, n_m); a row that may see nothing is 0."""
    sizes = [len(key) for key in keys]
    weights = np.zeros((len(q), *sizes))
    for i in range(len(q)):
        logits: dict[tuple[int, ...], float] = {}
        for members in itertools.product(*(range(size) for size in sizes)):
            if masks is not None and not all(mask[at] for mask, at in zip(masks, members, strict=True)):
                continue
            if causal and max(members) > i:
                continue
            terms = [
                q[i, col] * math.prod(key[at, col] for key, at in zip(keys, members, strict=True))
                for col in range(q.shape[1])
            ]
            logits[members] = scale * math.fsum(terms)
        largest = max(logits.values(), default=0.0)
        total = math.fsum(math.exp(logit - largest) for logit in logits.values())
        for members, logit in logits.items():
            weights[(i, *members)] = math.exp(logit - largest) / total
    return weights


def tensor_output(weights: np.ndarray, values: Sequence[np.ndarray]) -> np.ndarray:
    """Σ over tuples of the weight times the product of the members' values, (n, e)."""
    out = np.zeros((len(weights), values[0].shape[1]))
    for i, *members in itertools.product(*(range(size) for size in weights.shape)):
        for col in range(out.shape[1]):
            product = math.prod(value[at, col] for value, at in zip(values, members, strict=True))
            out[i, col] += weights[(i, *members)] * product
    return out


def taylor_weights(q: np.ndarray, keys: Sequence[np.ndarray], scale: float, degree: int) -> np.ndarray:
    """As `tensor_weights`, with the Taylor polynomial of that degree in place of exp."""
    weights = np.zeros((len(q), *(len(key) for key in keys)))
    for i, *members in itertools.product(*(range(size) for size in weights.shape)):
        logit = scale * math.fsum(
            q[i, col] * math.prod(key[at, col] for key, at in zip(keys, members, strict=True))
            for col in range(q.shape[1])
        )
        weights[(i, *members)] = math.fsum(logit**power / math.factorial(power) for power in range(degree + 1))
    return weights / weights.reshape(len(q), -1).sum(1).reshape(-1, *[1] * len(keys))
