"""Pieces that every inspection page is made of."""
