"""`python -m hot_core.training.peers DATASET --data DIR`: train every kind with every seed, write the table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hot_core.errors import HotError
from hot_core.training.__main__ import make
from hot_core.training.peers.kinds import KINDS, kinds_of
from hot_core.training.peers.pace import load
from hot_core.training.peers.plot import require_matplotlib, score_against_macs
from hot_core.training.peers.run import Budget, run_all
from hot_core.training.peers.scores import by_kind
from hot_core.training.peers.store import read, replace
from hot_core.training.peers.table import document


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing and rebuild the page after every result; the same command goes on where it was killed.

    Args:
        arguments: of the command line; None for the program's own.

    Returns:
        0, or 1 with a sentence on stderr.
    """
    given = _parser().parse_args(arguments)
    budget = Budget(given.minutes, given.runs, given.quick)
    markdown = given.markdown or given.runs / f"peers{'-quick' if given.quick else ''}.md"
    try:
        kinds = kinds_of(given.dataset, given.kinds)
        require_matplotlib()
        recipe = make(given.dataset, given.data, given.quick)
        run_all(recipe, kinds, given.seeds, budget, lambda: write(budget, markdown))
    except HotError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write(budget: Budget, markdown: Path) -> None:
    """Build the page and its pictures from the results that there are.

    Args:
        budget: knows where they lie.
        markdown: the page; pictures go beside it.
    """
    results, torn = read(budget.results)
    if torn:
        print(f"{budget.results}: {torn} torn line(s) count as not run.", file=sys.stderr)
    paces = {dataset: load(budget.pace(dataset)) for dataset in KINDS if budget.pace(dataset).exists()}
    plots = {}
    for dataset, costs in paces.items():
        found = by_kind(results, dataset)
        if found:
            plots[dataset] = f"{markdown.stem}-{dataset}.svg"
            replace(markdown.with_name(plots[dataset]), score_against_macs(dataset, found, costs))
    notes = budget.notes.read_text(encoding="utf-8") if budget.notes.exists() else ""
    replace(markdown, document(results, paces, plots, budget.quick, notes))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m hot_core.training.peers", description=__doc__)
    parser.add_argument("dataset", help=", ".join(KINDS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set, or the root above it")
    parser.add_argument("--minutes", type=float, default=10.0, help="CPU minutes of training steps for each run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of weights and batches")
    parser.add_argument("--kinds", nargs="+", help="some of: " + "; ".join(_names(name) for name in KINDS))
    parser.add_argument("--runs", type=Path, default=Path("runs/peers"), help="checkpoints, costs and results")
    parser.add_argument("--markdown", type=Path, help="the page to write; default peers.md among them")
    parser.add_argument("--quick", action="store_true", help="two steps on a few cases: proves the road")
    return parser


def _names(dataset: str) -> str:
    return f"{dataset}: {', '.join(kind.name for kind in KINDS[dataset])}"


if __name__ == "__main__":
    sys.exit(main())
