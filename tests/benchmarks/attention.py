"""Times what makes HOT worth it, on this machine: `make bench`.

One interleaved run: round after round every case once, in another order each time, so that a machine
that slows down slows all of them. The table gives medians; ratios compare within the run only.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

import torch

from hot_core.attention import FullAttention, KroneckerAttention
from hot_core.kronecker import KroneckerMap

DIM, HEADS = 128, 8
GRIDS = ((8, (7, 7, 7)), (1, (14, 14, 14)), (8, (21, 24)), (1, (66, 66)))
VIEWS = ((28, 28, 28), (100, 100, 100))
PIXELS = 512

Case = Callable[[], object]


def forwards(batch: int, sizes: tuple[int, ...]) -> dict[str, Case]:
    """One forward pass of each kind of attention on the same tokens."""
    x = torch.randn(batch, *sizes, DIM)
    modules: dict[str, torch.nn.Module] = {
        "full": FullAttention(DIM, HEADS),
        "product": KroneckerAttention(DIM, len(sizes), HEADS, "product"),
        "sum": KroneckerAttention(DIM, len(sizes), HEADS, "sum"),
    }
    return {name: (lambda module=module: module.eval()(x)) for name, module in modules.items()}


def view(sizes: tuple[int, ...]) -> Case:
    """A screenful of the whole map of N × N entries, each pixel an exact mean."""
    kmap = KroneckerMap(tuple(torch.softmax(torch.randn(n, n), -1) for n in sizes))
    return lambda: kmap.view((0, kmap.shape[0]), (0, kmap.shape[1]), PIXELS, PIXELS)


def medians(cases: dict[str, Case], rounds: int) -> dict[str, float]:
    """Median seconds of each case over interleaved rounds, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    order = list(cases)
    shuffle = random.Random(0).shuffle
    for turn in range(rounds + 1):
        shuffle(order)
        for name in order:
            start = time.perf_counter()
            cases[name]()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.manual_seed(0)
    cases: dict[str, Case] = {}
    for batch, sizes in GRIDS:
        cases |= {f"{sizes} {name}": case for name, case in forwards(batch, sizes).items()}
    cases |= {f"{sizes} view": view(sizes) for sizes in VIEWS}
    with torch.inference_mode():
        ms = {name: seconds * 1e3 for name, seconds in medians(cases, rounds).items()}

    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, width {DIM}, {HEADS} heads, {rounds} rounds\n"
    )
    print(f"{'forward, median ms':<22}{'batch':>6}{'full':>10}{'product':>10}{'sum':>10}{'full/product':>14}")
    for batch, sizes in GRIDS:
        full, product, total = (ms[f"{sizes} {name}"] for name in ("full", "product", "sum"))
        grid = "×".join(map(str, sizes))
        print(f"{grid:<22}{batch:>6}{full:>10.2f}{product:>10.2f}{total:>10.2f}{full / product:>14.2f}")
    print(f"\n{f'KroneckerMap.view, {PIXELS}²':<22}{'ms':>6}")
    for sizes in VIEWS:
        print(f"{'×'.join(map(str, sizes)):<22}{ms[f'{sizes} view']:>6.0f}")


if __name__ == "__main__":
    main()
