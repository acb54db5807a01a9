"""How every bundled weight was made: `python -m hot_core.training NAME --data DIR --out assets/NAME`.

A *recipe* (`air_quality.py`, `hippocampus.py`, `adrenal.py`, `land_cover.py`) says what is learnt from
which part of which data; `loop.py` runs any recipe, resumes it and keeps the weights that did best on
the validation part; `card.py` writes what was measured on the test part, beside its yardsticks.
Training data is named by an argument and never copied into the project.
"""
