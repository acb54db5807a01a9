"""HOT against its peers: `python -m hot_core.training.peers DATASET --data DIR`, same data, same budget, several seeds.

`kinds.py` says what takes the place of the attention (`rotated.py`, `without.py`), `pace.py` measures what a step and a
forecast cost, `run.py` trains one kind with one seed by the data set's own recipe, `store.py` keeps results as they
come, and `table.py`, `paired.py`, `findings.py` and `plot.py` write docs/peers.md from whatever is there.
"""
