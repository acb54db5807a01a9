"""What evidence was asked for: work beside the page, and its results, kept as long as the analysis they are about."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal

from app import cache, state
from app.background import Job
from app.parts.view import View
from hot_core.errors import HotError
from hot_core.evidence import FORMS, Done, Evidence, Target, gather
from hot_core.evidence.sanity import Sanity, sanity
from hot_core.evidence.stability import Stability, second_seed, stability
from hot_core.pipeline import Analysis

Part = Literal["quick", "full", "sanity", "stability"]
SEED = 0


@dataclass(frozen=True)
class Asked:
    """One question that was asked.

    Attributes:
        analysis: of which analysis; the question ends with it.
        key: what the answer follows from beside it.
        part: which part of the evidence.
        job: the work.
    """

    analysis: weakref.ref[Analysis]
    key: Hashable
    part: Part
    job: Job[Any]


def evidence(view: View, target: Target) -> Evidence | None:
    """The evidence that was gathered for what the page shows, the full form first; None where none was asked for."""
    found = result(view, target, "full") or result(view, target, "quick")
    return found if isinstance(found, Evidence) else None


def sanity_of(view: View, target: Target) -> Sanity | None:
    """What randomised weights did, if that was asked for."""
    found = result(view, target, "sanity")
    return found if isinstance(found, Sanity) else None


def stability_of(view: View, target: Target) -> Stability | None:
    """What small changes of the input did, if that was asked for."""
    found = result(view, target, "stability")
    return found if isinstance(found, Stability) else None


def result(view: View, target: Target, part: Part) -> object | None:
    """A finished part: from before, or from work that has just ended; None while there is none, and where it failed."""
    key, now = _key(view, target, part), _asked(view)
    if now is not None and now.key == key and not now.job.running:
        outcome = None if failure(view, target, part) else now.job.result
        if outcome is not None:
            cache.remember(view.analysis, key, lambda: outcome)
            state.put(_slot(view), None)
    return cache.remembered(view.analysis, key)


def running(view: View, target: Target) -> tuple[Part, Job[Any]] | None:
    """The work that goes on for what the page shows."""
    now = _asked(view)
    if now is None or not now.job.running or now.key != _key(view, target, now.part):
        return None
    return now.part, now.job


def failure(view: View, target: Target, part: Part) -> HotError | None:
    """What went wrong with a part; None where nothing did."""
    now = _asked(view)
    if now is None or now.job.running or now.key != _key(view, target, part):
        return None
    try:
        _ = now.job.result
    except HotError as error:
        return error
    return None


def start(view: View, target: Target, part: Part) -> None:
    """Begin; work on another question ends, since one person asks one at a time."""
    stop(view)
    job = Job(WORK[part](view, target))
    state.put(_slot(view), Asked(weakref.ref(view.analysis), _key(view, target, part), part, job))


def stop(view: View) -> None:
    """End the work; nothing of it is kept."""
    now: Asked | None = state.get(_slot(view))
    state.put(_slot(view), None)
    if now is not None:
        now.job.stop()


def _asked(view: View) -> Asked | None:
    """What was asked of this very analysis: another window, region or reading of the same file is another one."""
    now: Asked | None = state.get(_slot(view))
    return now if now is not None and now.analysis() is view.analysis else None


Work = Callable[[Callable[[Done], None]], object]


def _gather(form: Literal["quick", "full"]) -> Callable[[View, Target], Work]:
    def make(view: View, target: Target) -> Work:
        analysis, model, focus = view.analysis, cache.model(view.analysis.model_name), view.focus
        return lambda told: gather(analysis, model, focus, target, form=form, seed=SEED, told=told)

    return make


def _sanity(view: View, target: Target) -> Work:
    analysis, model, focus = view.analysis, cache.model(view.analysis.model_name), view.focus
    return lambda told: sanity(analysis, model, focus, FORMS["full"], seed=SEED, told=told)


def _stability(view: View, target: Target) -> Work:
    analysis, model, focus = view.analysis, cache.model(view.analysis.model_name), view.focus
    other = second_seed(analysis.model_name)
    others = () if other is None else (other,)
    return lambda told: stability(analysis, model, focus, FORMS["full"], seed=SEED, others=others, told=told)


WORK: dict[Part, Callable[[View, Target], Work]] = {
    "quick": _gather("quick"), "full": _gather("full"), "sanity": _sanity, "stability": _stability,
}  # fmt: skip


def _key(view: View, target: Target, part: Part) -> Hashable:
    """What a part follows from, beside the analysis; randomised weights do not depend on the target."""
    about = target if part in ("quick", "full") else None
    return "evidence", part, view.focus, about


def _slot(view: View) -> str:
    return f"{view.kind}_evidence"
