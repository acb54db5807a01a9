"""Start: what this is, a sample of each kind already analysed, and a door for one's own file."""

import streamlit as st

from app import cache, content, messages, navigation, state
from app.parts.show import CONFIG
from hot_core.analysis.words import number
from hot_core.errors import HotError
from hot_core.figures import thumbnails
from hot_core.modes import Kind
from hot_core.pipeline import Analysis, Settings

KINDS: tuple[Kind, ...] = ("series", "volume", "raster")


def what() -> None:
    """The first card."""
    st.markdown(
        "**:material/visibility: What it shows**\n\nFor each piece of its input a transformer decides which other "
        "pieces to draw on: it *attends*. A Higher-Order Transformer decides along every axis by itself: time, "
        "station, x, y, z, band. Here you see where it attends **in your own data, in its own units**."
    )


def sample() -> None:
    """The second card."""
    st.markdown(
        "**:material/science: Try a sample**\n\nReal data, already analysed. Open one and click anywhere in it."
    )
    for kind in KINDS:
        title = navigation.PAGES[kind][0]
        st.page_link(navigation.page(kind), label=f"{title} · {content.samples(kind)[0].title}")


def upload() -> None:
    """The third card: any file; its content decides where it opens."""
    st.markdown(
        "**:material/upload_file: Bring a file**\n\nCSV, NIfTI or GeoTIFF; what it is, is seen from its content."
    )
    found = st.file_uploader(
        "Your own file", key="start_upload", max_upload_size=100, label_visibility="collapsed",
        help="Up to 100 MB. It stays in this session's memory and is never written to disk.",
    )  # fmt: skip
    if found is None:
        return
    chosen = content.open_upload(found.name, found.getvalue())
    try:
        with st.spinner("Reading the file …", show_time=True):
            kind = cache.sample(chosen).kind
    except HotError as error:
        messages.say(error)
        return
    state.keep_upload(kind, chosen)
    st.switch_page(navigation.page(kind))


def picture(kind: Kind) -> None:
    """A sample of one kind as it is found on its page, and the way there."""
    chosen = content.open_bundled(content.samples(kind)[0])
    title = navigation.PAGES[kind][0]
    st.markdown(f"**{title}** :gray[{chosen.title}]")
    analysis: Analysis = cache.analysis(chosen, chosen.model or "", Settings())
    query = analysis.default_query()
    layer, head = content.first_look(kind, analysis.record.num_layers, analysis.record.num_heads)
    figure = thumbnails.draw(
        analysis.sample, analysis.prediction, analysis.grid, query, analysis.field(layer, head, query)
    )
    words = analysis.reading(layer, head, query)
    st.plotly_chart(figure, key=f"start_{kind}", config={**CONFIG, "staticPlot": True}, alt=words)
    if st.button(f"Open {title.lower()}", key=f"start_open_{kind}", type="primary", width="stretch"):
        st.switch_page(navigation.page(kind))
    few = number(sum(count * count for count in analysis.grid.shape))
    many = number(float(analysis.kronecker_map(layer, head).shape[0]) ** 2)
    st.caption(f"{messages.plain(words)} This head holds {few} numbers, its map {many} entries.")


def show() -> None:
    """The page."""
    st.markdown(
        "### See what a Higher-Order Transformer looks at\n"
        ":gray[In time series, volumes and rasters, in the data's own space and units.]"
    )
    for box, draw, key in zip(st.columns(3), (what, sample, upload), ("what", "sample", "upload"), strict=True):
        with box, st.container(border=True, height="stretch", key=f"start_card_{key}"):
            draw()
    boxes = st.columns(3)
    with st.spinner("Analysing the samples …", show_time=True):
        for box, kind in zip(boxes, KINDS, strict=True):
            with box, st.container(border=True, height="stretch", key=f"start_sample_{kind}"), messages.spoken():
                picture(kind)
    st.caption("Demonstration models, not medical devices. Attention is not cause.")


show()
