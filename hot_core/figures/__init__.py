"""Pure functions from pieces of an analysis to plotly figures; the page and the report show the same ones."""
