"""The training road end to end on tiny made data: every recipe, the command, resuming, the card."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
import torch

from hot_core.errors import HotError
from hot_core.models import load_model
from hot_core.training.__main__ import RECIPES, make, write_samples
from hot_core.training.finish import finish, reference
from hot_core.training.loop import Trainer, train
from hot_core.training.plan import Plan
from hot_core.training.splits import TEST
from tests import makers_training as makers

MAKERS = {
    "air-quality": makers.beijing,
    "hippocampus": makers.hippocampi,
    "adrenal": makers.adrenals,
    "land-cover": makers.scenes,
}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """One tiny data set for each recipe under a common root, as the real ones lie."""
    root = tmp_path_factory.mktemp("data")
    for maker in MAKERS.values():
        maker(root)
    return root


def test_every_recipe_has_a_made_data_set():
    assert set(MAKERS) == set(RECIPES)


@pytest.mark.parametrize("name", MAKERS)
def test_quick_run_writes_a_model_that_loads(name, made, tmp_path):
    recipe = make(name, made, quick=True)
    plan = Plan(seed=0, steps=2, validations=1)
    run = train(recipe, plan, tmp_path / "runs")
    evaluation = finish(recipe, run, plan, tmp_path / name, quick=True)
    model = load_model(tmp_path / name)
    described = json.loads((tmp_path / name / "config.json").read_text())
    assert described["training"]["steps"] == 2
    assert described["training"]["quick"] is True
    assert described["scores"] == {what: pytest.approx(value) for what, value in evaluation.scores.items()}
    assert all(np.isfinite(value) for value in (evaluation.scores | evaluation.yardsticks).values())
    np.testing.assert_allclose(reference(model)["values"], described["reference"]["values"], atol=1e-6)
    assert "Quick run" in model.card
    assert f"{next(iter(evaluation.yardsticks.values())):.3f}" in model.card
    assert model.card.startswith("---\nlicense: mit\n")
    json.loads(next(line for line in model.card.splitlines() if line.startswith("model-index: "))[13:])


def test_command_runs_and_resumes(made, tmp_path, root):
    command = [
        sys.executable, "-m", "hot_core.training", "air-quality", "--data", made, "--out", tmp_path / "out",
        "--runs", tmp_path / "runs", "--quick",
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    first = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root)
    assert first.returncode == 0, first.stderr
    assert "mse" in first.stdout
    assert "persistence" in first.stdout
    weights = (tmp_path / "out" / "model.safetensors").read_bytes()
    log = (tmp_path / "runs" / "air-quality-seed0-quick" / "log.jsonl").read_text()
    again = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root)
    assert again.returncode == 0, again.stderr
    # The same command on a finished run trains no further.
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == weights
    assert (tmp_path / "runs" / "air-quality-seed0-quick" / "log.jsonl").read_text() == log


def test_command_says_what_is_wrong(tmp_path, root):
    command = [sys.executable, "-m", "hot_core.training", "hippocampus", "--data", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert done.returncode == 1
    assert "volumes/msd_hippocampus" in done.stderr
    assert "Traceback" not in done.stderr


def test_interrupted_run_goes_on_as_if_nothing_had_happened(made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    plan = Plan(seed=5, steps=6, validations=2)
    whole = train(recipe, plan, tmp_path / "whole")

    (tmp_path / "cut").mkdir()
    trainer = Trainer(recipe, plan, tmp_path / "cut")
    for _ in range(3):
        trainer.losses.append(trainer.step())
    trainer.validate()
    trainer.save()
    for _ in range(3):  # killed after a validation and before the checkpoint that belongs to it
        trainer.losses.append(trainer.step())
    trainer.validate()
    resumed = train(recipe, plan, tmp_path / "cut")
    assert resumed.state.step == 6
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name
    assert [line["score"] for line in whole.curve] == [line["score"] for line in resumed.curve]


def test_seed_decides(made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    runs = [train(recipe, Plan(seed=s, steps=2, validations=1), tmp_path / str(i)) for i, s in enumerate((0, 0, 1))]
    first, same, other = (run.model.state_dict()["head.weight"] for run in runs)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_minutes_fix_the_number_of_steps(made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    run = train(recipe, Plan(minutes=1e-6, validations=1), tmp_path)
    assert run.state.step == run.state.steps == 11


def test_the_best_weights_are_kept_not_the_last(made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    scores = iter([1.0, 3.0, 2.0])
    recipe.validate = lambda model: {"score": next(scores)}
    run = train(recipe, Plan(steps=3, validations=3), tmp_path)
    assert (run.state.best_step, run.state.best_score) == (2, 3.0)


def test_checkpoint_of_another_architecture_is_refused(made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    train(recipe, Plan(steps=1, validations=1), tmp_path)
    other = recipe.config().model_copy(update={"layers": 1})
    recipe.config = lambda: other
    with pytest.raises(HotError, match="another architecture"):
        train(recipe, Plan(steps=1), tmp_path)


@pytest.mark.parametrize("change", [{"seed": 4}, {"steps": 2}, {"steps": None, "minutes": 5.0}])
def test_checkpoint_of_another_plan_is_refused(change, made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    plan = Plan(seed=3, steps=1, validations=1)
    train(recipe, plan, tmp_path)
    with pytest.raises(HotError, match=r"another seed, length or learning rate of air-quality\. Delete its folder"):
        train(recipe, replace(plan, **change), tmp_path)
    train(recipe, replace(plan, minutes=7.0, validations=3), tmp_path)  # neither changes what is learnt


@pytest.mark.parametrize("of", ["learning_rate", "weight_decay"])
def test_checkpoint_of_another_pace_is_refused(of, made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    train(recipe, Plan(steps=1, validations=1), tmp_path)
    setattr(recipe, of, 0.0123)
    with pytest.raises(HotError, match="another seed, length or learning rate"):
        train(recipe, Plan(steps=1, validations=1), tmp_path)


def test_a_run_whose_scores_are_no_numbers_hands_on_nothing(made, tmp_path):
    recipe = make("air-quality", made, quick=True)
    recipe.validate = lambda model: {"score": float("nan")}
    with pytest.raises(HotError, match="No validation of air-quality gave a number"):
        train(recipe, Plan(steps=2, validations=2), tmp_path)


def test_checkpoint_from_before_an_entry_of_the_configuration_is_taken_up(made, tmp_path):
    recipe = make("hippocampus", made, quick=True)
    train(recipe, Plan(steps=1, validations=1), tmp_path)
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    older = json.loads(saved["config"])
    del older["quantiles"]
    torch.save(saved | {"config": json.dumps(older)}, tmp_path / "checkpoint.pt")
    assert train(recipe, Plan(steps=1, validations=1), tmp_path).state.step == 1


def test_unknown_recipe_and_samples_of_the_wrong_recipe(made, tmp_path):
    with pytest.raises(HotError, match="no recipe 'cat'; there are: air-quality"):
        make("cat", made)
    with pytest.raises(HotError, match="makes no samples"):
        write_samples(make("air-quality", made), tmp_path)


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("air-quality", "timeseries/beijing_air"),
        ("hippocampus", "volumes/msd_hippocampus"),
        ("adrenal", "volumes/adrenalmnist3d"),
        ("land-cover", "geotiff"),
    ],
)
def test_own_folder_serves_as_well_as_the_root(name, inner, made):
    assert make(name, made / inner, quick=True).name == name


def test_mean_shapes_come_back_as_they_were_learnt(made, tmp_path):
    recipe = make("adrenal", made)
    write_samples(recipe, tmp_path)
    image = nib.load(tmp_path / "adrenal_mass_mean.nii.gz")
    assert image.header.get_xyzt_units() == ("unknown", "unknown")
    assert int(image.header["sform_code"]) == int(image.header["qform_code"]) == 0
    learnt = recipe.official_train.shapes[recipe.official_train.labels == 1]
    back = np.asarray(nib.as_closest_canonical(image).dataobj)
    assert back.sum() == round(learnt.sum() / len(learnt))
    # The made shapes lie off centre along x: a mirrored file would miss them.
    assert np.mean(back[back > 0] * learnt.mean(0)[back > 0]) > 0.5


def test_series_are_scaled_by_their_past_and_keep_their_gaps(made):
    windows = make("air-quality", made).windows
    first, last = windows.spans.train
    past, valid = windows.values[..., first:last], windows.valid[..., first:last]
    np.testing.assert_allclose([past[0, 0][valid[0, 0]].mean(), past[0, 0][valid[0, 0]].std()], [0, 1], atol=1e-5)
    assert 0.9 < windows.valid.mean() < 0.99
    assert (windows.values[~windows.valid] == 0).all()
    starts = windows.starts(windows.spans.test, 24)
    assert starts[0] == windows.spans.test[0]
    assert starts[-1] + windows.length <= windows.spans.test[1]


def test_shipped_columns_and_held_out_blocks_are_never_learnt(made):
    recipe = make("land-cover", made)
    assert recipe.scenes[1].values.shape[1] == 1000
    for scene, learnt in zip(recipe.scenes, recipe.learnt, strict=True):
        assert (learnt[scene.parts == TEST] == -1).all()
        assert (learnt >= 0).any()
    # Nodata of the first scene: three pixels a side are masked and unlabelled.
    assert not recipe.scenes[0].valid[:4, :4].any()
    assert (recipe.scenes[0].labels[:4, :4] == -1).all()
