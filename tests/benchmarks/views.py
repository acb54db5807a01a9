"""A screenful of the whole map of N × N entries, each pixel an exact mean: time, and the growth of the process."""

import sys

import torch

from hot_core.kronecker import KroneckerMap, KroneckerMixture
from tests.benchmarks.memory import growth, in_a_fresh_process
from tests.benchmarks.settings import View


def kronecker_map(view):
    """A map of softmax factors; of several heads in equal shares."""
    torch.manual_seed(0)
    maps = [
        KroneckerMap(tuple(torch.randn(n, n).softmax(-1) for n in view.sizes), view.combine) for _ in range(view.heads)
    ]
    return maps[0] if view.heads == 1 else KroneckerMixture.equal(maps)


def whole(kmap, pixels):
    """The whole map on `pixels` × `pixels`."""
    return kmap.view((0, kmap.shape[0]), (0, kmap.shape[1]), pixels, pixels)


def view_cases(settings):
    cases = {}
    for view in settings.views:
        kmap = kronecker_map(view)
        cases[view.key] = lambda kmap=kmap: whole(kmap, settings.pixels)
    return cases


def view_memory(settings):
    """Bytes by which the largest resident size grows, in a process of its own."""
    return {
        view.key: in_a_fresh_process(settings.pixels, view.combine, view.heads, *view.sizes) for view in settings.views
    }


def main():
    pixels, combine, heads, *sizes = sys.argv[1:]
    kmap = kronecker_map(View(tuple(map(int, sizes)), combine, int(heads)))
    whole(kronecker_map(View((2, 3), combine, int(heads))), 7)  # what the first call of all loads is not the view's
    print(growth(lambda: whole(kmap, int(pixels))))


if __name__ == "__main__":
    main()
