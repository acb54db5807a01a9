"""NIfTI-1 and -2, single files, gzipped or not: a volume in RAS+ array order with the way back."""

from __future__ import annotations

from io import BytesIO

import nibabel as nib
import numpy as np
from nibabel.volumeutils import apply_read_scaling, array_from_file

from hot_core.io.assemble import frozen_sample
from hot_core.io.blob import Blob
from hot_core.io.limits import Limits, foreign, gunzip, gunzip_head, megabytes, refuse
from hot_core.io.nifti_header import Header, header_size, parse_header
from hot_core.io.nifti_personal import personal_notes
from hot_core.io.recognise import Format
from hot_core.modes import Mode, Sample, VolumeGeometry

_AGAIN = "Copy or download the file again"
# Some writers pad the end; more than this is content that the header does not declare.
_PADDING = 4096


def read_nifti(blob: Blob, found: Format, zipped: bool, limits: Limits) -> Sample:
    """Read a volume: scaling applied, canonicalised, NaN where a value is missing.

    Args:
        blob: the stored file.
        found: "nifti1" or "nifti2".
        zipped: whether the stored file is gzipped.
        limits: what may be asked for.

    Returns:
        A sample with the modes x, y, z (and "volume" for a series of volumes).

    Raises:
        ReadError: when header and content do not fit each other or hold no numbers.
    """
    version = 1 if found == "nifti1" else 2
    size = header_size(version)
    head = gunzip_head(blob.data, blob.name, size) if zipped else blob.data[:size]
    header = parse_header(head, blob.name, version, limits)
    content = _content(blob, zipped, header.declared)
    with foreign(blob.name, "the NIfTI content cannot be read", _AGAIN):
        image = _image(content, header)
        orientation = nib.io_orientation(header.affine)
        canonical = nib.as_closest_canonical(image)
        values = canonical.get_fdata(dtype=np.float32, caching="unchanged")
    geometry = VolumeGeometry(
        affine=canonical.affine,
        file_affine=header.affine,
        file_shape=(header.shape[0], header.shape[1], header.shape[2]),
        orientation=orientation,
        qform=header.qform,
        qform_code=int(header.raw["qform_code"]) if header.qform is not None else 0,
        sform_code=int(header.raw["sform_code"]),
        units=header.units,
        zooms=_zooms(canonical.affine),
        nifti_version=version,
    )
    values, found_notes = _clean(values, blob.name)
    notes = (*header.notes, *_content_notes(image, content, header, geometry), *found_notes)
    modes = _modes(values.shape, geometry)
    return frozen_sample(values, modes, geometry, blob.source(f"NIfTI-{version}"), notes)


def _content(blob: Blob, zipped: bool, declared: int) -> bytes:
    longer = f"it goes on beyond the {megabytes(declared)} that its header declares"
    if zipped:
        content = gunzip(blob.data, blob.name, declared + _PADDING, longer, "Save the volume again")
    else:
        content = blob.data
    if len(content) > declared + _PADDING:
        raise refuse(blob.name, longer, "Save the volume again")
    if len(content) < declared:
        raise refuse(
            blob.name,
            f"the header declares {declared:,} bytes, the file holds {len(content):,}; it is truncated",
            _AGAIN,
        )
    return content


def _image(content: bytes, header: Header) -> nib.Nifti1Image:
    """The image in the file's own array order, its affine in mm; the header's scaling is applied."""
    raw = array_from_file(
        header.shape, header.raw.get_data_dtype(), BytesIO(content), int(header.raw["vox_offset"]), mmap=False
    )
    slope, intercept = header.raw.get_slope_inter()
    with np.errstate(all="ignore"):  # numbers beyond float32 become infinite, and are told below
        scaled = apply_read_scaling(raw, slope, intercept).astype(np.float32)
    return nib.Nifti1Image(scaled, header.affine)


def _zooms(affine: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(size) for size in np.linalg.norm(affine[:3, :3], axis=0))
    return x, y, z


def _clean(values: np.ndarray, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """NaN for what is no number; refuse a volume without any."""
    notes = []
    infinite = int(np.isinf(values).sum())
    if infinite:
        values = np.where(np.isinf(values), np.float32(np.nan), values)
        notes.append(f"{infinite:,} infinite values are treated as missing.")
    missing = int(np.isnan(values).sum())
    if missing == values.size:
        raise refuse(name, "no voxel holds a number", "Give a volume with measured values")
    if missing > infinite:
        notes.append(f"{missing - infinite:,} voxels are missing (NaN) and stay so.")
    if np.nanmin(values) == np.nanmax(values):
        notes.append("Every voxel has the same value: there is nothing to look at.")
    return np.ascontiguousarray(values), tuple(notes)


def _content_notes(image: nib.Nifti1Image, content: bytes, header: Header, geometry: VolumeGeometry) -> list[str]:
    notes = personal_notes(header.raw, _has_extensions(content, header))
    letters = "".join(nib.aff2axcodes(header.affine))
    if letters != "RAS" and geometry.placed:
        notes.append(f"The file's voxels run towards {letters}; they are shown turned to RAS.")
    if geometry.oblique:
        notes.append(
            "The volume is oblique: x, y and z are mm along its own axes, not world mm; the affine gives the position."
        )
    return notes


def _has_extensions(content: bytes, header: Header) -> bool:
    size = header_size(2 if header.raw.sizeof_hdr == 540 else 1)
    return int(float(header.raw["vox_offset"])) > size + 4 and content[size : size + 1] != b"\0"


def _modes(shape: tuple[int, ...], geometry: VolumeGeometry) -> tuple[Mode, ...]:
    modes = []
    for axis, name in enumerate("xyz"):
        steps = np.arange(shape[axis], dtype=np.float64)
        if not geometry.placed:
            coords = steps
        elif geometry.oblique:
            coords = steps * geometry.zooms[axis]
        else:
            coords = geometry.affine[axis, 3] + steps * geometry.affine[axis, axis]
        modes.append(Mode(name, coords, "mm" if geometry.placed else "voxel"))
    if len(shape) == 4:
        modes.append(Mode("volume", np.arange(shape[3])))
    return tuple(modes)
