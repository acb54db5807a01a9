"""Records of attention with known patterns, and the gallery on a page of its own, as Streamlit mounts it."""

import base64
import json
from pathlib import Path

import numpy as np
import torch

from app.components.modules import joined
from hot_core.modes import Mode
from hot_core.record import AttentionRecord

GALLERY = Path(__file__).resolve().parent.parent / "app" / "components" / "gallery"


def softmax(rng, *shape, heat=2.0):
    """Random rows that sum to 1; the hotter, the sharper."""
    grown = np.exp(heat * rng.normal(size=shape))
    return grown / grown.sum(-1, keepdims=True)


def record_of(layers, mode):
    """A record of one mode from a list of (head, query, key) arrays, one a layer."""
    record = AttentionRecord((mode,))
    for heads in layers:
        record.add_factors([torch.as_tensor(np.asarray(heads))[None]], "product", False, None)
    return record


def random_record(layers=3, heads=5, size=11, seed=0):
    """A record along a mode in mm, every head at a heat of its own."""
    rng = np.random.default_rng(seed)
    made = [np.stack([softmax(rng, size, size, heat=rng.uniform(0, 4)) for _ in range(heads)]) for _ in range(layers)]
    return record_of(made, Mode("x", 3.0 * np.arange(size), "mm"))


def gallery_page(payload, background="#ffffff", ink="#1f2a37"):
    """A page with the gallery in a shadow root; `mount(base64)` runs it again, `events` holds what it sent."""
    given = {
        "html": (GALLERY / "gallery.html").read_text(encoding="utf-8"),
        "css": (GALLERY / "gallery.css").read_text(encoding="utf-8"),
        "js": joined(GALLERY / "gallery.js"), "payload": base64.b64encode(payload).decode(),
    }  # fmt: skip
    script = """
      const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const root = document.querySelector("#place").attachShadow({ mode: "open" });
      root.innerHTML = `<style>${given.css}</style>${given.html}`;
      window.events = [];
      window.given_payload = () => given.payload;
      const address = URL.createObjectURL(new Blob([given.js], { type: "text/javascript" }));
      const setTriggerValue = (name, value) => window.events.push([name, value]);
      import(address).then((module) => {
        window.mount = (text) => {
          const data = bytes(text);
          const start = performance.now();
          module.default({ data, parentElement: root, setTriggerValue });
          root.querySelector(".hg-rows").getBoundingClientRect();
          window.took = performance.now() - start;
        };
        window.mount(given.payload);
        document.body.dataset.ready = "yes";
      });
    """
    text = json.dumps(given).replace("</", "<\\/")
    themed = f"--st-background-color:{background};--st-text-color:{ink};background:{background}"
    return (
        f'<!doctype html><meta name="viewport" content="width=device-width"><body style="margin:16px;{themed}">'
        f'<div id="place"></div><script>{{ const given = {text};{script} }}</script></body>'
    )
