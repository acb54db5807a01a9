"""A model that somebody brings: its weights and their description, checked before anything is built of them.

Files are written to a folder of this call's own, read by `hot_core.models.load_model`, and gone afterwards. Weights are
safetensors only, which hold numbers and no code. The model lives in the session that brought it and nowhere else.
"""

from __future__ import annotations

import io
import json
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import torch

from app.navigation import KIND_WORDS
from hot_core.errors import HotError, ModelError
from hot_core.familiarity.store import FILE as LEARNT
from hot_core.io.limits import megabytes
from hot_core.models import HOTModel, ModelConfig, build_model, load_model
from hot_core.models.registry import read_config
from hot_core.modes import Kind
from hot_core.pipeline import Analysis, Settings, analyse

WEIGHTS, CONFIG = "model.safetensors", "config.json"
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, OSError)
"""What a zip that is damaged or locked raises."""
LARGEST = 64 * 1024**2
"""Bytes of all files together."""
MODES: dict[Kind, tuple[str, ...]] = {
    "series": ("entity", "variable", "time"),
    "volume": ("x", "y", "z"),
    "raster": ("row", "column", "band"),
}
MOST_LAYERS = 64
Files = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, eq=False)
class OwnModel:
    """A brought model with what it said about the analyses of its session; both go when it is put away."""

    model: HOTModel
    made: WeakKeyDictionary[Analysis, Analysis] = field(default_factory=WeakKeyDictionary)

    def of(self, analysis: Analysis) -> Analysis:
        """The same input analysed by this model, once.

        Returns:
            Its analysis.

        Raises:
            ModelError: when it does not take the input, or fails on it.
        """
        if analysis not in self.made:
            try:
                settings = Settings.model_validate(analysis.provenance["settings"])
                self.made[analysis] = analyse(analysis.sample, self.model, settings)
            except HotError:
                raise
            except Exception as error:  # a foreign description may combine sizes in ways that nobody has tried
                raise ModelError(
                    f"Your model fails on this input ({type(error).__name__}). Compare its config.json with that of a "
                    "bundled model of this kind."
                ) from error
        return self.made[analysis]


def own_model(files: Files, kind: Kind) -> OwnModel:
    """Load a model from uploaded files.

    Args:
        files: names and bytes: model.safetensors and config.json, with familiarity.safetensors where there is one; or
            a zip of these.
        kind: what it has to take.

    Returns:
        The model in evaluation mode.

    Raises:
        ModelError: when files are missing, damaged, too large, do not belong together, or are of another kind.
        ShapeError: when the sizes in config.json contradict each other.
    """
    parts = _parts(files)
    with tempfile.TemporaryDirectory(prefix="hot-lens-") as place:
        folder = Path(place) / "your model"
        folder.mkdir(mode=0o700)
        for name, data in parts.items():
            (folder / name).write_bytes(data)
        try:
            _check(folder, kind, len(parts[WEIGHTS]))
            return OwnModel(load_model(folder))
        except HotError:
            raise
        except Exception as error:  # the description comes from anywhere: whatever it breaks, the page stays
            raise ModelError(
                f"The files do not describe a model that can be built ({type(error).__name__}). Bring "
                f"{WEIGHTS} and {CONFIG} as they were saved together."
            ) from error


def _parts(files: Files) -> dict[str, bytes]:
    """What belongs to a model, by the names that the library expects; nothing else is read."""
    if sum(len(data) for _, data in files) > LARGEST:
        raise ModelError(f"The files have more than {megabytes(LARGEST)}. Bring a smaller model.")
    found: dict[str, bytes] = {}
    for name, data in _unpacked(files):
        role = _role(name)
        if role is None:
            continue
        if role in found:
            raise ModelError(f"There are two files for {role}. Bring one model at a time.")
        found[role] = data
    missing = [name for name in (WEIGHTS, CONFIG) if name not in found]
    if missing:
        raise ModelError(
            f"{' and '.join(missing)} did not come with it. Bring {WEIGHTS} and {CONFIG}, or a zip of both."
        )
    found[CONFIG] = _plain(found[CONFIG], LEARNT in found)
    return found


def _unpacked(files: Files) -> Files:
    """The files themselves, those of a zip in its place; names are only looked at, never written."""
    found: list[tuple[str, bytes]] = []
    for name, data in files:
        if not name.lower().endswith(".zip"):
            found.append((name, data))
            continue
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                wanted = [entry for entry in archive.infolist() if _role(entry.filename) is not None]
                if sum(entry.file_size for entry in wanted) > LARGEST:
                    raise ModelError(f"The zip holds more than {megabytes(LARGEST)}. Bring a smaller model.")
                found += [(entry.filename, archive.read(entry)) for entry in wanted]
        except DAMAGED as error:
            raise ModelError("The zip is damaged or locked. Pack the two files again, without a password.") from error
    return found


def _role(name: str) -> str | None:
    """Which of a model's files a name means; browsers rename second copies, so the ending counts."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    if last.startswith((".", "__")):
        return None
    if last.endswith(".safetensors"):
        return LEARNT if last.startswith("familiarity") else WEIGHTS
    return CONFIG if last.endswith(".json") else None


def _plain(config: bytes, learnt: bool) -> bytes:
    """The description without what it says of files that did not come; text that is no description stays as it is."""
    try:
        described = json.loads(config)
    except RecursionError:
        return b""
    except ValueError:
        return config
    if not isinstance(described, dict):
        return config
    kept = ("model", "weights_sha256", *(["familiarity"] if learnt else []))
    return json.dumps({name: described[name] for name in kept if name in described}).encode()


def _check(folder: Path, kind: Kind, size: int) -> None:
    """Refuse what is of another kind, or would take more memory than its weights' file justifies."""
    _, config = read_config(folder)
    if config.kind != kind:
        raise ModelError(
            f"This model takes a {KIND_WORDS[config.kind]}, and the page shows a {KIND_WORDS[kind]}. Bring it there."
        )
    if config.modes != MODES[kind] or len(config.patch) != len(config.modes) or min(config.patch) < 1:
        raise ModelError(
            f"The config.json names the modes {', '.join(config.modes)} with patches {config.patch}; a model of a "
            f"{KIND_WORDS[kind]} has {', '.join(MODES[kind])} and one patch size of at least 1 for each."
        )
    if not 0 < config.layers <= MOST_LAYERS:
        raise ModelError(f"The config.json names {config.layers} layers; there can be 1 to {MOST_LAYERS}.")
    if _weights(config) > size:
        raise ModelError(
            "The config.json describes a larger model than the weights' file holds: they do not belong together."
        )


def _weights(config: ModelConfig) -> int:
    """How many weights a model has, each at least a byte of its file, counted without giving them any memory."""
    with torch.device("meta"):
        return sum(weights.numel() for weights in build_model(config).parameters())
