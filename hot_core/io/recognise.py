"""What a file is, by its first bytes, never by its name.

The order: empty; NIfTI-1 and -2 (header size in either byte order, then the magic); TIFF and BigTIFF;
formats that are known but not read, each with its remedy; text. gzip is opened first, once.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from hot_core.io.limits import refuse

Format: TypeAlias = Literal["nifti1", "nifti2", "tiff", "text"]

GZIP = b"\x1f\x8b"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x89PNG", "a PNG picture", "Give the measured data: a GeoTIFF with its bands"),
    (0, b"\xff\xd8\xff", "a JPEG picture", "Give the measured data: a GeoTIFF with its bands"),
    (0, b"GIF8", "a GIF picture", "Give the measured data: a GeoTIFF with its bands"),
    (0, b"BM", "a BMP picture", "Give the measured data: a GeoTIFF with its bands"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", "Convert it to GeoTIFF, for example with gdal_translate"),
    (0, b"PK\x03\x04", "a ZIP archive, as .xlsx, .npz and .zip files are", "Unpack it, or save the table as CSV"),
    (0, b"PK\x05\x06", "an empty ZIP archive", "Give the file that it was meant to hold"),
    (0, b"%PDF", "a PDF document", "Give the data itself: CSV, NIfTI or GeoTIFF"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, as NetCDF-4 and MINC are", "Convert it to CSV, NIfTI or GeoTIFF"),
    (0, b"CDF", "a NetCDF file", "Convert it to CSV or GeoTIFF"),
    (0, b"\x93NUMPY", "a NumPy array without geometry", "Save it as NIfTI or GeoTIFF, with its coordinates"),
    (128, b"DICM", "a DICOM file", "Convert the series to NIfTI, for example with dcm2niix"),
    (0, b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip"),
    (0, b"\xfd7zXZ", "compressed with xz", "Unpack it, or compress it with gzip"),
    (0, b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it, or compress it with gzip"),
    (0, b"7z\xbc\xaf", "a 7z archive", "Unpack it first"),
    (0, b"Rar!", "a RAR archive", "Unpack it first"),
    (257, b"ustar", "a tar archive", "Unpack it first"),
    (0, b"PAR1", "a Parquet table", "Save the table as CSV"),
    (0, b"SQLite format 3", "an SQLite database", "Export the table as CSV"),
    (0, b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "Save the table as CSV"),
    (0, b"NRRD", "an NRRD volume", "Convert it to NIfTI, for example with 3D Slicer"),
    (0, b"ObjectType", "a MetaImage volume", "Convert it to NIfTI, for example with 3D Slicer"),
    (0, b"\x7fELF", "a program", "Give the data itself: CSV, NIfTI or GeoTIFF"),
    (0, b"MZ", "a program", "Give the data itself: CSV, NIfTI or GeoTIFF"),
)


def is_gzip(head: bytes) -> bool:
    """Whether the bytes start a gzip stream."""
    return head.startswith(GZIP)


def recognise(head: bytes, name: str) -> Format:
    """The format of a file whose (decompressed) first bytes are `head`.

    Returns:
        The format.

    Raises:
        ReadError: when it is empty, or not of a format that is read.
    """
    if not head:
        raise refuse(name, "the file is empty", "Choose a file that holds data")
    if is_gzip(head):
        raise refuse(name, "it is compressed with gzip twice", "Unpack it once")
    nifti = _nifti(head, name)
    if nifti is not None:
        return nifti
    if head[:4] in _TIFF:
        return "tiff"
    for offset, magic, what, remedy in _FOREIGN:
        if head[offset : offset + len(magic)] == magic and not _plain_word(magic, head):
            raise refuse(name, f"this is {what}, which is not read here", remedy)
    if not head.startswith(_BOMS) and b"\0" in head:
        raise refuse(
            name,
            "the content is binary and of no known format",
            "Give a CSV or TSV table, a NIfTI volume or a GeoTIFF raster",
        )
    return "text"


def _plain_word(magic: bytes, head: bytes) -> bool:
    """Whether a magic of plain letters may just start a table's header: then no control bytes follow."""
    return magic.isalpha() and not any(byte < 9 or 13 < byte < 32 for byte in head)


def _nifti(head: bytes, name: str) -> Format | None:
    for size in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big")):
        if size == 540 and head[4:7] in {b"n+2", b"ni2"}:
            return _single(head[4:7], b"n+2", "nifti2", name)
        if size == 348 and len(head) >= 348:
            if head[344:347] in {b"n+1", b"ni1"}:
                return _single(head[344:347], b"n+1", "nifti1", name)
            raise refuse(
                name,
                "this is an Analyze 7.5 header, or a NIfTI header without its magic",
                "Convert it to a NIfTI file (.nii or .nii.gz)",
            )
        if size in {348, 540} and len(head) < size:
            raise refuse(name, "the NIfTI header ends early, the file is truncated", "Copy or download it again")
    return None


def _single(magic: bytes, wanted: bytes, found: Format, name: str) -> Format:
    if magic != wanted:
        raise refuse(
            name,
            "this is the header of a NIfTI pair (.hdr with .img); the voxels lie in the other file",
            "Convert the pair to a single .nii or .nii.gz file",
        )
    return found
