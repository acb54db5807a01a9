"""The folder that `HOT_LENS_FOLDER` names: rasters that the page opens by path, and nothing outside it.

Files too large to be uploaded are read where they lie, by windows. A name that comes from the browser is never trusted:
it must be one of the listed ones, and what it leads to, links followed, must lie in the folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from app.content import Content
from hot_core.errors import ReadError

VARIABLE = "HOT_LENS_FOLDER"
SUFFIXES = (".tif", ".tiff")
MOST_NAMES = 500
MOST_ENTRIES = 20_000
"""So many files and folders are looked at; a folder may be the top of a whole archive."""


def root() -> Path | None:
    """The folder, links followed; None where none is named or it is not there."""
    named = os.environ.get(VARIABLE, "").strip()
    if not named:
        return None
    try:
        found = Path(named).resolve(strict=True)
    except OSError:
        return None
    return found if found.is_dir() else None


def rasters() -> tuple[str, ...]:
    """The names of the rasters in the folder and its sub-folders, "north/scene.tif"; never where the folder lies.

    Hidden files, linked folders, links that lead out of the folder and names that cannot be written are passed over.

    Returns:
        Up to 500 names in alphabetical order; () without a folder.
    """
    top = root()
    if top is None:
        return ()
    names = (path.relative_to(top).as_posix() for path in _files(top) if _inside(top, path) is not None)
    return tuple(sorted(_first(names, MOST_NAMES), key=lambda name: (name.count("/"), name.lower(), name)))


def open_raster(name: str) -> Content:
    """A raster of the folder by its name.

    Args:
        name: as `rasters` gives it; anything else is refused.

    Returns:
        The file as content; what is computed from it is kept under name, size and time of change.

    Raises:
        ReadError: when there is no such file in the folder, whatever lies elsewhere.
    """
    top, asked = root(), PurePosixPath(name)
    plain = bool(asked.parts) and not asked.is_absolute() and ".." not in asked.parts and "\\" not in name
    path = None
    if top is not None and plain and "\0" not in name and not _hidden(asked.parts) and _raster(asked.name):
        path = _inside(top, top.joinpath(*asked.parts))
    state = None if path is None else _state(path)
    if path is None or state is None:
        raise ReadError("There is no such raster in the folder. Choose one from the list.")
    identity = hashlib.sha256(repr((name, state.st_size, state.st_mtime_ns, state.st_ino)).encode()).hexdigest()
    return Content(asked.name, asked.name, f"folder:{identity}", path=path)


def _files(top: Path) -> Iterator[Path]:
    """Rasters by their suffix, in folders that are neither hidden nor linked."""
    seen = 0
    for place, folders, files in os.walk(top, followlinks=False):
        folders[:] = sorted(name for name in folders if not _hidden((name,)) and name.isprintable())
        for name in sorted(files):
            if not _hidden((name,)) and _raster(name) and name.isprintable():
                yield Path(place, name)
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            return


def _inside(top: Path, path: Path) -> Path | None:
    """The file that a path leads to, links followed, when it is a plain file in the folder; None otherwise."""
    try:
        found = path.resolve(strict=True)
        inside = found.is_relative_to(top) and found.is_file()
        return found if inside and not _hidden(found.relative_to(top).parts) else None
    except (OSError, ValueError, RuntimeError):
        return None


def _state(path: Path) -> os.stat_result | None:
    """What the file system says of a file; None when it has just gone."""
    try:
        return path.stat()
    except OSError:
        return None


def _first(names: Iterator[str], most: int) -> list[str]:
    """No more than so many."""
    return [name for name, _ in zip(names, range(most), strict=False)]


def _hidden(parts: tuple[str, ...]) -> bool:
    """Whether a part of a path begins with a dot."""
    return any(part.startswith(".") for part in parts)


def _raster(name: str) -> bool:
    """Whether a name ends as GeoTIFFs do."""
    return name.lower().endswith(SUFFIXES)
