"""`python -m hot_core explain FILE --model NAME --out DIR`: what the page shows, as files; `view BUNDLE`: in napari."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer
from pydantic import ValidationError

from hot_core.errors import HotError
from hot_core.evidence import FORMS, Done, Evidence, Focus, Target, gather
from hot_core.evidence import sanity as sane
from hot_core.evidence import stability as steady
from hot_core.experiments import NAMES as EXPERIMENTS
from hot_core.experiments import Plan
from hot_core.experiments import run as run_experiment
from hot_core.io import Decimal, Duplicates, Irregular, Shifted, read
from hot_core.models import HOTModel, load_model
from hot_core.options import (
    Hide,
    TargetArea,
    TargetToken,
    WholeScene,
    divided,
    hidden_parts,
    indices,
    intervals,
    names,
    way,
)
from hot_core.pipeline import Analysis, Settings, analyse
from hot_core.report import Check, Choices, write
from hot_core.scene import Progress, predict_scene

command_line = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

Asked: TypeAlias = Literal["quick", "full", "none"]
"""How thoroughly a map is put to the test, if at all."""


@command_line.callback()
def root() -> None:
    """HOT Lens without the page: see how a Higher-Order Transformer attends to a file."""


@command_line.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A CSV, NIfTI or GeoTIFF file.")],
    model: Annotated[str, typer.Option(help="A bundled model's name, or a folder with your own weights.")],
    out: Annotated[Path, typer.Option(help="The folder to write into; made when it is not there.")],
    layer: Annotated[int, typer.Option(help="Layer, from 0.")] = 0,
    head: Annotated[int | None, typer.Option(help="Head, from 0; without it the mean of all heads.")] = None,
    query: Annotated[str | None, typer.Option(help="Token, one index for each mode: 3,4,5.")] = None,
    key: Annotated[str | None, typer.Option(help="The query's partner, a token: 3,4,4.")] = None,
    direction: Annotated[str, typer.Option(help="row: where the token looks; column: who looks at it.")] = "row",
    bands: Annotated[str | None, typer.Option(help="Raster: roles in the file's order, - leaves one out.")] = None,
    duplicates: Annotated[Duplicates, typer.Option(help="Table: what to do with two rows of one time.")] = "error",
    dayfirst: Annotated[bool | None, typer.Option("--dayfirst/--monthfirst", help="Table: what 01/02/2013 is.")] = None,
    decimal: Annotated[Decimal | None, typer.Option(help="Table: the decimal sign; else as the cells prove.")] = None,
    irregular: Annotated[Irregular, typer.Option(help="Table: what to do with rows beside the step.")] = "error",
    shifted: Annotated[Shifted, typer.Option(help="Table: series between the others' times.")] = "error",
    scale: Annotated[list[str] | None, typer.Option(help="Table: entity:variable:divisor; may come again.")] = None,
    window: Annotated[int | None, typer.Option(help="Series: first step of the look-back window.")] = None,
    region: Annotated[str | None, typer.Option(help="Part: start:stop for each axis, as in 0:36,0:52,0:36.")] = None,
    hide: Hide = None,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D file, from 0.")] = 0,
    whole_scene: WholeScene = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html, to print and file.")] = False,
    evidence: Annotated[Asked | None, typer.Option(help="Test the map; with --report quick, else none.")] = None,
    target_step: Annotated[int | None, typer.Option(help="Explain this step ahead, from 0; else all of them.")] = None,
    target_token: TargetToken = None,
    target_label: Annotated[int | None, typer.Option(help="Explain this class, from 0; else the predicted.")] = None,
    target_area: TargetArea = "token",
    sanity: Annotated[bool, typer.Option("--sanity/--no-sanity", help="Make the weights random.")] = False,
    stability: Annotated[bool, typer.Option("--stability/--no-stability", help="Change the input a little.")] = False,
    personal: Annotated[bool, typer.Option("--personal", help="Name the file in what is written.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Write factors.npz, field.*, prediction.* and analysis.json, with --report report.html, and print the reading.

    Attention and prediction are those of the analysed region; --whole-scene adds the class map of the whole raster,
    from overlapping windows whose probabilities are blended.
    """
    with mistakes(out):
        part, hidden = intervals(region), hidden_parts(hide or [], whole_scene)
        settings = Settings(seed=seed, device=device, window=window, region=part, volume=volume, hidden=hidden)
        sample = read(
            file, bands=names(bands) if bands else None, duplicates=duplicates, dayfirst=dayfirst, decimal=decimal,
            irregular=irregular, shifted=shifted, scale=[divided(one) for one in scale or ()],
        )  # fmt: skip
        known = load_model(model)
        analysis = analyse(sample, known, settings)
        token = indices(query) if query else analysis.default_query()
        about = indices(target_token, "--target-token") if target_token else token
        target = Target(token=about, step=target_step, label=target_label, area=target_area)
        whole = partial(predict_scene, sample, known, settings, progress=say_progress) if whole_scene else None
        focus = Focus("layer" if head is None else "head", token, layer, head)
        said = write(
            analysis, out, Choices(focus, way(direction), indices(key, "--key") if key else None), whole=whole,
            evidence=evidence_of(analysis, known, focus, target, evidence or ("quick" if report else "none")),
            checks=checks_of(analysis, known, focus, {"sanity": sanity, "stability": stability}),
            reported=known if report else None, personal=personal,
        )  # fmt: skip
    print(said)


@command_line.command()
def view(
    bundle: Annotated[Path, typer.Argument(help="A .hotlens file, saved under “Keep” on the page.")],
    discard: Annotated[bool, typer.Option("--discard", hidden=True)] = False,
) -> None:
    """Open a bundle in napari: data, prediction, attention through the layers of the model, factors."""
    from hot_core.napari_plugin.window import show  # figures and all: no other command needs them

    try:
        show(bundle, discard)
    except HotError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{bundle.name}: {error.strerror or error}. Choose another file.")


@command_line.command()
def experiment(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(EXPERIMENTS)}.")],
    out: Annotated[Path, typer.Option(help="The folder to write into; made when it is not there.")] = Path("out"),
    seed: Annotated[list[int] | None, typer.Option(help="A seed; may come again. Without it 0, 1, 2.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Tiny sizes: proves the road, the numbers mean nothing.")
    ] = False,
) -> None:
    """Answer one of the papers' questions by a table and a figure: NAME.md, .csv, .json and .html; print the table."""
    with mistakes(out):
        plan = Plan(tuple(seed or (0, 1, 2)), quick, partial(print, file=sys.stderr, flush=True))
        print(run_experiment(name, plan, out))


@contextmanager
def mistakes(out: Path) -> Iterator[None]:
    """One sentence and exit code 2 for whatever a person can mend."""
    try:
        yield
    except HotError as error:
        fail(str(error))
    except ValidationError as error:
        fail("; ".join(f"--{e['loc'][0]}: {e['msg']}" for e in error.errors()) + ". See --help.")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}. Choose another file or folder.")


def evidence_of(
    analysis: Analysis, model: HOTModel, focus: Focus, target: Target, form: Asked
) -> Callable[[], Evidence] | None:  # fmt: skip
    """What gathers the evidence for a map, telling how far it is; None for no evidence."""
    if form == "none":
        return None
    seed = int(analysis.provenance["seed"])
    return partial(gather, analysis, model, focus, target, form=form, seed=seed, told=say_progress)


def checks_of(
    analysis: Analysis, model: HOTModel, focus: Focus, checked: dict[str, bool]
) -> Callable[[], dict[str, Check]]:  # fmt: skip
    """What makes the further checks of a map that were asked for, in their full form, telling how far they are."""
    seed, other = int(analysis.provenance["seed"]), steady.second_seed(analysis.model_name)
    others = () if other is None else (other,)
    ways: dict[str, Callable[[], Check]] = {
        "sanity": lambda: sane.sanity(analysis, model, focus, FORMS["full"], seed=seed, told=say_progress),
        "stability": lambda: steady.stability(
            analysis, model, focus, FORMS["full"], seed=seed, others=others, told=say_progress
        ),
    }
    return lambda: {name: ways[name]() for name, wanted in checked.items() if wanted}


def say_progress(now: Progress | Done) -> None:
    """How far the windows or the evidence are, on one line of a terminal; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r{now.words}", end="\n" if now.done == now.total else "", file=sys.stderr, flush=True)


def fail(sentence: str) -> None:
    """One sentence on the error stream, and exit code 2."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)
