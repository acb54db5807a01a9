"""Names of a file in a picture: short enough to leave it room, told apart, and never taken for markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

MOST = 16
"""Characters of a name beside a picture."""

NARROW = 12
"""Characters where two names stand side by side: the entity and the variable of a series."""


def safe(text: str) -> str:
    """A text that plotly shows as it is: it takes `<b>` and `&amp;` for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def short(name: str, most: int = MOST) -> str:
    """A name with an ellipsis in place of its middle, where it is longer than so many characters."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[len(name) - end :]}"


def short_names(names: Sequence[str], most: int = MOST) -> list[str]:
    """Short names that are still told apart: those that would look alike are numbered."""
    found = [short(name, most) for name in names]
    alike, seen = Counter(found), Counter[str]()
    for at, name in enumerate(found):
        if alike[name] > 1:
            seen[name] += 1
            found[at] = f"{name} ({seen[name]})"
    return found
