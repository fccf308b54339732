"""Families and constraints side by side: the chart, the table, and the button that takes one."""

from __future__ import annotations

import numpy as np
import streamlit as st

from hmmcore.selection import (
    CRITERIA,
    TriedVariant,
    VariantsSweep,
    preferred_variant,
    variants_frame,
)
from pages.ui.experiment import variants
from pages.ui.experiment.naming import parameter_symbols
from pages.ui.figures import variant_charts
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts.widgets import sized, wide, with_minus
from pages.ui.session import sweeps
from pages.ui.session import variant_words as words
from pages.ui.session.session import Session
from pages.ui.session.sweeps import Sweep
from pages.ui.text import markdown_text


def draw(session: Session, job: Sweep) -> None:
    """Draw the variants as far as they are known."""
    sweep: VariantsSweep = job.found
    labels, rows = _labels(session, job), words.shown_rows(sweep)
    if rows:
        each = max(1, session.data.sequences.num_observed)
        held_out = [_held_out(row) / max(1, sweep.num_held_out) for row in rows]
        show_figure(
            variant_charts.variants_figure(
                [labels[row.name] for row in rows],
                np.array([_value(row, "log_likelihood") / each for row in rows]),
                np.array(held_out) if sweep.num_held_out else None,
                {name: np.array([_value(row, name) for row in rows]) for name in CRITERIA},
                f"variants-{session.data_number}",
                page_colours(),
            ),
            "variants_figure",
            label=words.variants_label(sweep, labels),
        )
    if found := words.preferences(sweep, labels):
        st.markdown("\n".join(f"- {sentence}" for sentence in found))
    for doubt in words.doubts(sweep, variants.variants(job.plan, session.data), labels):
        st.caption(markdown_text(doubt))
    if rows:
        st.dataframe(
            with_minus(
                variants_frame(rows, labels, parameter_symbols(session.data)),
                dict.fromkeys(("Log-likelihood", "AIC", "AICc", "BIC", "ICL", "Held out"), ".2f"),
            ),
            hide_index=True, key=sized(session, "variants_table"),
            alt="For each family or constraint its log-likelihood in nats, free parameters by "
            "name, criteria, and the log-likelihood of held-out data",
        )  # fmt: skip


def use_variant(session: Session, job: Sweep) -> None:
    """Draw the choice of a variant, and the button that takes it and its model along."""
    sweep: VariantsSweep = job.found
    labels = _labels(session, job)
    names = [row.name for row in sweep.rows if row.best is not None]
    if not names:
        return
    preferred = preferred_variant(sweep.rows, "bic")
    with st.container(horizontal=True, vertical_alignment="bottom", key="use_variant_controls"):
        chosen = st.selectbox(
            "Model", names, index=names.index(preferred.best) if preferred is not None else 0,
            key="use_variant_which", format_func=lambda name: labels.get(name, name),
            width=wide(session, 190), help="First the one that BIC prefers.",
        )  # fmt: skip
        st.button(
            "Use this one", key="use_variant", icon=":material/check:",
            on_click=sweeps.use_variant, args=(session, job, chosen),
            help="Every page shows the best model of this kind then, and trains under its "
            "constraints, which stand in the sidebar; the link carries them.",
        )  # fmt: skip


def _labels(session: Session, job: Sweep) -> dict[str, str]:
    return variants.available(job.plan.config, session.data)


def _value(row: TriedVariant, name: str) -> float:
    return float(getattr(row.criteria, name))


def _held_out(row: TriedVariant) -> float:
    return float("nan") if row.held_out is None else float(row.held_out.sum())
