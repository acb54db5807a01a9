"""Plain ES modules as the one text that Streamlit hands to the browser."""

from __future__ import annotations

import re
from pathlib import Path

from hot_core.figures.canvas.modules import joined, ordered

__all__ = ["joined", "kept", "ordered"]


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
