"""Reports of pictures, as the page's JavaScript writes them (`app/components/report.js`)."""

from itertools import count
from typing import Any

_stamps = count(1)


def reported(**what: Any) -> dict[str, Any]:
    """What lies in the page's memory once a picture has reported an event."""
    return {"event": {**what, "stamp": next(_stamps), "before": []}}


def clicked(figure: str, x: object, y: object, shift: bool = False, cell: list[int] | None = None) -> dict[str, Any]:
    """A click in a plotly figure."""
    return reported(type="click", figure=figure, x=x, y=y, axis="x", cell=cell, at=None, shift=shift)
