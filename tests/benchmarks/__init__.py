"""`make bench`: what mode-wise attention gains, measured in one interleaved run. Start with `__main__.py`."""
