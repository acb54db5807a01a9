"""What leaves: fields and predictions in the input's geometry, factors, and what they say about themselves."""

from hot_core.export.factors import factors_bytes
from hot_core.export.fields import field_bytes, prediction_bytes
from hot_core.export.manifest import manifest

__all__ = ["factors_bytes", "field_bytes", "manifest", "prediction_bytes"]
