"""`python -m hot_core`."""

from hot_core.cli import app

if __name__ == "__main__":
    app(prog_name="python -m hot_core")
