"""`python -m tests.benchmarks`: measure, print the tables, write them as a document when asked.

make bench                                         everything, about ten minutes on two cores
make bench ARGS=--quick                            under a minute, to see that it runs
make bench ARGS="--grids 14x14x14 66x66"           some grids only
make bench ARGS="--markdown docs/benchmarks.md"    and write the document
"""

import argparse
import dataclasses
import shlex
from pathlib import Path

import torch

from tests.benchmarks.document import NO_GPU, document
from tests.benchmarks.machine import machine
from tests.benchmarks.report import tables
from tests.benchmarks.run import run
from tests.benchmarks.settings import FULL, GRIDS, QUICK, Grid
from tests.benchmarks.tables import as_text


def arguments(given=None):
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few small grids, few rounds")
    parser.add_argument("--grids", nargs="+", metavar="N1xN2", help="grids such as 14x14x14 or 8:21x24 (batch 8)")
    parser.add_argument("--rounds", type=int, help="how often each case is timed at most")
    parser.add_argument("--markdown", type=Path, metavar="PATH", help="write the document there")
    return parser.parse_args(given)


def settings_of(options):
    settings = QUICK if options.quick else FULL
    if options.grids:
        settings = dataclasses.replace(settings, grids=tuple(grid_of(text) for text in options.grids))
    if options.rounds:
        settings = dataclasses.replace(settings, rounds=options.rounds)
    return settings


def grid_of(text):
    """ "8:21x24" → batch 8 over 21 × 24; without a batch that of the full run, or 1."""
    batch, _, sizes = text.rpartition(":")
    sizes = tuple(int(n) for n in sizes.lower().replace("×", "x").split("x"))
    usual = {grid.sizes: grid.batch for grid in GRIDS}
    return Grid(sizes, int(batch) if batch else usual.get(sizes, 1))


def main(options, settings):
    print("\n".join(f"{what}: {value}" for what, value in machine()))
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    results = [run(settings, device) for device in devices]
    shown = [table for result in results for table in tables(result)]
    print("", *(as_text(table) + "\n" for table in shown), sep="\n")
    if len(devices) == 1:
        print(NO_GPU)
    if options.markdown:
        options.markdown.write_text(document(command_of(options), results, shown), encoding="utf-8")
        print(f"Written: {options.markdown}")


def command_of(options):
    """The command that makes this document."""
    words = ["--quick"] if options.quick else []
    words += ["--grids", *options.grids] if options.grids else []
    words += ["--rounds", str(options.rounds)] if options.rounds else []
    words += ["--markdown", str(options.markdown)]
    return f"make bench ARGS={shlex.quote(' '.join(words))}"


if __name__ == "__main__":
    chosen = arguments()
    main(chosen, settings_of(chosen))
