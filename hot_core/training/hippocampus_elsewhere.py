"""`hippocampus` as the page meets it: tight and padded crops, other voxel sizes, the MNI152 head, no hippocampus."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import nibabel as nib
import numpy as np
import torch

from hot_core.io import read
from hot_core.models import HOTModel
from hot_core.modes import Sample, VolumeGeometry
from hot_core.training.hippocampus_scores import DICE_COLUMNS, Scan, both_dice, dice_row
from hot_core.training.recipe import Table
from hot_core.training.regrid import regrid, regrid_affine, regrid_labels
from hot_core.transforms import Settings, to_input
from hot_core.transforms.guess import CROP_MM, LEFT_HIPPOCAMPUS
from hot_core.transforms.inputs import geometry_of
from hot_core.transforms.results import Segmentation

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
SPACINGS = (1.0, 2.0, 1.5, 0.7)
PUBLISHED = ((26.0, -14.0, -20.0), (28.0, -33.0, -6.0))
"""Head and tail of the right hippocampus in MNI space, about, in mm; the left has −x."""
PLACES = {
    "left hippocampus (for comparison)": LEFT_HIPPOCAMPUS,
    "left frontal lobe": (-26.0, 40.0, 10.0),
    "left parietal lobe": (-30.0, -45.0, 45.0),
    "left occipital lobe": (-20.0, -80.0, 8.0),
    "left cerebellum": (-26.0, -62.0, -36.0),
}


def as_file(values: np.ndarray, affine: np.ndarray) -> Sample:
    """What the reader makes of a NIfTI file with these voxels, NaN where missing."""
    image = nib.Nifti1Image(values.astype(np.float32), affine)
    image.header.set_xyzt_units("mm")
    return read(image.to_bytes(), "made.nii")


@torch.no_grad()
def page_answer(model: HOTModel, sample: Sample, region: tuple[tuple[int, int], ...] | None = None) -> Segmentation:
    """The segmentation that the page shows, in the file's own voxels.

    Args:
        model: in evaluation mode.
        sample: what was read.
        region: half-open interval of each axis; None takes the page's guess.

    Returns:
        Labels (-1 outside the region and where missing) and amounts.
    """
    given = to_input(sample, model.config, Settings(region=region))
    output = model(torch.from_numpy(given.values)[None], torch.from_numpy(given.mask)[None])[0]
    return cast(Segmentation, given.back(output.double().numpy()))


def whole_region(shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """All of a volume."""
    return tuple((0, size) for size in shape)


def crops_of(scan: Scan, margin: int = 4, side: int = 28, pad: int = 8) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """One scan cut in other ways: raw values (NaN where missing) and labels (-1 where missing).

    Args:
        scan: the subject.
        margin: voxels left around the structure in the tight crop.
        side: of the cube around the structure's middle, where the crop is that large.
        pad: missing voxels added on every side.

    Returns:
        Values and labels by the name of the crop.
    """
    inside = np.argwhere(scan.labels > 0)
    low, high = inside.min(0), inside.max(0) + 1
    tight = tuple(slice(max(a - margin, 0), b + margin) for a, b in zip(low, high, strict=True))
    starts = [int(np.clip((a + b - side) // 2, 0, max(n - side, 0)))
              for a, b, n in zip(low, high, scan.labels.shape, strict=True)]  # fmt: skip
    cube = tuple(slice(start, start + side) for start in starts)
    return {
        "whole crop": (scan.raw, scan.labels),
        f"box of the structure and {margin} voxels around it": (scan.raw[tight], scan.labels[tight]),
        f"{side} × {side} × {side} in the structure's middle, its ends cut off": (scan.raw[cube], scan.labels[cube]),
        f"whole crop with {pad} missing voxels on every side": (
            np.pad(scan.raw.astype(np.float32), pad, constant_values=np.nan),
            np.pad(scan.labels, pad, constant_values=-1),
        ),
    }


def crop_table(model: HOTModel, scans: list[Scan]) -> Table:
    """Dice on every kind of crop, each scaled by its own percentiles as the page does."""
    scores: dict[str, list[tuple[float, float]]] = {}
    for scan in scans:
        for name, (values, labels) in crops_of(scan).items():
            found = page_answer(model, as_file(values, scan.affine), whole_region(values.shape))
            scores.setdefault(name, []).append(both_dice(found.labels.values, labels))
    rows = tuple(dice_row(name, np.array(each)) for name, each in scores.items())
    return Table(f"Other crops of the same {len(scans)} subjects, through the page", ("crop", *DICE_COLUMNS), rows)


def spacing_table(model: HOTModel, scans: list[Scan]) -> Table:
    """Dice and volume error where the same scans come with other voxel sizes, in these voxels."""
    rows = []
    for side in SPACINGS:
        scores, errors = zip(*(_at_spacing(model, scan, side) for scan in scans), strict=True)
        front, back = np.mean(errors, axis=0)
        rows.append((*dice_row(f"{side:g} mm", np.array(scores)), f"{front:.1%}", f"{back:.1%}"))
    columns = ("voxels", *DICE_COLUMNS, "volume error anterior", "volume error posterior")
    title = (
        f"The same {len(scans)} subjects resampled, through the page, against the labels resampled; "
        "volume error against the labels as they were drawn"
    )
    return Table(title, columns, tuple(rows))


def _at_spacing(model: HOTModel, scan: Scan, side: float) -> tuple[tuple[float, float], tuple[float, float]]:
    new = (side,) * 3
    values = regrid(scan.raw, scan.zooms, new)
    truth = regrid_labels(scan.labels, scan.zooms, new, len(model.config.classes))
    sample = as_file(values, regrid_affine(scan.affine, scan.zooms, new))
    found = page_answer(model, sample, whole_region(values.shape))
    drawn = [float((scan.labels == part).sum()) * float(np.prod(scan.zooms)) for part in (1, 2)]
    amounts = [found.amounts[name] for name in model.config.classes[1:]]
    front, back = (abs(amount - size) / size for amount, size in zip(amounts, drawn, strict=True))
    return both_dice(found.labels.values, truth), (front, back)


def template_table(model: HOTModel) -> Table:
    """Where the parts lie that are drawn in the MNI152 crops, in mm, and how large they are."""
    rows = []
    for side, sign in (("L", -1.0), ("R", 1.0)):
        found = page_answer(model, read(SAMPLES / f"mni152_hippocampus_{side}.nii.gz"))
        for part, (name, published) in enumerate(zip(model.config.classes[1:], PUBLISHED, strict=True), start=1):
            expected = np.array(published) * (sign, 1.0, 1.0)
            centre = centre_of(found, part)
            away = "–" if centre is None else f"{np.linalg.norm(centre - expected):.1f}"
            rows.append((f"{'left' if side == 'L' else 'right'}, {name}", _mm(centre), _mm(expected), away,
                         f"{found.amounts[name]:,.0f}"))  # fmt: skip
    columns = ("part", "centre x, y, z in mm", "expected, about", "distance in mm", "volume in mm³")
    return Table("The MNI152 template, never learnt, both sides", columns, tuple(rows))


def centre_of(found: Segmentation, part: int) -> np.ndarray | None:
    """Mean coordinate of a part along x, y, z, None where nothing is drawn."""
    places = np.argwhere(found.labels.values == part)
    if not len(places):
        return None
    coords = [found.labels.coords[name].values for name in found.labels.dims]
    return np.array([axis[places[:, i]].mean() for i, axis in enumerate(coords)])


def _mm(place: np.ndarray | None) -> str:
    return "nothing drawn" if place is None else ", ".join(f"{value:.0f}" for value in place)


def nowhere_table(model: HOTModel) -> Table:
    """What is drawn where there is no hippocampus: other parts of the MNI152 head at 2 mm, and noise."""
    head = read(SAMPLES / "mni152_t1_2mm.nii.gz")
    rows = [(place, *_drawn(page_answer(model, head, region_around(head, at)))) for place, at in PLACES.items()]
    noise = np.random.default_rng(0).standard_normal([int(mm) for mm in CROP_MM])
    rows.append(("noise", *_drawn(page_answer(model, as_file(noise, np.eye(4))))))
    columns = ("crop of 36 × 52 × 36 mm", "anterior in mm³", "posterior in mm³")
    title = (
        "What is drawn where there is no hippocampus, in the MNI152 head at 2 mm (the table above is of crops at 1 mm)"
    )
    return Table(title, columns, tuple(rows))


def region_around(sample: Sample, centre: tuple[float, ...]) -> tuple[tuple[int, int], ...]:
    """The crop of the usual size around a place in mm, inside the volume."""
    geometry = geometry_of(sample, VolumeGeometry)
    middle = np.linalg.solve(geometry.affine, [*centre, 1.0])[:3]
    region = []
    for at, mm, zoom, size in zip(middle, CROP_MM, geometry.zooms, sample.data.shape, strict=True):
        length = round(mm / zoom)
        start = int(np.clip(round(float(at) - length / 2), 0, size - length))
        region.append((start, start + length))
    return tuple(region)


def _drawn(found: Segmentation) -> tuple[str, ...]:
    return tuple(f"{found.amounts[name]:,.0f}" for name in found.classes[1:])
