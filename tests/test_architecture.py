"""The architecture as laws: imports run downhill, effects stay at the rim, files and functions stay small."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the bottom up. Two modules on one line do not import each other.
LAYERS = (
    ("errors",),
    ("modes",),
    ("io",),
    ("transforms",),
    ("familiarity",),
    ("kronecker",),
    ("record",),
    ("attention",),
    ("models",),
    ("cost",),
    ("analysis",),
    ("lessons",),
    ("evidence",),
    ("export", "figures"),
    ("napari_plugin",),
    ("pipeline",),
    ("scene", "backtest"),
    ("report",),
    ("training", "experiments"),
    ("options",),
    ("cli",),
    ("__init__", "__main__"),
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 60


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_modules(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything a file imports, `from a import b` as `a.b`."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def part_of(dotted: str) -> str:
    """The layer's name of a `hot_core.…` import; `__init__` for a public name of the package itself."""
    names = dotted.split(".")
    return names[1] if len(names) > 1 and names[1] in RANK else "__init__"


def own_part(path: Path) -> str:
    inside = path.relative_to(ROOT / "hot_core").parts
    return inside[0].removesuffix(".py")


def test_every_module_has_its_place_in_the_order() -> None:
    unknown = {own_part(path) for path in sources("hot_core")} - set(RANK)
    assert not unknown, f"Not in LAYERS: {sorted(unknown)}. Say where they stand."


def test_imports_run_downhill() -> None:
    uphill = [
        f"{label(path)}:{line} imports {name}"
        for path in sources("hot_core")
        for line, name in imported_modules(path)
        if name.split(".")[0] == "hot_core"
        and part_of(name) != own_part(path)
        and RANK[part_of(name)] >= RANK[own_part(path)]
    ]
    assert not uphill, "\n".join(uphill)


def test_the_core_knows_neither_streamlit_nor_the_app() -> None:
    forbidden = ("streamlit", "app")
    wrong = [
        f"{label(path)}:{line} imports {name}"
        for path in sources("hot_core")
        for line, name in imported_modules(path)
        if name.split(".")[0] in forbidden
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("pattern", "home"),
    [(r"\bsession_state\b", "state.py"), (r"\bst\.cache_|\bcache_(data|resource)\b", "cache.py")],
)
def test_streamlits_memory_has_one_user(pattern: str, home: str) -> None:
    wrong = [
        f"{label(path)}:{number}: {line.strip()}"
        for path in sources("app")
        if path != ROOT / "app" / home
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line.split("#")[0])
    ]
    assert not wrong, f"Only app/{home} may use this:\n" + "\n".join(wrong)


@pytest.mark.parametrize("path", sources("hot_core", "app"), ids=label)
def test_a_file_is_one_idea_on_a_few_screens(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_FILE_LINES, f"{label(path)} has {lines} lines. Split it by idea."
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{label(path)}: {node.name} has {length} lines."


def test_public_names_exist_and_are_documented() -> None:
    import hot_core

    assert len(set(hot_core.__all__)) == len(hot_core.__all__)
    for name in hot_core.__all__:
        assert getattr(hot_core, name).__doc__, f"hot_core.{name} has no docstring."


def test_the_start_file_finds_the_library_by_itself() -> None:
    # Streamlit puts only app/ on sys.path. An installed copy would hide it if main.py forgot the repository's root.
    lines = (ROOT / "app" / "main.py").read_text(encoding="utf-8").splitlines()
    path_set = next(number for number, line in enumerate(lines) if "sys.path.insert" in line)
    first_use = [number for number, line in enumerate(lines) if re.match(r"\s*(from|import) (hot_core|app)\b", line)]
    assert all(number > path_set for number in first_use)


def test_the_page_shortens_the_spin_before_torch_is_there_and_leaves_a_setting_alone() -> None:
    code = "import app, os, sys; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    plain = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    for given, expected in (({}, "10000 False"), ({"GOMP_SPINCOUNT": "7"}, "7 False")):
        told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=plain | given, capture_output=True, text=True)
        assert told.stdout.strip() == expected, told.stderr
