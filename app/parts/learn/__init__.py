"""Learn: six lessons with live controls, each a small page of its own under one frame."""
