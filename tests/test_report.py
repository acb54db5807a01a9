"""The report: everything inside, nothing personal, the page's own pictures, every number of the evidence."""

from __future__ import annotations

import base64
import json
import platform
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

import hot_core as hot
from hot_core.errors import ReadError
from hot_core.evidence import FORMS, MAP, RULE, Evidence, Focus, Target
from hot_core.evidence import summary as evidence_summary
from hot_core.evidence.answers import answers, answers_words
from hot_core.evidence.sanity import sanity
from hot_core.evidence.stability import stability
from hot_core.figures.composite import composite
from hot_core.figures.evidence import hiding_figure
from hot_core.figures.evidence_sanity import sanity_figure
from hot_core.figures.evidence_stability import stability_figure
from hot_core.figures.fields import shared_limit, summed_level, token_field
from hot_core.figures.planes import Look
from hot_core.figures.prediction import probability_figure
from hot_core.figures.raster import tile_figure
from hot_core.figures.series import Shown as Series
from hot_core.figures.series import series_figure
from hot_core.figures.volume import slices_figure
from hot_core.report import Choices, Inspection, json_text, report, stamped, summary
from hot_core.report import instrument as drawing
from hot_core.report.again import command, without
from hot_core.report.card import extract, inline
from hot_core.report.checks import AFTER, CAPTIONS, WAYS, check_tables
from hot_core.report.document import NO_EVIDENCE, figure_json
from hot_core.report.hardware import hardware, processor, words
from hot_core.report.instrument import instrument
from hot_core.report.tables import cell, ends, fixed, listed, rank, with_units
from tests.makers_report import EVIL, ROLES, STATIONS, Case, Parsed, case
from tests.makers_samples import forecaster, geotiff, land_cover, wide_csv
from tests.test_markers import TRANSFORMS

KINDS = ("series", "volume", "raster", "shape")
COMPONENT = Path(__file__).resolve().parent.parent / "app" / "components" / "attention_map"
THEN = datetime(2026, 3, 5, 7, 11, 13, tzinfo=UTC)


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {kind: case(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def evidence(cases: dict[str, Case]) -> dict[str, Evidence]:
    return {kind: found.evidence() for kind, found in cases.items()}


@pytest.fixture(scope="module")
def pages(cases: dict[str, Case], evidence: dict[str, Evidence]) -> dict[str, str]:
    return {
        kind: report(c.analysis, c.model, c.choices, evidence[kind], written=THEN).decode() for kind, c in cases.items()
    }


class Told:
    """A further check as other parts hand it over."""

    words = "The map is <b>steady</b>."

    def summary(self) -> dict[str, Any]:
        return {"map": "x", "steps": [{"name": "half <i>noise</i>", "rho": [0.5, 0.25, np.float64(0.75)], "n": 7}]}


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_opens_with(kind: str, pages: dict[str, str], cases: dict[str, Case], evidence: dict[str, Any]) -> None:
    text, analysis = Parsed(pages[kind]).text, cases[kind].analysis
    title = {"series": "Time series: forecast", "volume": "Volume: segmentation", "raster": "Raster: segmentation",
             "shape": "Volume: classification"}[kind]  # fmt: skip
    opening = text[: text.index("What was analysed")]
    assert f"{title} by the model {analysis.model_name}" in opening
    assert evidence[kind].judgement.verdict in opening
    assert evidence[kind].judgement.reason in opening
    shown = Inspection(analysis, cases[kind].choices)
    for sentence in (
        shown.reading,
        shown.pair,
        "Attention is not cause",
        "not a medical device",
        "2026-03-05T07:11:13",
    ):
        assert " ".join(sentence.split()) in opening, sentence


@pytest.mark.parametrize("kind", KINDS)
def test_identity_and_places(kind: str, pages: dict[str, str], cases: dict[str, Case]) -> None:
    text, analysis, choices = Parsed(pages[kind]).text, cases[kind].analysis, cases[kind].choices
    source = analysis.sample.source
    for word in (source.sha256, source.format, f"{source.size:,} bytes"):
        assert word in text
    for axis, at, key in zip(analysis.grid.axes, choices.focus.query, choices.key, strict=True):
        assert f"{axis.mode.name} {axis.mode.unit or '–'} " in text
        for token in (at, key):
            first, last = int(axis.starts[token]), int(axis.stops[token]) - 1
            native = f"{first} – {last}" if last > first else f"{first}"
            assert f"{native} {token} " in text


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_fetched(kind: str, pages: dict[str, str]) -> None:
    found = Parsed(pages[kind])
    for tag, attributes in found.tags:
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, attributes)
    policy = [a["content"] for tag, a in found.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"]
    own = pages[kind].replace(get_plotlyjs().replace("</script", r"<\/script"), "")
    assert "@import" not in own
    assert not re.findall(r"url\((?!data:)", own)


def test_plotly_is_there_once(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert page.count("plotly.js v") == get_plotlyjs().count("plotly.js v") > 0
        assert len(page) < 6.5e6


@pytest.mark.parametrize("kind", ["series", "raster"])
def test_names_of_a_file_are_text(kind: str, pages: dict[str, str]) -> None:
    page, found = pages[kind], Parsed(pages[kind])
    assert "window.ran=1" in found.text  # the name is data, and stands there
    assert EVIL not in page
    assert "onerror" not in {name for _, attributes in found.tags for name in attributes}
    kinds = [attributes.get("type") for tag, attributes in found.tags if tag == "script"]
    assert [one for one in kinds if one != "application/json"] == [None, None, "module"]
    assert all(json.loads(data) for attributes, data in found.scripts if attributes.get("type") == "application/json")


def test_a_models_own_card_is_text(cases: dict[str, Case]) -> None:
    model = case("volume").model
    model.card = (
        "# m\n\n## Data\n\n<script>window.ran=3</script> [link](http://a.b) ![picture](http://c.d/e.png) <http://f.g>"
        "\n\n## Scores\n\nfirst:\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nsecond:\n\n| c |\n| --- |\n| 3 |\n\n"
        "## Odd\n\nx\n"
    )
    c = cases["volume"]
    found = Parsed(report(c.analysis, model, c.choices).decode())
    assert "<script>window.ran=3</script> [link](http://a.b)" in found.text
    assert not [tag for tag, _ in found.tags if tag in ("a", "img")]
    titles = [title for title, _ in extract(model.card)]
    assert titles == ["Data", "Scores"]
    scores = extract(model.card)[1][1]
    assert "<td>2</td>" in scores
    assert "second" not in scores
    assert inline("**bold** <i>") == "<strong>bold</strong> &lt;i&gt;"


def drawn(page: str) -> list[dict[str, Any]]:
    """The figures of a report."""
    found = [
        json.loads(data) for a, data in Parsed(page).scripts if a.get("type") == "application/json" and "id" not in a
    ]
    return [one for one in found if "layout" in one]


def rendered(part: Any) -> Iterator[str]:
    """Every text of a figure that plotly takes for markup; places on an axis with texts of its own are not drawn."""
    if isinstance(part, dict):
        for trace in part.get("data", ()) if "layout" in part else ():
            for way in "xy":
                axis = part["layout"].get(trace.get(f"{way}axis", way).replace(way, f"{way}axis"), {})
                if axis.get("type") == "category" and "ticktext" not in axis and axis.get("showticklabels", True):
                    yield from rendered(trace[way])
        for key, value in part.items():
            yield from rendered(value) if key not in ("x", "y", "y0", "y1", "tickvals", "meta") else ()
    elif isinstance(part, list):
        for value in part:
            yield from rendered(value)
    elif isinstance(part, str):
        yield part


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_of_a_file_is_markup_in_a_picture(kind: str, pages: dict[str, str]) -> None:
    for text in rendered(drawn(pages[kind])):
        assert not re.search("<script|<img|</script", text), text


def test_a_link_as_a_name_stays_text() -> None:
    link, rng = '<a href="https://x">A</a>', np.random.default_rng(7)
    table = wide_csv(rng.normal(20, 4, (3, 2, 131)).round(3), (link, "B", "C"), {link: "°C", "wind": link})
    tile = geotiff(
        rng.integers(1, 50, (19, 13, 5)).astype(np.uint16), *TRANSFORMS["north-up"],
        descriptions=("a", link, "c", "d", "e"),
    )  # fmt: skip
    for sample, model in (
        (hot.read(table, "a.csv"), forecaster()),
        (hot.read(tile, "a.tif", bands=ROLES), land_cover()),
    ):
        analysis = hot.analyse(sample, model)
        choices = Choices(Focus("layer", analysis.default_query(), 1))
        found = list(rendered(drawn(report(analysis, model, choices).decode())))
        assert not [text for text in found if "<a " in text]
        assert any("&lt;a href" in text for text in found)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_those_of_the_page(kind: str, pages: dict[str, str], cases: dict[str, Case]) -> None:
    analysis, focus, key = cases[kind].analysis, cases[kind].choices.focus, cases[kind].choices.key
    sample, grid, query = analysis.sample, analysis.grid, focus.query
    field = analysis.field(1, 1, query)
    uniform = analysis.uniform(1, 1, query)
    if kind == "series":
        series = Series(query[0], query[1])
        figure = series_figure(analysis.prediction, field, grid, query, series, uniform=uniform, key=key)
    elif kind == "raster":
        level = summed_level(uniform, grid.shape, (0, 1), analysis.record.valid)
        figure = tile_figure(
            composite(sample.data, sample.roles), sample.modes, grid, tokens=token_field(field, grid).sum("band"),
            uniform=level, query=query, key=key,
        )  # fmt: skip
    else:
        labels = analysis.prediction if kind == "volume" else None
        figure = slices_figure(
            sample.data, sample.modes, grid, Look(grid.centre_of(query)), query=query, key=key, field=field,
            prediction=labels, uniform=uniform,
        )  # fmt: skip
    found = drawn(pages[kind])
    assert found[0] == json.loads(figure_json(figure))
    if kind == "shape":
        assert found[1] == json.loads(figure_json(probability_figure(analysis.prediction)))


def test_the_pictures_of_the_evidence(pages: dict[str, str], evidence: dict[str, Evidence]) -> None:
    for kind in KINDS:
        assert json.loads(figure_json(hiding_figure(evidence[kind]))) in drawn(pages[kind])
        data = {"series": 2, "volume": 1, "shape": 2, "raster": 3}[kind]
        assert len(drawn(pages[kind])) == data + 1 + 2 + len(evidence[kind].maps)


@pytest.mark.parametrize("kind", KINDS)
def test_matrices_are_the_factors_in_the_pages_instrument(
    kind: str, pages: dict[str, str], cases: dict[str, Case]
) -> None:
    record = cases[kind].analysis.record
    payloads = [base64.b64decode(a["data-payload"] or "") for _, a in Parsed(pages[kind]).tags if "data-payload" in a]
    assert len(payloads) == len(record.modes) + 1
    for mode, payload in enumerate(payloads):
        length = struct.unpack("<I", payload[:4])[0]
        header = json.loads(payload[4 : 4 + length])
        sent = np.frombuffer(payload[4 + length :], "<f4")
        if mode < len(record.modes):
            name = record.modes[mode]
            np.testing.assert_array_equal(sent.reshape(record.factor(1, name)[1].shape), record.factor(1, name)[1])
            every = [record.factor(layer, name) for layer in range(record.num_layers)]
            assert header["limit"] == pytest.approx(shared_limit(every))
            assert header["query"] == cases[kind].choices.focus.query[mode]
        else:
            np.testing.assert_array_equal(
                sent, np.concatenate([record.factor(1, m)[1].values.ravel() for m in record.modes])
            )
    for name in ("instrument.html", "instrument.css"):
        assert (COMPONENT / name).read_text() in pages[kind]
    assert "function attentionMap(component)" in pages[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_the_evidence(kind: str, pages: dict[str, str], evidence: dict[str, Evidence]) -> None:
    text, found = Parsed(pages[kind]).text, evidence[kind]
    hidden = found.deletion
    (low, high), (rest_low, rest_high) = hidden.interval, hidden.rest_interval
    chance = f"{hidden.level:.3f} [{low:.3f}, {high:.3f}] {hidden.rest_level:.3f} [{rest_low:.3f}, {rest_high:.3f}]"
    numbers = [chance, f"{100 * found.use.uniform:.2f} %", f"{len(hidden.areas)} layings elsewhere"]
    numbers += [f"up to {100 * hidden.first:.0f} %", f"only the strongest {100 * hidden.left:.0f} % left"]
    for name, order in found.deletion.orders.items():
        numbers += [f"{order.deletion:.3f} {order.insertion:.3f} {found.judgement.verdict if name == MAP else '–'}"]
    numbers += [f"{100 * float(draws.mean()):.2f} %" for draws in (found.use.shuffled, *found.use.modes.values())]
    numbers += [" ".join(answer.cells) for answer in answers(found)] + [answers_words(found)]
    numbers += [one.note for one in found.attributions]
    numbers += [name for name in found.agreements] + [RULE, found.form.words[1:], *found.notes]
    for word in numbers:
        assert " ".join(word.split()) in text, word


def test_without_evidence_it_says_so(cases: dict[str, Case]) -> None:
    c = cases["series"]
    text = Parsed(report(c.analysis, c.model, c.choices).decode()).text
    assert text.count(" ".join(NO_EVIDENCE.split())) == 2
    assert "supported as an explanation" not in text


def test_further_checks_are_told_with_their_numbers(cases: dict[str, Case]) -> None:
    c = cases["series"]
    found = Parsed(report(c.analysis, c.model, c.choices, sanity=Told()).decode())
    assert (
        f"Sanity The map is <b>steady</b>. {CAPTIONS['steps']} what was changed rank correlation of the map with "
        "itself n half <i>noise</i> 0.50 [0.25, 0.75] 7"
    ) in found.text
    about = summary(Inspection(c.analysis, c.choices), checks={"sanity": Told()})
    assert about["checks"]["sanity"]["steps"][0]["rho"] == [0.5, 0.25, 0.75]
    assert "Stability" not in found.text


def test_sanity_and_stability_bring_their_pictures(cases: dict[str, Case]) -> None:
    c = cases["series"]
    one = sanity(c.analysis, c.model, c.choices.focus, FORMS["quick"])
    other = stability(c.analysis, c.model, c.choices.focus, FORMS["quick"])
    page = report(c.analysis, c.model, c.choices, sanity=one, stability=other).decode()
    found = drawn(page)
    for figure in (sanity_figure(one), stability_figure(other)):
        assert json.loads(figure_json(figure)) in found
    text = Parsed(page).text
    assert " ".join(one.words.split()) in text
    assert " ".join(other.words.split()) in text
    assert "Coefficient of variation" in str(found[-1]["layout"])
    for step in one.steps:
        assert f"{step.name} {WAYS[step.way]} {'yes' if step.matters else AFTER} " in text
    assert f"{one.measure} ({one.unit})" in text
    assert "rank correlation of the map with itself" in text
    for raw in ("matters", "cascade", "prediction change", "parts ["):
        assert raw not in text[text.index("Sanity") : text.index("The model ")]


def test_evidence_of_another_map_is_told_apart(cases: dict[str, Case], evidence: dict[str, Evidence]) -> None:
    c = cases["volume"]
    other = Choices(Focus("layer", c.choices.focus.query, 0))
    text = Parsed(report(c.analysis, c.model, other, evidence["volume"]).decode()).text
    assert "The evidence is about layer 1, head 1 at (" in text
    column = Choices(c.choices.focus, "column")
    text = Parsed(report(c.analysis, c.model, column, evidence["volume"]).decode()).text
    assert "The evidence is about where the chosen position looks; the pictures above show who looks at it." in text
    own = Parsed(report(c.analysis, c.model, c.choices, evidence["volume"]).decode()).text
    assert "The evidence is about" not in own


def test_the_whole_model_has_a_rollout_and_no_map() -> None:
    c = case("volume", shown="model", layer=0, head=None)
    page = report(c.analysis, c.model, c.choices).decode()
    assert "data-payload" not in page
    assert "attentionMap" not in page
    assert c.analysis.rollout_reading(c.choices.focus.query) in Parsed(page).text
    sample, grid, query = c.analysis.sample, c.analysis.grid, c.choices.focus.query
    others = c.analysis.rollout(query)
    others[grid.native_of(query)] = np.nan  # what a position keeps of itself would outshine all else
    figure = slices_figure(
        sample.data, sample.modes, grid, Look(grid.centre_of(query)), query=query, key=c.choices.key, field=others,
        prediction=c.analysis.prediction, uniform=c.analysis.rollout_uniform(),
    )  # fmt: skip
    assert drawn(page)[0] == json.loads(figure_json(figure))
    assert summary(Inspection(c.analysis, c.choices))["chosen"]["layer"] is None


def test_two_runs_say_the_same() -> None:
    first, second = (case("series") for _ in range(2))
    about = [summary(Inspection(c.analysis, c.choices), c.evidence()) for c in (first, second)]
    assert json_text(about[0]) == json_text(about[1])
    one, other = stamped(about[0], THEN), stamped(about[1])
    assert {name for name in one if one[name] != other[name]} == {"written"}
    assert set(one) - set(about[0]) == {"hardware", "written"}
    assert one["written"] == "2026-03-05T07:11:13+00:00"
    pages = [report(c.analysis, c.model, c.choices, written=THEN) for c in (first, second)]
    assert pages[0] == pages[1]


def test_the_numbers_beside_it(cases: dict[str, Case], evidence: dict[str, Evidence]) -> None:
    for kind in KINDS:
        c = cases[kind]
        about = json.loads(json_text(stamped(summary(Inspection(c.analysis, c.choices), evidence[kind]))))
        assert about["evidence"] == json.loads(json.dumps(evidence_summary(evidence[kind])))
        assert about["evidence"]["verdict"]["attention"]["verdict"] == evidence[kind].judgement.verdict
        assert about["chosen"]["native"] == [
            [s.start, s.stop] for s in c.analysis.grid.native_of(c.choices.focus.query)
        ]
        assert about["chosen"]["places"]["key"] in Inspection(c.analysis, c.choices).pair
        assert about["provenance"]["input"]["sha256"] == c.analysis.sample.source.sha256


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_name_and_header_stay_out(kind: str, pages: dict[str, str], cases: dict[str, Case]) -> None:
    c = cases[kind]
    name = c.analysis.sample.source.name
    assert name.startswith("DOE_JANE")
    about = json_text(stamped(summary(Inspection(c.analysis, c.choices))))
    for text in (pages[kind], about):
        assert not re.search("DOE|JANE|1950-01", text)
    open_page = report(c.analysis, c.model, c.choices, personal=True).decode()
    assert f"file {name}" in Parsed(open_page).text
    assert "DOE^JANE" not in open_page  # the header never
    assert summary(Inspection(c.analysis, c.choices), personal=True)["file"] == name
    assert Parsed(open_page).text.count(name) == 1


def test_stations_and_variables_are_data_and_stay(pages: dict[str, str], cases: dict[str, Case]) -> None:
    text = Parsed(pages["series"]).text
    assert ", ".join(STATIONS) in text
    assert "heat [°C]" in text
    assert "are data and stand here as in the file" in text
    assert with_units(Inspection(cases["series"].analysis, cases["series"].choices)).startswith("heat [°C], <img")


def test_the_machine_is_named_by_its_parts(tmp_path: Path, pages: dict[str, str]) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("vendor_id\t: X\nmodel name\t: Abacus 7: fast\nmodel name\t: other\n")
    assert processor(told) == "Abacus 7: fast"
    assert processor(tmp_path / "none")
    found = hardware()
    assert set(found) == {"system", "processor", "cores", "threads", "memory_gib", "gpu"}
    assert found["cores"] >= 1
    known = {"processor": "P", "cores": 3, "threads": 2, "memory_gib": 7.5, "gpu": None}
    assert words(known) == "P, 3 cores (2 used by torch), 7.5 GiB of memory, no GPU"
    assert words(known | {"gpu": "G", "memory_gib": None}) == "P, 3 cores (2 used by torch), G"
    assert words(found) in Parsed(pages["series"]).text
    assert platform.node() not in json.dumps(found)


def test_settings_versions_notes_and_limits(pages: dict[str, str], cases: dict[str, Case]) -> None:
    for kind in KINDS:
        text, provenance = Parsed(pages[kind]).text, cases[kind].analysis.provenance
        assert f"torch {provenance['versions']['torch']}" in text
        assert 'seed 0; device "cpu"; window default' in text
        for sentence in (
            "not a medical device",
            "Attention is not cause",
            "A prediction that is explained well may still",
        ):
            assert sentence in text
        for note in cases[kind].analysis.notes:
            assert " ".join(note.split()) in text
        for space in ("Name", "Date", "Finding", "supported", "weak", "not supported", "In own words", "Signature"):
            assert space in text[text.index("Review") :]
        assert [a["type"] for tag, a in Parsed(pages[kind]).tags if tag == "input"] == ["checkbox"] * 3


def test_the_command_that_gives_it_again(cases: dict[str, Case], evidence: dict[str, Evidence]) -> None:
    c = cases["raster"]
    query, key = (",".join(map(str, token)) for token in (c.choices.focus.query, c.choices.key))
    assert command(Inspection(c.analysis, c.choices), evidence["raster"], {"sanity": Told()}) == (
        f"python -m hot_core explain FILE --model tiny-land --out DIR --report --layer 1 --query {query} "
        f"--direction row --key {key} --head 1 --seed 0 --bands blue,green,red,nir,swir1 --sanity"
    )
    hidden = (((0, 3), (1, 2), (4, 5)),)
    settings = hot.Settings(region=((0, 8), (0, 7), (3, 13)), seed=5, hidden=hidden)
    analysis = hot.analyse(cases["volume"].analysis.sample, cases["volume"].model, settings)
    told = command(Inspection(analysis, Choices(Focus("layer", (1, 0, 2), 1), "column")), None, {})
    end = "--layer 1 --query 1,0,2 --direction column --seed 5 --region 0:8,0:7,3:13 --hide 0:3,1:2,4:5 --evidence none"
    assert told.endswith(end)
    about = Target(token=(0, 0, 1), label=1, area="all")
    other = replace(evidence["volume"], target=about, form=FORMS["full"])
    told = command(Inspection(cases["volume"].analysis, cases["volume"].choices), other, {"stability": Told()})
    assert told.endswith("--evidence full --target-token 0,0,1 --target-label 1 --target-area all --stability")


def test_what_the_command_line_cannot_be_told_is_said(cases: dict[str, Case], evidence: dict[str, Evidence]) -> None:
    c, found = cases["volume"], evidence["volume"]
    query = c.choices.focus.query
    chosen = hot.analyse(cases["series"].analysis.sample, cases["series"].model, hot.Settings(entities=STATIONS[:2]))
    for shown, about, lacking in (
        (Inspection(c.analysis, Choices(Focus("model", query))), None, "the whole model"),
        (Inspection(c.analysis, Choices(Focus("layer", query, 1, weights="output"))), None, "heads weighted"),
        (Inspection(chosen, cases["series"].choices), None, "chosen entities or variables"),
        (Inspection(c.analysis, Choices(Focus("layer", query, 0))), found, "evidence on another map"),
        (Inspection(c.analysis, c.choices), replace(found, seed=3), "another seed for the evidence"),
    ):
        (one,) = without(shown, about, {})
        assert lacking in one
        text = Parsed(report(shown.analysis, c.model, shown.choices, about).decode()).text if about else ""
        assert not text or f"the command line has no option for {one}" in text
        assert "hot_core explain" not in text
    assert without(Inspection(c.analysis, c.choices), found, {}) == []
    text = Parsed(report(cases["series"].analysis, cases["series"].model, cases["series"].choices).decode()).text
    assert "Answers that were given while the table was read" in text


def test_the_parts_of_tables() -> None:
    names = np.array([f"s{at}" for at in range(13)])
    assert listed(list(names[:12])).endswith("s10, s11")
    assert listed(list(names)).endswith("s9, … s12")
    assert ends(hot.Mode("x", np.array([-1.5, 0.0, 1.5])), 0, 3) == "−1.5 – 1.5"
    assert ends(hot.Mode("station", names), 2, 4) == "s2, s3"
    times = np.array(["2013-01-01T05", "2013-01-01T06"], dtype="datetime64[ns]")
    assert ends(hot.Mode("time", times), 0, 2) == "2013-01-01 05:00:00 – 2013-01-01 06:00:00"
    assert [cell(v) for v in (True, None, [], [0.5, None, None], [1, 2], "x", 1234.5)] == [
        "yes", "–", "–", "0.5", "1, 2", "x", "1,230",
    ]  # fmt: skip
    assert [fixed(at) for at in (-0.125, -0.001, 1.0)] == ["−0.12", "0.00", "1.00"]
    assert rank(-0.5, -0.75, 0.25) == "−0.50 [−0.75, 0.25]"
    assert [rank(None, None, None), rank(float("nan"), 0.0, 0.0), rank(0.5, None, None)] == ["–", "–", "0.50"]
    (table,) = check_tables({"a_b": [{"x_y": 1, "z": {"no": 1}}], "words": "w", "empty": []})
    assert (table.caption, table.head, table.rows) == ("a b", ["x y"], [["1"]])


def test_a_matrix_has_the_scale_of_all_layers(cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch) -> None:
    # untrained maps are so even that every limit is twice uniform: which factors are asked tells them apart
    asked: list[list[np.ndarray]] = []
    monkeypatch.setattr(drawing, "shared_limit", lambda factors: asked.append([f.values for f in factors]) or 0.5)
    c = cases["volume"]
    payload = base64.b64decode(drawing.matrix_payload(Inspection(c.analysis, c.choices), 2))
    assert json.loads(payload[4 : 4 + struct.unpack("<I", payload[:4])[0]])["limit"] == 0.5
    for layer, factor in enumerate(asked[0]):
        np.testing.assert_array_equal(factor, c.analysis.record.factor(layer, "z"))
    assert len(asked[0]) == c.analysis.record.num_layers == 2


def test_without_the_pages_code_it_says_what_to_do(tmp_path: Path) -> None:
    instrument.cache_clear()
    with pytest.raises(ReadError, match="The attention map's code is not beside the library"):
        instrument(tmp_path)
