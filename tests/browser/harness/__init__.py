"""A plain page with the attention map in it, and payloads for it: what the browser does, without Streamlit."""

import base64
import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, Route

HERE = Path(__file__).parent
COMPONENTS = HERE.parents[2] / "app" / "components"
ADDRESS = "http://harness.test/"
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}

NAMES = {
    "named": (("entity", ("EWR", "JFK", "LGA")), ("variable", ("temperature", "humidity", "pressure", "wind"))),
}


def factors(sizes: Sequence[int], heads: int = 1, seed: int = 0, sharpness: float = 1.5) -> list[list[np.ndarray]]:
    """Random attention: each row adds up to 1, and positions near each other look at each other more."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(heads):
        head = []
        for size in sizes:
            near = -np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / max(2, size / 6)
            scores = sharpness * (near + 0.5 * rng.normal(size=(size, size)))
            weights = np.exp(scores - scores.max(1, keepdims=True))
            head.append((weights / weights.sum(1, keepdims=True)).astype("<f4"))
        made.append(head)
    return made


def mode(name: str, labels: Sequence[str], unit: str = "") -> dict:
    """One mode as the header holds it."""
    return {
        "name": name,
        "title": f"{name} ({unit})" if unit else name,
        "unit": f" {unit}" if unit else "",
        "labels": list(labels),
    }


def named_modes(sizes: Sequence[int]) -> list[dict]:
    """Entities, variables and hours; further modes are numbered."""
    words = [
        ["EWR", "JFK", "LGA", *(f"S{i}" for i in range(3, sizes[0]))],
        ["temperature", "humidity", "pressure", "wind", "dew point", "visibility"],
    ]
    hours = [f"{day:02d} {hour:02d}:00" for day in range(1, 1 + -(-sizes[-1] // 24)) for hour in range(24)]
    labels = [*words[: len(sizes) - 1], hours]
    names = ["entity", "variable", "time"] if len(sizes) == 3 else ["entity", "time"]
    return [mode(name, each[:size]) for name, each, size in zip(names, labels, sizes, strict=True)]


def measured_modes(sizes: Sequence[int], step: float = 1.5, names: str = "xyz") -> list[dict]:
    """Positions in millimetres."""
    return [
        mode(
            name, [f"{(i - size / 2) * step:.1f}".rstrip("0").rstrip(".").replace("-", "−") for i in range(size)], "mm"
        )
        for name, size in zip(names, sizes, strict=False)
    ]


def header(
    modes: Sequence[dict], weights: Sequence[float] = (1.0,), combine: str = "product", **picture: object
) -> dict:
    """A header; `picture` says what differs from the usual."""
    sizes = [len(each["labels"]) for each in modes]
    template: list = [0]
    for at in range(1, len(sizes)):
        template += [" · ", at]
    slots = [{"mode": at, "words": each["labels"]} for at, each in enumerate(modes)]
    usual = {
        "title": "Layer 2, head 3",
        "formula": " ⊗ ".join(each["name"] for each in modes),
        "about": "One head's map over all tokens. It says where the head looks, not what it does with it.",
        "uniform": 1 / int(np.prod([float(size) for size in sizes])),
        "scale": "uniform",
        "limit": None,
        "limit_words": "",
        "top": None,
        "query": None,
        "key": None,
        "direction": "row",
        "picks": "query",
        "identity": "one",
        "small": False,
        "missing": [],
    }
    form = {"sizes": sizes, "heads": len(weights), "weights": list(weights), "combine": combine, "scale": 1.0}
    words = {"template": template, "slots": slots}
    return {"version": 1, "map": form, "modes": list(modes), "words": words} | usual | picture


def payload(head: dict, heads: Sequence[Sequence[np.ndarray]]) -> bytes:
    """The bytes that the page gets: written out here once more, beside `hot_core.figures.canvas.encode`."""
    text = json.dumps(head).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + b"".join(f.astype("<f4").tobytes() for one in heads for f in one)


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(ADDRESS) or "index.html"
    file = HERE / path if path == "index.html" else COMPONENTS / path
    route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])


def open_harness(page: Page, width: int = 560, dark: bool = False) -> None:
    """Open the page with a stage of so many CSS pixels."""
    page.route(f"{ADDRESS}**", _answer)
    page.goto(ADDRESS)
    page.wait_for_selector("html[data-ready]", state="attached", timeout=10_000)
    page.evaluate("([width, dark]) => { document.getElementById('host').style.width = `${width}px`;"
                  "document.documentElement.classList.toggle('dark', dark); }", [width, dark])  # fmt: skip


def show(page: Page, sent: bytes) -> None:
    """Hand over a payload and wait until its picture rests."""
    page.evaluate("bytes => window.show(bytes)", base64.b64encode(sent).decode())
    rest(page)


def rest(page: Page) -> None:
    """Wait until nothing moves and everything is drawn."""
    page.wait_for_function(
        "() => { const it = window.state(); return it.picture && !it.moving && !it.due && !it.level; }"
    )
