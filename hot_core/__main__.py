"""`python -m hot_core`."""

import io
import sys

from hot_core.cli import command_line

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # a pipe on Windows cannot say "−" or "°" otherwise
    command_line(prog_name="python -m hot_core")
