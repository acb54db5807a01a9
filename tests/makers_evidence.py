"""Small models made by hand, of which it is known what their predictions hang on, and small files for them.

A planted model takes the mean square of a token's valid values as its content. Each head of the real Kronecker
attention looks where its codes say, whatever the data are; it carries the content, or nothing. The prediction at a
token is what the attention brought there, or a sum over known tokens past the attention, or the lower or upper of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

import hot_core as hot
from hot_core.analysis.result import Analysis
from hot_core.models import HOTModel, ModelConfig
from hot_core.models.patches import pad_to_multiple, patchify, token_mask
from tests.makers_samples import geotiff, long_csv, nifti

CONTENT, FIRST, SECOND, CODES = 0, 1, 2, 4
"""Features of a token: its content, what each layer brought, then cos and sin for each head and mode."""
ALONG = torch.tensor([1.0, -1.0] * 4)
ACROSS = torch.tensor([1.0, 1.0, -1.0, -1.0] * 2)
"""Of mean 0, variance 1 and at right angles, so that the layer norms leave `cos · ALONG + sin · ACROSS` as it is."""
SIZES = {"series": (7, 3, 11), "segment": (7, 5, 6), "classify": (6, 7, 5), "raster": (8, 9, 3)}
"""Tokens along each mode, for each kind of data and task."""
PATCH = {"series": (1, 1, 4), "segment": (2, 2, 2), "classify": (2, 2, 2), "raster": (2, 2, 1)}
ROLES = ("blue", "green", "red")
FAINT = 0.4
"""The values of tokens without signal beside those with it."""


@dataclass(frozen=True)
class Plan:
    """What is planted.

    Attributes:
        kind: a key of `SIZES`.
        looks: for each head and mode, the slices that it looks at; () for all alike.
        carries: for each head, how much of the content it carries.
        path: "attention", "direct", "both" (sum), "lower", "upper" of the two, or "constant".
        direct: bool of the token grid: the tokens whose mean content goes past the attention.
        query: the token where the prediction is read.
        combine: "product" or "sum".
        layers: 1 or 2; the second carries on what the first brought.
        strength: how sharply a head looks.
        written: what the output projection is multiplied with.
        seed: of the data, and of the order of places that a head does not look at.
        missing: the share of tokens without data.
        empty: bool of the token grid: tokens with data, and a content of nothing.
    """

    kind: str
    looks: tuple
    query: tuple[int, ...]
    carries: tuple[float, ...] = (1.0, 1.0)
    path: str = "attention"
    direct: np.ndarray | None = None
    combine: str = "product"
    layers: int = 1
    strength: float = 1.0
    written: float = 1.0
    seed: int = 0
    missing: float = 0.0
    empty: np.ndarray | None = None


def config_of(plan: Plan) -> ModelConfig:
    common = {"patch": PATCH[plan.kind], "dim": 16, "heads": 2, "layers": plan.layers, "mlp": 8, "stem": 4}
    common |= {"combine": plan.combine, "name": f"planted-{plan.kind}"}
    space = {"kind": "volume", "modes": ("x", "y", "z"), "classes": ("ground", "found")}
    own = {
        "series": {
            "task": "forecast", "kind": "series", "modes": ("entity", "variable", "time"), "horizon": 3,
            "lookback": SIZES["series"][-1] * PATCH["series"][-1],
        },
        "segment": {"task": "segment", **space},
        "classify": {"task": "classify", "grid": SIZES["classify"], **space},
        "raster": {
            "task": "segment", "kind": "raster", "modes": ("row", "column", "band"), "roles": ROLES,
            "classes": ("ground", "found"),
        },
    }  # fmt: skip
    return ModelConfig(**common, **own[plan.kind])


class Planted(HOTModel):
    """A model whose reasons are known, see `Plan`."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(config_of(plan))
        self.plan, self.sizes = plan, SIZES[plan.kind]
        rng = np.random.default_rng(plan.seed)
        self.codes = nn.ParameterList()
        for head in range(2):
            for mode, size in enumerate(self.sizes):
                self.codes.append(angles(size, plan.looks[head][mode], rng))
        direct = np.zeros(self.sizes) if plan.direct is None else plan.direct / plan.direct.sum()
        self.register_buffer("direct", torch.from_numpy(direct).float())
        with torch.no_grad():
            for layer, block in enumerate(self.trunk.blocks):
                self.plant(block.attention, layer)

    def plant(self, attention, layer):
        plan, modes = self.plan, len(self.sizes)
        for module in (attention.value, attention.output, *attention.query, *attention.key):
            module.weight.zero_()
            module.bias.zero_()
        attention.query_norm.weight.fill_(plan.strength)
        for mode in range(modes):
            attention.query[mode].bias.copy_(ALONG.repeat(2))
            for head in range(2):
                at, rows = CODES + 2 * (head * modes + mode), slice(8 * head, 8 * head + 8)
                attention.key[mode].weight[rows, at] = ALONG
                attention.key[mode].weight[rows, at + 1] = ACROSS
        for head in range(2):
            attention.value.weight[8 * head, CONTENT if layer == 0 else FIRST] = plan.carries[head]
            attention.output.weight[FIRST if layer == 0 else SECOND, 8 * head] = plan.written

    def tokens(self, values, mask):
        """Features of every token, and which hold data."""
        patch = self.config.patch
        mask = pad_to_multiple(mask, patch)
        values = torch.where(mask, pad_to_multiple(values, patch), 0.0)
        count = patchify(mask, patch).sum(-1).clamp(min=1)
        content = patchify(values.square(), patch).sum(-1) / count
        features = [content, *[torch.zeros_like(content)] * 3]
        for number, code in enumerate(self.codes):
            mode = number % len(self.sizes)
            shape = [1, *[1] * mode, -1, *[1] * (len(self.sizes) - 1 - mode)]
            features += [part.reshape(shape).expand_as(content) for part in code.unbind(-1)]
        return torch.stack(features, dim=-1), token_mask(mask, patch)

    def ways(self, values, mask, record=None):
        """What the attention brings to every token, and what goes past it."""
        x, valid = self.tokens(values, mask)
        for block in self.trunk.blocks:
            x = x + block.attention(x, valid, record)
        past = (x[..., CONTENT] * self.direct).flatten(1).sum(1).reshape(-1, *[1] * len(self.sizes))
        return x[..., SECOND if self.plan.layers == 2 else FIRST], past

    def forward(self, values, mask, record=None, roles=None):
        brought, past = self.ways(values, mask, record)
        shown = {
            "attention": brought, "direct": past + 0 * brought, "both": brought + past,
            "lower": torch.minimum(brought, past), "upper": torch.maximum(brought, past),
            "constant": torch.full_like(brought, 0.7),
        }[self.plan.path]  # fmt: skip
        return self.read(shown, values)

    def read(self, shown, values):
        task = self.config.task
        if task == "forecast":
            return shown[:, :, :, -1, None] * torch.tensor([1.0, 0.5, 2.0])
        if task == "classify":
            logit = shown[(slice(None), *self.plan.query)]
            return torch.stack([torch.zeros_like(logit), logit], dim=1)
        for axis, step in enumerate(self.config.patch, start=1):
            shown = shown.repeat_interleave(step, axis)
        shown = shown[tuple(slice(0, size) for size in (len(shown), *values.shape[1:]))]
        shown = shown[..., self.plan.query[2]] if self.config.kind == "raster" else shown
        return torch.stack([torch.zeros_like(shown), shown], dim=1)


def angles(size: int, looks: tuple[int, ...], rng: np.random.Generator) -> nn.Parameter:
    """cos and sin of every slice: about 1 where a head looks, any way elsewhere but not there; 1 for `looks=()`."""
    cos = np.ones(size)
    if looks:
        cos = rng.uniform(-1, 0.1, size)
        cos[list(looks)] = rng.uniform(0.94, 1, len(looks))
    return nn.Parameter(torch.tensor(np.stack([cos, np.sqrt(1 - cos**2)], -1), dtype=torch.float32))


def sample_of(plan: Plan) -> tuple[hot.Sample, hot.Settings]:
    """A small file of the plan's kind, read; with the settings that take all of it."""
    rng = np.random.default_rng(1000 + plan.seed)
    sizes, patch = SIZES[plan.kind], PATCH[plan.kind]
    native = tuple(size * step for size, step in zip(sizes, patch, strict=True))
    size = blown(np.where(signal_of(plan), 1.0, FAINT) * rng.uniform(0.8, 1.2, sizes), patch)
    values = size * rng.uniform(0.9, 1.1, native) * rng.choice([-1.0, 1.0], native)
    gone = rng.random(sizes) < plan.missing
    gone[plan.query] = False
    gone = blown(gone, patch)
    empty = blown(np.zeros(sizes, bool) if plan.empty is None else plan.empty, patch)
    if plan.kind == "series":
        names = tuple(f"S{number}" for number in range(sizes[0]))
        units = dict.fromkeys(("heat", "wind", "rain"), "m/s")
        return hot.read(long_csv(np.where(gone, np.nan, 20 + 5 * values), names, units), "a.csv"), hot.Settings()
    region = tuple((0, size) for size in native)
    if plan.kind == "raster":
        values = np.where(gone, -9999.0, np.where(empty, 0.0, values)).astype("float32")
        content = geotiff(values, rasterio_transform(), nodata=-9999.0, descriptions=ROLES)
        return hot.read(content, "a.tif"), hot.Settings(region=region[:2])
    shape = plan.kind == "classify"
    values = (rng.random(native) < size / 1.2).astype(float) if shape else values + 3
    values = np.where(empty, 0.0 if shape else values.min(), values)
    content = nifti(np.where(gone, np.nan, values).astype("float32"), np.eye(4))
    return hot.read(content, "a.nii"), hot.Settings(region=region)


def signal_of(plan: Plan) -> np.ndarray:
    """Which tokens the prediction is made of, bool of the token grid; all where a head looks everywhere."""
    found = np.zeros(SIZES[plan.kind], bool) if plan.direct is None else plan.direct.copy()
    for slices, carried in zip(plan.looks, plan.carries, strict=True):
        if carried == 0 or plan.path in ("direct", "constant"):
            continue
        if plan.combine == "product":
            found[np.ix_(*[list(own) or range(n) for own, n in zip(slices, found.shape, strict=True)])] = True
        for mode, own in enumerate(slices if plan.combine == "sum" else ()):
            for at in own:
                found[(*plan.query[:mode], at, *plan.query[mode + 1 :])] = True
    return found


def blown(tokens: np.ndarray, patch: tuple[int, ...]) -> np.ndarray:
    """Tokens as native positions."""
    for axis, step in enumerate(patch):
        tokens = tokens.repeat(step, axis)
    return tokens


def rasterio_transform():
    from rasterio.transform import from_origin

    return from_origin(500_000, 5_000_000, 30, 30)


def planted(plan: Plan) -> tuple[Analysis, Planted]:
    """The model and its analysis."""
    model = Planted(plan).eval()
    sample, settings = sample_of(plan)
    return hot.analyse(sample, model, settings), model
