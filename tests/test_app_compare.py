"""The page's comparison: every B, one selection, and a model of one's own that stays in its session."""

import gc
import io
import json
import sys
import tempfile
import weakref
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save
from streamlit.testing.v1 import AppTest

import app.own_model as own
import hot_core as hot
from app import cache, content
from app.own_model import OwnModel, own_model
from app.selection import Selection
from app.state import own_key
from hot_core.errors import HotError, ModelError
from hot_core.figures.picking import Click
from hot_core.models import HOTModel, build_model, save_model
from tests import makers_samples as makers

Files = list[tuple[str, bytes]]
CONFIG, WEIGHTS = "config.json", "model.safetensors"


def saved(model: HOTModel, folder: Path, **extra: Any) -> dict[str, bytes]:
    """The files of a model."""
    save_model(model, folder, extra)
    return {name: (folder / name).read_bytes() for name in (WEIGHTS, CONFIG)}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    return saved(makers.forecaster(), tmp_path / "made", scores={"mse": 1.0})


def zipped(parts: Files, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return out.getvalue()


def changed(files: dict[str, bytes], **entries: Any) -> Files:
    """The same files with other entries of the architecture."""
    described = json.loads(files[CONFIG])
    described["model"] |= entries
    return [(WEIGHTS, files[WEIGHTS]), (CONFIG, json.dumps(described).encode())]


# --- the files


def test_a_model_is_read_from_two_files_or_a_zip(files: dict[str, bytes]) -> None:
    pairs: list[Files] = [
        list(files.items()),
        [("weights (1).safetensors", files[WEIGHTS]), ("config (2).JSON", files[CONFIG])],
        [("both.zip", zipped([(f"run/{name}", data) for name, data in files.items()] + [("../../x.py", b"1")]))],
    ]
    first = dict(makers.forecaster().named_parameters())
    for pair in pairs:
        found = own_model(pair, "series").model
        assert not found.training
        assert all((weights == first[name]).all() for name, weights in found.named_parameters())


def test_nothing_is_left_on_the_disk(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    seen: list[tuple[str, int]] = []
    load = own.load_model

    def watched(folder: Path) -> HOTModel:
        seen.extend((path.name, path.parent.parent.stat().st_mode & 0o777) for path in folder.iterdir())
        return load(folder)

    monkeypatch.setattr(own, "load_model", watched)
    own_model(list(files.items()), "series")
    assert sorted(seen) == [(CONFIG, 0o700), (WEIGHTS, 0o700)]
    with pytest.raises(ModelError, match="do not match the hash"):
        own_model([(WEIGHTS, files[WEIGHTS][:-1] + b"\x01"), (CONFIG, files[CONFIG])], "series")
    assert not list(private.iterdir())


def test_what_it_learnt_from_may_stay_away(root: Path) -> None:
    folder = root / "assets" / "air-quality"
    files = {path.name: path.read_bytes() for path in folder.glob("*.*") if path.is_file() and path.suffix != ".md"}
    assert own_model(list(files.items()), "series").model.familiarity is not None
    del files["familiarity.safetensors"]
    assert own_model(list(files.items()), "series").model.familiarity is None


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"dim": 10**9}, "describes a larger model than the weights' file holds"),
        ({"dim": 10**30}, r"do not describe a model that can be built \("),
        ({"heads": 3}, "cannot be cut into heads=3"),
        ({"layers": 10**9}, r"names 1000000000 layers; there can be 1 to 64"),
        ({"layers": 0}, r"names 0 layers; there can be 1 to 64"),
        ({"patch": [1, 1]}, "one patch size of at least 1 for each"),
        ({"patch": [1, 1, 0]}, "one patch size of at least 1 for each"),
        ({"modes": ["a", "b", "c"]}, "names the modes a, b, c"),
        ({"combine": "other"}, "does not describe a model"),
        ({"mlp": 17}, "do not fit its config.json"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    entries: dict[str, Any], message: str, files: dict[str, bytes]
) -> None:
    with pytest.raises(HotError, match=message):
        own_model(changed(files, **entries), "series")


def test_damaged_foreign_and_missing_files_are_sentences(files: dict[str, bytes], tmp_path: Path) -> None:
    weights, config = (WEIGHTS, files[WEIGHTS]), (CONFIG, files[CONFIG])
    other = saved(makers.segmenter(), tmp_path / "other")
    pickle = b"\x80\x04\x95" + b"0" * 400_000
    cases: list[tuple[Files, str]] = [
        ([weights], "config.json did not come with it"),
        ([config, ("model.pt", files[WEIGHTS])], "model.safetensors did not come with it"),
        ([], "model.safetensors and config.json did not come with it"),
        ([weights, config, ("b.safetensors", b"")], "two files for model.safetensors"),
        ([weights, (CONFIG, b"{")], "does not describe a model"),
        ([weights, (CONFIG, b"[]")], "does not describe a model"),
        ([weights, (CONFIG, b"[" * 200_000)], "does not describe a model"),
        ([weights, (CONFIG, b"\xff\xfe")], "does not describe a model"),
        ([(WEIGHTS, files[WEIGHTS][:-3]), config], "do not match the hash"),
        (list(other.items()), "This model takes a volume, and the page shows a time series"),
        ([("a.zip", b"PK\x03\x04 no zip")], "The zip is damaged or locked"),
        ([(WEIGHTS, bytes(own.LARGEST)), config], "more than 64.0 MB"),
        ([("a.zip", zipped([(WEIGHTS, bytes(own.LARGEST + 1)), (CONFIG, b"{}")]))], "The zip holds more than 64.0 MB"),
    ]
    for parts, message in cases:
        with pytest.raises(ModelError, match=message):
            own_model(parts, "series")
    described = json.loads(files[CONFIG])
    described["weights_sha256"] = hot.models.registry.hashlib.sha256(pickle).hexdigest()
    with pytest.raises(ModelError, match=r"do not fit its config\.json"):
        own_model([(WEIGHTS, pickle), (CONFIG, json.dumps(described).encode())], "series")


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_STORED])
def test_a_zip_with_a_hole_in_it_is_damaged(how: int, files: dict[str, bytes]) -> None:
    whole = zipped(list(files.items()), how)
    for start in (60, 90, 2_000):
        holed = whole[:start] + bytes(byte ^ 0xFF for byte in whole[start : start + 200]) + whole[start + 200 :]
        with pytest.raises(ModelError, match=r"The zip is damaged or locked\. Pack the two files again"):
            own_model([("a.zip", holed)], "series")


def test_an_own_model_is_run_once_and_let_go(files: dict[str, bytes], sample_data: Path) -> None:
    mine = own_model(list(files.items()), "series")
    sample = hot.read(sample_data / "nyc_airport_weather_2013.csv")
    analysis = hot.analyse(sample, makers.forecaster())
    found = mine.of(analysis)
    assert mine.of(analysis) is found
    np.testing.assert_array_equal(found.prediction.mean.values, analysis.prediction.mean.values)
    ghost = weakref.ref(found)
    del found, analysis
    gc.collect()
    assert ghost() is None


def test_a_model_that_breaks_is_a_sentence(monkeypatch: pytest.MonkeyPatch, sample_data: Path) -> None:
    analysis = hot.analyse(hot.read(sample_data / "nyc_airport_weather_2013.csv"), makers.forecaster())

    def broken(*_: Any) -> None:
        raise IndexError("3")

    monkeypatch.setattr(own, "analyse", broken)
    with pytest.raises(ModelError, match=r"Your model fails on this input \(IndexError\)"):
        OwnModel(makers.forecaster()).of(analysis)


def test_an_empty_weights_file_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(ModelError, match="describes a larger model"):
        own_model([(WEIGHTS, save({})), (CONFIG, files[CONFIG])], "series")


# --- the page


def script(kind: str) -> None:
    """A page with the comparison alone."""
    from app import state
    from app.parts import linked, page, picture
    from app.parts.evidence import compare

    view = page.begin(kind)
    if view is not None:
        if kind == "raster":
            picture.settle(view.analysis.sample)
        pickers = compare.draw(view)
        state.put("pickers", pickers)
        state.put("view", view)
        linked.link(view, pickers)


def opened(kind: str) -> AppTest:
    return calm(AppTest.from_function(script, default_timeout=60, args=(kind,)).run())


def calm(app: AppTest) -> AppTest:
    assert not app.exception, app.exception[0].stack_trace
    return app


def against(app: AppTest, kind: str, what: str) -> str:
    """Choose what B is; the sentences above the pictures."""
    app.session_state[f"{kind}_compare_with"] = what
    return said(calm(app.run()))


def said(app: AppTest) -> str:
    return next((text.value for text in app.markdown if text.value.startswith("**A** ·")), "").replace("\\", "")


def captions(app: AppTest) -> str:
    return " ".join(text.value for text in app.caption).replace("\\", "")


def keyed(app: AppTest, name: str) -> Any:
    (found,) = [w for w in (*app.selectbox, *app.get("button_group")) if w.key and w.key.startswith(name)]
    return found


@pytest.mark.parametrize(("kind", "tokens"), [("series", 432), ("volume", 1053), ("raster", 24576)])
def test_every_page_compares_heads_layers_and_models(kind: str, tokens: int) -> None:
    app = opened(kind)
    words = said(app)
    assert f"Over {tokens:,} tokens: rank correlation" in words
    assert len(app.get("plotly_chart")) == 3
    assert "mean of 4 heads" in against(app, kind, "layer")
    assert f"Over {tokens - 1:,} tokens" in against(app, kind, "model")
    assert "left out" in captions(app)
    other = against(app, kind, "weights")
    assert "second seed" in other
    assert "total variation distance" in other
    assert any("What they predict" in text.value for text in app.markdown)
    assert "Heads of separately trained models have nothing to do with each other" in captions(app)
    assert not app.error


def test_the_sum_stands_beside_the_product() -> None:
    app = opened("series")
    against(app, "series", "weights")
    keyed(app, "series_compare_model").select("air-quality/sum")
    words = said(calm(app.run()))
    assert "air-quality, Kronecker sum" in words
    assert "the weights of B are divided by it" in captions(app)
    table = next(text.value for text in app.markdown if "What they predict" in text.value)
    assert "°F" in table


def test_a_model_that_does_other_things_is_shown_with_its_own_words() -> None:
    app = opened("volume")
    app.session_state["volume_sample"] = 3
    calm(app.run())
    against(app, "volume", "weights")
    keyed(app, "volume_compare_model").select("hippocampus")
    words = said(calm(app.run()))
    assert "the tokens of A and B do not cover the same along x" in words
    assert any("The two models do different things. A: mass" in text.value for text in app.markdown)
    assert len(app.get("plotly_chart")) == 2
    app.session_state["volume_sample"] = 0
    against(app, "volume", "weights")
    keyed(app, "volume_compare_model").select("adrenal")
    calm(app.run())
    assert app.error


def test_another_sample_is_linked_by_its_coordinates() -> None:
    app = opened("volume")
    words = against(app, "volume", "sample")
    assert "A and B lie at other places along x" in words
    assert "The chosen place is not in B: the nearest one, (" in captions(app)
    assert len(app.get("plotly_chart")) == 2
    app = opened("raster")
    assert "the two files have no coordinates in common" in against(app, "raster", "sample")
    assert "where B opens, x 29" in captions(app)


def test_a_click_in_b_chooses_the_same_place_in_a() -> None:
    click = Click(-26.0, -20.0, "x2", None, None)  # the sagittal plane: y, z
    app = opened("volume")
    against(app, "volume", "sample")
    keyed(app, "volume_compare_sample").select("mni152_t1_2mm.nii.gz")
    calm(app.run())
    pickers, grid = app.session_state["pickers"], app.session_state["view"].analysis.grid
    assert set(pickers) == {"volume_compare_a", "volume_compare_b"}
    start = app.session_state["volume_history"].now.query
    moved = pickers["volume_compare_b"](click, start)
    assert moved[1:] != start[1:]
    for axis, at, place in zip(grid.axes[1:], moved[1:], (-26.0, -20.0), strict=True):
        assert abs(axis.coords[at] - place) <= 6  # half a token of B and half a token of A
    assert abs(grid.axes[0].coords[moved[0]] - grid.axes[0].coords[start[0]]) <= 6  # which the plane does not tell
    against(app, "volume", "head")
    same = app.session_state["pickers"]
    assert set(same) == {"volume_compare_a", "volume_compare_b", "volume_compare_difference"}
    (token,) = {pick(click, start) for pick in same.values()}
    assert token == (
        start[0],
        *(int(np.argmin(np.abs(axis.coords - p))) for axis, p in zip(grid.axes[1:], (-26, -20), strict=True)),
    )


def test_a_place_that_only_b_has_moves_b_alone() -> None:
    app = opened("volume")
    against(app, "volume", "sample")
    start = app.session_state["volume_history"].now.query
    assert app.session_state["pickers"]["volume_compare_b"](Click(30.0, -20.0, "x3", None, None), start) == start
    view, b = app.session_state["view"], app.session_state["volume_compare_last"][0][1][0]
    sha256 = b.sample.source.sha256
    app.session_state[own_key("volume_compare_place", sha256, view.identity, start, b.grid.shape)] = (5, 6, 4)
    calm(app.run())
    assert app.session_state["volume_compare_last"][0][1][-1] == (5, 6, 4)
    assert "B's position was chosen in B: that place is not in A, whose position stays." in captions(app)
    app.session_state["volume_history"] = app.session_state["volume_history"].choose(Selection((1, 1, 1)))
    calm(app.run())
    assert "The chosen place is not in B" in captions(app)


def test_the_same_head_differs_nowhere() -> None:
    app = opened("series")
    app.session_state["series_compare_head"] = app.session_state["series_head"]
    assert "A and B are the same at all 432 tokens" in said(calm(app.run()))


def test_a_brought_model_stays_in_its_session(files: dict[str, bytes]) -> None:
    mine, other = opened("series"), opened("series")
    for app in (mine, other):
        against(app, "series", "weights")
        keyed(app, "series_compare_model").select("own")
        calm(app.run())
        assert said(app) == ""
    uploader = next(w for w in mine.get("file_uploader") if w.key == "series_own_model_files")
    uploader.set_value([(name, data, "application/octet-stream") for name, data in files.items()])
    assert "own model" in said(calm(mine.run()))
    assert said(calm(other.run())) == ""
    assert "series_own_model" not in other.session_state or other.session_state["series_own_model"] is None
    uploader = next(w for w in mine.get("file_uploader") if w.key == "series_own_model_files")
    uploader.set_value([(WEIGHTS, files[WEIGHTS], "application/octet-stream")])
    calm(mine.run())
    assert any("config.json did not come with it" in error.value.replace("\\", "") for error in mine.error)
    assert mine.session_state["series_own_model"] is None
    assert mine.session_state["series_compare_last"] is None


def test_a_second_file_is_compared_by_names_and_dates() -> None:
    app = opened("series")
    against(app, "series", "sample")
    assert said(app) == ""
    values = np.random.default_rng(0).random((2, 2, 150))
    table = makers.wide_csv(values, ("EWR", "X"), {"temp": "°F", "q": "g"}).replace(b":00:00,", b":00:00Z,")
    uploader = next(w for w in app.get("file_uploader") if w.key == "series_compare_file")
    uploader.set_value(("second.csv", table, "text/csv"))
    words = said(calm(app.run()))
    assert "A has 3 × 6 × " in words
    assert "The chosen time is not in B" in captions(app)


def test_every_variant_that_is_named_ships() -> None:
    assert content.variants("air-quality") == ("air-quality/seed1", "air-quality/sum")
    for name in ("adrenal", "hippocampus", "land-cover"):
        assert content.variants(name) == (f"{name}/seed1",)
    assert content.variants("nothing") == ()


def test_the_sum_is_the_products_twin(root: Path) -> None:
    from hot_core.models import load_model
    from hot_core.training.finish import reference

    one, two = load_model("air-quality"), load_model("air-quality/sum")
    assert two.config == one.config.model_copy(update={"combine": "sum"})
    kept = json.loads((root / "assets" / "air-quality" / "sum" / CONFIG).read_text())
    again = reference(two, kept["reference"]["seed"])
    np.testing.assert_allclose(again["values"], kept["reference"]["values"], atol=1e-5, rtol=1e-5)
    for number in ("mse", "mae", "coverage"):
        assert f"{kept['scores'][number]:.3f}" in two.card
    assert build_model(two.config).config.combine == "sum"


def test_what_is_kept_is_safe_when_sessions_ask_at_once() -> None:
    class Anything:
        pass

    analysis: Any = Anything()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda at: cache.remember(analysis, ("what if", at), lambda: at), range(4_000)))
    finally:
        sys.setswitchinterval(interval)
    assert found == list(range(4_000))
    assert sum(cache.remembered(analysis, ("what if", at)) is not None for at in range(4_000)) == cache.MOST_OF_A_SORT
