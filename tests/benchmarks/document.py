"""The committed document: how to read it, the machine, the tables, the limits."""

import datetime

from tests.benchmarks.machine import machine
from tests.benchmarks.tables import Table, as_markdown

READING = """\
All times come from one run, interleaved: round after round every case once, in another order each
time, so that whatever slows the machine slows all of them. Compare within a table, not with another machine.

- **pool-first**: `KroneckerAttention`, product of softmax factors, as it ships.
- **project-first**: the same weights in the order of work of the official code (arXiv 2412.02919,
  s-omranpour/HOT): queries and keys of *all* tokens by one wide projection each, pooled over the other modes,
  layer norm, softmax, and the factors applied to the values, tokens first, by `einsum`. Written anew
  (`hot_core/cost/project_first.py`), no code copied: the repository's `transformer.py` says how the layer is
  called; its attention file could be read in a public copy without its origin, with the class and the arguments that
  `transformer.py` uses, so the order of work is taken from there and from the paper's equations. Two
  differences, neither to its harm: pooling divides by the number of tokens, where theirs adds up (the layer norm
  makes the two the same but for its epsilon, and so the outputs can be compared), and `torch.einsum` is called
  directly, where theirs goes through einops. Its dropout of 0 is left out.
- **full**: `FullAttention`, all pairs of tokens, by torch's fused kernel.
- **axial (ours)**: `AxialAttention`: own queries and keys for each mode, one value and output, along lines, summed.
- **axial-attention**: the package of that name from PyPI, `AxialAttention(dim, num_dimensions, heads, dim_index=-1)`:
  a whole attention for each mode, summed.
- **floor**: the value and output projections and one mode product a mode as plain `torch.mm` and `torch.bmm`, operands
  ready and contiguous in whichever layout is fastest here, results allocated; no pooling, queries, keys,
  norms, softmax or biases. No layer of this kind can be faster than its products.
- **peak memory**: the most bytes of tensors alive at once above weights, input and upstream gradient, each storage
  followed from birth to death; what a kernel takes and gives back within itself is not seen. Training keeps the
  gradients of input and weights. Of a view: by how much the largest resident size of a fresh process grows.
- **MACs**: multiply–adds by the closed formulas of `hot.cost`: what one could expect if only products took time.
"""

LIMITS = """\
- float32, width {dim}, {heads} heads, random tokens, no mask, no rotation, one layer alone. Whole models gain less:
  their MLPs cost the same with any attention. `hot.cost(model, sizes).sentence()` says how much less.
- Forward runs in inference mode; training takes the gradients of the input and of all weights.
- Full, axial and mode-wise attention compute different things: the columns say what they cost, not what they are worth.
- Promise nothing at small grids: there a layer is a matter of overheads, and every form is fast.
- The slope of linear factors is fitted over two ranges: large tensors come in fresh memory pages each time, which costs
  time of its own beside the arithmetic.
- Views are timed on the CPU only, also where there is a GPU: that is where they are drawn.
- Others may have used the machine: look at the quartiles before believing a difference of a few per cent.
"""


def document(command, results, all_tables):
    """The whole page as Markdown."""
    settings = results[0].settings
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    table = Table("Machine", ["what", "value"], [*machine(), ["date", date]])
    parts = [
        "# Benchmarks",
        f"Made by `{command}`; do not edit by hand.",
        as_markdown(table).strip(),
        "## How to read this",
        READING.strip(),
        *(as_markdown(each).strip() for each in all_tables),
        *([] if any(each.device != "cpu" for each in results) else [NO_GPU]),
        "## Limits",
        LIMITS.format(dim=settings.dim, heads=settings.heads).strip(),
    ]
    return "\n\n".join(parts) + "\n"


NO_GPU = "No GPU was at hand: nothing was measured on one."
