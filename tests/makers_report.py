"""Small analyses to report on, with names in their files that would run if they were not escaped."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import numpy as np

import hot_core as hot
from hot_core.evidence import Evidence, Focus, gather
from hot_core.models import HOTModel
from hot_core.report import Choices
from tests.makers_samples import classifier, forecaster, geotiff, land_cover, nifti, segmenter, wide_csv
from tests.test_markers import AFFINES, TRANSFORMS

EVIL = "<script>window.ran=1</script>"
STATIONS = (EVIL, "B&B", "C</script>")
VARIABLES = {"heat": "°C", "<img src=x onerror=window.ran=2>": "m/s"}
BANDS = ("blue", EVIL, "red", "nir", "swir1")
ROLES = ("blue", "green", "red", "nir", "swir1")
PATIENT = "DOE_JANE_1950.nii"


@dataclass(frozen=True, eq=False)
class Case:
    """An analysis with the choices that a report shows."""

    analysis: hot.Analysis
    model: HOTModel
    choices: Choices

    def evidence(self) -> Evidence:
        return gather(self.analysis, self.model, self.choices.focus)


def content(kind: str) -> tuple[bytes, str]:
    """A file and its name."""
    rng = np.random.default_rng(7)
    if kind == "series":
        return wide_csv(rng.normal(20, 4, (3, 2, 131)).round(3), STATIONS, VARIABLES), "DOE_JANE_1950.csv"
    if kind == "raster":
        bands = rng.integers(1, 50, (19, 13, 5)).astype(np.uint16)
        return geotiff(bands, *TRANSFORMS["north-up"], descriptions=BANDS), "DOE_JANE_1950.tif"
    if kind == "shape":
        return nifti((rng.random((13, 11, 17)) > 0.5).astype(np.uint8), AFFINES["LAS"]), PATIENT
    return nifti(rng.gamma(2.0, 100.0, (11, 7, 13)).astype(np.float32), AFFINES["LAS"]), PATIENT


def model_of(kind: str) -> HOTModel:
    """An untrained model for a kind of file."""
    return {"series": forecaster, "raster": land_cover, "shape": classifier, "volume": segmenter}[kind]()


def case(kind: str, **choice: Any) -> Case:
    """The analysis of a small file, one head of its second layer and a key beside the query."""
    data, name = content(kind)
    model = model_of(kind)
    sample = hot.read(data, name, bands=ROLES) if kind == "raster" else hot.read(data, name)
    analysis = hot.analyse(sample, model)
    query = analysis.default_query()
    key = (*query[:-1], query[-1] - 1 if query[-1] else 1)
    how = {"shown": "head", "query": query, "layer": 1, "head": 1} | choice
    return Case(analysis, model, Choices(Focus(**how), "row", key))


class Parsed(HTMLParser):
    """What a browser would find in a report: tags with attributes, the text on the page, the data of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else self._inside

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append((self.tags[-1][1], data))
        elif not self._inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return " ".join(" ".join(self.words).split())
