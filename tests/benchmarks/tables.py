"""A table is a title, a header, rows of text and notes; shown on a terminal or written as Markdown."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


def as_text(table):
    """Aligned columns: the first to the left, the others to the right."""
    lines = [table.header, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    out = [table.title, "-" * len(table.title)]
    for line in lines:
        first, *others = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        out.append("  ".join([line[0].ljust(len(first)), *others]).rstrip())
    return "\n".join([*out, *table.notes])


def as_markdown(table):
    aligned = ["---", *["---:"] * (len(table.header) - 1)]
    rows = ["| " + " | ".join(line) + " |" for line in (table.header, aligned, *table.rows)]
    return "\n".join([f"## {table.title}", "", *rows, "", *(line for note in table.notes for line in (note, ""))])


def milliseconds(seconds):
    """Three figures: 0.123, 1.23, 12.3, 123, 1,234."""
    value = seconds * 1e3
    return f"{value:,.0f}" if value >= 100 else f"{value:.{2 if value < 10 else 1}f}" if value >= 1 else f"{value:.3f}"


def spread(timing):
    """Median and quartiles in ms."""
    low, high = timing.quartiles
    return f"{milliseconds(timing.median)} [{milliseconds(low)}, {milliseconds(high)}]"


def ratio(value):
    return f"{value:,.2f}×" if value < 10 else f"{value:,.1f}×"


def megabytes(count):
    return f"{count / 1e6:,.1f}" if count < 1e8 else f"{count / 1e6:,.0f}"
