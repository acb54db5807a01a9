"""`explain --report`: the report beside the numbers, from the command line."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

import hot_core as hot
from hot_core.evidence import Focus, gather
from hot_core.evidence import summary as evidence_summary
from hot_core.evidence.summary import target_words
from hot_core.models import save_model
from tests.makers_report import Parsed, content, model_of
from tests.test_cli import explain

NAMES = {"series": "DOE_JANE_1950.csv", "volume": "DOE_JANE_1950.nii"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for kind, name in NAMES.items():
        (tmp_path / name).write_bytes(content(kind)[0])
        save_model(model_of(kind), tmp_path / kind)
    return tmp_path


def about_of(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "out" / "analysis.json").read_text())
    return found


def run(place: Path, kind: str, *options: str) -> str:
    code, out, err = explain(place, NAMES[kind], kind, *options)
    assert (code, err) == (0, "")
    return out


def test_the_report_with_its_evidence(place: Path) -> None:
    out = run(place, "series", "--report", "--layer", "1", "--head", "0", "--seed", "3")
    about, text = about_of(place), Parsed((place / "out" / "report.html").read_text()).text
    assert "report.html" in about["files"]
    assert set(about["files"]) | {"analysis.json"} == {path.name for path in (place / "out").iterdir()}
    model = hot.load_model(place / "series")
    analysis = hot.analyse(hot.read(place / NAMES["series"]), model, hot.Settings(seed=3))
    expected = gather(analysis, model, Focus("head", analysis.default_query(), 1, 0), seed=3)
    assert about["evidence"] == json.loads(json.dumps(evidence_summary(expected)))
    assert about["evidence"]["form"].startswith("quick")
    assert f"{expected.judgement.verdict} as an explanation of" in text
    reading, verdict = out.splitlines()
    assert reading in text
    assert verdict.startswith("Layer 1, head 0 at ")
    told = f"{expected.judgement.verdict} as an explanation of {target_words(expected)}; {expected.judgement.reason}."
    assert verdict.endswith(f": {told}")
    assert about["written"] in text


def test_the_evidence_can_be_had_alone_and_left_out(place: Path) -> None:
    run(place, "series", "--evidence", "quick")
    assert about_of(place)["evidence"]["map"]["shown"] == "layer"
    assert not (place / "out" / "report.html").exists()
    run(place, "series", "--report", "--evidence", "none")
    assert about_of(place)["evidence"] is None
    assert "No evidence was gathered" in (place / "out" / "report.html").read_text()
    run(place, "series", "--no-report")
    assert "report.html" not in about_of(place)["files"]


def test_the_printed_command_gives_the_same_numbers(place: Path) -> None:
    run(place, "volume", "--report", "--evidence", "none", "--layer", "1", "--query", "1,1,2", "--direction", "column")
    first = about_of(place)
    run(place, "volume", *printed(place))
    second = about_of(place)
    for one in (first, second):
        for name in ("written", "hardware", "files", "evidence"):
            one.pop(name)
    assert first == second


def printed(place: Path) -> list[str]:
    """The options that the report says give it again."""
    text = Parsed((place / "out" / "report.html").read_text()).text
    told = re.search(r"python -m hot_core explain FILE --model \S+ --out DIR (--report .*?) (Answers|model tiny)", text)
    assert told is not None
    return shlex.split(told[1])


def test_the_printed_command_gives_the_same_evidence(place: Path) -> None:
    checks = ("--sanity", "--stability")
    step = ("--layer", "1", "--query", "1,1,2", "--target-step", "2", "--target-token", "2,0,1", "--key", "0,1,1")
    run(place, "series", "--report", "--seed", "3", *step, *checks)
    first, options = about_of(place), printed(place)
    run(place, "series", *options)
    second = about_of(place)
    target = first["evidence"]["target"]
    assert (target["step"], target["token"]) == (2, [2, 0, 1])
    assert first["chosen"]["key"] == [0, 1, 1]
    assert set(first["checks"]) == {"sanity", "stability"}
    for name in ("evidence", "checks", "chosen", "provenance", "prediction"):
        assert first[name] == second[name], name


def test_a_class_is_explained_where_it_is_asked_for(place: Path) -> None:
    run(place, "volume", "--evidence", "quick", "--target-label", "1", "--target-area", "all")
    target = about_of(place)["evidence"]["target"]
    assert (target["label"], target["area"]) == (1, "all")
    assert about_of(place)["checks"] == {}


def test_twice_the_same_but_for_the_time(place: Path) -> None:
    found = []
    for _ in range(2):
        run(place, "series", "--evidence", "quick")
        about = about_of(place)
        assert about.pop("written")
        assert about.pop("hardware")["cores"] >= 1
        found.append(json.dumps(about, sort_keys=True))
    assert found[0] == found[1]


def test_the_file_is_named_only_when_asked_for(place: Path) -> None:
    options = ("--report", "--evidence", "none")
    run(place, "volume", *options)
    for name in ("report.html", "analysis.json"):
        assert not re.search("DOE|JANE", (place / "out" / name).read_text())
    run(place, "volume", *options, "--personal")
    assert about_of(place)["file"] == NAMES["volume"]
    text = (place / "out" / "report.html").read_text()
    assert NAMES["volume"] in text
    assert "DOE^JANE" not in text


def test_progress_on_a_terminal(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hot_core.cli import say_progress
    from hot_core.evidence import Done

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    say_progress(Done(3, 4, "hiding tokens"))
    say_progress(Done(4, 4, "hiding tokens"))
    assert capsys.readouterr().err == "\rhiding tokens, 75 %\rhiding tokens, 100 %\n"


def test_a_mistake_writes_nothing(place: Path) -> None:
    for options, message in (
        (("--layer", "9"), "Layer 9 was not recorded"),
        (("--head", "9"), "Head 9 does not exist"),
        (("--query", "1,2,99"), "lies outside the token grid"),
        (("--key", "1,2,99"), "lies outside the token grid"),
        (("--key", "1,x"), "--key 1,x is not a token"),
        (("--target-step", "999"), "Step 999 is not forecast"),
    ):
        code, out, err = explain(place, NAMES["series"], "series", "--report", *options)
        assert (code, out) == (2, "")
        assert message in err
        assert len(err.strip().splitlines()) == 1
        assert not (place / "out").exists()
    code, _, err = explain(place, NAMES["series"], "series", "--evidence", "slow")
    assert code == 2
    assert "slow" in err
