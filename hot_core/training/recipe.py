"""What a recipe gives to the loop and what an evaluation gives to the card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch

from hot_core.errors import ReadError
from hot_core.models import HOTModel, ModelConfig

Numbers: TypeAlias = dict[str, float | int]
Part: TypeAlias = Literal["train", "validation", "test"]


class Example(NamedTuple):
    """One whole input as the page would make it from a file, without a batch axis.

    Attributes:
        values: the native sizes, 0 where invalid.
        mask: bool of the same shape, True where valid.
        roles: the role of each band (rasters), else ().
    """

    values: torch.Tensor
    mask: torch.Tensor
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of a card: what was measured, on what, beside which yardsticks.

    Attributes:
        title: what the rows have in common, with the number of cases.
        columns: column heads; the first names the rows.
        rows: cells of the same length as `columns`; numbers are printed with three decimals.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]


@dataclass(frozen=True)
class Picture:
    """One picture of a card.

    Attributes:
        name: of the file, without its ending.
        caption: what it shows, in sentences.
        png: its bytes.
        section: the card's section that it stands in.
    """

    name: str
    caption: str
    png: bytes
    section: Literal["failures", "calibration", "curves"] = "failures"


@dataclass(frozen=True)
class Evaluation:
    """What the test part says.

    Attributes:
        scores: the model's own numbers, by name; they go into config.json.
        yardsticks: the numbers a naive method reaches on the same cases, by name.
        tables: the same numbers as the card prints them.
        remarks: sentences on what the numbers do not say.
        pictures: failures and curves, to be looked at.
    """

    scores: Numbers
    yardsticks: Numbers
    tables: tuple[Table, ...]
    remarks: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What a card says about a model that no measurement gives.

    Attributes:
        title: one line, what the model is.
        task: the Hugging Face pipeline tag.
        use: sentences on what it is for.
        not_for: sentences on what it is not for.
        data: sentences on the data: what, licence, credit, public source.
        data_licences: licence identifiers of the data.
        split: sentences on which part was learnt, chosen by and tested on.
        protocol: sentences on normalisation, augmentation, loss and selection.
        limits: sentences on where it is known or likely to fail.
        held_out: a sentence on what the rate of false alarms cannot say, "" where its inputs are apart from each other.
        tags: Hugging Face tags.
    """

    title: str
    task: str
    use: Sequence[str]
    not_for: Sequence[str]
    data: Sequence[str]
    data_licences: Sequence[str]
    split: Sequence[str]
    protocol: Sequence[str]
    limits: Sequence[str]
    held_out: str = ""
    tags: Sequence[str] = ()


@runtime_checkable
class Recipe(Protocol):
    """What is learnt from which data. Everything random is drawn from the generator that is handed in."""

    name: str
    facts: Facts
    learning_rate: float
    weight_decay: float

    def config(self) -> ModelConfig:
        """The architecture."""
        ...

    def loss(self, model: HOTModel, rng: np.random.Generator) -> torch.Tensor:
        """Draw one batch from the training part and give its loss (a scalar with a gradient)."""
        ...

    def validate(self, model: HOTModel) -> Numbers:
        """Measure on the validation part; `score` (higher is better) chooses the weights that are kept."""
        ...

    def measure(self, model: HOTModel, part: Part) -> Numbers:
        """The plain scores of a model on the validation or the test part, without intervals and pictures."""
        ...

    def examples(self, part: Part, most: int) -> Iterator[Example]:
        """Up to `most` undisturbed whole inputs, evenly spread over a part."""
        ...

    def finish(self, model: HOTModel) -> None:
        """Last step before the test, from the validation part only (calibration, say)."""
        ...

    def evaluate(self, model: HOTModel) -> Evaluation:
        """Measure on the test part, beside the yardsticks on the same cases."""
        ...


def data_folder(data: Path, inner: str, pattern: str) -> Path:
    """Find a data set under `data`, which is either the root of all of them or the set's own folder.

    Args:
        data: the folder given by the user.
        inner: where the set lies under the root, "volumes/msd_hippocampus" for example.
        pattern: a glob that matches at least one file of the set.

    Returns:
        The set's own folder.

    Raises:
        ReadError: when neither place holds a matching file.
    """
    for folder in (data / inner, data):
        if any(folder.glob(pattern)):
            return folder
    raise ReadError(
        f"{data} holds no {pattern}, and neither does {inner} under it. "
        f"Give --data the folder of the data set, or the root that has it at {inner}."
    )
