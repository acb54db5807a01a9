"""What an attention or a model costs at a given size, for every form of attention, without running it."""

from hot_core.cost.measure import cost
from hot_core.cost.result import Cost, FormCost, Savings

__all__ = ["Cost", "FormCost", "Savings", "cost"]
