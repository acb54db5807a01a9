"""How far to trust what a page shows: evidence, what if, and comparison."""
