"""What a cost is: frozen numbers for the module itself and for every other form in its place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hot_core.cost.forms import NAMES
from hot_core.errors import SelectionError


@dataclass(frozen=True)
class FormCost:
    """The cost of one form.

    Attributes:
        form: its name, see `hot_core.cost.forms.FORMS`.
        parameters: trainable numbers, counted on the module.
        macs: multiply–adds of one forward pass over the whole batch: projections, q·k, weights times
            values, mode products, features, MLPs, convolutions. Not counted: additions (pooling), biases,
            norms, rotations, exponentials.
        coefficients: numbers that the attention of one head in one layer consists of, for one element of
            the batch: `N²` full, `Σ n_i²` mode-wise, `N Σ n_i` axial, features `2 m Σ n_i` linear.
        peak_bytes: the most bytes of tensors made by a forward pass in inference that are alive at
            once, above weights and input, in the module's own dtype; what a kernel takes and gives
            back within itself is not counted.
    """

    form: str
    parameters: int
    macs: int
    coefficients: int
    peak_bytes: int


@dataclass(frozen=True)
class Savings:
    """How many times less than another form: above 1 it is cheaper, below 1 dearer."""

    against: str
    macs: float
    coefficients: float
    peak_bytes: float


@dataclass(frozen=True)
class Cost:
    """The cost of a module, and of the same module with every other form of attention in it.

    Attributes:
        subject: what was counted: "attention", "block", or the model's name.
        grid: the token grid `(n_1, …, n_k)`.
        batch: elements of the batch.
        own: the cost of the module as it is.
        all_forms: one cost for each form that was asked for; that of the module's own form is `own`.
    """

    subject: str
    grid: tuple[int, ...]
    batch: int
    own: FormCost
    all_forms: tuple[FormCost, ...]

    @property
    def form(self) -> str:
        """The form of the module's attention."""
        return self.own.form

    @property
    def parameters(self) -> int:
        """Trainable numbers of the module."""
        return self.own.parameters

    @property
    def macs(self) -> int:
        """Multiply–adds of a forward pass, see `FormCost`."""
        return self.own.macs

    @property
    def coefficients(self) -> int:
        """Attention weights a head, see `FormCost`."""
        return self.own.coefficients

    @property
    def peak_bytes(self) -> int:
        """Bytes of activations alive at once, see `FormCost`."""
        return self.own.peak_bytes

    @property
    def tokens(self) -> int:
        """`N = ∏ n_i`."""
        return math.prod(self.grid)

    @property
    def forms(self) -> dict[str, FormCost]:
        """The cost of every form that was asked for, at the same width and size, by name."""
        return {cost.form: cost for cost in self.all_forms}

    def savings(self, against: str = "full") -> Savings:
        """How many times less work, weights and memory the module needs than with another form.

        Args:
            against: the other form.

        Returns:
            Ratios, other over own: 2.0 is half the cost, 0.5 twice the cost.

        Raises:
            SelectionError: when there is no such form, or it was not asked for.
        """
        if against in NAMES and against not in self.forms:
            raise SelectionError(
                f"cost.savings: {against!r} was not counted; ask hot.cost for it: forms=[{against!r}]."
            )
        if against not in self.forms:
            raise SelectionError(f"cost.savings: there is no form {against!r}; compare with {', '.join(self.forms)}.")
        other = self.forms[against]
        return Savings(
            against,
            other.macs / self.macs,
            other.coefficients / self.coefficients,
            other.peak_bytes / self.peak_bytes,
        )

    def sentence(self, against: str = "full") -> str:
        """The savings in plain words, said as plainly where there are none.

        Returns:
            One or two sentences.
        """
        ratio = self.savings(against)
        grid = "×".join(map(str, self.grid))
        where = WHERE.get(self.subject, " in the whole model")
        return (
            f"Compared with {NAMES[against]} on {grid} = {self.tokens:,} tokens, {NAMES[self.form]} takes "
            f"{times(ratio.macs, 'multiply–adds')}{where}, {times(ratio.coefficients, 'attention weights a head')} "
            f"and {times(ratio.peak_bytes, 'bytes at its peak')}.{verdict(ratio.macs)}"
        )


WHERE = {"attention": " in the attention layer alone", "block": " in the whole block"}
"""Whose multiply–adds they are; those of any other subject are of the whole model."""
SAME = 1.005
"""Ratios up to this one round to 1.00: no saving."""
HARDLY = 1.1
"""Savings below this are there, and are not worth a word of praise."""


def times(ratio: float, what: str) -> str:
    """A ratio in words: "15.9 times fewer …", "as many …", "1.3 times more …"."""
    if 1 / SAME <= ratio <= SAME:
        return f"as many {what}"
    if ratio > 1:
        return f"{figure(ratio)} times fewer {what}"
    return f"{figure(1 / ratio)} times more {what}"


def verdict(ratio: float) -> str:
    """What to add where there is little or nothing to be proud of."""
    if ratio >= HARDLY:
        return ""
    return f" In multiply–adds that is {'no' if ratio <= SAME else 'hardly a'} saving."


def figure(ratio: float) -> str:
    """Two decimals below 10, one below 100, then whole with thousands apart."""
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.1f}" if ratio < 99.95 else f"{ratio:,.0f}"
