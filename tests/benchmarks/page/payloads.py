"""How many bytes the browser is sent for a map, for every bundled sample and model."""

import math
from dataclasses import dataclass

import hot_core as hot
from app.content import BUNDLED, SAMPLES
from hot_core.figures.canvas import Picture, encode, grid_coordinates

STRONGEST = 10


@dataclass(frozen=True)
class Payload:
    """One sample under its model: bytes for one head (the most of all) and for all heads at once."""

    kind: str
    sample: str
    model: str
    sizes: tuple[int, ...]
    heads: int
    one: int
    all: int

    @property
    def a_head(self):
        """The most bytes that a head costs, alone or among all."""
        return max(self.one, math.ceil(self.all / self.heads))

    @property
    def dense(self):
        """What one head's map would take in float32 as a matrix."""
        return 4 * math.prod(self.sizes) ** 2


def payloads(say):
    """All bundled samples, each with the model that fits it."""
    found = []
    for kind, samples in BUNDLED.items():
        for sample in samples:
            found.append(payload(kind, sample))
            say(f"{sample.title}: {found[-1].a_head:,} bytes a head")
    return found


def payload(kind, sample):
    analysis = hot.analyse(hot.read(str(SAMPLES / sample.file)), hot.load_model(sample.model))
    record = analysis.record
    coordinates = grid_coordinates(analysis.grid, analysis.sample.geometry)
    one = max(
        len(encoded(analysis, coordinates, layer, head))
        for layer in range(record.num_layers)
        for head in range(record.num_heads)
    )
    every = max(len(encoded(analysis, coordinates, layer, None)) for layer in range(record.num_layers))
    return Payload(kind, sample.title, sample.model, tuple(analysis.grid.shape), record.num_heads, one, every)


def encoded(analysis, coordinates, layer, head):
    """A payload like the page's, with the longest numbers that its entries and its chosen pair can have."""
    kmap = analysis.kronecker_map(layer, head)
    record_modes, tokens = analysis.record.modes, kmap.shape[0]
    about = "What this picture is and is not, in two sentences of about the length that the page writes. " * 3
    picture = Picture(
        title=f"Layer {layer}, head {head}",
        formula=" ⊗ ".join(record_modes),
        about=about,
        uniform=1 / tokens,
        limit=1 / 3,
        limit_words="all layers and heads",
        top=[(tokens - 1, tokens - 1, 1 / 3)] * STRONGEST,
        query=tokens - 1,
        key=tokens - 1,
    )
    return encode(kmap, coordinates, picture)


def page_sizes(found):
    """The tokens of each mode on the page that a kind opens with: its first sample."""
    return {payload.kind: payload.sizes for payload in reversed(found)}
