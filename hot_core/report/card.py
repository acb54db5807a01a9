"""What of a model card belongs into a report, as HTML without links and pictures."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markupsafe import Markup

SECTIONS = ("Intended use", "Not for", "Data", "Scores", "Limits", "Licence")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)

# raw HTML of a card is shown as text; nothing of it can be fetched or opened
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "link", "autolink", "entity"])


def extract(card: str) -> list[tuple[str, Markup]]:
    """Title and text of what a card says on use, data, scores, limits and licence.

    Args:
        card: the whole card as Markdown; a person's own model brings its own.

    Returns:
        Those of `SECTIONS` that it has, in this order; of the scores only the first table with the words above it.
    """
    pieces = HEADING.split(card)
    found = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    texts = [(title, found[title]) for title in SECTIONS if title in found]
    return [(title, markdown(first_table(text) if title == "Scores" else text)) for title, text in texts]


def first_table(text: str) -> str:
    """A text up to the end of its first table; all of it where it has none."""
    lines = text.strip().splitlines()
    rows = [at for at, line in enumerate(lines) if line.startswith("|")]
    if not rows:
        return text
    last = next(at for at in range(rows[0], len(lines)) if at + 1 not in rows)
    return "\n".join(lines[: last + 1])


def markdown(text: str) -> Markup:
    """Markdown as HTML; what could run, be fetched or be opened is left as text."""
    return Markup(_markdown.render(text))


def inline(text: str) -> Markup:
    """One sentence with **bold** and *italic* words as HTML."""
    return Markup(_markdown.renderInline(text))
