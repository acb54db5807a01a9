"""Every file that cannot be read ends in a `HotError` with a sentence that names file, problem and remedy."""

import gzip
import json
import os
import re
import struct
import zipfile
from io import BytesIO

import numpy as np
import pytest
from rasterio.transform import Affine

from hot_core.errors import HotError
from hot_core.io import MAX_BYTES, read
from tests.io_makers import (
    long_csv,
    nifti_bytes,
    npz_bytes,
    patched,
    raster_values,
    tiff_bytes,
    volume_values,
    wide_csv,
)

# "name: problem. Remedy." with a remedy that starts with a capital and says something.
SENTENCE = re.compile(r"^(?P<name>[^/\\]+?): [^\n]{8,}\. [A-Z][^\n]{9,}\.$", re.DOTALL)
FOLDER = "/srv/patients/jane_doe_1970"


def check(error, name):
    """The message is a sentence with the file's base name, no folder, and a remedy."""
    message = str(error)
    assert message.startswith(f"{name}: "), message
    assert SENTENCE.match(message), message
    assert "jane_doe" not in message
    assert "/srv" not in message


def refused(data, name="file.bin", match=".", **options):
    """Read, and hold the error to its form."""
    with pytest.raises(HotError, match=match) as caught:
        read(data, f"{FOLDER}/{name}", **options)
    check(caught.value, name)
    return str(caught.value)


def dim(header, *sizes):
    header["dim"][: len(sizes)] = sizes


def nifti_patch(offset, form, *values):
    """A good NIfTI-1 with a few header bytes replaced."""
    return patched(nifti_bytes(), offset, struct.pack("<" + form, *values))


def zip_of(name):
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "a,b\n1,2\n")
    return out.getvalue()


RANDOM = np.random.default_rng(11).bytes

FOREIGN = {
    "empty": (b"", "is empty"),
    "one_zero": (b"\0", "binary"),
    "png": (b"\x89PNG\r\n\x1a\n" + RANDOM(300), "PNG"),
    "jpeg": (b"\xff\xd8\xff\xe0" + RANDOM(300), "JPEG"),
    "gif": (b"GIF89a" + RANDOM(300), "GIF"),
    "bmp": (b"BM\0\0\0\0" + RANDOM(300), "BMP"),
    "jp2": (b"\0\0\0\x0cjP  \r\n\x87\n" + RANDOM(300), "JPEG 2000"),
    "zip": (zip_of("data.csv"), "ZIP"),
    "xlsx": (zip_of("xl/workbook.xml"), "xlsx"),
    "npz": (npz_bytes(), "npz"),
    "npy": (b"\x93NUMPY\x01\0" + RANDOM(300), "NumPy"),
    "pdf": (b"%PDF-1.7\n" + RANDOM(300), "PDF"),
    "h5": (b"\x89HDF\r\n\x1a\n" + RANDOM(300), "HDF5"),
    "netcdf": (b"CDF\x01\0\0\0\0" + RANDOM(300), "NetCDF"),
    "dicom": (b"\0" * 128 + b"DICM" + RANDOM(300), "DICOM"),
    "bzip2": (b"BZh91AY&SY" + RANDOM(300), "bzip2"),
    "xz": (b"\xfd7zXZ\0" + RANDOM(300), "xz"),
    "zstd": (b"\x28\xb5\x2f\xfd" + RANDOM(300), "zstd"),
    "parquet": (b"PAR1\x15\0" + RANDOM(300), "Parquet"),
    "sqlite": (b"SQLite format 3\0" + RANDOM(300), "SQLite"),
    "old_excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + RANDOM(300), "Excel"),
    "tar": (b"\0" * 257 + b"ustar\0" + RANDOM(300), "tar"),
    "pickle": (b"\x80\x04\x95\0\0" + RANDOM(300), "binary"),
    "html": (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
    "xml": (b"\n <?xml version='1.0'?><a>1</a>", "XML"),
    "json": (json.dumps([{"a": 1}, {"a": 2}]).encode(), "JSON"),
    "json_object": (json.dumps({"a": [1, 2]}).encode(), "JSON"),
    "analyze": (patched(nifti_bytes(), 344, b"\0\0\0\0"), "Analyze"),
    "pair_header": (patched(nifti_bytes(), 344, b"ni1\0"), "pair"),
    "pair_header_two": (patched(nifti_bytes(version=2), 4, b"ni2\0"), "pair"),
}

COMPRESSED = {
    "empty_gzip": (gzip.compress(b""), "holds nothing"),
    "gzip_magic_only": (b"\x1f\x8b", "ends early|damaged"),
    "gzip_of_gzip": (gzip.compress(gzip.compress(b"a,b\n1,2\n3,4\n")), "twice"),
    "gzip_noise": (b"\x1f\x8b\x08\0" + RANDOM(300), "damaged|ends early|binary|empty"),
    "gzip_method": (b"\x1f\x8b\x07\0" + RANDOM(300), "damaged"),
    "gzip_png": (gzip.compress(b"\x89PNG\r\n\x1a\n" + RANDOM(300)), "PNG"),
    "gzip_cut": (gzip.compress(wide_csv())[:-40], "truncated"),
    "gzip_checksum": (patched(gzip.compress(wide_csv()), -8, b"\1\2\3\4"), "damaged"),
    "gzip_rubbish_behind": (gzip.compress(wide_csv()) + b"rubbish behind", "damaged"),
    "nifti_gzip_cut": (nifti_bytes(volume_values((31, 29, 23)), zipped=True)[:-4000], "truncated"),
    "nifti_beyond_declared": (gzip.compress(nifti_bytes() + b"\0" * 2**20), "beyond"),
    "nifti_longer_than_declared": (nifti_bytes() + b"\0" * 8192, "beyond"),
}

HEADER = "time,a,b\n"
HOUR = [f"2013-01-01 {hour:02d}:00" for hour in range(12)]


def table(*rows, header=HEADER):
    return (header + "\n".join(rows) + "\n").encode()


def regular(*changes, count=9):
    """An hourly table with some stamps replaced: {position: stamp}."""
    when = list(HOUR[:count])
    for at, stamp in changes:
        when[at] = stamp
    return table(*(f"{stamp},{at},{at + 1}" for at, stamp in enumerate(when)))


TABLES = {
    "header_only": (b"time,a,b\n", "no row below"),
    "spaces": (b"  \n\t\n  ", "no table"),
    "comments_only": (b"# nothing\n# here\n", "no table"),
    "one_row": (table("2013-01-01,1,2"), "only one row"),
    "one_row_no_date": (b"a,b\n1,2\n", "only one row"),
    "text_only": (table("2013-01-01,x,y", "2013-01-02,y,z"), "no column holds numbers"),
    "prose": (b"This is a letter.\nIt holds no numbers.\nYours, sincerely\n", "cells|numbers|length"),
    "dates_only": (b"time\n2013-01-01\n2013-01-02\n", "no column holds numbers"),
    "all_missing": (table("2013-01-01,NA,-", "2013-01-02,,NaN"), "no column holds numbers"),
    "no_header": (b"1,2,3\n4,5,6\n", "names"),
    "no_header_dates": (b"2013-01-01 06:00,2,3\n2013-01-01 07:00,5,6\n", "names"),
    "short_row": (
        table("2013-01-01,1,2", "2013-01-02,1", "2013-01-03,1,2"),
        "data row 2 not of the header's length: 2 cells for 3",
    ),
    "long_row": (table("2013-01-01,1,2", "2013-01-02,1,2,9", "2013-01-03,1,2"), "data row 2 not of"),
    "all_rows_longer": (table("2013-01-01,1,2,9", "2013-01-02,1,2,9"), "4 cells for 3 columns"),
    "open_quote": (table('2013-01-01,"1,2', "2013-01-02,1,2"), "quotation|cells|length"),
    "same_name_twice": (b"time,a,a\n2013-01-01,1,2\n2013-01-02,1,2\n", "two columns have the name"),
    "text_among_numbers": (table(*(f"{s},{'high' if n == 3 else n},1" for n, s in enumerate(HOUR))), "data row 4"),
    "not_dates": (table("soon,1,2", "later,3,4"), "should hold dates"),
    "numbers_as_dates": (b"date,a\n41275.25,1\n41275.5,2\n", "should hold dates"),
    "bad_date": (regular((3, "2013-02-30 03:00")), "does not exist in data row 4"),
    "bad_hour": (regular((3, "2013-01-01 27:00")), "data row 4"),
    "date_missing": (regular((5, "")), "data row 6 have no date"),
    "date_is_text": (regular((5, "unknown")), "data row 6"),
    "mixed_forms": (regular((5, "01.01.2013 05:00")), "data row 6"),
    "two_digit_years": (table("13-01-01,1,2", "13-01-02,1,2"), "two digits"),
    "distant_years": (table("0013-01-01,1,2", "0013-01-02,1,2"), "years outside|does not exist"),
    "ambiguous_day": (table("01/02/2013,1,2", "01/03/2013,3,4"), "option dayfirst"),
    "ambiguous_day_dots": (table("01.02.2013,1,2", "01.03.2013,3,4"), "option dayfirst"),
    "wrong_order_of_day": (table("13/01/2013,1,2", "01/13/2013,3,4"), "does not exist"),
    "bad_parts": (b"year,month,day,a\n2013,1,31,1\n2013,2,31,2\n", "data row 2"),
    "parts_missing": (b"year,month,day,a\n2013,1,1,1\n2013,,2,2\n", "data row 2"),
    "irregular": (regular((4, "2013-01-01 04:07")), r"data row 5 \(2013-01-01 04:07:00\)"),
    "duplicated": (regular((4, "2013-01-01 03:00")), r"data row 5, the first at 2013-01-01 03:00"),
    "same_time": (table(*["2013-01-01,1,2"] * 2), "repeats a time stamp"),
    "stray_date": (regular((8, "1913-01-01 03:00")), "grid of"),
    "events": (table("2013-01-01 00:00:01,1,2", "2013-01-01 00:00:08,1,2", "2013-01-01 00:00:19,3,4"), "irregular"),
    "irregular_numbers": (b"time,a\n0,1\n1,2\n2,3\n2.4,4\n4,5\n", "irregular"),
    "duplicated_long": (b"station,time,a\nx,2013-01-01,1\ny,2013-01-01,2\nx,2013-01-02,2\nx,2013-01-02,3\n", "repeat"),
    "nameless_entity": (b"station,time,a\nx,2013-01-01,1\n,2013-01-01,2\nx,2013-01-02,2\n", "name no entity"),
    "unit_conflict": (b"time,E_t [F],J_t [C]\n2013-01-01,1,2\n2013-01-02,1,2\n", "given in F and in C"),
    "thousands_or_decimals": (b"time;a\n2013-01-01;1,234\n2013-01-02;2,345\n", "option decimal"),
    "both_decimals": (b"time;a;b\n2013-01-01;1,5;2.5\n2013-01-02;2,5;3.5\n", "decimal comma and others"),
    "utf16_without_mark": ("time,a\n2013-01-01,1\n".encode("utf-16-le"), "binary"),
    "utf16_cut": ("time,a\n2013-01-01,1\n".encode("utf-16")[:-1], "not valid utf-16"),
    "utf8_mark_then_noise": (b"\xef\xbb\xbf\xff\xfe\xfd", "not valid utf-8"),
    "binary_csv": (b"time,a\n" + bytes(range(1, 256)), "binary|neither"),
    "control_characters": (b"a,b\n1,\x07\n2,3\n", "binary"),
}

VOLUMES = {
    "header_cut": (nifti_bytes()[:200], "truncated"),
    "header_two_cut": (nifti_bytes(version=2)[:400], "truncated"),
    "voxels_missing": (nifti_bytes()[:352], "truncated"),
    "last_byte_missing": (nifti_bytes()[:-1], "truncated"),
    "no_dimension": (nifti_patch(40, "h", 0), "dimensions"),
    "eight_dimensions": (nifti_patch(40, "h", 8), "dimensions"),
    "negative_dimensions": (nifti_patch(40, "h", -3), "dimensions"),
    "negative_size": (nifti_patch(42, "h", -5), "cannot be"),
    "zero_size": (nifti_patch(44, "h", 0), "cannot be"),
    "huge": (nifti_patch(42, "3h", 32767, 32767, 32767), "limit"),
    "declares_more": (nifti_patch(42, "3h", 50, 70, 110), "truncated"),
    "unknown_datatype": (nifti_patch(70, "h", 77), "datatype 77"),
    "rgb": (nifti_patch(70, "2h", 128, 24), "colours"),
    "complex": (nifti_patch(70, "2h", 32, 64), "complex"),
    "binary_voxels": (nifti_patch(70, "2h", 1, 1), "bits"),
    "offset_beyond": (nifti_patch(108, "f", 1e6), "truncated"),
    "offset_in_header": (nifti_patch(108, "f", 10), "cannot be"),
    "offset_nan": (nifti_patch(108, "f", np.nan), "cannot be"),
    "offset_huge": (nifti_patch(108, "f", 1e30), "cannot be"),
    "slope_infinite": (nifti_patch(112, "f", np.inf), "infinite"),
    "affine_nan": (nifti_patch(280, "f", np.nan), "not numbers"),
    "affine_zero": (nifti_patch(280, "12f", *[0] * 12), "singular"),
    "affine_parallel": (nifti_patch(280, "12f", *([1, 1, 0, 0] * 3)), "singular"),
    "no_voxel_size": (patched(nifti_patch(252, "2h", 0, 0), 76, struct.pack("<8f", *[0] * 8)), "singular|voxel size"),
    "one_slice": (nifti_bytes(volume_values((5, 7, 1))), "at least two"),
    "two_axes": (nifti_patch(40, "8h", 2, 5, 7, 1, 1, 1, 1, 1), "at least two|beyond"),
    "one_voxel": (nifti_bytes(volume_values((1, 1, 1))), "at least two"),
    "vectors": (nifti_bytes(volume_values((5, 7, 11, 1, 3))), "vectors"),
    "all_nan": (nifti_bytes(np.full((5, 7, 11), np.nan, np.float32)), "no voxel holds a number"),
    "all_infinite": (nifti_bytes(np.full((5, 7, 11), np.inf, np.float32)), "no voxel holds a number"),
    "two_huge": (patched(nifti_bytes(version=2), 24, struct.pack("<3q", 2**40, 2**40, 2**40)), "limit"),
    "two_negative": (patched(nifti_bytes(version=2), 24, struct.pack("<q", -7)), "cannot be"),
}


def mute(dataset):
    dataset.write_mask(np.zeros((13, 17), bool))


def palette(dataset):
    dataset.write_colormap(1, {1: (255, 0, 0, 255)})


GREY = raster_values(1, dtype=np.uint8)
RASTERS = {
    "tiff_magic_only": (b"II*\0", "TIFF"),
    "tiff_noise": (b"II*\0\x08\0\0\0" + RANDOM(500), "TIFF"),
    "tiff_big_noise": (b"II+\0\x08\0\0\0" + RANDOM(500), "TIFF"),
    "tiff_no_directory": (b"MM\0*\0\0\0\0" + b"\0" * 60, "TIFF"),
    "tiff_empty_directory": (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "TIFF|raster"),
    "one_pixel": (tiff_bytes(raster_values(3, (1, 1))), "at least two"),
    "one_row": (tiff_bytes(raster_values(3, (1, 7))), "at least two"),
    "one_column_nowhere": (tiff_bytes(raster_values(1, (7, 1)), transform=None), "at least two"),
    "complex": (tiff_bytes(raster_values(2, dtype=np.complex64)), "complex"),
    "palette": (tiff_bytes(GREY, edit=palette, photometric="palette"), "palette"),
    "all_masked": (tiff_bytes(edit=mute), "no pixel holds a value"),
    "all_nodata": (tiff_bytes(np.full((3, 13, 17), 7, np.uint16), nodata=7), "no pixel holds a value"),
    "all_nan": (tiff_bytes(np.full((3, 13, 17), np.nan, np.float32)), "no pixel holds a value"),
    "strips_cut": (tiff_bytes(raster_values(3, (211, 223)), compress="deflate")[:-9000], "truncated"),
    "strips_cut_plain": (tiff_bytes(raster_values(3, (211, 223)))[:-9000], "truncated"),
    "strips_noise": (patched(tiff_bytes(raster_values(3, (211, 223)), compress="lzw"), 3000, RANDOM(9000)), "damaged"),
}

ARGUMENTS = {
    "bands_for_a_table": (wide_csv, {"bands": ("red",)}, "for rasters"),
    "window_for_a_volume": (nifti_bytes, {"window": (0, 0, 2, 2)}, "for rasters"),
    "too_few_roles": (tiff_bytes, {"bands": ("red",)}, "has 3 bands"),
    "unknown_role": (tiff_bytes, {"bands": ("red", "green", "purple")}, "purple"),
    "role_twice": (tiff_bytes, {"bands": ("red", "red", "-")}, "twice"),
    "no_role": (tiff_bytes, {"bands": ("-", "-", "-")}, "no band has a role"),
    "window_outside": (tiff_bytes, {"window": (10, 0, 7, 7)}, "does not lie"),
    "window_negative": (tiff_bytes, {"window": (-1, 0, 7, 7)}, "does not lie"),
    "window_empty": (tiff_bytes, {"window": (0, 0, 0, 7)}, "does not lie"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_formats_are_named(name):
    data, match = FOREIGN[name]
    refused(data, name, match)
    if data:
        refused(gzip.compress(data), f"{name}.gz", match)


@pytest.mark.parametrize("name", COMPRESSED)
def test_bad_compression(name):
    refused(COMPRESSED[name][0], f"{name}.gz", COMPRESSED[name][1])


@pytest.mark.parametrize("name", TABLES)
def test_bad_tables(name):
    refused(TABLES[name][0], f"{name}.csv", TABLES[name][1])


@pytest.mark.parametrize("name", VOLUMES)
def test_bad_volumes(name):
    refused(VOLUMES[name][0], f"{name}.nii", VOLUMES[name][1])
    refused(gzip.compress(VOLUMES[name][0]), f"{name}.nii.gz")


@pytest.mark.parametrize("name", RASTERS)
def test_bad_rasters(name):
    refused(RASTERS[name][0], f"{name}.tif", RASTERS[name][1])


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_that_do_not_fit(name):
    maker, options, match = ARGUMENTS[name]
    refused(maker(), f"{name}.dat", match, **options)


def test_upload_above_the_limit():
    refused(b"a,b\n1,2\n" + b"3,4\n" * 64, "large.csv", "above the limit", max_bytes=100)
    refused(tiff_bytes(), "large.tif", "above the limit", max_bytes=100)
    refused(nifti_bytes(), "large.nii", "above the limit", max_bytes=100)


def test_default_limit_is_what_the_page_promises():
    assert MAX_BYTES == 100 * 1024**2


@pytest.mark.parametrize("start", [b"time,a\n", b"II*\0", b""])
def test_gzip_bomb_is_stopped_at_the_limit(start):
    bomb = gzip.compress(start + b"1" * 30_000_000)
    refused(bomb, "bomb.gz", "limit|binary|one row|row below|names", max_decompressed=2**20)


def test_default_limit_of_a_table_stops_a_bomb():
    refused(gzip.compress(b"a,b\n" + b"1,2\n" * 60_000_000, 1), "bomb.csv.gz", "more than the limit of 200.0 MB")


def test_nifti_bomb_is_stopped_at_its_declared_size():
    refused(gzip.compress(nifti_bytes() + b"\0" * 300_000_000, 1), "bomb.nii.gz", "beyond")


SHIPPED = (
    "nyc_airport_weather_2013.csv",
    "mni152_hippocampus_L.nii.gz",
    "L7_ETMs.tif",
    "s2_brandenburg_256_6band.tif",
)


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.13, 0.5, 0.83, 0.97, 0.9999])
@pytest.mark.parametrize("name", SHIPPED[1:])
def test_truncated_samples(name, share, sample_data):
    data = (sample_data / name).read_bytes()
    refused(data[: int(len(data) * share)], name)


@pytest.mark.parametrize("share", [0.0001, 0.001, 0.13, 0.5, 0.83])
def test_truncated_weather_is_refused_or_read_without_invention(share, sample_data):
    """A table cut within a row is refused; cut between cells of the last row, its numbers are a prefix."""
    data = (sample_data / SHIPPED[0]).read_bytes()
    whole = read(data, "whole.csv").data.values
    try:
        part = read(data[: int(len(data) * share)], f"{FOLDER}/cut.csv").data.values
    except HotError as error:
        check(error, "cut.csv")
    else:
        np.testing.assert_array_equal(part[..., :-1], whole[..., : part.shape[-1] - 1])


@pytest.mark.parametrize("cut", [1, 3, 9, 20, 100, 347, 348, 351, 400])
@pytest.mark.parametrize("maker", [nifti_bytes, lambda: nifti_bytes(version=2), lambda: nifti_bytes(order=">")])
def test_truncated_volumes(maker, cut):
    refused(maker()[:cut], "cut.nii")


@pytest.mark.parametrize("cut", [1, 3, 5, 8, 16, 100, 300, 500])
def test_truncated_rasters(cut):
    refused(tiff_bytes()[:cut], "cut.tif")


@pytest.mark.parametrize("seed", range(40))
def test_noise_never_ends_in_another_exception(seed):
    random = np.random.default_rng(seed)
    starts = (b"", b"\x1f\x8b\x08\0", b"II*\0", b"MM\0+", b"a,b,c\n", nifti_bytes()[:352])
    refused(starts[seed % len(starts)] + random.bytes(int(random.integers(1, 700))), "noise.bin")


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_are_read_or_refused_in_a_sentence(seed):
    """A few bytes of a good file changed: either a sample, or the sentence; never anything else."""
    random = np.random.default_rng(seed)
    makers = (wide_csv, long_csv, nifti_bytes, tiff_bytes, lambda: tiff_bytes(compress="deflate"))
    data = bytearray(makers[seed % len(makers)]())
    head = len(data) if seed % 2 else min(400, len(data))
    for at in random.integers(0, head, 6):
        data[at] = int(random.integers(256))
    try:
        read(bytes(data), f"{FOLDER}/flipped.bin")
    except HotError as error:
        check(error, "flipped.bin")


def path_refused(path, name, match):
    with pytest.raises(HotError, match=match) as caught:
        read(path)
    check(caught.value, name)
    assert str(path.parent) not in str(caught.value)


def test_paths_that_are_no_files(tmp_path):
    folder = tmp_path / "jane_doe_1970"
    folder.mkdir()
    path_refused(folder / "missing.csv", "missing.csv", "no such file")
    inner = folder / "inner"
    inner.mkdir()
    path_refused(inner, "inner", "a folder")
    os.mkfifo(folder / "pipe")
    path_refused(folder / "pipe", "pipe", "a device or a pipe")
    (folder / "dangling").symlink_to(folder / "nowhere")
    path_refused(folder / "dangling", "dangling", "no such file")
    path_refused(folder / ("n" * 300), f"{'n' * 60}…{'n' * 50}", "cannot be opened|no such file")
    path_refused(folder / "nul\0byte.csv", "nulbyte.csv", "cannot be opened|no such file")
    empty = folder / "empty.nii.gz"
    empty.touch()
    path_refused(empty, "empty.nii.gz", "is empty")


def test_large_raster_by_path_is_read_by_windows_but_large_tables_are_not(tmp_path):
    raster, text = tmp_path / "a.tif", tmp_path / "a.csv"
    raster.write_bytes(tiff_bytes())
    text.write_bytes(wide_csv())
    assert read(raster, max_bytes=100).data.shape == (13, 17, 3)
    with pytest.raises(HotError, match=r"a.csv: .* above the limit"):
        read(text, max_bytes=100)


def test_names_are_shown_without_folders_and_control_characters():
    with pytest.raises(HotError, match=r"^scan.csv: "):
        read(b"", "C:\\Users\\jane_doe\\scan.csv")
    with pytest.raises(HotError, match=r"^scan.csv: "):
        read(b"", "scan\n\x1b.csv")
    with pytest.raises(HotError, match=r"^unnamed data: "):
        read(b"")


def test_a_sparse_raster_that_declares_terabytes_is_not_unpacked_whole():
    """One strip of a million rows: any window would need all of it."""
    good = tiff_bytes(raster_values(1), transform=None, crs=None)
    huge = tiff_bytes(np.zeros((1, 2, 60000), np.uint8), transform=Affine(1, 0, 0, 0, -1, 0), BLOCKYSIZE=2)
    for tag, value in ((257, 1_000_000), (278, 1_000_000)):
        huge = set_tag(huge, tag, value)
    refused(huge, "huge.tif", "pieces of up to|damaged|no pixel")
    assert read(good, "good.tif").data.shape == (13, 17, 1)


def test_thousands_of_bands_are_refused_at_once():
    refused(
        set_tag(tiff_bytes(raster_values(1), interleave="pixel"), 277, 40_000), "bands.tif", "bands|damaged|truncated"
    )


def set_tag(data, tag, value):
    """Overwrite one value in a little-endian TIFF directory."""
    directory = int.from_bytes(data[4:8], "little")
    for at in range(int.from_bytes(data[directory : directory + 2], "little")):
        entry = directory + 2 + 12 * at
        if int.from_bytes(data[entry : entry + 2], "little") == tag:
            return patched(data, entry, struct.pack("<HHII", tag, 4, 1, value))
    raise AssertionError(f"no tag {tag}")


def test_number_of_cases():
    """The issue asks for sixty."""
    assert sum(len(cases) for cases in (FOREIGN, COMPRESSED, TABLES, VOLUMES, RASTERS, ARGUMENTS)) >= 120
