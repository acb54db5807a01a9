"""What was aimed at, and whether this run met it; computed, whatever comes out."""

import math

from tests.benchmarks.page.settings import BASE, LARGE, WORDS
from tests.benchmarks.tables import Table, ratio
from tests.benchmarks.targets import Target

FRAME_MS = 60
TIMES = 2
HEAD_BYTES = 200_000
CLICK_MS = 500


def target_table(results):
    rows = [[t.what, t.wanted, t.found, "met" if t.met else "**missed**"] for t in targets(results)]
    return Table("Targets", ["what", "wanted", "found", "verdict"], rows, ["Set for two cores."])


def targets(results):
    return [*drawn(results), *sent(results), *followed(results)]


def drawn(results):
    """Frames of 28³, and of 10¹² entries beside them; the whole frame counts, not the part that draws the picture."""
    base = results.frames[BASE].frame
    yield Target(
        f"512 × 512 of {BASE.name}, a frame, median", f"< {FRAME_MS} ms", f"{base.median:.1f} ms",
        base.median < FRAME_MS,
    )  # fmt: skip
    yield Target(
        f"512 × 512 of {BASE.name}, a frame, 95th percentile", f"< {FRAME_MS} ms", f"{base.p95:.1f} ms",
        base.p95 < FRAME_MS,
    )  # fmt: skip
    for large in LARGE:
        if large in results.frames:
            times = results.frames[large].frame.median / base.median
            what = f"10¹² entries, {large.name}, a frame beside {BASE.name}"
            yield Target(what, f"≤ {TIMES}×", ratio(times), times <= TIMES)


def sent(results):
    most = max(results.payloads, key=lambda each: each.a_head)
    found = f"{most.a_head / 1e3:.1f} kB, {most.sample}"
    yield Target(
        f"payload a head, most of {len(results.payloads)} samples", f"< {HEAD_BYTES / 1e3:.0f} kB", found,
        most.a_head < HEAD_BYTES,
    )  # fmt: skip


def followed(results):
    for (kind, source), found in results.clicks.items():
        place = {"map": "Kronecker map", "matrix": "matrix of a mode", "data": WORDS[kind]}[source]
        p95, count = found.time.p95, len(found.time.ms) + found.time.missed
        what = f"{kind}: click on the {place}, all views, 95th percentile of {count}"
        yield Target(what, f"< {CLICK_MS} ms", f"{p95:,.0f} ms" if p95 < math.inf else "never", p95 < CLICK_MS)
