"""Reading: a file of any supported kind becomes a `Sample`; it is recognised by its content.

The order in which content is looked at stands in `recognise.py`; the limits in `limits.py`.
"""

from hot_core.io.limits import MAX_BYTES, MAX_DECOMPRESSED
from hot_core.io.reader import read
from hot_core.io.regular import Duplicates, Irregular
from hot_core.io.rescale import Scaled
from hot_core.io.shifted import Shifted
from hot_core.io.table_numbers import Decimal

__all__ = ["MAX_BYTES", "MAX_DECOMPRESSED", "Decimal", "Duplicates", "Irregular", "Scaled", "Shifted", "read"]
