"""The page: it reads choices, calls one cached function, and shows the result. No arithmetic, no training."""

import os

# torch's threads wait for each other by spinning, some milliseconds long. Where another program has a core that keeps
# them from working at all; a shorter spin costs nothing on a quiet machine. GNU's OpenMP reads it when torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
