"""`hot.cost`: count a module as it is, then again with every other form of attention in the place of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from hot_core.attention import FullAttention, TensorAttention
from hot_core.cost.checks import check_forms, check_rank, checked_sizes, needs, overflowed, too_large_said
from hot_core.cost.dry_run import dry_macs, dry_peak, without_data
from hot_core.cost.forms import FORMS, Attention, build, form_of, is_attention, setting_of, sibling
from hot_core.cost.formulas import COEFFICIENTS, MACS, Setting
from hot_core.cost.project_first import ProjectFirstAttention
from hot_core.cost.result import Cost, FormCost
from hot_core.errors import ModelError, ShapeError
from hot_core.models import Block, HOTModel

MAX_MODES = 5
"""The most modes that every form of attention takes."""


def cost(module: nn.Module, shape: Sequence[int], batch: int = 1, *, forms: Sequence[str] = FORMS) -> Cost:
    """Count parameters, multiply–adds, attention weights and peak memory, without running anything.

    Nothing of the size that is asked about is allocated: multiply–adds of attention come from closed
    formulas (`hot_core.cost.formulas`), those of the other parts of a block or model and the peak of
    memory from a forward pass of shapes on torch's meta device. A model is counted with a mask, as it
    is run; an attention or a block without.

        hot.cost(hot.KroneckerAttention(128, 2), (862, 24)).sentence()
        hot.cost(hot.load_model("hippocampus"), (36, 52, 36)).savings("full").macs

    Args:
        module: an attention of this library, a `Block`, or a model from `load_model`.
        shape: for an attention or a block the token grid `(n_1, …, n_k)`; for a model the native sizes
            of its input, one for each of its modes.
        batch: elements of the batch.
        forms: the forms to compare with, all of them unless fewer are wanted sooner; each is a dry run
            of its own. The module's own form is always among them.

    Returns:
        The numbers of the module, and under `forms` of the same module with every other form.

    Raises:
        ShapeError: when the shape has another number of modes than the module, or a size below 1, the
            model does not take these sizes, or they are too large to be counted.
        SelectionError: when there is no such form.
        ModelError: when the module is none of these.
    """
    sizes, batch = checked_sizes(shape), checked_sizes((batch,), "batch")[0]
    check_forms(forms)
    with too_large_said(sizes, batch):
        subject = Subject.of(module, sizes, batch)
        own = subject.own()
        every = FORMS if own.form in FORMS else (own.form, *FORMS)
        chosen = [form for form in every if form in forms or form == own.form]
        counted = [own if form == own.form else subject.with_form(form) for form in chosen]
    return Cost(subject.name, subject.grid, batch, own, tuple(counted))


@dataclass(frozen=True, eq=False)
class Subject:
    """A module to count: where its attention layers are, what goes in, and what the rest of it costs.

    Attributes:
        name: "attention", "block" or the model's name.
        module: the module itself; only read.
        inputs: the arguments of its call, tensors without data.
        grid: the token grid that its attention sees.
        layers: its attention layers by their path; "" is the module itself.
        rest_macs: multiply–adds of everything but these layers, for the whole batch.
    """

    name: str
    module: nn.Module
    inputs: dict[str, Any]
    grid: tuple[int, ...]
    layers: dict[str, Attention]
    rest_macs: int

    @classmethod
    def of(cls, module: nn.Module, sizes: tuple[int, ...], batch: int) -> Subject:
        """Look at the module, and run its shapes once without attention.

        Returns:
            The subject.
        """
        name, inputs = inputs_of(module, sizes, batch)
        layers = {path: part for path, part in module.named_modules() if is_attention(part)}
        witness = Witness()
        skeleton = replaced(without_data(module), layers, lambda _: witness)
        try:
            rest = dry_macs(skeleton, inputs)
        except (RuntimeError, ValueError, IndexError) as error:
            if overflowed(error):
                raise
            raise ShapeError(f"hot.cost: {name!r} does not take the native sizes {sizes}; {needs(module)}") from error
        return cls(name, module, inputs, witness.grid, layers, rest)

    def own(self) -> FormCost:
        """The cost of the module as it is."""
        forms = sorted({form_of(layer) for layer in self.layers.values()})
        if len(forms) != 1:
            raise ModelError(
                f"hot.cost: {self.name!r} mixes the forms {', '.join(forms)}; count its layers one by one."
            )
        settings = {path: setting_of(layer, self.grid) for path, layer in self.layers.items()}
        return self._counted(forms[0], settings, without_data(self.module))

    def with_form(self, form: str) -> FormCost:
        """The cost of the module with another form in the place of its attention."""
        settings = {path: sibling(setting_of(layer, self.grid)) for path, layer in self.layers.items()}
        dtype = self._tokens.dtype
        skeleton = replaced(without_data(self.module), self.layers, lambda path: build(form, settings[path], dtype))
        return self._counted(form, settings, skeleton)

    @property
    def _tokens(self) -> Tensor:
        """The first argument: tokens, or a model's values."""
        return next(iter(self.inputs.values()))

    def _counted(self, form: str, settings: dict[str, Setting], skeleton: nn.Module) -> FormCost:
        batch = self._tokens.shape[0]
        skeleton = maskless(skeleton, self.layers)
        return FormCost(
            form,
            parameters=sum(weight.numel() for weight in skeleton.parameters()),
            macs=self.rest_macs + batch * sum(MACS[form](setting) for setting in settings.values()),
            coefficients=max(COEFFICIENTS[form](setting) for setting in settings.values()),
            peak_bytes=dry_peak(skeleton, self.inputs),
        )


class Witness(nn.Module):
    """Stands in for attention: hands on what it gets and remembers the token grid."""

    grid: tuple[int, ...] = ()

    def forward(self, x: Tensor, mask: Tensor | None = None, record: object = None) -> Tensor:
        """[batch, n_1, …, n_k, dim] → the same."""
        self.grid = tuple(x.shape[1:-1])
        return x


class Maskless(nn.Module):
    """The official formulation in the place of an attention with masks: it is counted without the mask it lacks."""

    def __init__(self, attention: ProjectFirstAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x: Tensor, mask: Tensor | None = None, record: object = None) -> Tensor:
        """[batch, n_1, …, n_k, dim] → the same; the mask takes no part."""
        return cast(Tensor, self.attention(x))


def maskless(skeleton: nn.Module, layers: dict[str, Attention]) -> nn.Module:
    """The skeleton with its layers of the official formulation taking masks without using them."""
    for path in layers:
        layer = skeleton.get_submodule(path)
        if path and isinstance(layer, ProjectFirstAttention):
            skeleton.set_submodule(path, Maskless(layer))
    return skeleton


def replaced(skeleton: nn.Module, layers: dict[str, Attention], make: Callable[[str], nn.Module]) -> nn.Module:
    """The skeleton with another module at the path of each attention layer."""
    for path in layers:
        if not path:
            return make(path)
        skeleton.set_submodule(path, make(path))
    return skeleton


def inputs_of(module: nn.Module, sizes: tuple[int, ...], batch: int) -> tuple[str, dict[str, Any]]:
    """The name of a module and the arguments of its call, tensors on the meta device.

    Returns:
        Name, and tokens, or values and mask. Fewer bands than a model knows are its first ones; which
        they are does not change the cost.

    Raises:
        ShapeError: when the sizes are not one for each mode.
        ModelError: when the module is not known.
    """
    if isinstance(module, HOTModel):
        config = module.config
        check_rank(config.name, sizes, config.modes)
        values = torch.empty(batch, *sizes, dtype=next(module.parameters()).dtype, device="meta")
        mask = torch.empty(batch, *sizes, dtype=torch.bool, device="meta")
        bands = {"roles": config.roles[: sizes[-1]]} if config.roles else {}
        return config.name, {"values": values, "mask": mask, **bands}
    attention: nn.Module = module.attention if isinstance(module, Block) else module
    if not is_attention(attention):
        raise ModelError(
            f"hot.cost: the cost of {type(attention).__name__} is not known. Hand it an attention of hot_core, "
            "a Block with one, or a model from load_model."
        )
    modes = (
        min(len(sizes), MAX_MODES) if isinstance(attention, FullAttention | TensorAttention) else attention.num_modes
    )
    check_rank(type(attention).__name__, sizes, tuple(f"n_{mode + 1}" for mode in range(modes)))
    weight = next(attention.parameters())
    x = torch.empty(batch, *sizes, attention.dim, dtype=weight.dtype, device="meta")
    return ("block" if isinstance(module, Block) else "attention"), {"x": x}
