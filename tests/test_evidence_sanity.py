"""Sanity: every step against models put together by hand; a map that learning does not enter is called out."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import t as student

import hot_core as hot
from hot_core.attention.factors import SoftmaxFactor
from hot_core.attention.mode_wise import KroneckerAttention
from hot_core.errors import ModelError
from hot_core.evidence import FORMS, Done, Focus
from hot_core.evidence.fresh import matters, part_of, parts_of, randomised
from hot_core.evidence.rerun import Interval, alike, correlation, mean_of, moved
from hot_core.evidence.sanity import RULE, UNCHANGED, Sanity, Step, sanity
from hot_core.figures.evidence_dots import Dot, Group, dots
from hot_core.figures.evidence_sanity import sanity_figure
from hot_core.models import HOTModel, build_model
from tests import makers_samples as make
from tests.oracles_sanity import interval, rho

FORM = replace(FORMS["quick"], noise=3)
INPUTS = {
    "tiny-air": {"embed"}, "tiny-hippo": {"stem", "embed"}, "tiny-adrenal": {"embed", "positions"},
    "tiny-land": {"embed", "role"},
}  # fmt: skip


def volume() -> hot.Sample:
    values = np.random.default_rng(5).normal(100, 20, (11, 17, 7)).astype(np.float32)
    values[:5, :5, :5] = np.nan
    return hot.read(make.nifti(values, np.diag([1.0, 1.0, 1.0, 1.0])), "volume.nii")


@pytest.fixture(scope="module")
def given() -> tuple[HOTModel, hot.Analysis]:
    model = make.segmenter()
    return model, hot.analyse(volume(), model)


class Placed(KroneckerAttention):
    """Looks at what is near, whatever the input and the weights are."""

    def factors(self, x, mask):
        found = []
        for size in x.shape[1:-1]:
            at = torch.arange(size, dtype=x.dtype)
            weights = (-(at[:, None] - at).abs() / 2).softmax(-1).expand(x.shape[0] * self.heads, -1, -1)
            found.append(SoftmaxFactor(weights, weights))
        return found


def of_geometry() -> HOTModel:
    model = make.segmenter()
    for block in model.trunk.blocks:
        block.attention.__class__ = Placed
    return model


def by_hand(model: HOTModel, seed: int, layers: set[int], embedding: bool, output: bool) -> HOTModel:
    """A copy with the modules of a new model in these places."""
    mixed, fresh = copy.deepcopy(model), build_model(model.config, seed)
    for layer in layers:
        mixed.trunk.blocks[layer] = fresh.trunk.blocks[layer]
    if embedding:
        mixed.stem, mixed.embed = fresh.stem, fresh.embed
    if output:
        mixed.trunk.norm, mixed.expand, mixed.head = fresh.trunk.norm, fresh.expand, fresh.head
    return mixed.eval()


HAND = {
    "all weights": ({0, 1}, True, True),
    "embedding alone": (set(), True, False),
    "layer 0 alone": ({0}, False, False),
    "layer 1 alone": ({1}, False, False),
    "output alone": (set(), False, True),
    "output": (set(), False, True),
    "output down to layer 1": ({1}, False, True),
    "output down to layer 0": ({0, 1}, False, True),
    "output down to embedding": ({0, 1}, True, True),
}


@pytest.mark.parametrize("focus", [Focus("head", (2, 3, 1), 1, 1), Focus("model", (2, 3, 1))], ids=["head", "rollout"])
def test_every_step_is_what_a_model_put_together_by_hand_gives(given: tuple, focus: Focus) -> None:
    model, analysis = given
    found = sanity(analysis, model, focus, FORM, seed=3)
    valid = analysis.record.valid
    assert not valid.all(), "a token without data has to be in it"
    before = focus.row(analysis)
    seeds = [int(seed) for seed in np.random.default_rng(3).integers(2**31, size=FORM.noise)]
    assert [step.name for step in found.steps] == list(HAND)
    places = analysis.grid.native_of(focus.query)
    label = int(np.bincount(analysis.prediction.labels.values[places].ravel()).argmax())
    shares = analysis.prediction.probabilities.values[label][places].astype(float)
    for step in found.steps:
        after = [hot.analyse(analysis.sample, by_hand(model, seed, *HAND[step.name])) for seed in seeds]
        rhos = [rho(before[valid].tolist(), focus.row(one)[valid].tolist()) for one in after]
        changes = [np.abs(one.prediction.probabilities.values[label][places] - shares).mean() for one in after]
        assert step.rhos == pytest.approx(rhos, abs=1e-12)
        assert step.changes == pytest.approx(changes, abs=1e-6)
        expected = interval(rhos, float(student.ppf(0.975, len(rhos) - 1)))
        assert step.rho == pytest.approx((expected[0], max(expected[1], -1), min(expected[2], 1)), abs=1e-9)


def test_what_comes_after_the_layer_is_marked_and_leaves_the_map_as_it_is(given: tuple) -> None:
    model, analysis = given
    marks = {focus.words: {step.name: step for step in sanity(analysis, model, focus, FORM).steps} for focus in (
        Focus("head", (2, 3, 1), 0, 1), Focus("layer", (2, 3, 1), 1), Focus("model", (2, 3, 1)),
    )}  # fmt: skip
    after = {"output alone", "output"}
    expected = [after | {"layer 1 alone", "output down to layer 1"}, after, after]
    for steps, names in zip(marks.values(), expected, strict=True):
        assert {name for name, step in steps.items() if not step.matters} == names
        for name in names:
            assert (steps[name].rhos == 1).all()
            assert (steps[name].changes > 0).all()
        assert all((step.rhos < 0.999).all() for step in steps.values() if step.matters)
    assert matters(("embedding",), Focus("head", (0, 0, 0), 0, 0))


@pytest.mark.parametrize("maker", [make.forecaster, make.segmenter, make.classifier, make.land_cover])
def test_the_parts_share_out_all_weights(maker) -> None:
    model = maker()
    parts = {name: part_of(name) for name in model.state_dict()}
    assert parts_of(model) == ("embedding", "layer 0", "layer 1", "output")
    assert set(parts.values()) == set(parts_of(model))
    assert {name.split(".")[0] for name, part in parts.items() if part == "embedding"} == INPUTS[model.config.name]
    assert {part for name, part in parts.items() if name.startswith("trunk.blocks.1.")} == {"layer 1"}
    assert parts["trunk.norm.weight"] == "output"


def test_fresh_weights_go_into_the_named_parts_alone() -> None:
    model = make.segmenter()
    fresh = build_model(model.config, 7).state_dict()
    ((parts, weights),) = randomised(model, [("layer 1", "output")], 7)
    for name, tensor in model.state_dict().items():
        expected = fresh[name] if part_of(name) in parts else tensor
        assert torch.equal(weights[name], expected)


def test_a_map_of_geometry_alone_is_called_out_and_a_learnt_one_is_not(given: tuple) -> None:
    model = of_geometry()
    analysis = hot.analyse(volume(), model)
    for focus in (Focus("head", (2, 3, 1), 1, 0), Focus("model", (2, 3, 1))):
        placed, learnt = sanity(analysis, model, focus, FORM), sanity(given[1], given[0], focus, FORM)
        assert placed.unchanged
        assert placed.words.startswith("The map hardly changes when all weights are random (rank")
        assert placed.steps[0].rho.mean == pytest.approx(1.0)
        assert not learnt.unchanged
        assert learnt.words.startswith("The map changes when all weights are random")
        assert placed.summary()["called_out"] is True
        assert learnt.summary()["called_out"] is False


def test_the_same_seed_gives_the_same_and_the_model_stays(given: tuple) -> None:
    model, analysis = given
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    focus, told = Focus("model", (2, 3, 1)), []
    torch.manual_seed(1)
    one = sanity(analysis, model, focus, FORM, 3, told.append).summary()
    torch.manual_seed(2)
    again, other = (sanity(analysis, model, focus, FORM, seed).summary() for seed in (3, 4))
    assert json.dumps(one, allow_nan=False) == json.dumps(again, allow_nan=False)
    assert one["steps"] != other["steps"]
    assert one["controls"] != other["controls"]
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert told[-1] == Done(told[-1].total, told[-1].total, "uniform and shuffled attention")
    assert told[-2].done == told[-1].total - 1
    assert told[0] == Done(0, told[-1].total, "making weights random")


def test_whoever_is_told_can_end_the_work(given: tuple) -> None:
    def stop(done: Done) -> None:
        if done.done == 2:
            raise KeyboardInterrupt("enough")

    with pytest.raises(KeyboardInterrupt, match="enough"):
        sanity(given[1], given[0], Focus("model", (2, 3, 1)), FORM, told=stop)


def test_controls_are_the_map_with_its_attention_changed(given: tuple) -> None:
    model, analysis = given
    focus = Focus("head", (2, 3, 1), 1, 1)
    even, mixed = sanity(analysis, model, focus, FORM, seed=3).controls
    assert np.isnan(even.rhos).all()
    assert even.changes.size == mixed.changes.size == 0
    generator, before = torch.Generator().manual_seed(3), focus.row(analysis)
    assert len(mixed.rhos) == FORM.shuffles
    for drawn in mixed.rhos:
        lines = []
        for mode, at in enumerate(focus.query):
            line = analysis.record.layers[1].factors[mode][0, 1, at].double().numpy()
            assert (line > 0).all()
            lines.append(line[torch.randperm(line.size, generator=generator).numpy()])
        row = np.einsum("x,y,z->xyz", *lines)
        valid = analysis.record.valid
        assert drawn == pytest.approx(rho(before[valid].tolist(), row[valid].tolist()), abs=1e-3)


def test_weights_that_the_configuration_does_not_know_are_refused() -> None:
    model = make.segmenter()
    analysis = hot.analyse(volume(), model)
    model.extra = torch.nn.Linear(2, 3)
    with pytest.raises(ModelError, match="its weights are not those that its configuration asks for"):
        sanity(analysis, model, Focus("model", (2, 3, 1)), FORM)


def test_a_map_that_is_the_same_everywhere_has_no_order() -> None:
    model = make.segmenter()
    with torch.no_grad():
        for block in model.trunk.blocks:
            block.attention.query_norm.weight.zero_()
    analysis = hot.analyse(volume(), model)
    found = sanity(analysis, model, Focus("head", (2, 3, 1), 0, 0), FORM)
    assert found.flat
    assert not found.unchanged
    assert found.words.startswith("The map is the same everywhere")
    assert found.summary()["steps"][0]["rho"] == [None, None, None]
    written = sanity_figure(found).layout.annotations
    assert sum(note.text == "no order" for note in written) == len(found.steps) + len(found.controls)


def made(rhos: list[float]) -> Sanity:
    step = Step("all weights", "all", ("output",), True, np.array(rhos), np.array([0.123456789123, 2.0]))
    return Sanity(Focus("model", (0,)), FORM, 0, (step,), (), False, "change", "°F")


def test_the_rule_is_the_mean_above_the_limit_and_doubt_is_said() -> None:
    assert UNCHANGED == 0.5
    assert "above 0.5 on average" in RULE
    assert not made([0.5, 0.5]).unchanged
    assert made([0.5, 0.51]).unchanged
    assert "more draws would settle it" in made([0.1, 0.8]).words
    assert "more draws would settle it" not in made([0.1, 0.12]).words
    assert "keeps nothing of its order" in made([np.nan, np.nan]).words
    change = made([0.1, 0.2]).summary()["steps"][0]["prediction_change"]
    assert change[0] == float(f"{(0.123456789123 + 2) / 2:.9g}")


def test_the_change_is_of_the_class_that_was_predicted_at_the_chosen_place(given: tuple) -> None:
    before = given[1]
    shown, query = before.prediction, (2, 3, 1)
    places = before.grid.native_of(query)
    labels, shares = shown.labels.copy(deep=True), shown.probabilities.copy(deep=True)
    labels.values[places] = 2
    labels.values[places][:1, :1, :1] = -1
    shares.values[:, 8:10, 12:14, 4:6] += np.float32([0.5, 0.25, 0.125]).reshape(3, 1, 1, 1)
    one = replace(before, prediction=replace(shown, labels=labels))
    other = replace(before, prediction=replace(shown, probabilities=shares))
    gaps = np.zeros((3, 4, 3))  # the volume ends with the third plane of this token
    gaps[:2, :2, :2] = 0.125
    assert [part.stop - part.start for part in places] == [3, 4, 3]
    assert moved(one, other, query) == pytest.approx(gaps.mean(), rel=1e-5)


def test_means_leave_out_what_is_no_number() -> None:
    assert mean_of(np.array([0.25, np.nan, 0.75])).mean == 0.5
    one = mean_of(np.array([0.25]))
    assert one.mean == 0.25
    assert np.isnan(one.low)
    assert np.isnan(mean_of(np.array([])).mean)
    assert mean_of(np.array([-1.0, 1.0]), most=1.0) == Interval(0.0, -1.0, 1.0)
    rounding = 1 + 1e-8 * np.random.default_rng(0).random(7)
    assert np.isnan(alike(np.arange(7.0), rounding, np.ones(7, bool)))
    kept = np.array([True] * 5 + [False] * 2)
    assert alike(np.arange(7.0), np.array([0.0, 1, 2, 3, 4, -9, -9]), kept) == pytest.approx(1.0)


def test_the_picture_shows_every_step_greys_what_cannot_matter_and_marks_the_limit(given: tuple) -> None:
    found = sanity(given[1], given[0], Focus("head", (2, 3, 1), 0, 1), FORM)
    figure = sanity_figure(found)
    counted, grey = figure.data
    assert len(counted.x) + len(grey.x) == len(found.steps) + 2
    assert len(grey.x) == 4
    assert list(grey.x) == [1.0] * 4
    assert "cannot matter" in grey.hovertext[0]
    first = found.steps[0].rho
    assert counted.x[0] == first.mean
    assert counted.error_x.array[0] == pytest.approx(first.high - first.mean)
    assert counted.error_x.arrayminus[0] == pytest.approx(first.mean - first.low)
    assert [(line.x0, line.line.dash) for line in figure.layout.shapes] == [(0.0, "solid"), (UNCHANGED, "dot")]
    lows = [step.rho.low for step in (*found.steps, *found.controls) if np.isfinite(step.rho.low)]
    assert figure.layout.xaxis.range[0] == pytest.approx(min(0.0, *lows) - 0.05)
    assert sum("color:" in name for name in figure.layout.yaxis.ticktext) == 4


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "0.50"), (-0.1249, "−0.12"), (-0.001, "0.00"), (1.0, "1.00"), (0.0, "0.00"), (-1.0, "−1.00")],
)
def test_a_correlation_has_two_decimals_and_a_typographic_minus(value: float, words: str) -> None:
    assert correlation(value) == words
    figure = dots([Group("some", None, "", [Dot("step", Interval(value, value, value), False, "")])])
    assert f"rank correlation {words}, 95 % interval {words} to {words}" in figure.data[0].hovertext[0]
