"""Results → tables. Every number in them comes from the run; nothing is written by hand."""

import math

from tests.benchmarks.page.settings import TOKENS, WORDS
from tests.benchmarks.page.targets import target_table
from tests.benchmarks.settings import words
from tests.benchmarks.tables import Table, megabytes


def tables(results):
    """All tables, the targets last."""
    found = [frame_table(results), payload_table(results), click_table(results), heatmap_table(results)]
    if results.notebooks is not None:
        found.append(notebook_table(results))
    return [*found, target_table(results)]


def ms(value):
    """Three figures, or what stands for no number."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "never"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def kilobytes(count):
    return f"{count / 1e3:,.1f}" if count < 1e5 else f"{count / 1e3:,.0f}"


def frame_table(results):
    rows = []
    for drawn, found in results.frames.items():
        cells = [
            f"{ms(part.median)} [{ms(part.p95)}]" for part in (found.means, found.picture, found.frame, found.next)
        ]
        rows.append([drawn.name, f"{drawn.tokens**2:.1e}", *cells, str(len(found.frame.ms))])
    header = ["map", "entries", "block means", "picture", "whole frame", "until the next frame", "pictures"]
    notes = ["Medians, in brackets the 95th percentiles."]
    return Table("A picture of 512 × 512 exact means in the browser, ms", header, rows, notes)


def payload_table(results):
    rows = [
        [p.sample, p.model, words(p.sizes), str(p.heads), kilobytes(p.one), kilobytes(p.all), megabytes(p.dense)]
        for p in results.payloads
    ]
    header = ["sample", "model", "tokens", "heads", "one head, kB", "all heads, kB", "one head as a matrix, MB"]
    return Table("What the browser is sent for a map", header, rows)


def click_table(results):
    rows = []
    for (kind, source), found in results.clicks.items():
        place = {"map": "Kronecker map", "matrix": "matrix of a mode", "data": WORDS[kind]}[source]
        rows.append([f"{kind}: {place}", *clicked(found)])
    for side, found in results.rival.items():
        rows.append([f"Plotly heatmap {side}², points over it", *clicked(found)])
    late = sorted({box for found in results.clicks.values() for box in found.late})
    notes = [f"Did not follow within the limit at least once: {', '.join(late)}."] if late else []
    header = ["clicked", "clicks", "missed", "median", "95th percentile", "longest", "received, kB", "sent, kB"]
    return Table("From a click until every linked view shows it, ms", header, rows, notes)


def clicked(found):
    time = found.time
    counts = [str(len(time.ms) + time.missed), str(time.missed)]
    return [*counts, *map(ms, (time.median, time.p95, time.most)), *map(kilobytes, (found.received, found.sent))]


def heatmap_table(results):
    drawn = {f"Plotly heatmap {n}²{', points over it' * over}": each for (n, over), each in results.heatmaps.items()}
    drawn |= {f"attention map {n:,}² ({TOKENS[n].name})": each for n, each in results.instruments.items()}
    rows = [
        [name, str(len(found.time.ms)), kilobytes(found.received), ms(found.time.median)]
        for name, found in drawn.items()
    ]
    header = ["picture", "times", "received, kB", "until drawn, ms"]
    return Table("A Plotly heatmap and an attention map in Streamlit: sent and drawn", header, rows)


def notebook_table(results):
    rows = []
    for found in results.notebooks:
        given = f"{results.settings.heads} × {found.tokens}²"
        made = "–" if found.made is None else f"{found.made:.2f}"
        drawn = found.reason if found.drawn is None else f"{found.drawn:.2f}"
        rows.append([found.package, given, made, megabytes(found.size) if found.size else "–", drawn])
    header = ["package", "heads × tokens²", "made, s", "page, MB", "drawn, s"]
    return Table("Packages for notebooks", header, rows, ["Larger sizes were not tried after the first not drawn."])
