"""One file that holds everything to look at an analysis elsewhere: data, prediction, attention, factors, coordinates.

A bundle (`*.hotlens`) is an `.npz` that opens without pickle. Its `manifest` is a JSON text: what every export says
about itself, and under "bundle" where each array lies. The coordinate of native position `i` on an axis is
`first + step · i`; an array begins at the native position `start`.
"""

from hot_core.export.bundle.about import SUFFIX, About, Axis, Chosen, Held, Query
from hot_core.export.bundle.read import Bundle, read_bundle
from hot_core.export.bundle.write import bundle_bytes

__all__ = [
    "SUFFIX",
    "About",
    "Axis",
    "Bundle",
    "Chosen",
    "Held",
    "Query",
    "bundle_bytes",
    "read_bundle",
]
