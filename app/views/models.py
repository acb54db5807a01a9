"""Models: what each bundled model is for, what it was trained on, and how well it does."""

import streamlit as st

from app import cache, messages
from app.navigation import KIND_WORDS
from app.parts import card


def describe(name: str) -> None:
    """One model: its shape in a line, and its card."""
    model = cache.model(name)
    config = model.config
    weights = sum(parameter.numel() for parameter in model.parameters())
    st.markdown(
        f":gray[{config.task} on a {KIND_WORDS[config.kind]} · {' × '.join(config.modes)} · {config.layers} layers, "
        f"{config.heads} heads, width {config.dim} · {config.combine} of factors · {weights:,} weights · "
        f"sha256 {model.weights_sha256[:12]}…]"
    )
    card.draw(model)


def show() -> None:
    """The page."""
    st.markdown("### Models\nDemonstrations, small enough to train on a CPU: **not medical devices**.")
    names = cache.model_names()
    if not names:
        st.info("No model is bundled. Train one with `python -m hot_core.training`.")
        return
    for tab, name in zip(st.tabs(list(names), key="models_tabs"), names, strict=True):
        with tab, st.container(key=f"models_{name}", width=860), messages.spoken():
            describe(name)


show()
