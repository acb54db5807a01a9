"""What every bundled model is: a module with its configuration, card and weights' hash."""

from __future__ import annotations

from torch import nn

from hot_core.familiarity import Reference
from hot_core.models.blocks import Trunk
from hot_core.models.config import ModelConfig


class HOTModel(nn.Module):
    """A Higher-Order Transformer for one task.

    The call is `model(values, mask, record=None)`: `values` and the bool `mask` (True = valid) share
    the shape [batch, native sizes of the modes]; values at invalid positions are ignored.

    Attributes:
        config: the architecture.
        card: the model card as Markdown, "" for a model that was not loaded from a folder.
        weights_sha256: hash of the weights' file, "" for a model that was not loaded from a folder.
        familiarity: the statistics of what was learnt from, None where they are not known.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = Trunk(config)
        self.card = ""
        self.weights_sha256 = ""
        self.familiarity: Reference | None = None
