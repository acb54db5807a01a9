"""`python -m …page.rivals.notebook FOLDER PACKAGE TOKENS HEADS PAGE`: a page as a notebook would show it.

Runs in a process of its own: what lies in FOLDER must not reach the project's own imports. Prints seconds.
"""

import json
import sys
import time
from pathlib import Path

import torch


def given(tokens, heads):
    """Words, and attention as both packages take it: float32, every row adds up to 1."""
    torch.manual_seed(0)
    return [f"t{at}" for at in range(tokens)], torch.randn(heads, tokens, tokens).mul(2).softmax(-1)


def bertviz(words, attention):
    from bertviz import head_view

    return head_view([attention[None]], words, html_action="return").data


def circuitsvis(words, attention):
    from circuitsvis.attention import attention_patterns

    return attention_patterns(words, attention).local_src


def write(package, tokens, heads, path):
    """Seconds that making the page takes, without the imports."""
    make = {"bertviz": bertviz, "circuitsvis": circuitsvis}[package]
    make(*given(3, 1))
    words, attention = given(tokens, heads)
    start = time.perf_counter()
    html = make(words, attention)
    seconds = time.perf_counter() - start
    path.write_text(f"<!doctype html><meta charset='utf-8'><body>{html}</body>", encoding="utf-8")
    return seconds


if __name__ == "__main__":
    folder, package, tokens, heads, path = sys.argv[1:]
    sys.path.append(folder)  # behind the project's own packages: torch stays the project's
    print(json.dumps({"seconds": write(package, int(tokens), int(heads), Path(path))}))
