"""The report to print and file: what will be in it, whether it names the file, and the two files; made when asked."""

from __future__ import annotations

import streamlit as st

from app import cache
from app.parts.evidence import asked
from app.parts.evidence import target as targets
from app.parts.view import View
from hot_core.evidence import Evidence
from hot_core.report import json_text, report, stamped, summary
from hot_core.report.summary import Check

HOLDS = (
    "One file to print, sign and file; it opens without a network.\n\n- Input by hash, prediction, chosen positions, "
    "pictures, model card, limits, versions, hardware\n- Room for a reviewer's name, finding and signature\n- Names of "
    "stations, variables and bands are data and stand in it; texts of a file's header do not"
)
NO_EVIDENCE = (
    ":orange[:material/info: **No evidence in it**]: ask for it below first, or the report says there is none."
)


def draw(view: View) -> None:
    """Offer the report of what the page shows, with the evidence that was asked for."""
    kind, (evidence, sanity, stability) = view.kind, gathered(view)
    with st.popover("Report", icon=":material/description:", key=f"{kind}_report", width="stretch"):
        st.caption(HOLDS)
        st.markdown(evidence_words(evidence, sanity, stability))
        named = st.checkbox(
            "Name the file in it", key=f"{kind}_report_personal",
            help="A file's name can say whose data it is. Left out unless you ask for it here.",
        )  # fmt: skip
        st.download_button(
            "Report (HTML)", data=lambda: html(view, evidence, sanity, stability, named), file_name="report.html",
            mime="text/html", key=f"{kind}_download_report", on_click="ignore", type="primary", width="stretch",
            help="About 5 MB, for it brings the code of its pictures along. To have a PDF, open it and print.",
        )  # fmt: skip
        st.download_button(
            "Its numbers (JSON)", data=lambda: numbers(view, evidence, sanity, stability, named), width="stretch",
            file_name="analysis.json", mime="application/json", key=f"{kind}_download_analysis", on_click="ignore",
        )  # fmt: skip


def gathered(view: View) -> tuple[Evidence | None, Check | None, Check | None]:
    """The evidence for this map, position and prediction, its sanity and its stability; None for what is not there."""
    target = targets.current(view)
    return asked.evidence(view, target), asked.sanity_of(view, target), asked.stability_of(view, target)


def evidence_words(evidence: Evidence | None, sanity: Check | None, stability: Check | None) -> str:
    """Which evidence will be in it."""
    if evidence is None:
        return NO_EVIDENCE
    parts = [f"the verdict *{evidence.judgement.verdict}* ({evidence.form.name} form)"]
    parts += [word for word, check in (("sanity", sanity), ("stability", stability)) if check is not None]
    return f":material/fact_check: Evidence in it: {', '.join(parts)}."


def html(
    view: View, evidence: Evidence | None, sanity: Check | None, stability: Check | None, personal: bool
) -> bytes:  # fmt: skip
    """The report."""
    model = cache.model(view.analysis.model_name)
    return report(
        view.analysis, model, view.inspection.choices, evidence, sanity=sanity, stability=stability, personal=personal
    )  # fmt: skip


def numbers(
    view: View, evidence: Evidence | None, sanity: Check | None, stability: Check | None, personal: bool
) -> bytes:  # fmt: skip
    """The numbers beside it."""
    checks = {name: one for name, one in (("sanity", sanity), ("stability", stability)) if one is not None}
    about = summary(view.inspection, evidence, checks, personal=personal)
    return json_text(stamped(about)).encode("utf-8")
