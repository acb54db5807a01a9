"""The questions of the papers as commands, `python -m hot_core experiment NAME`: table, figure and answer."""

from hot_core.experiments.catalogue import NAMES, find, run
from hot_core.experiments.finding import Column, Experiment, Finding, Plan, Table

__all__ = ["NAMES", "Column", "Experiment", "Finding", "Plan", "Table", "find", "run"]
