"""From bytes to a table of strings: encoding, delimiter, header, rows; no meaning yet."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO

import numpy as np
import pandas as pd

from hot_core.io.limits import foreign, refuse

_DELIMITERS = ("\t", ";", ",")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LOOK = 200
_NUMBER_OR_DATE = re.compile(r"^[-+]?[\d.,:/\-\sTZeE+]*\d[\d.,:/\-\sTZeE+%]*$")
_REPAIR = "Save the table again as CSV with one header line and one cell for each column"


@dataclass(frozen=True, eq=False)
class Table:
    """A table whose cells are still text.

    Attributes:
        cells: one column of stripped strings for each header, "" where the file has nothing.
        delimiter: what separates the cells.
        notes: sentences for the user.
    """

    cells: pd.DataFrame
    delimiter: str
    notes: tuple[str, ...]


def parse_table(data: bytes, name: str) -> Table:
    """Decode and split a delimited text.

    Returns:
        The table, its cells still text.

    Raises:
        ReadError: when it is not a table with a header and rows of equal length.
    """
    text, notes = _decode(data, name)
    _refuse_other_texts(text, name)
    lines, skipped = _without_comments(text)
    if skipped:
        notes.append(f"{skipped} leading comment lines (#) are skipped.")
    if not "".join(lines[:1]).strip():
        raise refuse(name, "the file holds no table", "Give a header line and rows of numbers below it")
    with foreign(name, "its cells cannot be told apart; a quotation mark may not be closed", _REPAIR):
        delimiter = _delimiter(lines[:_LOOK])
        header = _header(lines[0], delimiter, name)
    if not any(line.strip() for line in lines[1:]):
        raise refuse(name, "there is a header but no row below it", "Give at least two rows of numbers")
    with foreign(name, "its cells cannot be told apart; a quotation mark may not be closed", _REPAIR):
        cells = _rows(lines, header, delimiter, name)
    return Table(cells, delimiter, tuple(notes))


def rows_in_words(positions: list[int], more: int = 0) -> str:
    """Data rows, counted from 1 below the header: "data rows 3, 7 and 12 more"."""
    shown = ", ".join(f"{position + 1:,}" for position in positions)
    return f"data row{'s' if len(positions) > 1 or more else ''} {shown}{f' and {more:,} more' if more else ''}"


def name_rows(mask: pd.Series | np.ndarray) -> str:
    """The first three rows where `mask` holds, in words."""
    found = [int(position) for position in np.asarray(mask).nonzero()[0]]
    return rows_in_words(found[:3], max(0, len(found) - 3))


def _decode(data: bytes, name: str) -> tuple[str, list[str]]:
    encoding = next((known for bom, known in _BOMS if data.startswith(bom)), "utf-8")
    notes: list[str] = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as cause:
        if encoding != "utf-8":
            raise refuse(name, f"the text is not valid {encoding}", "Save it as UTF-8") from cause
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError as second:
            raise refuse(
                name, "the content is neither text nor a known binary format", "Give CSV or TSV in UTF-8"
            ) from second
        notes.append("The text is not UTF-8; it is read as Western European (Windows-1252).")
    if _CONTROL.search(text):
        raise refuse(
            name, "the content is binary and of no known format", "Give CSV or TSV in UTF-8, a NIfTI or a GeoTIFF"
        )
    return text, notes


def _refuse_other_texts(text: str, name: str) -> None:
    start = text[:200].lstrip("\ufeff \t\r\n").lower()
    if start.startswith("<"):
        raise refuse(name, "this is a web page or XML, not a table", "Download the data itself and save it as CSV")
    if re.match(r'\{|\[\s*[\[{"\d-]', start):
        raise refuse(name, "this is JSON, not a table", "Save the table as CSV")


def _without_comments(text: str) -> tuple[list[str], int]:
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n ").split("\n")
    start = skipped = 0
    while start < len(lines) and (not lines[start].strip() or lines[start].startswith("#")):
        skipped += lines[start].startswith("#")
        start += 1
    return lines[start:], skipped


def _delimiter(lines: list[str]) -> str:
    """The delimiter that gives most lines as many cells as the header; more cells win a tie."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        rows = list(csv.reader([line for line in lines if line.strip()], delimiter=delimiter))
        width = len(rows[0])
        if width > 1:
            score = (sum(len(row) == width for row in rows) / len(rows), width)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _header(line: str, delimiter: str, name: str) -> list[str]:
    header = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    while len(header) > 1 and not header[-1]:
        header.pop()
    if all(_NUMBER_OR_DATE.match(cell) for cell in header):
        raise refuse(name, "the first line holds numbers, not names", "Add a header line that names the columns")
    if len(header) > 20_000:
        raise refuse(name, f"the table has {len(header):,} columns", "Turn it, so that time runs downwards")
    named = [cell for cell in header if cell]
    if len(set(named)) < len(named):
        twice = next(cell for cell in named if named.count(cell) > 1)
        raise refuse(name, f"two columns have the name {_short(twice)}", "Give every column its own name")
    return header


def _short(text: str) -> str:
    return f"'{text if len(text) <= 40 else text[:40] + '…'}'"


def _rows(lines: list[str], header: list[str], delimiter: str, name: str) -> pd.DataFrame:
    """The rows below the header, every one as long as it; a delimiter too many at the end is forgiven."""
    body = lines[1:]
    if len(header) > 1:
        # In a table of one column an empty line is a gap, in others it is nothing.
        body = [line for line in body if line.strip(" ")]
    width = _widths(lines[:1], delimiter)[0]
    widths = np.array(_widths(body, delimiter))
    trailing = np.array([line.endswith(delimiter) for line in body]) if len(widths) == len(body) else False
    wrong = (widths != width) & ~((widths == width + 1) & trailing)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise refuse(
            name, f"{name_rows(wrong)} not of the header's length: {widths[first]} cells for {width} columns", _REPAIR
        )
    with foreign(name, "its cells cannot be told apart; a quotation mark may not be closed", _REPAIR):
        cells = pd.read_csv(
            StringIO("\n".join(body)),
            sep=delimiter,
            header=None,
            names=list(range(int(widths.max()))),
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
            skip_blank_lines=False,
            index_col=False,
        )
    cells = cells.iloc[:, : len(header)]
    cells.columns = pd.Index([cell or f"column {at + 1}" for at, cell in enumerate(header)])
    return cells.apply(lambda column: column.str.strip())


def _widths(lines: list[str], delimiter: str) -> list[int]:
    """Cells of every row; counted without parsing where no cell is quoted."""
    if any('"' in line for line in lines):
        return [len(row) or 1 for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]
    return [line.count(delimiter) + 1 for line in lines]
