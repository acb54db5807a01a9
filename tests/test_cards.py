"""Cards with their pictures, from the drawing to the page."""

import io
import json
import re
import sys

import numpy as np
import pytest
from PIL import Image

from app.parts.card import pieces as card_pieces
from app.parts.card import readable
from hot_core.errors import ModelError
from hot_core.figures.style import QUERY, class_colours
from hot_core.models import load_model
from hot_core.training import canvas, outside
from hot_core.training.changes import changes_of
from hot_core.training.finish import finish, write_card
from hot_core.training.learnt import learnt_reference
from hot_core.training.loop import train
from hot_core.training.pictures import (
    map_case,
    reliability,
    series_case,
    shape_case,
    training_curve,
    volume_case,
    worst_place,
)
from hot_core.training.plan import Plan
from hot_core.training.recipe import Picture
from hot_core.training.unlike import Effort, renew
from tests import makers_samples as makers
from tests.makers_cards import PNG, SmoothRecipe

SECTIONS = [
    "Intended use", "Not for", "Data", "Split", "Protocol", "Scores", "Calibration", "Failure cases",
    "Input unlike the training data", "Limits", "How it was made", "Licence",
]  # fmt: skip
CLASSES = ("background", "anterior", "posterior")


def picture(content):
    """RGB of a PNG that obeys the limits of a card."""
    assert len(content) <= 80_000
    opened = Image.open(io.BytesIO(content))
    assert opened.format == "PNG"
    assert opened.width == 800
    return np.asarray(opened.convert("RGB")).astype(int)


def has(pixels, colour, tolerance=24):
    """How many pixels come near a colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(pixels - wanted).max(-1) <= tolerance).sum())


@pytest.fixture
def rng():
    return np.random.default_rng(7)


# --- pictures


def boxes(shape=(23, 29, 19)):
    truth, predicted = np.zeros(shape, int), np.zeros(shape, int)
    truth[5:12, 4:11, 6:12], truth[5:12, 11:20, 6:12] = 1, 2
    predicted[5:12, 4:11, 6:12] = 1
    return truth, predicted


def test_a_volume_shows_both_outlines_in_the_colours_of_the_page(rng):
    truth, predicted = boxes()
    values = rng.random(truth.shape)
    colours = class_colours(CLASSES)
    drawn = picture(volume_case(values, truth, predicted, CLASSES, "Dice 0.5"))
    assert has(drawn, colours["anterior"]) > 100
    assert has(drawn, colours["posterior"]) > 100
    nothing = picture(volume_case(values, 0 * truth, 0 * predicted, CLASSES, "Dice 0.5"))
    # The legend stays; the outlines go.
    assert has(nothing, colours["anterior"]) < has(drawn, colours["anterior"]) - 100
    for truth_alone, alone in ((truth, 0 * predicted), (0 * truth, predicted)):
        one = picture(volume_case(values, truth_alone, alone, CLASSES, "Dice 0.5"))
        assert has(one, colours["anterior"]) > has(nothing, colours["anterior"]) + 50
    wide = picture(volume_case(values, truth, predicted, CLASSES, "Dice 0.5", step=(1.0, 1.0, 2.0)))
    assert not np.array_equal(wide, drawn)


def test_the_worst_place_is_the_one_with_most_errors_around_it(rng):
    truth = rng.integers(-1, 3, (11, 7, 13))
    predicted = rng.integers(0, 3, truth.shape)
    best, place = -1, None
    for x, y, z in np.ndindex(truth.shape):
        count = 0
        for i in range(max(x - 2, 0), min(x + 3, 11)):
            for j in range(max(y - 2, 0), min(y + 3, 7)):
                for k in range(max(z - 2, 0), min(z + 3, 13)):
                    count += truth[i, j, k] >= 0 and truth[i, j, k] != predicted[i, j, k]
        if count > best:
            best, place = count, (x, y, z)
    assert worst_place(truth, predicted) == place


def test_a_series_keeps_its_gaps_and_shows_its_interval(rng):
    seen, valid, truth = np.cumsum(rng.standard_normal(96)), np.ones(96, bool), rng.standard_normal(24)
    ends = (truth - 5, truth + 5)
    whole = picture(series_case(seen, valid, truth, truth + 3, *ends, "PM2.5", "µg/m³"))
    assert has(whole, QUERY) > 100
    valid[20:70] = False
    gappy = picture(series_case(np.where(valid, seen, 1e6), valid, truth, truth + 3, *ends, "PM2.5", "µg/m³"))
    ink = "#64748B"
    assert has(gappy, ink) < has(whole, ink)
    plain = picture(series_case(seen, valid, truth, truth + 3, None, None, "PM2.5", "µg/m³"))
    pale = "#FBDAC3"
    assert has(whole, pale) > 1000 > has(plain, pale)


def test_a_map_shows_classes_and_leaves_the_unlabelled_white():
    classes = ("water", "open", "woody", "developed")
    truth = np.full((31, 37), -1)
    predicted = np.zeros((31, 37), int)
    drawn = picture(map_case(np.zeros((31, 37, 3)), truth, predicted, classes, "A block"))
    blue = has(drawn, class_colours(classes)["water"])
    assert blue > 20_000
    assert has(drawn, "#000000", 4) > 20_000
    truth[:] = 0
    both = picture(map_case(np.zeros((31, 37, 3)), truth, predicted, classes, "A block"))
    assert has(both, class_colours(classes)["water"]) > 1.8 * blue


def test_noise_is_thinned_out_until_it_fits(rng, monkeypatch):
    def noise():
        return map_case(composite, truth, truth, ("water", "open", "woody", "developed"), "Noise")

    truth, composite = rng.integers(-1, 4, (240, 300)), rng.random((240, 300, 3))
    whole = noise()
    picture(whole)
    monkeypatch.setattr(canvas, "LARGEST", round(0.8 * len(whole)))
    assert len(noise()) <= canvas.LARGEST


def test_a_shape_is_as_dark_as_it_is_deep():
    shape = np.zeros((23, 29, 19))
    shape[5:20, 5:20, 5:12] = 1
    deep, thin = picture(shape_case(shape, "thick")), picture(shape_case(shape * (np.arange(19) == 6), "thin"))
    assert has(deep, "#000000", 30) > 1000
    assert not np.array_equal(deep, thin)


def test_empty_bins_are_left_out_of_a_reliability_curve():
    bins = [(0.1, 0.05, 20), (0.5, float("nan"), 0), (0.9, 0.8, 30)]
    drawn = picture(reliability(bins, "Test"))
    np.testing.assert_array_equal(drawn, picture(reliability([bins[0], bins[2]], "Test")))
    assert not np.array_equal(drawn, picture(reliability([bins[0], (0.9, 0.2, 30)], "Test")))
    assert not np.array_equal(drawn, picture(reliability([bins[2]], "Test")))


def test_a_curve_marks_the_step_that_was_kept():
    lines = [{"step": 100 * i, "loss": 1 / i, "score": 1 - (i - 3) ** 2} for i in range(1, 7)]
    drawn = picture(training_curve(lines, "Dice"))
    assert has(drawn, QUERY) > 20
    rising = picture(training_curve([line | {"score": line["step"]} for line in lines], "Dice"))
    falling = picture(training_curve([line | {"score": -line["step"]} for line in lines], "Dice"))
    # The dot is at the end of the curve where it rises and at its beginning where it falls.
    assert has(rising[:, 740:], QUERY) > 10 > has(falling[:, 740:], QUERY)
    assert has(picture(training_curve([], "Dice")), QUERY) == 0


def test_without_matplotlib_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModelError, match=r"need matplotlib, which is not installed. Install requirements-dev.txt"):
        training_curve([], "Dice")


# --- what is tried


def test_every_change_changes_and_keeps_what_is_missing_missing(rng):
    shapes = {
        "forecaster": (2, 3, 96),
        "segmenter": (17, 19, 16),
        "classifier": (16, 16, 16),
        "land_cover": (12, 16, 6),
    }
    for kind, shape in shapes.items():
        config = getattr(makers, kind)().config
        values = rng.standard_normal(shape) if kind != "classifier" else (rng.random(shape) < 0.3).astype(float)
        mask = np.ones(shape, bool)
        harm, harmless = changes_of(config)
        assert not set(harm) & set(harmless)
        for name, change in (harm | harmless).items():
            changed, there = change(values, mask, np.random.default_rng(1))
            assert changed.shape == there.shape, name
            same = changed.shape == shape and np.array_equal(np.where(there, changed, 0), values)
            assert not same, name


def test_the_tables_say_what_was_tried_and_how_many_were_called_unlike(monkeypatch, tmp_path, rng):
    recipe = SmoothRecipe()
    known = learnt_reference(recipe, 40)
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "noise.nii").write_bytes(makers.nifti(rng.standard_normal((17, 19, 16)), np.eye(4)))
    (folder / "series.csv").write_bytes(makers.wide_csv(rng.random((1, 1, 99)), ("A",), {"t": "K"}))
    (folder / "notes.txt").write_text("no data")
    monkeypatch.setattr(outside, "SAMPLES", folder)
    files, harm, harmless = outside.outside_tables(recipe, known, None, cases=5)
    assert [row[0] for row in files.rows] == ["noise.nii"]
    assert files.rows[0][2] == "yes"
    rows = {row[0]: row for row in harm.rows}
    assert rows["nothing changed"][2] in ("0 of 5", "1 of 5")
    assert rows["noise"][2] == "5 of 5"
    assert re.fullmatch(r"\d+\.\d\d of \d\.\d\d", rows["noise"][1])
    assert harmless.rows[0] == harm.rows[0]
    more = outside.outside_tables(recipe, known, folder, cases=1)
    assert len(more[0].rows) == 2
    assert {row[2] for row in more[1].rows} <= {"yes", "no"}


def test_what_a_model_does_not_take_is_said_to_be_refused(tmp_path, rng):
    (tmp_path / "grey.nii").write_bytes(makers.nifti(rng.standard_normal((16, 16, 16)), np.eye(4)))
    (trial,) = outside.of_files(makers.classifier().config, learnt_reference(SmoothRecipe(), 6), tmp_path)
    assert trial.row() == ("grey.nii", "–", "refused")


# --- the card


@pytest.fixture
def made(tmp_path, monkeypatch, rng):
    """The folder of a finished run."""
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "noise.nii").write_bytes(makers.nifti(rng.standard_normal((17, 19, 16)), np.eye(4)))
    monkeypatch.setattr(outside, "SAMPLES", samples)
    recipe, plan = SmoothRecipe(), Plan(steps=2, validations=1)
    run = train(recipe, plan, tmp_path / "runs")
    (tmp_path / "out" / "pictures").mkdir(parents=True)
    (tmp_path / "out" / "pictures" / "old.png").write_bytes(PNG)
    finish(recipe, run, plan, tmp_path / "out", quick=True)
    return tmp_path / "out"


def test_a_finished_run_writes_card_pictures_and_what_was_learnt_from(made):
    model = load_model(made)
    card, config = model.card, json.loads((made / "config.json").read_text())
    assert re.findall(r"^## (.*)$", card, re.MULTILINE) == SECTIONS
    assert {path.name for path in (made / "pictures").iterdir()} == {"worst.png", "reliable.png", "curve.png"}
    assert (made / "pictures" / "worst.png").read_bytes() == PNG
    picture((made / "pictures" / "curve.png").read_bytes())
    named = re.findall(r"\(pictures/([\w-]+)\.png\)", card)
    assert named == ["reliable", "worst", "curve"]
    words = "The worst (of all), with a line break."
    assert f"![{words}](pictures/worst.png)\n\n{words}\n" in card
    places = [
        card.index(f"## {title}\n") for title in ("Calibration", "Failure cases", "Input unlike", "How it was")[:2]
    ]
    assert places[0] < card.index("pictures/reliable.png") < places[1] < card.index("pictures/worst.png")
    assert model.familiarity is not None
    test = config["familiarity"]["test"]
    assert test["cases"] == 20
    assert f"**Measured on the test part: {test['far']} of 20 undisturbed inputs" in card
    assert "| noise.nii | " in card


def test_a_trained_model_is_renewed_and_all_else_stays(made, tmp_path, rng):
    card, config = (made / "CARD.md").read_text(), json.loads((made / "config.json").read_text())
    files = tmp_path / "further"
    files.mkdir()
    (files / "more.nii").write_bytes(makers.nifti(rng.standard_normal((17, 19, 16)), np.eye(4)))
    (files / "SOURCES.md").write_text("more.nii is noise.\n")
    found = renew(SmoothRecipe(), made, files, Effort(40, 30, 3))
    again, changed = (made / "CARD.md").read_text(), json.loads((made / "config.json").read_text())
    assert load_model(made).familiarity.table.shape[0] == 120
    assert changed.pop("familiarity") != config.pop("familiarity")
    assert changed == config
    assert re.findall(r"^## (.*)$", again, re.MULTILINE) == SECTIONS
    assert f"{found.far} of 30 undisturbed inputs" in again
    assert "| more.nii | " in again
    assert "\n\nmore.nii is noise.\n\n## Limits" in again
    old, new = (text.split("## Input unlike")[0] + text.split("## Limits")[1] for text in (card, again))
    assert old == new
    (made / "CARD.md").write_text(card.split("## Input unlike")[0] + "## Limits" + card.split("## Limits")[1])
    renew(SmoothRecipe(), made, files, Effort(40, 30, 3))
    assert (made / "CARD.md").read_text() == again


def test_what_is_not_trained_cannot_be_renewed(tmp_path):
    with pytest.raises(ModelError, match=r"holds no trained model with a card\. Train it first"):
        renew(SmoothRecipe(), tmp_path, None)


def test_a_card_without_pictures_has_no_empty_sections(tmp_path):
    recipe, plan = SmoothRecipe(pictures=False), Plan(steps=1, validations=1)
    run = train(recipe, plan, tmp_path / "runs")
    from hot_core.training.card import card

    text = card(recipe, recipe.evaluate(run.model), run, plan)
    left = [
        title for title in SECTIONS if title not in ("Calibration", "Failure cases", "Input unlike the training data")
    ]
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == left


def test_pictures_of_an_earlier_run_are_taken_away(tmp_path):
    write_card(tmp_path, "one", [Picture("a", "A.", PNG), Picture("b", "B.", PNG)])
    write_card(tmp_path, "two", [Picture("b", "B.", PNG + b"2")])
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["b.png"]
    assert (tmp_path / "pictures" / "b.png").read_bytes() == PNG + b"2"
    assert (tmp_path / "CARD.md").read_text() == "two"


# --- on the page


def test_the_page_cuts_a_card_at_its_pictures(made):
    found = card_pieces(readable(load_model(made).card))
    assert [piece[0] for piece in found if isinstance(piece, tuple)] == [
        "pictures/reliable.png", "pictures/worst.png", "pictures/curve.png",
    ]  # fmt: skip
    texts = " ".join(piece for piece in found if isinstance(piece, str))
    assert "![" not in texts
    # A caption that repeats the words of its picture is shown once, below the picture.
    assert "How often it was so." not in texts
    assert "The worst" not in texts
    assert all(f"#### {title}" in texts for title in SECTIONS)
    assert card_pieces("plain text") == ["plain text"]
    assert card_pieces("a ![in line](pictures/x.png) stays") == ["a ![in line](pictures/x.png) stays"]
    assert card_pieces("![one](pictures/x.png)\n\nanother") == [("pictures/x.png", "one"), "\n\nanother"]
