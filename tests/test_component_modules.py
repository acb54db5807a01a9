"""Several ES modules become one text that means the same."""

from pathlib import Path

import pytest

from app.components.modules import joined, kept, ordered
from tests.javascript import run_module

COMPONENTS = Path(__file__).resolve().parents[1] / "app" / "components"
MAINS = [COMPONENTS / folder / f"{name}.js" for folder, name in (
    ("attention_map", "main"), ("gallery", "gallery"), ("niivue", "main"), ("niivue", "hold"),
)]  # fmt: skip


def written(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder / "main.js"


def test_each_module_comes_after_those_it_needs(tmp_path: Path) -> None:
    main = written(
        tmp_path,
        main='import { b } from "./b.js";\nimport {\n  a,\n} from "./a.js";\n'
        "export default function run() {\n  return a + b;\n}\n",
        b='import { a } from "./a.js";\nexport const b = a + 1;\n',
        a="export const a = 1;\n",
    )
    assert [path.name for path in ordered(main)] == ["a.js", "b.js", "main.js"]
    text = joined(main)
    assert "import" not in text
    assert run_module(text.replace("export default ", "") + "\nanswer(run());", None) == 3


def test_two_homes_of_one_name_are_refused(tmp_path: Path) -> None:
    main = written(
        tmp_path, main='import { a } from "./a.js";\nconst twice = a;\n', a="export const a = 1;\nconst twice = 2;\n"
    )
    with pytest.raises(ValueError, match=r"main\.js and a\.js both define twice"):
        joined(main)


@pytest.mark.parametrize("line", ['import * as all from "./a.js";', 'import x from "https://example.org/x.js";'])
def test_an_import_of_another_form_is_refused(tmp_path: Path, line: str) -> None:
    main = written(tmp_path, main=f"{line}\n", a="export const a = 1;\n")
    with pytest.raises(ValueError, match=r"main\.js has an import of another form"):
        joined(main)


@pytest.mark.parametrize("main", MAINS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_components_need_nothing_from_elsewhere(main: Path) -> None:
    folder = main.parent
    for path in [*folder.glob("*.css"), *folder.glob("*.html")]:
        assert not any(word in path.read_text(encoding="utf-8") for word in ("http:", "https:", "@import", "url("))
    text = joined(main)
    for word in ("https:", "import(", "fetch(", "XMLHttpRequest", "WebSocket", "localStorage"):
        assert word not in text, word
    assert text.replace("http://www.w3.org/", "").count("http:") == 0  # the names of SVG's own language are no address
    assert text.count("export default function") == 1


TIMERS = """
const timers = new Map();
let count = 0;
globalThis.setInterval = (ring) => { timers.set(++count, ring); return count; };
globalThis.clearInterval = (timer) => timers.delete(timer);
"""
"""Timers that ring when the test says."""


def code_and_call(folder: Path) -> None:
    """A component's code and the lines that call it, as two modules."""
    main = written(folder, main="export default function drawing(it) { it.parentElement.drawn.push(it.data); }\n")
    for name, text in zip(("code", "call"), kept("drawing", main), strict=True):
        (folder / f"{name}.mjs").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_drawn_when_the_code_comes_is_the_newest(tmp_path: Path, order: int) -> None:
    """Data that changed while the code was on its way: whichever timer rings first, the old must not come last."""
    code_and_call(tmp_path)
    drawn = run_module(
        f"""
        {TIMERS}
        const ringAll = () => {{
          const rings = [...timers.values()];
          ({order} < 0 ? rings.reverse() : rings).forEach((ring) => ring());
        }};
        const {{ default: call }} = await import("{(tmp_path / "call.mjs").as_uri()}");
        const place = {{ drawn: [] }}, other = {{ drawn: [] }};
        call({{ parentElement: place, data: "old" }});
        call({{ parentElement: other, data: "beside" }});
        call({{ parentElement: place, data: "new" }});
        ringAll();
        await import("{(tmp_path / "code.mjs").as_uri()}");
        ringAll();
        call({{ parentElement: place, data: "newest" }});
        ringAll();
        answer([place.drawn, other.drawn]);
        """
    )
    assert drawn == [["new", "newest"], ["beside"]]


def test_data_that_comes_with_the_code_end_the_waiting(tmp_path: Path) -> None:
    code_and_call(tmp_path)
    drawn = run_module(
        f"""
        {TIMERS}
        const {{ default: call }} = await import("{(tmp_path / "call.mjs").as_uri()}");
        const place = {{ drawn: [] }};
        call({{ parentElement: place, data: "old" }});
        await import("{(tmp_path / "code.mjs").as_uri()}");
        call({{ parentElement: place, data: "new" }});
        [...timers.values()].forEach((ring) => ring());
        answer(place.drawn);
        """
    )
    assert drawn == ["new"]
