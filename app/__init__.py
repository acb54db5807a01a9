"""The page: it reads choices, calls one cached function, and shows the result. No arithmetic, no training."""
