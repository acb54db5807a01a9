"""The committed document: how to read it, the machine, the tables, the limits."""

import datetime

from tests.benchmarks.machine import machine
from tests.benchmarks.tables import Table, as_markdown

READING = """\
Everything is measured in one headless Chromium, one thing after the other, on the machine above. The app is started by
its own command on the same two cores, so that server and browser share them, as on a laptop.

- **block means**: `blockMeans` alone, 512 × 512 pixels, on squares from the whole map down to 512 entries a side;
  each computed twice, the second counts.
- **picture**: what the instrument itself counts under the wheel: means, colours, axes; exact pictures of 512 pixels a
  side only, never the coarser ones that it draws while it moves.
- **whole frame**: all script in that animation frame: the picture, the profiles, marks, minimap, legend and sentence.
  The targets take this one. **until the next frame**: from the frame's begin to the next one's, with all that Chromium
  does to bring it to the screen; never below 16.7 ms.
- **a click**: from the release of the mouse (the event's own time stamp) to the animation frame after the one in which
  all of these hold: the sentence above the pictures has changed; the Kronecker map's instrument carries another chosen
  position than before; the instruments of all modes carry that position's index along their mode; the frames drawn over
  the figure of the data (of a raster the class map's, too) lie elsewhere. Not waited for: the key, and the sums over
  modes further down (stations by variables, bands), which a move along other modes leaves as they are. A page's script
  looks once a frame; nothing is asked from outside. Clicks are laid over a picture so that each moves the position; the
  next comes when the server has finished the page.
- **received, sent**: bytes of the websocket for a click, counted in the page, before any compression underneath.
- **Plotly heatmap**: a Streamlit page with the usual heatmap, float32, an invisible Scattergl point over every
  cell that takes the clicks (`on_select="rerun"`; clicks on a heatmap alone reach no Streamlit page), a sentence and an
  orange line that have to follow. *Until drawn*: from the choice of a side on an open page to the frame after its image
  is there, or until the instrument has drawn the whole map of so many tokens (at most 512 × 512 pixels of exact means);
  the attention map stands alone on a page of the same make.
- **BertViz** (`head_view`) and **CircuitsVis** (`attention_patterns`) make pages for notebooks: no click of theirs
  reaches Python, so only making, size and drawing are compared. They are given {heads} heads of a dense random matrix
  in float32; what they are given is all they can show, whereas a Kronecker map of 512 tokens, say 8 × 8 × 8, is sent
  as 192 numbers a head. *Drawn*: from the start of loading until BertViz has a line for every weight, and CircuitsVis
  the chosen picture and every head's.
"""

LIMITS = """\
- Chromium has no graphics card here: canvas, and the WebGL that Plotly's points and CircuitsVis use, are computed by
  the processor. With a card these are faster; the instrument does its arithmetic on the processor everywhere.
- BertViz' page loads require.js, d3 and jQuery from the internet and draws nothing without them; here copies of them
  stand in their place (jQuery 2.1.4 for its 2.0.0). CircuitsVis brings its own script and draws offline.
- Medians hide what the quartiles of a shared machine would show: look at the 95th percentiles.
"""

NO_FOLDER = """\
BertViz and CircuitsVis were left out: no folder with them was given (`--rivals DIR`)."""

FOLDER = """\
The folder for `--rivals` is made outside the repository, without a second torch:

```
pip install --no-deps --target DIR bertviz circuitsvis
pip install --target DIR ipython importlib_metadata
npm pack requirejs@2.3.6 d3@5.7.0 jquery@2.1.4       # from them: DIR/scripts/{require,d3,jquery}.min.js
```"""


def document(command, results, all_tables):
    """The whole page as Markdown."""
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    rows = [*(row for row in machine() if row[0] != "threads of torch"), ["browser", results.browser], ["date", date]]
    table = Table("Machine", ["what", "value"], rows)
    parts = [
        "# Benchmarks of the page",
        f"Made by `{command}`; do not edit by hand.",
        as_markdown(table).strip(),
        "## How to read this",
        READING.format(heads=results.settings.heads).strip(),
        *(as_markdown(each).strip() for each in all_tables),
        *([NO_FOLDER] if results.notebooks is None else []),
        "## Limits",
        LIMITS.strip(),
        FOLDER,
    ]
    return "\n\n".join(parts) + "\n"
