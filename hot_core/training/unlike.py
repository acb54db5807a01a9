"""What a model has learnt from is kept beside it, and what is unlike that goes into its card.

`python -m hot_core.training.unlike NAME --data DIR [--outside DIR] [--out assets/NAME]` does it again for a model that
is trained already: the weights and the rest of the card stay as they are.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from hot_core.errors import HotError, ModelError
from hot_core.familiarity import save_reference
from hot_core.training.card import UNLIKE, Outside, unlike
from hot_core.training.learnt import MOST, TRIED, false_alarms, learnt_reference
from hot_core.training.outside import CASES, outside_tables
from hot_core.training.recipe import Recipe

SOURCES = "SOURCES.md"
"""A file in the folder of further files that says where they come from; the card repeats it."""


class Effort(NamedTuple):
    """How many inputs are taken: of the training part, of the test part, and for each change."""

    learnt: int
    tried: int
    changed: int


FULL, QUICK = Effort(MOST, TRIED, CASES), Effort(20, 20, 2)


def keep_learnt(recipe: Recipe, out: Path, files: Path | None, effort: Effort) -> tuple[dict[str, Any], Outside]:
    """Learn the statistics, write them, and try them on the test part and on what lies outside.

    Args:
        recipe: what was learnt.
        out: the model's folder.
        files: a folder with further files, None for none.
        effort: how many inputs are taken.

    Returns:
        The entry of config.json, and what the card says.
    """
    reference = learnt_reference(recipe, effort.learnt)
    alarms = false_alarms(reference, recipe, effort.tried)
    tables = outside_tables(recipe, reference, files, effort.changed)
    said = files / SOURCES if files is not None else None
    sources = (said.read_text(encoding="utf-8").strip(),) if said is not None and said.is_file() else ()
    remarks = (*filter(None, [recipe.facts.held_out]), *sources)
    entry = save_reference(reference, out) | {"test": alarms}
    inputs = int(reference.plain.sum())
    return entry, Outside(reference.false_alarm_rate, inputs, **alarms, tables=tables, remarks=remarks)


def renew(recipe: Recipe, out: Path, files: Path | None, effort: Effort = FULL) -> Outside:
    """The same for a model that is trained already: its statistics, their entry and their section are replaced.

    Args:
        recipe: what was learnt.
        out: the model's folder.
        files: a folder with further files, None for none.
        effort: how many inputs are taken.

    Returns:
        What the card says now.

    Raises:
        ModelError: when the folder holds no model with such a card.
    """
    config, card = out / "config.json", out / "CARD.md"
    if not (config.is_file() and card.is_file()):
        raise ModelError(f"{out} holds no trained model with a card. Train it first: python -m hot_core.training.")
    entry, found = keep_learnt(recipe, out, files, effort)
    described = json.loads(config.read_text(encoding="utf-8")) | {"familiarity": entry}
    config.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    card.write_text(_with_section(card.read_text(encoding="utf-8"), found), encoding="utf-8")
    return found


def _with_section(text: str, found: Outside) -> str:
    """The card with this section in the place of the old one; before the limits where there was none."""
    section = "\n\n".join((f"## {UNLIKE}", *unlike(found))) + "\n\n"
    without = re.sub(rf"^## {UNLIKE}\n.*?(?=^## )", "", text, flags=re.MULTILINE | re.DOTALL)
    before, limits, after = without.partition("## Limits\n")
    return before + section + limits + after


def main(
    name: Annotated[str, typer.Argument(help="air-quality, hippocampus, adrenal or land-cover")],
    data: Annotated[Path, typer.Option(help="folder of the data set, or the root above it")],
    outside: Annotated[Path | None, typer.Option(help="a folder with further files of the model's kind")] = None,
    out: Annotated[Path | None, typer.Option(help="the model's folder; default assets/NAME")] = None,
) -> None:
    """Renew what a trained model has learnt from, and what is unlike that, beside it and in its card."""
    from hot_core.training.__main__ import make

    try:
        found = renew(make(name, data), out or Path("assets") / name, outside)
    except HotError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo("\n\n".join(unlike(found)))


if __name__ == "__main__":
    typer.run(main)
