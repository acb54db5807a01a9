"""What ships in assets/: every model loads, is what its hash says, answers as it did, and beats its yardstick."""

import json
import shutil

import numpy as np
import pytest
import torch

from hot_core.errors import ModelError
from hot_core.models import list_models, load_model
from hot_core.training.finish import reference, reference_input

NAMES = ("adrenal", "air-quality", "hippocampus", "land-cover")
LARGEST = 4_000_000

# (own score, yardstick, sign): sign · (score − yardstick) must be positive.
BEATS = {
    "air-quality": [
        ("mse", "persistence mse", -1),
        ("mae", "persistence mae", -1),
        ("mse", "same hour yesterday mse", -1),
        ("mae", "same hour yesterday mae", -1),
    ],
    "hippocampus": [("dice", "mean shape dice", 1), ("mirrored dice", "mean shape dice", 1)],
    "adrenal": [("auc", "volume auc", 1), ("accuracy", "majority accuracy", 1)],
    "land-cover": [
        ("macro-f1 north carolina", "majority macro-f1 north carolina", 1),
        ("macro-f1 brandenburg", "majority macro-f1 brandenburg", 1),
    ],
}


@pytest.fixture
def described(root):
    """config.json of a model."""
    return lambda name: json.loads((root / "assets" / name / "config.json").read_text())


def test_these_models_ship():
    assert list_models() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_model_loads_and_is_small(name, root):
    model = load_model(name)
    assert model.config.name == name
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


@pytest.mark.parametrize("name", NAMES)
def test_model_answers_as_it_did(name, described):
    kept = described(name)["reference"]
    again = reference(load_model(name), kept["seed"])
    assert again["places"] == kept["places"]
    np.testing.assert_allclose(again["values"], kept["values"], atol=1e-5, rtol=1e-5)
    # A reference that does not vary would hold nothing.
    assert np.std(kept["values"]) > 1e-2


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


@pytest.mark.parametrize("name", NAMES)
def test_card_holds_what_was_measured(name, described):
    card, config = load_model(name).card, described(name)
    assert config["training"]["quick"] is False
    for number in (config["scores"] | config["yardsticks"]).values():
        assert f"{number:.3f}" in card, number
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
def test_model_beats_its_naive_yardstick(name, described):
    config = described(name)
    for score, yardstick, sign in BEATS[name]:
        assert sign * (config["scores"][score] - config["yardsticks"][yardstick]) > 0, (score, yardstick)
    if name == "hippocampus":
        assert config["scores"]["dice"] >= 0.75
