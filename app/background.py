"""Work that goes on beside the page, so that clicks are answered meanwhile."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from hot_core.errors import HotError, ModelError

T = TypeVar("T")


class Progress(Protocol):
    """How far some work is."""

    @property
    def share(self) -> float: ...  # noqa: D102
    @property
    def words(self) -> str: ...  # noqa: D102


class StoppedError(Exception):
    """Nobody waits for the work any more."""


@dataclass
class _Slip(Generic[T]):
    """What the thread and the page both hold."""

    stop: threading.Event = field(default_factory=threading.Event)
    progress: Progress | None = None
    result: T | None = None
    error: Exception | None = None


class Job(Generic[T]):
    """One piece of work in a thread of its own; it ends by itself when nobody holds the job any more."""

    def __init__(self, work: Callable[[Callable[[Any], None]], T]) -> None:
        self._slip: _Slip[T] = _Slip()
        weakref.finalize(self, self._slip.stop.set)
        # The thread holds the slip, never the job: a session that is closed lets go of the job, and that ends the work.
        self._thread = threading.Thread(target=_run, args=(work, self._slip), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    @property
    def progress(self) -> Progress | None:
        """How far it is; None before it has begun."""
        return self._slip.progress

    @property
    def result(self) -> T | None:
        """What came out; None while it works and when it was stopped.

        Raises:
            HotError: what the work raised.
        """
        if self._slip.error is not None:
            raise self._slip.error
        return self._slip.result

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the end, at most so long."""
        self._thread.join(seconds)

    def stop(self) -> None:
        """Ask it to end; it does so at its next sign of progress."""
        self._slip.stop.set()


def _run(work: Callable[[Callable[[Any], None]], T], slip: _Slip[T]) -> None:
    """Do the work, and put what comes of it on the slip."""

    def told(now: Progress) -> None:
        if slip.stop.is_set():
            raise StoppedError
        slip.progress = now

    try:
        slip.result = work(told)
    except StoppedError:
        return
    except HotError as error:
        slip.error = error
    except Exception as error:
        slip.error = ModelError(f"The work broke off by a fault of the program ({type(error).__name__}). Report it.")
        raise
