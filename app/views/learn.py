"""Learn: six lessons, from one matrix to attention over triples, for a class or for a student alone."""

from app.parts.learn import frame

frame.page()
