"""Is an input like what a model has learnt from? Named statistics, their distance, and a threshold."""

from hot_core.familiarity.describe import describe
from hot_core.familiarity.reference import FOLDS, MOST_UNITS, Reference, Statistics
from hot_core.familiarity.result import UNKNOWN, Familiarity, Standout
from hot_core.familiarity.store import load_reference, save_reference

__all__ = [
    "FOLDS", "MOST_UNITS", "UNKNOWN", "Familiarity", "Reference", "Standout", "Statistics", "describe",
    "load_reference", "save_reference",
]  # fmt: skip
