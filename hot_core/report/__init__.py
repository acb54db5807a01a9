"""What can be filed: a self-contained report of one analysis, and its numbers beside it."""

from hot_core.report.choices import Choices, Inspection
from hot_core.report.document import report
from hot_core.report.folder import write
from hot_core.report.summary import Check, json_text, stamped, summary

__all__ = ["Check", "Choices", "Inspection", "json_text", "report", "stamped", "summary", "write"]
