"""Attribution beside attention: what each token contributes to a number of the prediction, by Captum.

    integrated gradients   Σ over a token of (x − x₀) ∫₀¹ ∂f(x₀ + α (x − x₀))/∂x dα; they add up to f(x) − f(x₀)
    gradient × input       Σ over a token of x · ∂f(x)/∂x
    occlusion              f(x) − f(x with a block of tokens hidden as missing), the same for every token of the block

`f` is the mean over the target's components. Values are as the model takes them, so that x₀ = 0 is the mean of a series
or band, and the dark end of a volume's grey values. Of a shape, which is 0 or 1, x₀ = 0.01 x.

Sources: Sundararajan et al., arXiv 1703.01365; Shrikumar et al., arXiv 1605.01713; Zeiler and Fergus, arXiv 1311.2901.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import FeatureAblation, InputXGradient, IntegratedGradients
from torch import Tensor

from hot_core.errors import ModelError
from hot_core.evidence.deletion import floor_of
from hot_core.evidence.form import Form
from hot_core.evidence.probe import Probe
from hot_core.models.patches import pad_to_multiple, patchify

Step = Callable[[], None]
OCCLUSION = "occlusion"
FIRST_STEPS = 28
CHEAP = 15_600
"""Tokens of an input that is hidden in no more blocks than the form says; fewer tokens, more blocks."""
FAINT = 0.01
"""A shape is integrated from a hundredth of itself: a classifier's mean over a shape that is not there at all divides
nothing by nothing and jumps, and no number of steps integrates over a jump."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """What the tokens contribute, in the target's unit.

    Attributes:
        method: "integrated gradients", "gradient × input" or "occlusion".
        tokens: signed, float64 of the token grid; 0 where a token holds no data.
        note: how it was made, in words.
        gap: integrated gradients: |Σ tokens − (f(x) − f(x₀))| / |f(x) − f(x₀)|; None where there is nothing to divide
            by, and for the other methods.
        steps: integrated gradients: at how many points the gradient was taken.
    """

    method: str
    tokens: np.ndarray
    note: str
    gap: float | None = None
    steps: int = 0


def integrated_gradients(probe: Probe, form: Form, step: Step | None = None) -> Attribution:
    """Integrated gradients, with as many steps as the completeness gap asks for.

    Steps are doubled until the gap is at most `form.gap`, or `form.steps` is reached: then the gap says so.

    Returns:
        The attribution, with its gap.

    Raises:
        ModelError: when the model gives no gradients.
    """
    check_gradients(probe)
    shape = probe.model.config.task == "classify"
    start = FAINT * probe.values if shape else torch.zeros_like(probe.values)
    with torch.inference_mode():
        ends = [float(target(probe)(values)) for values in (probe.values, start)]
    whole, steps, found = ends[0] - ends[1], FIRST_STEPS, np.empty(0)
    while True:
        method = IntegratedGradients(target(probe, step))
        found = (
            method.attribute(probe.values, start, n_steps=steps, internal_batch_size=probe.together).double().numpy()
        )
        left = abs(float(found.sum()) - whole)
        gap = left / abs(whole) if abs(whole) > floor_of(probe) else None
        if gap is None or gap <= form.gap or steps >= form.steps:
            break
        steps *= 2
    note = (
        f"{steps} steps from {'a shape as faint as a hundredth' if shape else 'an input of zeros'}; completeness gap "
    )
    note += f"{100 * gap:.2g} %" if gap is not None else f"{left:.1g}, where both ends predict the same"
    return Attribution("integrated gradients", by_token(probe, found), note, gap, steps)


def gradient_input(probe: Probe, step: Step | None = None) -> Attribution:
    """The gradient at the input times the input, of a model that gives gradients (`integrated_gradients` says so).

    Returns:
        The attribution.
    """
    found = InputXGradient(target(probe, step)).attribute(probe.values.clone().requires_grad_())
    return Attribution("gradient × input", by_token(probe, found.detach().double().numpy()), "at the input itself")


def occlusion(probe: Probe, form: Form, step: Step | None = None) -> Attribution:
    """Hide the tokens block by block, as missing values, and take what the prediction loses.

    Blocks are single tokens where there are few enough of them, or larger ones, which the note says.

    Returns:
        The attribution.
    """
    size = block_size(probe.shape, most_blocks(probe, form))
    shown = torch.ones(1, *probe.shape)

    def f(tokens: Tensor) -> Tensor:
        scores = probe.hidden((tokens < 0.5).numpy() & probe.valid, step)
        return torch.from_numpy(scores.mean(axis=1))

    blocks = torch.from_numpy(block_numbers(probe.shape, size))[None]
    found = FeatureAblation(f).attribute(shown, 0.0, feature_mask=blocks, perturbations_per_eval=probe.together)
    tokens = np.where(probe.valid, found[0].double().numpy(), 0.0)
    words = "token by token" if max(size) == 1 else f"in blocks of {' × '.join(map(str, size))} tokens"
    return Attribution(OCCLUSION, tokens, f"{words}, hidden as missing values")


def passes(probe: Probe, form: Form) -> int:
    """How many batches the three methods send through the model, when the first steps of the gradients suffice."""
    blocks = int(block_numbers(probe.shape, block_size(probe.shape, most_blocks(probe, form))).max()) + 1
    return -(-FIRST_STEPS // probe.together) + -(-blocks // probe.together) + 2


def target(probe: Probe, step: Step | None = None) -> Callable[[Tensor], Tensor]:
    """`f`: from values (draw, …native) to the mean over the target's components, (draw)."""

    def f(values: Tensor) -> Tensor:
        if step is not None:
            step()
        mask = probe.mask.expand(len(values), *probe.mask.shape[1:])
        return probe.score.of(probe.output(values, mask)).mean(1)

    return f


def check_gradients(probe: Probe) -> None:
    """Refuse a model whose output does not depend on its input by differentiable steps.

    Raises:
        ModelError: when there is no gradient.
    """
    if not target(probe)(probe.values.clone().requires_grad_()).requires_grad:
        raise ModelError(
            f"{probe.model.config.name} gives no gradients: a step of it cannot be differentiated. Occlusion and the "
            "hiding of tokens need none; use these."
        )


def by_token(probe: Probe, found: np.ndarray) -> np.ndarray:
    """Sums over each token's values.

    Args:
        probe: the model on its input.
        found: (1, …native).

    Returns:
        float64 of the token grid.
    """
    sums = patchify(pad_to_multiple(torch.from_numpy(found), probe.patch), probe.patch).sum(-1)[0].numpy()
    return np.where(probe.valid, sums, 0.0)


def most_blocks(probe: Probe, form: Form) -> int:
    """How many blocks are worth the time: more where there are few tokens and a pass is cheap."""
    return form.blocks * max(1, CHEAP // int(np.prod(probe.shape)))


def block_size(shape: tuple[int, ...], most: int) -> tuple[int, ...]:
    """Tokens of a block along each mode, doubled where there are most blocks until there are at most `most`.

    Returns:
        One size for each mode.
    """
    size = [1] * len(shape)

    def counts() -> list[int]:
        return [-(-count // step) for count, step in zip(shape, size, strict=True)]

    while int(np.prod(counts())) > max(most, 1):
        size[int(np.argmax(counts()))] *= 2
    return tuple(size)


def block_numbers(shape: tuple[int, ...], size: tuple[int, ...]) -> np.ndarray:
    """The number of every token's block, from 0, int64 of `shape`."""
    places = [np.arange(count) // step for count, step in zip(shape, size, strict=True)]
    counts = [int(place[-1]) + 1 for place in places]
    numbers: np.ndarray = np.ravel_multi_index(np.meshgrid(*places, indexing="ij"), counts)
    return numbers
