"""HOT Lens: Higher-Order Transformers whose Kronecker-structured attention can be seen and questioned.

import hot_core as hot

sample = hot.read("scan.nii.gz")
model = hot.load_model("hippocampus")
analysis = hot.analyse(sample, model)
kmap = analysis.kronecker_map(layer=0, head=2)
"""

from hot_core.analysis import Analysis
from hot_core.attention import AxialAttention, DividedAttention, FullAttention, KroneckerAttention
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
    "DividedAttention",
    "FullAttention",
    "HotError",
    "KroneckerAttention",
    "KroneckerMap",
    "KroneckerMixture",
    "Mode",
    "Sample",
    "Settings",
    "analyse",
    "cost",
    "list_models",
    "load_model",
    "nearest_kronecker",
    "read",
]
