"""Plain ES modules as the one text that a page without addresses of its own needs."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:default )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


def joined(main: Path) -> str:
    """A module with everything that it imports, as one module.

    A component of Streamlit, and a report, is one text without an address of its own: `./name.js` could not be found.
    The modules import only each other's names, unchanged (`import { a, b } from "./x.js";`); without these lines,
    each after those that it needs, they mean the same.

    Args:
        main: the module with the default export.

    Returns:
        The text of one ES module.

    Raises:
        ValueError: when an import has another form, or two modules define the same name.
    """
    homes: dict[str, str] = {}
    texts = []
    for path in ordered(main):
        text = path.read_text(encoding="utf-8")
        for name in _NAME.findall(text):
            if name in homes:
                raise ValueError(f"{path.name} and {homes[name]} both define {name}; rename one.")
            homes[name] = path.name
        text = _EXPORT.sub("", _IMPORT.sub("", text))
        if re.search(r"^\s*import\b", text, re.MULTILINE):
            raise ValueError(f'{path.name} has an import of another form than import {{ a, b }} from "./x.js";.')
        texts.append(f"// {path.name}\n{text}")
    return "\n".join(texts)


def ordered(main: Path) -> list[Path]:
    """A module and all that it imports, each after those that it needs itself."""
    found: list[Path] = []

    def visit(path: Path) -> None:
        if path in found:
            return
        for relative in _IMPORT.findall(path.read_text(encoding="utf-8")):
            visit((path.parent / relative).resolve())
        if path not in found:
            found.append(path)

    visit(main.resolve())
    return found
