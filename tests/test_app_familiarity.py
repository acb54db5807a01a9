"""What a page says about an input that is unlike the training data, and about one that is not."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import hot_core.pipeline
from hot_core.familiarity import UNKNOWN, Familiarity, Standout
from tests import makers_samples as makers

ROOT = Path(__file__).resolve().parents[1]
SEEDS = count()
FAR = Familiarity(3.0, 1.5, 0.05, True, (Standout("kurtosis_of [it]", 9.0, 1.0, 2.0),))


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch) -> Callable[[Familiarity | None], AppTest]:
    """The series page with an upload whose familiarity is given."""

    def page(familiarity: Familiarity | None) -> AppTest:
        monkeypatch.setattr(hot_core.pipeline, "familiarity", lambda model, given: familiarity)
        app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120).run()
        app.switch_page("views/series.py").run()
        # Another file each time: what was computed from one is kept for the session, and all runs here share one.
        values = np.random.default_rng(next(SEEDS)).standard_normal((2, 1, 140))
        data = makers.wide_csv(values, ("Oslo", "Rome"), {"temp": "K"})
        app.file_uploader("series_upload").set_value(("own.csv", data, "text/csv")).run()
        assert not app.exception
        return app

    return page


def sentences(app: AppTest) -> list[str]:
    return [text.value.replace("\\", "") for text in app.markdown]


def test_an_input_that_is_far_is_said_above_the_reading_with_what_stands_out(upload) -> None:
    said = sentences(upload(FAR))
    (warning,) = [text for text in said if "unlike what the model has learnt from" in text]
    assert "kurtosis_of [it] 9.00 (learnt: 1.00 to 2.00)" in warning
    assert "What follows may mean little." in warning
    assert said.index(warning) < next(at for at, text in enumerate(said) if text.startswith("Layer "))
    assert any(text.startswith("Distance of this input from the training data: 3.00. From 1.50 on") for text in said)


@pytest.mark.parametrize("familiarity", [Familiarity(1.0, 1.5, 0.05, False, ()), None])
def test_an_input_that_is_not_far_has_its_number_at_the_card_only(upload, familiarity: Familiarity | None) -> None:
    said = sentences(upload(familiarity))
    assert not any("unlike what the model has learnt from" in text or ":material/warning:" in text for text in said)
    assert (UNKNOWN in said) == (familiarity is None)
    assert any("training data: 1.00" in text for text in said) == (familiarity is not None)
