"""What the attention layers leave behind when asked; filled by argument, never by hooks."""

from hot_core.record.edit import Edit, edited
from hot_core.record.layers import HeadWeights, LayerFactors, LayerRows
from hot_core.record.record import AttentionRecord

__all__ = ["AttentionRecord", "Edit", "HeadWeights", "LayerFactors", "LayerRows", "edited"]
