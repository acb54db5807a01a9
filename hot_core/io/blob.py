"""A file before it is understood: a name without its folders, a size, and its bytes on demand."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from hot_core.io.limits import Limits, gunzip, megabytes, refuse
from hot_core.modes import Source

HEAD = 4096


def base_name(name: str) -> str:
    """The last part of a file name, printable and short: folders may tell who the patient is."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    printable = "".join(char for char in last if char.isprintable()).strip()
    return printable if len(printable) <= 120 else f"{printable[:60]}…{printable[-50:]}"


@dataclass(frozen=True)
class Blob:
    """A stored file, on disk or in memory.

    Attributes:
        name: base name, for sentences.
        size: stored bytes.
        path: where it lies, or None for bytes from memory.
        memory: the bytes, when they are in memory.
        stored: the file as stored, when this blob is its decompressed content.
    """

    name: str
    size: int
    path: Path | None = None
    memory: bytes | None = None
    stored: Blob | None = None

    @classmethod
    def of(cls, source: str | os.PathLike[str] | bytes | bytearray | memoryview, name: str | None) -> Blob:
        """Look at a path or at bytes without reading more than is needed.

        Returns:
            The blob; its bytes are read on demand.

        Raises:
            ReadError: when there is no such file, or it is not a file.
        """
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
            return cls(base_name(name or "") or "unnamed data", len(data), memory=data)
        if not isinstance(source, (str, os.PathLike)):
            raise refuse(
                base_name(str(name or "")) or "read",
                f"a path or bytes are needed, found {type(source).__name__}",
                "Give the path of a file, or its bytes and its name",
            )
        return cls._on_disk(Path(os.fsdecode(source)), name)

    @classmethod
    def _on_disk(cls, path: Path, name: str | None) -> Blob:
        shown = base_name(name or "") or base_name(str(path)) or "file"
        try:
            if path.is_dir():
                raise refuse(shown, "this is a folder, not a file", "Choose one file inside it")
            if not path.exists():
                raise refuse(shown, "there is no such file", "Check the name and the folder")
            if not path.is_file():
                raise refuse(shown, "this is a device or a pipe, not a file", "Choose a stored file")
            size = path.stat().st_size
            with path.open("rb"):
                pass
        except (OSError, ValueError) as cause:
            raise refuse(shown, "the file cannot be opened", "Check its name and your right to read it") from cause
        return cls(shown, size, path=path)

    @cached_property
    def data(self) -> bytes:
        """All bytes; a file on disk is read once."""
        if self.memory is not None:
            return self.memory
        if self.path is None:
            raise refuse(self.name, "no bytes are at hand", "Give the path of a file, or its bytes")
        return self.path.read_bytes()

    @cached_property
    def head(self) -> bytes:
        """The first bytes, enough to recognise the content."""
        if self.memory is not None or self.path is None:
            return self.data[:HEAD]
        with self.path.open("rb") as file:
            return file.read(HEAD)

    def check_size(self, limits: Limits) -> None:
        """Refuse a file above the limit for reading it whole.

        Raises:
            ReadError: when the stored file is larger than `limits.file`.
        """
        if self.size > limits.file:
            raise refuse(
                self.name,
                f"it has {megabytes(self.size)}, above the limit of {megabytes(limits.file)}",
                "Cut out the part that matters, or allow more with max_bytes",
            )

    def decompressed(self, limit: int) -> Blob:
        """The content of a gzipped blob, as a blob that remembers the stored file."""
        data = gunzip(self.data, self.name, limit)
        return replace(self, size=len(data), path=None, memory=data, stored=self)

    def source(self, file_format: str, read: bytes | None = None) -> Source:
        """Name, format, size and hash; the hash is of the stored file, or of `read` where that is given."""
        stored = self.stored or self
        digest = hashlib.sha256(stored.data if read is None else read).hexdigest()
        return Source(stored.name, file_format, stored.size, digest)
