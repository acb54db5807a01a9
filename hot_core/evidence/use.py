"""Whether the prediction owes anything to a map: what happens to it when the attention itself is changed.

    use = mean over draws of C(attention changed) / scale

with the change `C` and the scale of `hot_core.evidence.deletion`: 1 means as much as hiding in the order
of the same map laid elsewhere does at most. A map whose heads can be shuffled without any effect is decoration,
wherever it points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from hot_core.evidence.edits import shuffled, silenced, uniform
from hot_core.evidence.focus import Focus
from hot_core.evidence.form import Form
from hot_core.evidence.probe import Probe
from hot_core.record import AttentionRecord, Edit

Step = Callable[[], None]


@dataclass(frozen=True, eq=False)
class Use:
    """What changing the attention does to the prediction, all in units of the scale.

    Attributes:
        shuffled: the chosen map with its keys shuffled, (draw).
        uniform: the chosen map with all keys alike.
        modes: for each mode by name, the effect of shuffling its factor in the chosen map, (draw).
        heads: of silencing each head alone, (layer, head); empty where that was not asked.
        layers: of silencing all heads of each layer, (layer); likewise.
        scale: what 1 is in the unit of the target.
    """

    shuffled: np.ndarray
    uniform: float
    modes: dict[str, np.ndarray]
    heads: np.ndarray
    layers: np.ndarray
    scale: float

    @property
    def level(self) -> float:
        """How much the prediction owes to the map: the mean over shuffles, or what making it uniform does if more."""
        return max(float(self.shuffled.mean()), self.uniform)


def use(
    probe: Probe, record: AttentionRecord, focus: Focus, scale: float, form: Form, seed: int, step: Step | None = None
) -> Use:
    """Change the attention in every way that tells something about a map.

    Args:
        probe: the model on its input.
        record: its attention.
        focus: the map.
        scale: the unit of the effects, of `deletion`; 0 gives effects of 0.
        form: how many shuffles.
        seed: of the shuffles.
        step: called after every forward pass.

    Returns:
        The effects.
    """
    generator = torch.Generator().manual_seed(seed)
    heads = focus.heads(record)

    def effect(edit: Edit) -> float:
        change = float(probe.change(probe.edited(edit)))
        if step is not None:
            step()
        return change / scale if scale > 0 else 0.0

    def shuffles(only: int | None = None) -> np.ndarray:
        draws = form.shuffles if only is None else half(form)
        return np.array([effect(shuffled(heads, generator, only)) for _ in range(draws)])

    heads_of = [record.heads_of(layer) for layer in range(record.num_layers)] if form.ablation else []
    alone = [[effect(silenced({(layer, head)})) for head in range(count)] for layer, count in enumerate(heads_of)]
    together = [effect(silenced({(layer, head) for head in range(n)})) for layer, n in enumerate(heads_of)]
    return Use(
        shuffled=shuffles(),
        uniform=effect(uniform(heads)),
        modes={name: shuffles(mode) for mode, name in enumerate(record.modes)},
        heads=np.array(alone),
        layers=np.array(together),
        scale=scale,
    )


def passes(form: Form, record: AttentionRecord) -> int:
    """How many forward passes `use` makes."""
    ablation = sum(record.heads_of(layer) + 1 for layer in range(record.num_layers)) if form.ablation else 0
    return form.shuffles + half(form) * len(record.modes) + 1 + ablation


def half(form: Form) -> int:
    """Shuffles of a single mode, which the verdict does not ask for: half as many as of all."""
    return max(1, form.shuffles // 2)
