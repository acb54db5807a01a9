"""`python -m tests.benchmarks.page`: measure the page, print the tables, write them as a document when asked.

make bench-page                                            everything, about a quarter of an hour on two cores
make bench-page ARGS=--quick                               under a minute, to see that it runs
make bench-page ARGS="--rivals DIR"                        with BertViz and CircuitsVis from a folder
make bench-page ARGS="--markdown docs/benchmarks-page.md"  and write the document
"""

import argparse
import dataclasses
import time
from pathlib import Path

from tests.benchmarks.machine import machine
from tests.benchmarks.page.document import NO_FOLDER, document
from tests.benchmarks.page.report import tables
from tests.benchmarks.page.run import run
from tests.benchmarks.page.settings import FULL, QUICK
from tests.benchmarks.tables import as_text


def arguments(given=None):
    parser = argparse.ArgumentParser(
        prog="make bench-page", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few pictures, few clicks")
    parser.add_argument("--clicks", type=int, help="how many at each place")
    parser.add_argument("--rivals", type=Path, metavar="DIR", help="folder that holds bertviz, circuitsvis and scripts")
    parser.add_argument("--markdown", type=Path, metavar="PATH", help="write the document there")
    return parser.parse_args(given)


def settings_of(options):
    settings = QUICK if options.quick else FULL
    return dataclasses.replace(settings, clicks=options.clicks) if options.clicks else settings


def main(options):
    begin = time.monotonic()
    print("\n".join(f"{what}: {value}" for what, value in machine()))
    results = run(settings_of(options), options.rivals)
    shown = tables(results)
    print("", *(as_text(table) + "\n" for table in shown), sep="\n")
    if results.notebooks is None:
        print(NO_FOLDER)
    print(f"Took {time.monotonic() - begin:.0f} s.")
    if options.markdown:
        options.markdown.write_text(document(command_of(options), results, shown), encoding="utf-8")
        print(f"Written: {options.markdown}")


def command_of(options):
    """The command that makes this document; the folder of the rivals is somewhere else on every machine."""
    words = ["--quick"] if options.quick else []
    words += ["--clicks", str(options.clicks)] if options.clicks else []
    words += ["--rivals", "DIR"] if options.rivals else []
    words += ["--markdown", str(options.markdown)]
    return f"make bench-page ARGS='{' '.join(words)}'"


if __name__ == "__main__":
    main(arguments())
