"""The chosen query and key of a page, and the way back through earlier choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Token = tuple[int, ...]
Role = Literal["query", "key"]

LONGEST = 100


@dataclass(frozen=True)
class Selection:
    """What is chosen in every picture of a page.

    Attributes:
        query: the chosen position, one index for each mode.
        key: its partner, the other end of one weight; None while none is chosen.
    """

    query: Token
    key: Token | None = None

    def token(self, role: Role) -> Token:
        """The query or the key; a key that is not chosen yet starts at the query."""
        return self.query if role == "query" or self.key is None else self.key

    def with_role(self, role: Role, token: Token) -> Selection:
        """The selection with its query or its key moved."""
        return replace(self, query=token) if role == "query" else replace(self, key=token)

    def moved(self, role: Role, mode: int, at: int) -> Selection:
        """One mode of the query or the key moved."""
        start = self.token(role)
        return self.with_role(role, (*start[:mode], at, *start[mode + 1 :]))

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether query and key are tokens of a grid."""
        return all(
            len(token) == len(shape) and all(0 <= at < size for at, size in zip(token, shape, strict=True))
            for token in (self.query, self.key)
            if token is not None
        )


@dataclass(frozen=True)
class History:
    """The selection now, those before it and those that were undone; at most a hundred of each are kept."""

    now: Selection
    past: tuple[Selection, ...] = ()
    future: tuple[Selection, ...] = ()

    def choose(self, selection: Selection) -> History:
        """Another selection; what was undone is then gone. The same one again is no step."""
        if selection == self.now:
            return self
        return History(selection, (*self.past, self.now)[-LONGEST:])

    def undo(self) -> History:
        """One step back; nothing where there is none."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (self.now, *self.future)[:LONGEST])

    def redo(self) -> History:
        """One step forward again; nothing where there is none."""
        if not self.future:
            return self
        return History(self.future[0], (*self.past, self.now)[-LONGEST:], self.future[1:])
