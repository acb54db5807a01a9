"""HOT Lens: Higher-Order Transformers whose Kronecker-structured attention can be seen and questioned.

import hot_core as hot

sample = hot.read("scan.nii.gz")
model = hot.load_model("hippocampus")
analysis = hot.analyse(sample, model)
kmap = analysis.kronecker_map(layer=0, head=2)
"""

from hot_core.analysis import Analysis
from hot_core.attention import (
    AxialAttention,
    BoundedResult,
    DividedAttention,
    FullAttention,
    KroneckerAttention,
    TensorAttention,
    bounded_tensor_attention,
    tensor_attention,
)
from hot_core.cost import cost
from hot_core.errors import HotError
from hot_core.io import read
from hot_core.kronecker import KroneckerMap, KroneckerMixture, nearest_kronecker
from hot_core.models import list_models, load_model
from hot_core.modes import Mode, Sample
from hot_core.pipeline import Settings, analyse
from hot_core.record import AttentionRecord

__all__ = [
    "Analysis",
    "AttentionRecord",
    "AxialAttention",
    "BoundedResult",
    "DividedAttention",
    "FullAttention",
    "HotError",
    "KroneckerAttention",
    "KroneckerMap",
    "KroneckerMixture",
    "Mode",
    "Sample",
    "Settings",
    "TensorAttention",
    "analyse",
    "bounded_tensor_attention",
    "cost",
    "list_models",
    "load_model",
    "nearest_kronecker",
    "read",
    "tensor_attention",
]
