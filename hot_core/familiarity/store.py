"""A reference beside the weights: `familiarity.safetensors`, and what config.json says about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from hot_core.errors import ModelError
from hot_core.familiarity.reference import Reference

FILE = "familiarity.safetensors"


def save_reference(reference: Reference, folder: str | Path) -> dict[str, Any]:
    """Write the table.

    Args:
        reference: what is written.
        folder: the model's; made when it is not there.

    Returns:
        What belongs under "familiarity" in config.json.
    """
    path = Path(folder) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {
            "table": reference.table.astype(np.float32),
            "fold": reference.fold.astype(np.int32),
            "plain": reference.plain.astype(np.uint8),
        },
        path,
    )
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "names": list(reference.names),
        "false_alarm_rate": reference.false_alarm_rate,
    }


def load_reference(folder: str | Path, described: Mapping[str, Any]) -> Reference | None:
    """Read the table that belongs to a model.

    Args:
        folder: the model's.
        described: its config.json.

    Returns:
        The reference; None where config.json names none.

    Raises:
        ModelError: when the file is missing, damaged or another one than config.json names.
    """
    entry = described.get("familiarity")
    if entry is None:
        return None
    path = Path(folder) / FILE
    remedy = "Restore the folder from the release, or train the model again."
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise ModelError(
                f"{FILE} of model {Path(folder).name!r} does not match the hash in its config.json: the files are "
                f"damaged or do not belong together. {remedy}"
            )
        arrays = load_file(path)
        names = tuple(str(name) for name in entry["names"])
        return Reference(
            names, arrays["table"].astype(np.float64), arrays["fold"], arrays["plain"].astype(bool),
            float(entry["false_alarm_rate"]),
        )  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"{FILE} of model {Path(folder).name!r} cannot be read ({type(error).__name__}). {remedy}"
        ) from error
