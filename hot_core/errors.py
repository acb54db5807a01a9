"""The one family of errors that a user may meet, each a plain sentence.

A message says what was asked, what was found and what to do. Code that talks to a person
(the app, the command line) shows `str(error)` and nothing else.
"""


class HotError(Exception):
    """Anything that the user can mend: the message names the thing, the problem and the remedy."""


class ReadError(HotError):
    """A file cannot be read as a time series, a volume or a raster."""


class ModelError(HotError):
    """A model is unknown, its folder is damaged, or it does not take this kind of data."""


class ShapeError(HotError):
    """Array arguments do not fit each other; the message prints every shape with its names."""


class SelectionError(HotError):
    """A layer, head, mode, position or region lies outside what there is."""


class RegimeError(HotError):
    """The entries of an attention are so large that its fast form cannot promise the wanted error."""
