"""What an analysis ran on: the processor, its memory and its graphics card; never the machine's name."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

GIB = 2**30


def hardware() -> dict[str, Any]:
    """The machine, as plain values.

    Returns:
        `system`, `processor`, `cores` that this process may use, `threads` of torch, `memory_gib` (None where the
        system does not tell) and `gpu` (None where torch sees none).
    """
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "memory_gib": memory(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def words(found: dict[str, Any]) -> str:
    """The same in a sentence."""
    memory = "" if found["memory_gib"] is None else f", {found['memory_gib']:g} GiB of memory"
    gpu = found["gpu"] or "no GPU"
    return f"{found['processor']}, {found['cores']} cores ({found['threads']} used by torch){memory}, {gpu}"


def processor(told: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model, as the system names it."""
    try:
        lines = told.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine() or "unknown"


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> float | None:
    """Memory in GiB, to a tenth; None where the system does not tell."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1)
    except (AttributeError, OSError, ValueError):
        return None
