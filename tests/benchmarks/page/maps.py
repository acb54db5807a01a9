"""Maps of any size with coordinates, as the page would send them."""

import torch

from hot_core.figures.canvas import Coordinates, Picture, encode
from hot_core.figures.canvas.coordinates import ModeWords
from hot_core.figures.canvas.slots import Listed
from hot_core.kronecker import KroneckerMap, KroneckerMixture


def payload(drawn, seed=0):
    """The bytes of a random map: every row of a factor adds up to 1, weights spread over some powers of ten."""
    kmap = kronecker_map(drawn, seed)
    names = "xyz"[: len(drawn.sizes)]
    labels = [tuple(f"{2 * at - n} mm" for at in range(n)) for n in drawn.sizes]
    modes = tuple(ModeWords(name, name, words, "") for name, words in zip(names, labels, strict=True))
    slots = tuple(Listed(mode, words) for mode, words in enumerate(labels))
    template = tuple(piece for mode in range(len(slots)) for piece in (", ", mode))[1:]
    tokens = drawn.tokens
    uniform = (len(names) if drawn.combine == "sum" else 1) / tokens
    title, formula, chosen = "Random map", " ⊗ ".join(names), (tokens // 3, tokens // 2)
    picture = Picture(title, formula, "Random.", uniform, query=chosen[0], key=chosen[1], identity=drawn.name)
    return encode(kmap, Coordinates(modes, template, slots), picture)


def kronecker_map(drawn, seed):
    """One head, or the equal mixture of several."""
    torch.manual_seed(seed)
    maps = tuple(
        KroneckerMap(tuple(torch.randn(n, n).mul(2).softmax(-1) for n in drawn.sizes), drawn.combine)
        for _ in range(drawn.heads)
    )
    return maps[0] if drawn.heads == 1 else KroneckerMixture(maps, (1 / drawn.heads,) * drawn.heads)
