"""What a cost is held against: torch's own FLOP counter, and the allocator of a real run."""

from itertools import product

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode


def counted_macs(module, *inputs, **options):
    """Multiply–adds of a real pass by `FlopCounterMode`, on the meta device where attention is unfused and counts."""
    module, inputs = module.to("meta"), [tensor.to("meta") for tensor in inputs]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*inputs, **options)
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    return flops // 2


def allocated_peak(module, *inputs):
    """The most bytes that the CPU's allocator had given out at once during a real pass, above what was there before.

    By one thread: each thread of a fused kernel takes room of its own, which is the kernel's and not the layer's.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            module(*inputs)  # what is made once, at the first call, is not part of it
            with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
                out = module(*inputs)
    finally:
        torch.set_num_threads(threads)
    del out
    events = [event for event in watched.profiler.kineto_results.events() if event.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


def literal_macs(form, dim, heads, sizes, features=0):
    """One count for every product that is taken, written as the loops of the definition would take them."""
    tokens, width, count = 1, dim // heads, 0
    for n in sizes:
        tokens *= n
    if form == "full":
        count += sum(dim * dim for _ in range(tokens) for _ in range(4))
        count += sum(2 * width for _ in range(tokens) for _ in range(tokens) for _ in range(heads))
        return count
    count += sum(dim * dim for _ in range(tokens) for _ in ("value", "output"))
    for n in sizes:
        lines = tokens // n
        if form == "axial":
            count += sum(dim * dim for _ in range(tokens) for _ in ("query", "key"))
            count += sum(2 * width for _ in range(lines) for _ in range(n) for _ in range(n) for _ in range(heads))
            continue
        projected = tokens if form == "project-first" else n
        count += sum(dim * dim for _ in range(projected) for _ in ("query", "key"))
        if form == "linear":
            count += sum(width * features for _ in range(n) for _ in ("query", "key") for _ in range(heads))
            count += sum(width * features for _ in range(lines) for _ in range(n) for _ in range(2 * heads))
        else:
            count += sum(width for _ in range(n) for _ in range(n) for _ in range(heads))
            count += sum(width for _ in range(lines) for _ in range(n) for _ in range(n) for _ in range(heads))
    return count


def literal_coefficients(form, sizes, features=0):
    """One count for every pair of a query and a key that has a weight of its own, found by asking every pair."""
    grid = list(product(*(range(n) for n in sizes)))
    if form == "full":
        return sum(1 for _ in grid for _ in grid)
    if form in ("axial", "divided"):
        return sum(
            all(a == b for other, (a, b) in enumerate(zip(query, key, strict=True)) if other != mode)
            for mode in range(len(sizes))
            for query in grid
            for key in grid
        )
    if form == "linear":
        return sum(features for n in sizes for _ in range(n) for _ in ("query", "key"))
    return sum(1 for n in sizes for _ in range(n) for _ in range(n))
