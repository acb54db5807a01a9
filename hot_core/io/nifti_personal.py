"""What of a NIfTI header may say whose data it is: noticed, never repeated."""

from __future__ import annotations

import re
from collections.abc import Sequence

import nibabel as nib

_FREE = {
    "descrip": "description",
    "aux_file": "auxiliary file",
    "intent_name": "name of the values",
    "db_name": "database name",
    "data_type": "data type in words",
}
_OWN = re.compile(rb"att (row|col) L\w+ \w+")
"""What our own exports write as the name of the values: layer and head."""
_BEGIN = "The header may hold personal data: "


def personal_notes(raw: nib.Nifti1Header, extended: bool) -> list[str]:
    """A sentence when the header has text that may name a person, a day or a place.

    Which fields have text is said, what stands in them is not.

    Args:
        raw: the header of NIfTI-1 or -2; the latter has fewer fields.
        extended: whether extensions follow the header (DICOM copies, comments).

    Returns:
        One sentence, or none.
    """
    found = [words for field, words in _FREE.items() if field in raw and _text(raw, field)]
    if extended:
        found.append("extensions")
    if not found:
        return []
    return [
        f"{_BEGIN}it has text of its own ({', '.join(found)}), in which a name, a date or a number can stand. It is "
        "neither shown nor logged here, and no export repeats it; whoever gets the file itself can read it."
    ]


def personal_words(notes: Sequence[str]) -> str:
    """That sentence among a sample's notes; "" where it is not."""
    return next((note for note in notes if note.startswith(_BEGIN)), "")


def _text(raw: nib.Nifti1Header, field: str) -> bool:
    """Whether a field holds more than zeros and blanks, and not what our own exports write."""
    text = raw[field].tobytes().strip(b"\0 ")
    return bool(text) and not (field == "intent_name" and _OWN.fullmatch(text))
