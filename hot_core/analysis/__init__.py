"""What the factors say: readings, fields over the data, and the result that carries them."""

from hot_core.analysis.result import Analysis
from hot_core.analysis.words import position_words

__all__ = ["Analysis", "position_words"]
