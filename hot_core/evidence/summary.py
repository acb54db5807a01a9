"""Evidence as plain numbers for a file, and in the sentences that stand above the pictures."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from hot_core.analysis.words import number
from hot_core.evidence.attribution import Attribution
from hot_core.evidence.gather import MAP, ROLLOUT, Evidence
from hot_core.evidence.verdict import RULE

DIGITS = 9
"""Significant digits in a file: what float32 can mean, and a little more."""
NAMES = {ROLLOUT: "the rollout"}


def summary(evidence: Evidence) -> dict[str, Any]:
    """Everything that was measured, as plain values; the same evidence gives the same dictionary.

    Returns:
        A dictionary that JSON takes: no NaN, floats of nine significant digits.
    """
    hidden, used, focus = evidence.deletion, evidence.use, evidence.focus
    found = {
        "map": {"shown": focus.shown, "layer": focus.layer, "head": focus.head, "query": list(focus.query)},
        "target": {**evidence.target.model_dump(mode="json"), "words": evidence.words, "value": evidence.level},
        "unit": evidence.unit,
        "form": evidence.form.words,
        "seed": evidence.seed,
        "verdict": {name: {**vars(judgement)} for name, judgement in evidence.judgements.items()},  # of the map alone
        "rule": RULE,
        "hiding": {
            "tokens": hidden.tokens,
            "shares": hidden.shares,
            "scale": hidden.scale,
            "least scale": hidden.least,
            "the same map laid elsewhere": {
                "layings": len(hidden.areas), "deletion": hidden.level, "deletion interval": hidden.interval,
                "insertion": hidden.rest_level, "insertion interval": hidden.rest_interval,
                "curve": hidden.random.mean(axis=0),
            },
            **{
                name: {"deletion": order.deletion, "insertion": order.insertion, "strongest first": order.strongest,
                       "weakest first": order.weakest}
                for name, order in hidden.orders.items()
            },
        },
        "attention changed": {
            "shuffled": used.shuffled, "uniform": used.uniform, "modes": used.modes, "heads": used.heads,
            "layers": used.layers,
        },
        "attribution": {
            each.method: {**total(each), "gap": each.gap, "note": each.note} for each in evidence.attributions
        },
        "rank correlation with the map": {
            name: {"rho": each.rho, "low": each.low, "high": each.high} for name, each in evidence.agreements.items()
        },
        "notes": list(evidence.notes),
    }  # fmt: skip
    cleaned: dict[str, Any] = plain(found)
    return cleaned


def total(found: Attribution) -> dict[str, float]:
    """The sum over all tokens; none for occlusion, whose every token has the effect of its whole block."""
    return {} if found.method == "occlusion" else {"sum": float(found.tokens.sum())}


def plain(value: Any) -> Any:
    """A value as JSON takes it: arrays as lists, NaN as None, floats of nine significant digits."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def target_words(evidence: Evidence) -> str:
    """What is explained, with its value: "EWR · temp, mean of 24 steps ahead: 34.7 °F"."""
    return minus(f"{evidence.words}: {number(evidence.level)} {evidence.unit}".rstrip())


def still_words(evidence: Evidence) -> str:
    """That whatever is hidden changes nothing, or next to nothing; empty where the prediction depends on the input."""
    hidden = evidence.deletion
    if hidden.scale <= 0:
        return "Whatever is hidden, the prediction stays the same."
    if not hidden.depends:
        return f"Whatever is hidden, the prediction moves by {amount(evidence, 1)} at most on average: next to nothing."
    return ""


def amount(evidence: Evidence, share: float) -> str:
    """A share of the scale as a change of the prediction, in its unit."""
    return f"{number(share * evidence.deletion.scale)} {evidence.unit}".rstrip()


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{100 * share:.0f} %"


def minus(words: str) -> str:
    """The sentence with a true minus before its numbers."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", words)


def use_words(evidence: Evidence) -> str:
    """What the prediction owes to the attention that the map shows."""
    used = evidence.use
    if not evidence.deletion.depends:
        return ""
    modes = ", ".join(f"{name} {amount(evidence, float(draws.mean()))}" for name, draws in used.modes.items())
    return (
        f"Shuffling {evidence.focus.words} moves the prediction by {amount(evidence, float(used.shuffled.mean()))}, "
        f"evening it out by {amount(evidence, used.uniform)}; shuffling one mode alone: {modes}."
    )


def agreement_words(evidence: Evidence) -> str:
    """How far other methods order the places alike."""
    found = [f"{name} {agreed.words.removeprefix('rank correlation ')}" for name, agreed in evidence.agreements.items()]
    return f"Rank correlation of the map with {', '.join(found)}." if found else ""


def attribution_words(evidence: Evidence) -> str:
    """How the attributions were made."""
    return "; ".join(f"{each.method}: {each.note}" for each in evidence.attributions) + "."


def others_words(evidence: Evidence) -> str:
    """Deletion and insertion of the other maps; no verdict, for only this map was laid elsewhere."""
    hidden = evidence.deletion
    found = [
        f"{NAMES.get(name, name)} {amount(evidence, order.deletion)} and {amount(evidence, order.insertion)}"
        for name, order in hidden.orders.items()
        if name != MAP and hidden.depends
    ]
    return f"Hiding in the order of others, for comparison: {'; '.join(found)}, first and last part." if found else ""
