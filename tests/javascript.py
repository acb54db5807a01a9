"""The front end's JavaScript, run by the node that Playwright brings, so that a bare machine needs none of its own."""

import json
import math
import subprocess
import tempfile
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

COMPONENTS = Path(__file__).resolve().parent.parent / "app" / "components"
FOLDERS = {'"@@/': COMPONENTS, '"@/': COMPONENTS / "attention_map"}

BEFORE = """
import { readFileSync as readGiven } from "node:fs";
const given = JSON.parse(readGiven(0, "utf8"));
const plain = (key, value) => {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
};
const answer = (value) => console.log(JSON.stringify(value, plain));
"""


def node() -> str:
    """The path of the node that Playwright brings."""
    return str(compute_driver_executable()[0])


def run_module(code: str, given: object = None, timeout: float = 240) -> object:
    """Run a module and hand back what it answers.

    Args:
        code: the text of an ES module. `"@/x.js"` is a file of the attention map, `"@@/x.js"` one of all components.
            It finds `given` and calls `answer(value)` once; typed arrays are answered as lists, numbers that are not
            finite as "NaN", "Infinity" or "-Infinity".
        given: what JSON can hold.
        timeout: seconds until it is ended.

    Returns:
        The answer, as JSON gives it.

    Raises:
        AssertionError: when the module fails or answers nothing; with what it wrote to the error stream.
    """
    for prefix, home in FOLDERS.items():
        code = code.replace(prefix, f'"{home.as_uri()}/')
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "module.mjs"
        path.write_text(BEFORE + code, encoding="utf-8")
        command = [node(), "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", str(path)]
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=timeout)
    if done.returncode or not done.stdout.strip():
        raise AssertionError(done.stderr or "The module answered nothing; it has to call answer(value).")
    return json.loads(done.stdout)


def numbers(values: list) -> list[float]:
    """A list of answered numbers, with the words for those that are not finite turned back."""
    return [math.nan if value == "NaN" else float(value) for value in values]
