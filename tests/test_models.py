"""Architecture of the bundled models: patches, laws of exchange, missing values, and their folders."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from safetensors.torch import load_file, save_file

from hot_core.errors import ModelError
from hot_core.models import ModelConfig, build_model, load_model, save_model
from hot_core.models.patches import pad_to_multiple, patchify, token_mask, unpatchify
from hot_core.models.registry import sha256_of
from hot_core.record import AttentionRecord

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
SMALL = {"dim": 12, "heads": 3, "layers": 2, "mlp": 16, "stem": 4}
CONFIGS = {
    "series": ModelConfig(
        name="f", task="forecast", kind="series", modes=("entity", "variable", "time"), patch=(1, 1, 4),
        rope_modes=(2,), lookback=28, horizon=5, **SMALL,
    ),
    "segment": ModelConfig(
        name="s", task="segment", kind="volume", modes=("x", "y", "z"), patch=(4, 4, 4), rope_modes=(0, 1, 2),
        classes=("background", "anterior", "posterior"), **SMALL,
    ),
    "classify": ModelConfig(
        name="c", task="classify", kind="volume", modes=("x", "y", "z"), patch=(8, 8, 8), rope_modes=(0, 1, 2),
        classes=("normal", "mass"), grid=(8, 8, 8), **SMALL,
    ),
    "raster": ModelConfig(
        name="l", task="segment", kind="raster", modes=("row", "column", "band"), patch=(4, 4, 1), rope_modes=(0, 1),
        classes=("water", "open", "woody"), roles=BANDS, **SMALL,
    ),
}  # fmt: skip
INPUTS = {"series": (2, 3, 5, 28), "segment": (2, 11, 17, 13), "classify": (2, 19, 23, 29), "raster": (2, 19, 23, 6)}
OUTPUTS = {"series": (2, 3, 5, 5), "segment": (2, 3, 11, 17, 13), "classify": (2, 2), "raster": (2, 3, 19, 23)}
TOKENS = {"series": (3, 5, 7), "segment": (3, 5, 4), "classify": (3, 3, 4), "raster": (5, 6, 6)}


def made(kind, seed=0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(INPUTS[kind], generator=generator, dtype=torch.float64)
    return build_model(CONFIGS[kind], seed).double().eval(), values, torch.rand(INPUTS[kind], generator=generator) > 0.2


@pytest.mark.parametrize("kind", CONFIGS)
def test_shapes_of_output_and_tokens_and_one_record_a_layer(kind):
    model, values, mask = made(kind)
    record = AttentionRecord()
    assert tuple(model(values, mask, record).shape) == OUTPUTS[kind]
    assert record.sizes == TOKENS[kind]
    assert (record.num_layers, record.num_heads) == (2, 3)


@pytest.mark.parametrize("kind", CONFIGS)
def test_values_at_invalid_positions_do_not_matter_and_nan_stays_out(kind):
    model, values, mask = made(kind)
    expected = model(values, mask)
    assert not expected.isnan().any()
    torch.testing.assert_close(model(torch.where(mask, values, torch.nan), mask), expected, rtol=0, atol=0)
    assert not torch.allclose(model(torch.where(mask, values + 1 * values.square(), 0.0), mask), expected)


@pytest.mark.parametrize("kind", CONFIGS)
def test_nothing_valid_at_all_still_gives_finite_numbers(kind):
    model, values, mask = made(kind)
    assert model(values, torch.zeros_like(mask)).isfinite().all()


def test_forecaster_does_not_know_the_order_of_entities_and_variables():
    model, values, mask = made("series")
    entity, variable = torch.tensor([2, 0, 1]), torch.tensor([4, 2, 0, 1, 3])
    moved = model(values[:, entity][:, :, variable], mask[:, entity][:, :, variable])
    torch.testing.assert_close(moved, model(values, mask)[:, entity][:, :, variable], rtol=0, atol=1e-12)


def test_forecast_keeps_the_level_of_its_window():
    model, values, mask = made("series")
    torch.testing.assert_close(model(values + 41, mask), model(values, mask) + 41, rtol=0, atol=1e-10)


def test_land_cover_reads_bands_by_role_and_not_by_place():
    model, values, mask = made("raster")
    order = [3, 0, 5]
    roles = tuple(BANDS[i] for i in order)
    part = model(values[..., order], mask[..., order], roles=roles)
    absent = mask.clone()
    absent[..., [1, 2, 4]] = False
    torch.testing.assert_close(part, model(values, absent), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        model(values.flip(-1), mask.flip(-1), roles=BANDS[::-1]), model(values, mask), rtol=0, atol=1e-12
    )


def test_patches_go_there_and_back_and_hold_their_own_block():
    x = torch.arange(2 * 6 * 15 * 14).reshape(2, 6, 15, 14)
    patches = patchify(x, (2, 5, 7))
    assert patches.shape == (2, 3, 3, 2, 70)
    torch.testing.assert_close(patches[1, 2, 0, 1].reshape(2, 5, 7), x[1, 4:6, 0:5, 7:14])
    torch.testing.assert_close(unpatchify(patches, (2, 5, 7))[:, 0], x)
    channels = torch.randn(2, 3, 2, 5 * 12)
    native = unpatchify(channels, (3, 4))
    assert native.shape == (2, 5, 9, 8)
    torch.testing.assert_close(native[1, 4, 3:6, 4:8], channels[1, 1, 1].reshape(5, 3, 4)[4])


def test_padding_is_at_the_end_and_a_token_is_valid_with_any_valid_position():
    mask = torch.zeros(1, 7, 5, dtype=torch.bool)
    mask[0, 6, 4] = True
    padded = pad_to_multiple(mask, (4, 3))
    assert padded.shape == (1, 8, 6)
    assert torch.nonzero(token_mask(padded, (4, 3))).tolist() == [[0, 1, 1]]


def test_same_seed_same_weights_and_the_global_seed_is_left_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = build_model(CONFIGS["series"], 3), build_model(CONFIGS["series"], 3)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    other = build_model(CONFIGS["series"], 4)
    assert not torch.equal(first.embed.weight, other.embed.weight)


def test_models_built_in_two_threads_have_the_weights_that_they_have_alone():
    alone = {
        seed: [weights.clone() for weights in build_model(CONFIGS["series"], seed).parameters()] for seed in (1, 2)
    }
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(2) as pool:
            seeds = [1, 2] * 40
            models = list(pool.map(lambda seed: build_model(CONFIGS["series"], seed), seeds))
    finally:
        sys.setswitchinterval(interval)
    for seed, model in zip(seeds, models, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(model.parameters(), alone[seed], strict=True))


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("changes", [{"dropout": 0.5}, {"dropout": 0.5, "combine": "sum"}], ids=["product", "sum"])
def test_a_model_in_evaluation_draws_no_random_numbers(kind, changes):
    _, values, mask = made(kind)
    model = build_model(CONFIGS[kind].model_copy(update=changes)).double().eval()
    before = torch.get_rng_state()
    model(values, mask, AttentionRecord())
    assert torch.equal(torch.get_rng_state(), before)


def test_a_folder_gives_the_same_model_back(tmp_path):
    model, values, mask = made("series")
    model = model.float()
    save_model(model, tmp_path / "own", {"training": {"seed": 0}})
    (tmp_path / "own" / "CARD.md").write_text("# Card", encoding="utf-8")
    loaded = load_model(tmp_path / "own")
    assert not loaded.training
    assert (loaded.card, loaded.config) == ("# Card", model.config)
    assert loaded.weights_sha256 == sha256_of(tmp_path / "own" / "model.safetensors")
    assert torch.equal(loaded(values.float(), mask), model(values.float(), mask))


def test_damaged_or_unknown_models_are_refused_with_a_sentence(tmp_path):
    with pytest.raises(ModelError, match=r"There is no model 'nowhere'\. Bundled are: "):
        load_model("nowhere")
    folder = tmp_path / "own"
    save_model(build_model(CONFIGS["series"]), folder)
    described = json.loads((folder / "config.json").read_text())

    save_file({"embed.weight": torch.zeros(3)}, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"do not match the hash in its config\.json"):
        load_model(folder)
    (folder / "config.json").write_text(
        json.dumps(described | {"weights_sha256": sha256_of(folder / "model.safetensors")})
    )
    assert "embed.weight" in load_file(folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"do not fit its config\.json"):
        load_model(folder)
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    (folder / "config.json").write_text(
        json.dumps(described | {"weights_sha256": sha256_of(folder / "model.safetensors")})
    )
    with pytest.raises(ModelError, match=r"do not fit its config\.json"):
        load_model(folder)
    (folder / "config.json").write_text('{"model": {"name": "x"}}')
    with pytest.raises(ModelError, match="does not describe a model"):
        load_model(folder)
    (folder / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="does not describe a model"):
        load_model(folder)


def test_a_task_that_no_model_does_is_refused():
    config = CONFIGS["series"].model_copy(update={"task": "segment"})
    with pytest.raises(ModelError, match="No model does segment on series data"):
        build_model(config)
