"""What is given to a model to see whether it is recognised as outside: files, harmful and harmless changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from hot_core.errors import ModelError
from hot_core.familiarity import Familiarity, Reference, describe
from hot_core.io import read
from hot_core.models import ModelConfig, list_models, load_model
from hot_core.modes import Sample
from hot_core.pipeline import Settings, analyse
from hot_core.training.changes import Change, changes_of
from hot_core.training.learnt import compared
from hot_core.training.recipe import Example, Recipe, Table
from hot_core.transforms import Segmentation, to_input

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
ENDINGS = (".csv", ".gz", ".nii", ".tif", ".tiff")
CASES = 12
"""Test inputs that every change is made to."""


@dataclass(frozen=True)
class Trial:
    """One thing that was tried.

    Attributes:
        what: in words.
        answers: what was said of each input; None where it could not be compared.
        refused: whether the model does not take it at all.
    """

    what: str
    answers: tuple[Familiarity | None, ...] = ()
    refused: bool = False

    def row(self) -> tuple[str, str, str]:
        """What, the middle distance beside its threshold, how many were called unlike the training data."""
        known = [answer for answer in self.answers if answer is not None]
        if self.refused or not known:
            return self.what, "–", "refused" if self.refused else "cannot be compared"
        middle = sorted(known, key=lambda answer: answer.distance / answer.threshold)[len(known) // 2]
        far = sum(answer.far for answer in known)
        said = ("yes" if far else "no") if len(known) == 1 else f"{far} of {len(known)}"
        return self.what, f"{middle.distance:.2f} of {middle.threshold:.2f}", said


def outside_tables(
    recipe: Recipe, reference: Reference, folder: Path | None = None, cases: int = CASES
) -> tuple[Table, ...]:
    """Everything that is tried on a model, as the card prints it.

    Args:
        recipe: gives the test part, which the changes are made to.
        reference: of the training and validation part.
        folder: further files; None for the bundled samples alone.
        cases: test inputs that every change is made to.

    Returns:
        Files, changes that should be recognised, changes that should pass.
    """
    config = recipe.config()
    columns = ("what", "distance of threshold", "called unlike")
    examples = [*recipe.examples("test", cases)]
    harm, harmless = changes_of(config)
    files = [*of_files(config, reference, SAMPLES), *of_files(config, reference, folder)]
    files += of_found_shape(config, reference)
    tables = (
        ("Files, as the page takes them by itself", files),
        (f"{len(examples)} test inputs, changed so that they are no longer what was learnt (middle distance)",
         of_changes(config, reference, examples, harm)),
        (f"{len(examples)} test inputs, changed in ways that do no harm",
         of_changes(config, reference, examples, harmless)),
    )  # fmt: skip
    return tuple(Table(title, columns, tuple(trial.row() for trial in trials)) for title, trials in tables)


def of_files(config: ModelConfig, reference: Reference, folder: Path | None) -> list[Trial]:
    """Every file of a folder that holds the model's kind of data.

    Args:
        config: the model's configuration.
        reference: what was learnt.
        folder: read without going deeper; None gives nothing.

    Returns:
        One trial a file.
    """
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(ENDINGS)) if folder is not None else []
    return [trial for path in paths for trial in _of_file(config, reference, path)]


def _of_file(config: ModelConfig, reference: Reference, path: Path) -> Iterator[Trial]:
    sample = read(path)
    # A raster without known bands is a label map or waits for an answer on the page.
    if sample.kind != config.kind or (sample.kind == "raster" and not sample.roles):
        return
    try:
        yield Trial(path.name, (_of_sample(config, reference, sample),))
    except ModelError:
        yield Trial(path.name, refused=True)


def _of_sample(config: ModelConfig, reference: Reference, sample: Sample) -> Familiarity | None:
    given = to_input(sample, config, Settings())
    return reference.compare(describe(config, given.values, given.mask, given.roles))


def of_found_shape(config: ModelConfig, reference: Reference) -> list[Trial]:
    """What the bundled hippocampus model finds in the bundled crops, given as shapes to a model of shapes.

    Args:
        config: the model's configuration.
        reference: what was learnt.

    Returns:
        Trials; none for other models, or where there is no hippocampus model.
    """
    if config.task != "classify" or "hippocampus" not in list_models():
        return []
    finder = load_model("hippocampus")
    trials = []
    for path in sorted(SAMPLES.glob("mni152_hippocampus_*.nii.gz")):
        sample = read(path)
        found = analyse(sample, finder).prediction
        if isinstance(found, Segmentation) and (found.labels > 0).any():
            shape = replace(sample, data=sample.data.copy(data=(found.labels.values > 0).astype(np.float32)))
            what = f"the hippocampus found in {path.name}, as a shape"
            trials.append(Trial(what, (_of_sample(config, reference, shape),)))
    return trials


def of_changes(
    config: ModelConfig, reference: Reference, examples: Sequence[Example], changes: dict[str, Change]
) -> list[Trial]:
    """Every change, made to every example with its own seed.

    Args:
        config: the model's configuration.
        reference: what was learnt.
        examples: undisturbed inputs.
        changes: by name.

    Returns:
        One trial a change, after one of the examples as they are.
    """
    trials = [Trial("nothing changed", tuple(compared(reference, config, example) for example in examples))]
    for name, change in changes.items():
        answers = []
        for seed, example in enumerate(examples):
            values, mask = change(example.values.numpy(), example.mask.numpy(), np.random.default_rng(seed))
            kept = (torch.from_numpy(np.where(mask, values, 0).astype(np.float32)), torch.from_numpy(mask.copy()))
            answers.append(compared(reference, config, Example(*kept, example.roles)))
        trials.append(Trial(name, tuple(answers)))
    return trials
