"""`python -m hot_core explain FILE --model NAME --out DIR`: what the page shows, as files; `view BUNDLE`: in napari."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from hot_core.analysis.reading import Direction
from hot_core.analysis.result import Analysis
from hot_core.errors import HotError, SelectionError
from hot_core.export import factors_bytes, field_bytes, manifest, prediction_bytes
from hot_core.export.manifest import prediction_summary
from hot_core.io import Decimal, Duplicates, Irregular, Scaled, Shifted, read
from hot_core.models import load_model
from hot_core.pipeline import Settings, analyse
from hot_core.scene import OVERLAP, WINDOW, Progress, predict_scene
from hot_core.transforms import Segmentation

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

WINDOWS = {"window": WINDOW, "overlap": OVERLAP}

WAYS: dict[str, Direction] = {"row": "row", "column": "column"}


@app.callback()
def root() -> None:
    """HOT Lens without the page: see how a Higher-Order Transformer attends to a file."""


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A CSV, NIfTI or GeoTIFF file.")],
    model: Annotated[str, typer.Option(help="A bundled model's name, or a folder with your own weights.")],
    out: Annotated[Path, typer.Option(help="The folder to write into; made when it is not there.")],
    layer: Annotated[int, typer.Option(help="Layer, from 0.")] = 0,
    head: Annotated[int | None, typer.Option(help="Head, from 0; without it the mean of all heads.")] = None,
    query: Annotated[str | None, typer.Option(help="Token, one index for each mode: 3,4,5.")] = None,
    direction: Annotated[str, typer.Option(help="row: where the token looks; column: who looks at it.")] = "row",
    bands: Annotated[str | None, typer.Option(help="Raster: roles in the file's order, - leaves one out.")] = None,
    duplicates: Annotated[Duplicates, typer.Option(help="Table: what to do with two rows of one time.")] = "error",
    dayfirst: Annotated[
        bool | None,
        typer.Option("--dayfirst/--monthfirst", help="Table: what 01/02/2013 is, if unclear."),
    ] = None,
    decimal: Annotated[Decimal | None, typer.Option(help="Table: the decimal sign; else as the cells prove.")] = None,
    irregular: Annotated[Irregular, typer.Option(help="Table: what to do with rows beside the step.")] = "error",
    shifted: Annotated[Shifted, typer.Option(help="Table: series between the others' times.")] = "error",
    scale: Annotated[list[str] | None, typer.Option(help="Table: entity:variable:divisor; may come again.")] = None,
    window: Annotated[int | None, typer.Option(help="Series: first step of the look-back window.")] = None,
    region: Annotated[str | None, typer.Option(help="Part: start:stop for each axis, as in 0:36,0:52,0:36.")] = None,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D file, from 0.")] = 0,
    whole_scene: Annotated[
        bool,
        typer.Option("--whole-scene", help="Raster: write scene.tif too, the classes of every pixel."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Write factors.npz, field.*, prediction.* and analysis.json, and print the reading.

    Attention and prediction are those of the analysed region; --whole-scene adds the class map of the whole raster,
    from overlapping windows whose probabilities are blended.
    """
    try:
        settings = Settings(seed=seed, device=device, window=window, region=intervals(region), volume=volume)
        sample = read(
            file,
            bands=names(bands) if bands else None,
            duplicates=duplicates,
            dayfirst=dayfirst,
            decimal=decimal,
            irregular=irregular,
            shifted=shifted,
            scale=[divided(one) for one in scale or ()],
        )
        known = load_model(model)
        analysis = analyse(sample, known, settings)
        token = indices(query) if query else analysis.default_query()
        whole = partial(predict_scene, sample, known, settings, progress=say_progress) if whole_scene else None
        reading = write(analysis, out, layer, head, token, way(direction), whole)
    except HotError as error:
        fail(str(error))
    except ValidationError as error:
        fail("; ".join(f"--{e['loc'][0]}: {e['msg']}" for e in error.errors()) + ". See --help.")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}. Choose another file or folder.")
    print(reading)


@app.command()
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


def write(
    analysis: Analysis,
    out: Path,
    layer: int,
    head: int | None,
    token: tuple[int, ...],
    direction: Direction,
    whole: Callable[[], Segmentation] | None = None,
) -> str:
    """Write every file; nothing is written when layer, head or token does not exist.

    Returns:
        The reading.
    """
    field = analysis.field(layer, head, token, direction)
    reading = analysis.reading(layer, head, token, direction)
    field_file, field_suffix, _ = field_bytes(analysis, field)
    prediction_file, prediction_suffix, _ = prediction_bytes(analysis)
    files = {
        "factors.npz": factors_bytes(analysis),
        f"field{field_suffix}": field_file,
        f"prediction{prediction_suffix}": prediction_file,
    }
    chosen = {"layer": layer, "head": head, "query": list(token), "direction": direction, "reading": reading}
    about: dict[str, Any] = {**manifest(analysis), "chosen": chosen, "files": sorted(files)}
    if whole is not None:
        scene = replace(analysis, prediction=whole())
        files["scene.tif"] = prediction_bytes(scene)[0]
        about |= {"files": sorted(files), "scene": {**prediction_summary(scene.prediction), **WINDOWS}}
    about["written"] = datetime.now(UTC).isoformat(timespec="seconds")
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    text = json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False)
    (out / "analysis.json").write_text(text + "\n", encoding="utf-8")
    return reading


def say_progress(now: Progress) -> None:
    """How far the windows are, on one line of a terminal; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r{now.words}", end="\n" if now.done == now.total else "", file=sys.stderr, flush=True)


def fail(sentence: str) -> None:
    """One sentence on the error stream, and exit code 2."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)


def names(text: str) -> tuple[str, ...]:
    """Comma-separated words."""
    return tuple(part.strip() for part in text.split(","))


def way(text: str) -> Direction:
    """A direction by its name.

    Returns:
        "row" or "column".

    Raises:
        SelectionError: when it is neither.
    """
    if text in WAYS:
        return WAYS[text]
    raise SelectionError(f"--direction {text} does not exist; choose row or column.")


def indices(text: str) -> tuple[int, ...]:
    """Comma-separated whole numbers.

    Returns:
        One for each mode.

    Raises:
        SelectionError: when one is not a whole number.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        remedy = "give one whole number for each mode, as in 3,4,5"
        raise SelectionError(f"--query {text} is not a token: {remedy}.") from None


def divided(text: str) -> Scaled:
    """Which series to divide by what, as in B:level:1000.

    Returns:
        Entity, variable and divisor; only the entity's name may hold a colon.

    Raises:
        SelectionError: when there are no three parts, or the last is not a number.
    """
    try:
        entity, variable, divisor = text.rsplit(":", 2)
        return entity, variable, float(divisor)
    except ValueError:
        remedy = "give entity:variable:divisor, as in B:level:1000"
        raise SelectionError(f"--scale {text} divides no series; {remedy}.") from None


def intervals(text: str | None) -> tuple[tuple[int, int], ...] | None:
    """Comma-separated start:stop pairs.

    Returns:
        One half-open interval for each axis, None for no text.

    Raises:
        SelectionError: when one is not a pair of whole numbers.
    """
    if text is None:
        return None
    try:
        pairs = [tuple(int(edge) for edge in part.split(":")) for part in text.split(",")]
        return tuple((start, stop) for start, stop in pairs)
    except ValueError:
        remedy = "give start:stop for each axis, as in 0:36,0:52,0:36"
        raise SelectionError(f"--region {text} is not a region: {remedy}.") from None
