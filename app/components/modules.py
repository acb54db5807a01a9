"""Plain ES modules as the one text that Streamlit hands to the browser."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:default )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


def joined(main: Path) -> str:
    """A module with everything that it imports, as one module.

    A component of Streamlit is one text without an address of its own, so that `./name.js` could not be found.
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


def kept(name: str, main: Path) -> tuple[str, str]:
    """A component's code, to be sent once, and the few lines that every one of its instances calls it by.

    Streamlit sends a component's code with every instance at every rerun; what is sent unchanged a second time it
    replaces by a reference, but an instance whose data changed goes again as a whole. So the code is mounted as a
    component of its own, without data, and keeps its default export in the page.

    Args:
        name: under which it is kept.
        main: the module with the default export, a named function.

    Returns:
        The module to mount once on a page, and the module of each instance; it waits until the code is there.
    """
    text, count = re.subn(r"^export default function (\w+)", r"function \1", joined(main), flags=re.MULTILINE)
    found = re.findall(r"^export default function (\w+)", main.read_text(encoding="utf-8"), re.MULTILINE)
    if count != 1 or len(found) != 1:
        raise ValueError(f"{main.name} must have one default export, a named function.")
    code = f"{text}\n(globalThis.hotLens ??= {{}}).{name} = {found[0]};\nexport default function () {{}}\n"
    return code, _CALL.replace("NAME", name)


_CALL = """export default function (component) {
  const place = component.parentElement;
  clearInterval(place.hotLensWaits); // what was to be drawn before is out of date
  if (globalThis.hotLens?.NAME) return globalThis.hotLens.NAME(component);
  const begin = Date.now();
  const timer = setInterval(() => {
    const ready = globalThis.hotLens?.NAME;
    if (!ready && Date.now() - begin < 30000) return;
    clearInterval(timer);
    if (ready) ready(component);
    else place.textContent = "This picture's code did not arrive. Load the page again.";
  }, 10);
  place.hotLensWaits = timer;
  return () => clearInterval(timer);
}
"""
