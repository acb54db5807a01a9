"""What ships in assets/: every model loads, is what its hash says, answers as it did, and beats its yardstick."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from hot_core.errors import ModelError
from hot_core.models import list_models, load_model
from hot_core.training.card import table_words
from hot_core.training.finish import reference, reference_input
from hot_core.training.forecast_card import new_york
from hot_core.training.forecasting import HORIZON, LOOKBACK
from hot_core.training.hippocampus_elsewhere import template_table
from hot_core.training.naive import LinearMap

NAMES = ("adrenal", "air-quality", "hippocampus", "land-cover")
SECOND = ("adrenal/seed1", "air-quality/seed1", "hippocampus/seed1", "land-cover/seed1")
LARGEST = 4_000_000

# (own score, yardstick, factor): the score must lie on the better side of factor · yardstick.
BELOW = {
    "air-quality": [
        ("mse", "shared linear map mse", 0.95),
        ("mae", "shared linear map mae", 0.95),
        ("mse", "seasonal naive (24 h) mse", 1.0),
        ("mae", "seasonal naive (24 h) mae", 1.0),
        ("mse", "persistence mse", 1.0),
        ("mae", "persistence mae", 1.0),
        ("new york mse", "new york persistence mse", 1.0),
        ("new york mae", "new york persistence mae", 1.0),
        ("new york mse", "new york seasonal naive (24 h) mse", 1.0),
        ("new york mae", "new york seasonal naive (24 h) mae", 1.0),
    ],
}
ABOVE = {
    "hippocampus": [("dice", "mean shape dice", 1.0), ("mirrored dice", "mean shape dice", 1.0)],
    "adrenal": [("auc", "forest auc", 1.0), ("auc", "volume auc", 1.0), ("accuracy", "majority accuracy", 1.0)],
    "land-cover": [
        ("macro-f1 north carolina", "random forest macro-f1 north carolina", 1.0),
        ("macro-f1 brandenburg", "random forest macro-f1 brandenburg", 1.0),
        ("macro-f1 north carolina", "random forest with texture macro-f1 north carolina", 1.0),
        ("macro-f1 brandenburg", "random forest with texture macro-f1 brandenburg", 1.0),
    ],
}
REACHED = {
    "hippocampus": [("dice anterior", 0.87), ("dice posterior", 0.87)],
    "adrenal": [("auc", 0.82)],
    "land-cover": [
        ("macro-f1 brandenburg", 0.70),
        ("lead over the random forest north carolina low", 0.0),
        ("lead over the random forest brandenburg low", 0.0),
    ],
}


@pytest.fixture
def described(root):
    """config.json of a model."""
    return lambda name: json.loads((root / "assets" / name / "config.json").read_text())


def test_these_models_ship():
    assert list_models() == NAMES


@pytest.mark.parametrize("name", [*NAMES, *SECOND])
def test_model_loads_and_is_small(name, root):
    model = load_model(name)
    assert model.config.name == name.split("/")[0]
    assert not model.training
    assert (root / "assets" / name / "model.safetensors").stat().st_size < LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_other_weights_are_refused(name, root, tmp_path):
    folder = shutil.copytree(root / "assets" / name, tmp_path / name)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelError, match="do not match the hash"):
        load_model(folder)


@pytest.mark.parametrize("name", [*NAMES, *SECOND])
def test_model_answers_as_it_did(name, described):
    kept = described(name)["reference"]
    again = reference(load_model(name), kept["seed"])
    assert again["places"] == kept["places"]
    np.testing.assert_allclose(again["values"], kept["values"], atol=1e-5, rtol=1e-5)
    # A reference that does not vary would hold nothing.
    assert np.std(kept["values"]) > 1e-2


@pytest.mark.parametrize("name", ["air-quality", "air-quality/seed1"])
def test_the_scores_in_new_york_are_measured_again(name, described):
    kept = described(name)["scores"]
    # A linear map that has learnt nothing repeats the last value.
    again, table, _ = new_york(load_model(name), LinearMap(LOOKBACK, HORIZON))
    for what in ("mse", "mae", "coverage", "persistence mse", "seasonal naive (24 h) mae"):
        assert again[f"new york {what}"] == pytest.approx(kept[f"new york {what}"], abs=1e-4), what
    assert again["new york shared linear map mse"] == pytest.approx(again["new york persistence mse"])
    assert [row[0] for row in table.rows] == ["this model", "persistence", "seasonal naive (24 h)", "shared linear map"]


@pytest.mark.parametrize("name", [name for name in [*NAMES, *SECOND] if name.startswith("hippocampus")])
def test_the_places_on_the_template_are_measured_again(name):
    model = load_model(name)
    table = template_table(model)
    assert str(table_words(table)) in model.card
    for part, centre, published, away, amount in table.rows:
        x, y, z = (int(each) for each in str(centre).split(", "))
        assert (x < 0) == str(part).startswith("left")
        assert np.linalg.norm(np.subtract((x, y, z), [int(each) for each in str(published).split(", ")])) < 5
        assert float(str(away)) < 5
        assert 1000 < float(str(amount).replace(",", "")) < 4000
    assert len(table.rows) == 4


@pytest.mark.parametrize("name", SECOND)
def test_a_second_seed_is_another_model_of_the_same_make(name, described):
    first, second = (load_model(which) for which in (name.split("/")[0], name))
    assert first.config == second.config
    assert all(
        not torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True) if a.ndim > 1
    )
    one, other = (described(which)["yardsticks"] for which in (name.split("/")[0], name))
    assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_values_at_invalid_places_are_ignored(name):
    model = load_model(name)
    values, mask = reference_input(model.config)
    mask[..., : mask.shape[-1] // 2] &= torch.rand(mask.shape[:-1], generator=torch.Generator().manual_seed(1))[
        ..., None
    ].gt(0.5)
    with torch.no_grad():
        clean = model(torch.where(mask, values, 0.0), mask)
        dirty = model(torch.where(mask, values, 1e3), mask)
    assert torch.equal(clean, dirty)
    assert torch.isfinite(clean).all()


def forms(number: float) -> set[str]:
    """How a card may print a number: with three decimals, as a percentage, or whole where it is large (mm³)."""
    percent = {f"{100 * abs(number):.1f}"} if abs(number) < 1 else set()  # "9.2 % higher" is -9.2 % lower
    return {f"{number:.3f}"} | percent | ({f"{number:+,.0f}", f" {number:,.0f} "} if abs(number) > 10 else set())


@pytest.mark.parametrize("name", NAMES)
def test_card_holds_what_was_measured(name, described):
    card, config = load_model(name).card, described(name)
    assert config["training"]["quick"] is False
    body = card.split("---\n", 2)[2]
    for what, number in (config["scores"] | config["yardsticks"]).items():
        assert any(form in body for form in forms(number)), (what, number)
    for section in ("Intended use", "Not for", "Data", "Split", "Protocol", "Scores", "Limits", "How it was made"):
        assert f"\n## {section}\n" in card
    assert f"python -m hot_core.training {name} --data DIR --out assets/{name}" in card
    header = card.split("---\n")[1]
    index = json.loads(next(line for line in header.splitlines() if line.startswith("model-index: "))[13:])
    metrics = {m["name"]: m["value"] for m in index[0]["results"][0]["metrics"]}
    assert metrics == {what: pytest.approx(value, abs=1e-4) for what, value in config["scores"].items()}


@pytest.mark.parametrize("name", ["hippocampus", "adrenal"])
def test_medical_models_say_what_they_are_not(name):
    assert "Demonstration only, not a medical device" in load_model(name).card


@pytest.mark.parametrize("name", NAMES)
def test_model_is_better_than_what_it_has_to_beat(name, described):
    numbers = described(name)["scores"] | described(name)["yardsticks"]
    for score, yardstick, factor in BELOW.get(name, []):
        assert numbers[score] < factor * numbers[yardstick], (score, yardstick)
    for score, yardstick, factor in ABOVE.get(name, []):
        assert numbers[score] > factor * numbers[yardstick], (score, yardstick)
    for score, least in REACHED.get(name, []):
        assert numbers[score] >= least, score
    assert name in BELOW or name in ABOVE


def test_intervals_of_the_forecast_hold_about_what_they_claim(described):
    config = described("air-quality")
    low, high = config["model"]["quantiles"]
    assert config["scores"]["coverage"] == pytest.approx(high - low, abs=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_machine_gives_the_same_bits(name, root):
    """Twice in this process, and once in another one."""
    code = (
        "import sys, torch; torch.set_num_threads(1); from hot_core.models import load_model;"
        "from hot_core.training.finish import reference_input; model = load_model(sys.argv[1]);"
        "print(torch.no_grad()(model)(*reference_input(model.config)).numpy().tobytes().hex())"
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        answers = []
        for _ in range(2):
            model = load_model(name)
            with torch.no_grad():
                answers.append(model(*reference_input(model.config)).numpy().tobytes().hex())
    finally:
        torch.set_num_threads(threads)
    other = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, cwd=root, check=True)
    assert answers[0] == answers[1] == other.stdout.strip()
