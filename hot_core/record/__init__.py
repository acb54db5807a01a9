"""What the attention layers leave behind when asked; filled by argument, never by hooks."""

from hot_core.record.layers import LayerFactors, LayerRows
from hot_core.record.record import AttentionRecord

__all__ = ["AttentionRecord", "LayerFactors", "LayerRows"]
