"""Several plain ES modules as the one text that Streamlit hands to the browser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./[^"]+";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:default )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


def joined(paths: Sequence[Path]) -> str:
    """The modules as one, in the order given: each after those that it imports from.

    A component of Streamlit is one text without an address of its own, so that `./name.js` could not be found.
    The modules import only each other's names, unchanged; without these lines, one after another, they mean the same.

    Args:
        paths: the files; the last one holds the default export.

    Returns:
        The text of one ES module.

    Raises:
        ValueError: when an import remains, or two modules define the same name.
    """
    homes: dict[str, str] = {}
    texts = []
    for path in paths:
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
