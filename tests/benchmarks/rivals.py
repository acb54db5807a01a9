"""Who is compared: modules with the same tokens, width and heads, each as a forward and as a training step."""

import torch
from axial_attention import AxialAttention as PublishedAxial

from hot_core.attention import AxialAttention, FullAttention, KroneckerAttention
from hot_core.cost.project_first import ProjectFirstAttention
from hot_core.record import AttentionRecord
from tests.benchmarks.floor import Floor

OURS = "pool-first"
RIVALS = (OURS, "project-first", "full", "axial", "axial-attention")
FLOOR, RECORDING = "floor", "recording"
FORWARD, TRAINING = "forward", "forward and backward"


class Bench:
    """All rivals on one grid.

    Attributes:
        difference: the largest difference between the outputs of pool-first and project-first.
    """

    def __init__(self, grid, settings, device):
        self.grid, modes = grid, len(grid.sizes)
        dim, heads = settings.dim, settings.heads
        torch.manual_seed(0)
        self.x = torch.randn(grid.batch, *grid.sizes, dim, device=device)
        self.upstream = torch.randn_like(self.x)
        ours = KroneckerAttention(dim, modes, heads)
        self.modules = {
            OURS: ours,
            "project-first": ProjectFirstAttention.like(ours),
            "full": FullAttention(dim, heads),
            "axial": AxialAttention(dim, modes, heads),
            "axial-attention": PublishedAxial(dim, num_dimensions=modes, heads=heads, dim_index=-1),
        }
        for module in self.modules.values():
            module.to(device).eval()
        self.floor = Floor(grid.batch, grid.sizes, dim, heads, device)
        with torch.inference_mode():
            gap = self.modules["project-first"](self.x) - self.modules[OURS](self.x)
        self.difference = float(gap.abs().max())

    def forward_cases(self):
        """The cases of the forward table; run them in inference mode."""
        cases = {(FORWARD, self.grid.name, name): self._forward(module) for name, module in self.modules.items()}
        ours = self.modules[OURS]
        cases[FORWARD, self.grid.name, RECORDING] = self._forward(lambda x: ours(x, record=AttentionRecord()))
        cases[FORWARD, self.grid.name, FLOOR] = self.floor.forward
        return cases

    def training_cases(self):
        """Forward and backward, with the gradients of the input and of all weights."""
        cases = {(TRAINING, self.grid.name, name): self._training(module) for name, module in self.modules.items()}
        cases[TRAINING, self.grid.name, FLOOR] = self.floor.training
        return cases

    def _forward(self, module):
        def call():
            with torch.inference_mode():
                return module(self.x)

        return call

    def _training(self, module):
        def call():
            x = self.x.detach().requires_grad_()
            module(x).backward(self.upstream)
            module.zero_grad(set_to_none=True)

        return call
