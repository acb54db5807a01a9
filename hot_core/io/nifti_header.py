"""A NIfTI header, checked against the file before any voxel is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

import nibabel as nib
import numpy as np

from hot_core.io.limits import Limits, foreign, megabytes, refuse

_READABLE = {2, 4, 8, 16, 64, 256, 512, 768, 1024, 1280}
_REFUSED = {
    1: "single bits",
    32: "complex numbers",
    1792: "complex numbers",
    2048: "complex numbers",
    128: "colours (RGB)",
    2304: "colours (RGBA)",
    1536: "128-bit numbers",
}
_MM = {"meter": 1000.0, "mm": 1.0, "micron": 0.001, "unknown": 1.0}
# No body is a thousand kilometres long; beyond, products of the affine overflow.
_ABSURD = 1e9
_AGAIN = "Copy or download the file again"


@dataclass(frozen=True, eq=False)
class Header:
    """What a checked header tells.

    Attributes:
        raw: nibabel's header.
        shape: the file's own shape without trailing axes of length 1; 3 or 4 sizes.
        declared: bytes that header and voxels take.
        affine: voxel to world in mm, with the qform likewise (None when its code is 0).
        qform: see affine.
        units: spatial and temporal, as nibabel names them.
        notes: sentences for the user.
    """

    raw: nib.Nifti1Header
    shape: tuple[int, ...]
    declared: int
    affine: np.ndarray
    qform: np.ndarray | None
    units: tuple[str, str]
    notes: tuple[str, ...]


def header_size(version: int) -> int:
    """Bytes of the header itself."""
    return 348 if version == 1 else 540


def parse_header(head: bytes, name: str, version: int, limits: Limits) -> Header:
    """Read and check a header.

    Args:
        head: the first bytes of the (decompressed) file.
        name: the file's name, for sentences.
        version: 1 or 2.
        limits: what may be asked for.

    Returns:
        The header's facts.

    Raises:
        ReadError: when the header is damaged or declares what cannot be read.
    """
    size = header_size(version)
    if len(head) < size:
        raise refuse(name, "the NIfTI header ends early, the file is truncated", _AGAIN)
    order = "<" if int.from_bytes(head[:4], "little") == size else ">"
    kind = nib.Nifti1Header if version == 1 else nib.Nifti2Header
    with foreign(name, "the NIfTI header cannot be read", _AGAIN):
        raw = kind(head[:size], endianness=order, check=False)
    shape = _shape(raw, name)
    voxels = math.prod(shape)
    if voxels > limits.values:
        raise refuse(
            name,
            f"it declares {voxels:,} voxels, above the limit of {limits.values:,}",
            "Crop the volume, or take one volume out of the series",
        )
    _check_datatype(raw, name)
    offset = float(raw["vox_offset"])
    if not math.isfinite(offset) or offset < size or offset > limits.decompressed or offset % 1:
        raise refuse(name, f"the header says that the voxels start at byte {offset:g}, which cannot be", _AGAIN)
    declared = int(offset) + voxels * int(raw.get_data_dtype().itemsize)
    if declared > limits.decompressed:
        raise refuse(
            name,
            f"it declares {megabytes(declared)}, above the limit of {megabytes(limits.decompressed)}",
            "Crop the volume, or take one volume out of the series",
        )
    affine, qform, units, notes = _geometry(raw, name)
    return Header(raw, shape, declared, affine, qform, units, notes)


def _shape(raw: nib.Nifti1Header, name: str) -> tuple[int, ...]:
    dims = [int(size) for size in raw["dim"]]
    if not 1 <= dims[0] <= 7:
        raise refuse(name, f"the header declares {dims[0]} dimensions, NIfTI has 1 to 7", _AGAIN)
    shape = dims[1 : dims[0] + 1]
    if min(shape) < 1:
        raise refuse(name, f"the header declares the sizes {_times(shape)}, which cannot be", _AGAIN)
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    if len(shape) < 3 or min(shape[:3]) < 2:
        raise refuse(
            name,
            f"it holds {_times(shape)} voxels; a volume needs at least two along each of three axes",
            "Give the whole volume, not a slice of it",
        )
    if len(shape) > 4:
        raise refuse(
            name,
            f"it holds {_times(shape)} values: vectors or tensors at each voxel",
            "Give a scalar volume (3-D), or a series of them (4-D)",
        )
    return tuple(shape)


def _times(shape: list[int]) -> str:
    return " × ".join(f"{size:,}" for size in shape)


def _check_datatype(raw: nib.Nifti1Header, name: str) -> None:
    code = int(raw["datatype"])
    if code in _REFUSED:
        raise refuse(name, f"its voxels hold {_REFUSED[code]}, not one number each", "Save it as a grey-value volume")
    if code not in _READABLE:
        raise refuse(name, f"the header names an unknown kind of number (datatype {code})", _AGAIN)
    for field in ("scl_slope", "scl_inter"):
        if np.isinf(raw[field]):
            raise refuse(name, f"the header's intensity scaling ({field}) is infinite", "Save the volume again")


def _geometry(
    raw: nib.Nifti1Header, name: str
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, str], tuple[str, ...]]:
    notes = []
    spatial, temporal = _units(raw)
    if spatial in {"meter", "micron"}:
        notes.append(f"The header gives positions in {spatial}s; they are shown in mm.")
    qform = None
    for form in ("qform", "sform"):
        if not 0 <= int(raw[f"{form}_code"]) <= 5:
            raw[f"{form}_code"] = 0
            notes.append(f"The header's {form} code is unknown, and its {form} is not used.")
    if int(raw["qform_code"]) > 0:
        qform = _qform(raw)
        if qform is None:
            notes.append("The header's qform is damaged and not used.")
    if int(raw["sform_code"]) > 0:
        affine = raw.get_sform()
    elif qform is not None:
        affine = qform
    else:
        with foreign(name, "the header gives no usable voxel size", "Save the volume with its orientation"):
            affine = raw.get_base_affine()
    notes += _unknown_notes(spatial, placed=int(raw["sform_code"]) > 0 or qform is not None)
    _check_affine(affine, name)
    millimetres = np.diag([_MM[spatial]] * 3 + [1.0])
    if qform is not None:
        qform = millimetres @ qform
    return millimetres @ affine, qform, (spatial, temporal), tuple(notes)


def _units(raw: nib.Nifti1Header) -> tuple[str, str]:
    """Spatial and temporal unit; "unknown" also for a code that the standard does not have."""
    try:
        spatial, temporal = raw.get_xyzt_units()
    except KeyError:
        return "unknown", "unknown"
    return str(spatial), str(temporal)


def _unknown_notes(spatial: str, placed: bool) -> list[str]:
    """What to say where the header names no unit, no orientation, or neither."""
    if not placed and spatial == "unknown":
        return [
            "The header names neither unit nor orientation (qform and sform codes are 0): positions count voxels, x is "
            "counted from the file's last voxel, and left and right are unknown."
        ]
    if not placed:
        return [
            "The header tells voxel sizes but no orientation (qform and sform codes are 0): "
            "position and left and right are unknown."
        ]
    return ["The header names no unit; millimetres are assumed."] if spatial == "unknown" else []


def _qform(raw: nib.Nifti1Header) -> np.ndarray | None:
    try:
        qform = raw.get_qform()
    except (ValueError, nib.spatialimages.HeaderDataError):
        return None
    return qform if np.all(np.abs(qform) < _ABSURD) and np.all(raw["pixdim"][1:4] > 0) else None


def _check_affine(affine: np.ndarray, name: str) -> None:
    linear = affine[:3, :3]
    tame = np.all(np.abs(affine) < _ABSURD) and np.any(linear)
    if not np.all(np.isfinite(affine)):
        raise refuse(name, "the affine (voxel to world) holds values that are not numbers", "Save it with its position")
    if not tame:
        raise refuse(
            name,
            "the affine (voxel to world) is empty or singular, or holds absurd lengths",
            "Save it with its position",
        )
    lengths = np.linalg.norm(linear, axis=0)
    if np.any(lengths == 0) or abs(np.linalg.det(linear / lengths)) < 1e-4:
        raise refuse(
            name,
            "the affine (voxel to world) is singular: two voxel axes point the same way or have no length",
            "Save the volume with a valid orientation",
        )
