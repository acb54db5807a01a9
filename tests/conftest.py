"""What every test stands on: shapes checked at run time, few threads, the sample files."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from jaxtyping import install_import_hook

import tests.runtime_types  # noqa: F401 - the hook looks it up by name and does not import it

# Before anything imports hot_core: every annotated call in it is checked against its shapes and types.
install_import_hook("hot_core", "tests.runtime_types.check")

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of the small real files that ship."""
    return ROOT / "sample_data"
