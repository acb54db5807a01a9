"""What the attention layers leave behind when asked; filled by argument, never by hooks."""

from hot_core.record.layers import HeadWeights, LayerFactors, LayerRows
from hot_core.record.record import AttentionRecord

__all__ = ["AttentionRecord", "HeadWeights", "LayerFactors", "LayerRows"]
