"""How thoroughly one asks: few draws in seconds, or many in minutes. Both say what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FormName: TypeAlias = Literal["quick", "full"]


@dataclass(frozen=True)
class Form:
    """The amounts of work.

    Attributes:
        name: "quick" or "full".
        shares: the shares of the tokens that are hidden, one after another.
        orders: the fewest layings of the map elsewhere.
        shuffles: random changes of attention for each question.
        gap: the completeness gap that integrated gradients have to reach, as a share.
        steps: the most steps of integrated gradients.
        blocks: the most blocks of tokens that occlusion hides one by one.
        noise: draws of noise and randomised models for each question.
        ablation: whether every head and layer is silenced in turn.
    """

    name: FormName
    shares: tuple[float, ...]
    orders: int
    shuffles: int
    gap: float
    steps: int
    blocks: int
    noise: int
    ablation: bool

    @property
    def words(self) -> str:
        """What the form does, in words; how often the map is laid elsewhere is said by `Deletion`."""
        return (
            f"{self.name} form: {len(self.shares)} shares of hidden tokens, {self.shuffles} shuffles, "
            f"up to {self.blocks} blocks of tokens hidden one by one"
        )


FORMS: dict[FormName, Form] = {
    "quick": Form(
        "quick", shares=(0.05, 0.2, 0.5, 0.8, 0.95), orders=5, shuffles=2, gap=0.01, steps=56, blocks=8, noise=4,
        ablation=False,
    ),
    "full": Form(
        "full", shares=(0.01, 0.03, 0.08, 0.15, 0.3, 0.5, 0.51, 0.7, 0.85, 0.92, 0.97, 0.99), orders=40, shuffles=12,
        gap=0.01, steps=224, blocks=216, noise=10, ablation=True,
    ),
}  # fmt: skip
