"""The slow and literal twin of attention rollout: explicit N×N matrices, entry by entry."""

import torch

from tests.oracles import dense_map


def dense_rollout(layers, valid=None):
    """R = Ã_L ⋯ Ã_1; `layers` holds for every layer its heads as (factors, combine, normalize)."""
    total = None
    for heads in layers:
        mean = sum(dense_map(*head) for head in heads) / len(heads)
        count = len(mean)
        seen = [True] * count if valid is None else valid.flatten().tolist()
        step = torch.zeros(count, count, dtype=torch.float64)
        for query in range(count):
            mass = sum(float(mean[query, key]) for key in range(count) if seen[key])
            for key in range(count):
                if seen[key] and mass > 0:
                    step[query, key] += float(mean[query, key]) / mass
            step[query, query] += 1.0
            step[query] /= float(step[query].sum())
        total = step if total is None else step @ total
    return total
