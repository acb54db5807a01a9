"""The forms of attention at one width, made without data, so that a layer can be compared with its siblings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeGuard

import torch
from torch import nn

from hot_core.attention import AxialAttention, DividedAttention, FullAttention, KroneckerAttention, TensorAttention
from hot_core.cost.formulas import Setting
from hot_core.cost.project_first import ProjectFirstAttention

Attention: TypeAlias = (
    KroneckerAttention | FullAttention | AxialAttention | DividedAttention | TensorAttention | ProjectFirstAttention
)

FORMS = ("full", "project-first", "product", "sum", "linear", "axial", "divided")
"""Every form of attention that a cost is given for.

`full`: fused, over all pairs of tokens. `project-first`: the product in the official code's order of
work. `product`, `sum`: mode-wise factors, pooled first. `linear`: the product with linear factors.
`axial`: along lines, summed. `divided`: along one mode after another. Attention over tuples of keys
(`tensor`) is counted where it is used, and not offered in the place of another: it computes more, not the same.
"""

NAMES: Mapping[str, str] = {
    "full": "full attention",
    "project-first": "the official formulation",
    "product": "Kronecker product attention",
    "sum": "Kronecker sum attention",
    "linear": "linear Kronecker attention",
    "axial": "axial attention",
    "divided": "divided attention",
    "tensor": "attention over tuples of keys",
}
"""The forms in words."""


def is_attention(module: nn.Module) -> TypeGuard[Attention]:
    """Whether it is an attention whose cost is known."""
    return isinstance(module, Attention)


def form_of(module: nn.Module) -> str:
    """The form of an attention; `linear` for linear factors, whether multiplied or summed."""
    if isinstance(module, KroneckerAttention):
        return "linear" if module.kernel == "linear" else module.combine
    if isinstance(module, FullAttention):
        return "full"
    if isinstance(module, TensorAttention):
        return "tensor"
    if isinstance(module, ProjectFirstAttention):
        return "project-first"
    return "axial" if isinstance(module, AxialAttention) else "divided"


def setting_of(module: Attention, sizes: tuple[int, ...]) -> Setting:
    """What the formulas need to know of an attention on a token grid."""
    return Setting(
        dim=module.dim,
        heads=module.heads,
        sizes=sizes,
        share_qk=getattr(module, "share_qk", False),
        features=getattr(module, "features", 0) or 2 * (module.dim // module.heads),
        causal_modes=getattr(module, "causal_modes", ()),
        groups=getattr(module, "groups", ()),
        order=getattr(module, "order", 2),
    )


def sibling(s: Setting) -> Setting:
    """The setting of another form: width, grid, shared projections and features are kept, the rest is plain."""
    return Setting(s.dim, s.heads, s.sizes, s.share_qk, s.features)


def build(form: str, s: Setting, dtype: torch.dtype) -> nn.Module:
    """A layer of a form on the meta device: shapes, no data.

    Returns:
        The module in evaluation mode.
    """
    modes, shared = len(s.sizes), s.share_qk
    make: dict[str, Callable[[], nn.Module]] = {
        "full": lambda: FullAttention(s.dim, s.heads),
        "project-first": lambda: ProjectFirstAttention(s.dim, modes, s.heads, share_qk=shared),
        "product": lambda: KroneckerAttention(s.dim, modes, s.heads, "product", share_qk=shared),
        "sum": lambda: KroneckerAttention(s.dim, modes, s.heads, "sum", share_qk=shared),
        "linear": lambda: KroneckerAttention(
            s.dim, modes, s.heads, "product", kernel="linear", features=s.features, share_qk=shared
        ),
        "axial": lambda: AxialAttention(s.dim, modes, s.heads),
        "divided": lambda: DividedAttention(s.dim, modes, s.heads),
    }
    with torch.device("meta"):
        return make[form]().to(dtype).eval()
