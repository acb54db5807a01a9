"""A screenful of the whole map of N × N entries, each pixel an exact mean: time, and the growth of the process."""

import sys

import torch

from hot_core.kronecker import KroneckerMap, KroneckerMixture
from tests.benchmarks.memory import growth, in_a_fresh_process

VIEW = "view"


def kronecker_map(sizes, heads):
    """A map of softmax factors; of several heads in equal shares."""
    torch.manual_seed(0)
    maps = [KroneckerMap(tuple(torch.randn(n, n).softmax(-1) for n in sizes)) for _ in range(heads)]
    return maps[0] if heads == 1 else KroneckerMixture.equal(maps)


def whole(kmap, pixels):
    """The whole map on `pixels` × `pixels`."""
    return kmap.view((0, kmap.shape[0]), (0, kmap.shape[1]), pixels, pixels)


def view_cases(settings):
    cases = {}
    for sizes, heads in settings.views:
        kmap = kronecker_map(sizes, heads)
        cases[VIEW, view_name(sizes), str(heads)] = lambda kmap=kmap: whole(kmap, settings.pixels)
    return cases


def view_memory(settings):
    """Bytes by which the largest resident size grows, in a process of its own."""
    return {
        (VIEW, view_name(sizes), str(heads)): in_a_fresh_process(settings.pixels, heads, *sizes)
        for sizes, heads in settings.views
    }


def view_name(sizes):
    return "×".join(map(str, sizes))


def main():
    pixels, heads, *sizes = map(int, sys.argv[1:])
    kmap = kronecker_map(tuple(sizes), heads)
    whole(kronecker_map((2, 3), heads), 7)  # what the first call of all loads is not the view's
    print(growth(lambda: whole(kmap, pixels)))


if __name__ == "__main__":
    main()
