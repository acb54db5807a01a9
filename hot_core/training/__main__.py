"""`python -m hot_core.training NAME --data DIR --out assets/NAME`: train, resume, test, write the folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from hot_core.errors import HotError, ModelError
from hot_core.training.finish import finish
from hot_core.training.loop import train
from hot_core.training.plan import Plan
from hot_core.training.recipe import Recipe

QUICK_STEPS = 6


def _air_quality(data: Path, quick: bool) -> Recipe:
    from hot_core.training.air_quality import AirQuality

    return AirQuality(data, quick)


def _hippocampus(data: Path, quick: bool) -> Recipe:
    from hot_core.training.hippocampus import Hippocampus

    return Hippocampus(data, quick)


def _adrenal(data: Path, quick: bool) -> Recipe:
    from hot_core.training.adrenal import Adrenal

    return Adrenal(data, quick)


def _land_cover(data: Path, quick: bool) -> Recipe:
    from hot_core.training.land_cover import LandCoverRecipe

    return LandCoverRecipe(data, quick)


RECIPES: dict[str, Callable[[Path, bool], Recipe]] = {
    "air-quality": _air_quality,
    "hippocampus": _hippocampus,
    "adrenal": _adrenal,
    "land-cover": _land_cover,
}


def main(
    name: Annotated[str, typer.Argument(help="air-quality, hippocampus, adrenal or land-cover")],
    data: Annotated[Path, typer.Option(help="folder of the data set, or the root above it")],
    out: Annotated[Path | None, typer.Option(help="folder to write; default assets/NAME")] = None,
    minutes: Annotated[float, typer.Option(help="CPU minutes of training; they fix the number of steps")] = 20.0,
    steps: Annotated[int | None, typer.Option(help="number of steps, instead of minutes")] = None,
    seed: Annotated[int, typer.Option(help="of the initial weights and of every batch")] = 0,
    runs: Annotated[Path, typer.Option(help="where checkpoints and logs go")] = Path("runs"),
    threads: Annotated[int, typer.Option(help="CPU threads")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where one is at hand")] = "auto",
    quick: Annotated[bool, typer.Option(help="a few steps on a few cases: proves the road")] = False,
    outside: Annotated[Path | None, typer.Option(help="further files, to see whether they are called unlike")] = None,
    samples: Annotated[Path | None, typer.Option(help="adrenal only: also write the mean shapes here")] = None,
) -> None:
    """Train a bundled model; the same command goes on where it was interrupted."""
    try:
        recipe = make(name, data, quick)
        if samples is not None:
            write_samples(recipe, samples)
        # A quick run may choose its weights at any step: validate twice at most.
        plan = Plan(minutes, seed, QUICK_STEPS if quick else steps, validations=2 if quick else 20, device=device)
        run = train(recipe, plan, runs / f"{name}-seed{seed}{'-quick' if quick else ''}", threads)
        evaluation = finish(recipe, run, plan, out or Path("assets") / name, quick, outside)
    except HotError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    for what, value in (evaluation.scores | evaluation.yardsticks).items():
        typer.echo(f"{what:>32}  {value:.4f}")


def make(name: str, data: Path, quick: bool = False) -> Recipe:
    """The recipe of a model, with its data read.

    Args:
        name: the model.
        data: folder of its data set, or the root above it.
        quick: take a few cases only.

    Returns:
        The recipe.

    Raises:
        ModelError: when there is no recipe of that name.
    """
    if name not in RECIPES:
        raise ModelError(f"There is no recipe {name!r}; there are: {', '.join(RECIPES)}.")
    return RECIPES[name](data, quick)


def write_samples(recipe: Recipe, folder: Path) -> None:
    """Write the made samples of a recipe that has some.

    Args:
        recipe: what is learnt.
        folder: where they go.

    Raises:
        ModelError: when this recipe makes none.
    """
    from hot_core.training.adrenal import Adrenal

    if not isinstance(recipe, Adrenal):
        raise ModelError(f"{recipe.name} makes no samples; leave --samples out.")
    recipe.write_mean_shapes(folder)


if __name__ == "__main__":
    typer.run(main)
