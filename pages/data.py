"""The data: where they come from, what they look like, and how to change them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.ui.figures import charts_data
from pages.ui.files.export import csv_bytes, data_frame, number_columns
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import chart_words, words
from pages.ui.parts.controls import dimensions, sequence
from pages.ui.parts.data_tables import table_editors
from pages.ui.parts.data_upload import upload_area
from pages.ui.parts.distributions import Distribution, distributions
from pages.ui.parts.examples import example_line, example_picker
from pages.ui.parts.layout import side_by_side
from pages.ui.parts.presets import PRESETS
from pages.ui.parts.run_controls import notices
from pages.ui.parts.widgets import on_entry, set_widget, sized, wide
from pages.ui.session.session import Session, current_session
from pages.ui.session.view import (
    scale_of,
    shown_dimension,
    shown_dimensions,
    shown_parts,
    shown_scale,
    shown_variable,
    zoom_key,
)
from pages.ui.settings.config import FIELD_OF
from pages.ui.settings.families import FAMILIES
from pages.ui.text import capitalised, many, markdown_text

PREVIEW_ROWS = 500

PART_HEIGHT = 190
"""Pixels of the figure of one of several quantities."""

WHAT = """
A hidden Markov model makes a sequence in two layers. Underneath, a **hidden state** changes from
step to step: the first is drawn from the initial probabilities **π**, each next one from the row
of the transition matrix **A** that belongs to the present state. On top, every state makes an
**observation**: {law}.

Only the observations are given to the model that learns. The **colours** here are the hidden
states that really made them; they are known because the data were drawn on this page. In a file
of your own nobody knows them, unless a column of it says, so its points have no colour.

*Over time* you see how long states last and in what order they come. The other figure forgets the
order: where two states make the same observations, a single one cannot tell them apart, and only
its neighbours in time can.

An observation may be **missing**: an empty cell of your file. It has no point, and the line is
broken there. Nothing is put in its place. The state it came from goes on all the same, and what
the model says of it follows from the neighbours in time.
"""


def source_and_preset(session: Session) -> None:
    """Draw the choice of the data's source, the list of examples, and the download."""
    sources = dict(FIELD_OF["source"].choices or {})
    if session.upload is None:
        del sources["upload"]
    with st.container(horizontal=True, vertical_alignment="bottom", key="data_controls"):
        set_widget("data_source", session.config.source)
        st.segmented_control(
            "Data",
            list(sources),
            default=session.config.source,
            format_func=sources.__getitem__,
            required=True,
            key="data_source",
            on_change=on_entry("data_source", lambda source: _choose_source(session, source)),
            help=FIELD_OF["source"].help,
        )
        example_picker(session, width=wide(session, 280))
        sequence(session)
        dimensions(session)
        data = session.shown_data
        has_truth = data.true_states is not None
        st.download_button(
            "Download CSV",
            lambda: csv_bytes(data),
            file_name="hmm-data.csv",
            mime="text/csv",
            key="download_data",
            icon=":material/download:",
            on_click="ignore",
            help="All sequences: sequence, time, value"
            + (", and the true state of each observation." if has_truth else "."),
        )
    example_line(session, where="On the Playground: ")


def look(session: Session) -> None:
    """Draw all figures of the data."""
    st.markdown(words.summary(session.data))
    over_time(session)
    if session.data.sequences.num_sequences == 1:
        how_often(session)
    else:
        left, right = side_by_side([3, 2], "look")
        with left:
            overview(session)
        with right:
            how_often(session)
    table(session)


def edit(session: Session) -> None:
    """Draw the tables to edit, and the data drawn from them."""
    table_editors(session)
    left, right = side_by_side([3, 2], "edit")
    with left:
        over_time(session)
    with right:
        how_often(session)


def over_time(session: Session) -> None:
    """Draw the selected sequence over time."""
    data, selected = session.shown_data, session.config.sequence - 1
    rows = slice(data.sequences.offsets[selected], data.sequences.offsets[selected + 1])
    (observations, variable), *further = shown_parts(session, data.sequences.observations[rows])
    states = None if data.states is None else data.states[rows]
    known = ", coloured by the state that made them" if states is not None else ""
    title, scale = data.sequence_title(selected + 1), shown_scale(session)
    st.header(f"{markdown_text(capitalised(title))} over time", anchor=False)
    show_figure(
        charts_data.sequence_figure(
            observations,
            states,
            variable,
            zoom_key(session),
            page_colours(session.shown_data.state_names),
            scale,
            further,
        ),
        "data_sequence",
        label=f"Observations of {title} over time{known}. "
        + chart_words.observed_each([(observations, variable), *further]),
    )
    note = " ".join(filter(None, [charts_data.points_note(len(observations)), scale.note]))
    if note:
        st.caption(note)


def overview(session: Session) -> None:
    """Draw the first sequences, one above the other."""
    data = session.shown_data
    shown = min(charts_data.OVERVIEW_SEQUENCES, data.sequences.num_sequences)
    first = [data.sequences[n][:, shown_dimension(session)] for n in range(shown)]
    offsets = data.sequences.offsets
    states = data.states
    of_each = (
        None if states is None else [states[offsets[n] : offsets[n + 1]] for n in range(shown)]
    )
    everything = shown == data.sequences.num_sequences
    st.header(f"{'All' if everything else f'The first {shown}'} sequences", anchor=False)
    show_figure(
        charts_data.overview_figure(
            first,
            of_each,
            shown_variable(session),
            f"{session.data_number}-{shown_dimension(session)}",
            page_colours(session.shown_data.state_names),
            [data.sequence_names[n] for n in range(shown)] if data.sequence_names else None,
            [scale_of(data, n + 1) for n in range(shown)],
        ),
        "data_overview",
        label=f"The first {shown} sequences one above the other, on one time axis. "
        + chart_words.observed(np.concatenate(first), shown_variable(session)),
    )
    longest = max(map(len, first))
    if longest > charts_data.OVERVIEW_POINTS:
        st.caption(
            f"At most {charts_data.OVERVIEW_POINTS} points of each are drawn: the least and the "
            "greatest of every stretch of time."
        )


def how_often(session: Session) -> None:
    """Draw how often each observation occurs."""
    data = session.shown_data
    found = distributions(session, page_colours(data.state_names))
    if data.kinds:
        st.header("How often each value occurs", anchor=False)
        for part, one in enumerate(found):
            show_figure(
                one.figure, f"data_distribution_{part}", height=PART_HEIGHT, label=one.label
            )
        if found[0].note:
            st.caption(found[0].note)
        return
    _whole_distribution(session, found[0])


def _whole_distribution(session: Session, found: Distribution) -> None:
    st.header(found.title, anchor=False)
    data = session.shown_data
    of_each = [
        (f"{data.variable(dimension).name}: " if data.columns else "")
        + chart_words.observed(
            data.sequences.observations[:, dimension], data.variable(dimension)
        )
        for dimension in (shown_dimensions(session) if data.columns else [0])
    ]  # fmt: skip
    label = " ".join([found.label, *of_each])
    show_figure(found.figure, "data_distribution", label=label)
    if found.note:
        st.caption(found.note)


def table(session: Session) -> None:
    """Draw the first rows of the data as a table."""
    data = session.shown_data
    total = data.sequences.num_observations
    with st.expander("The numbers"):
        st.dataframe(
            data_frame(data, PREVIEW_ROWS),
            hide_index=True,
            height=wide(session, 260),
            key=sized(session, "numbers"),
            column_config={
                name: st.column_config.NumberColumn(format="%.6g") for name in number_columns(data)
            },
            alt="Sequence, time, observation, and true state where it is known",
        )
        if total > PREVIEW_ROWS:
            st.caption(
                f"The first {PREVIEW_ROWS} of {many(total, 'row')}; download them for the rest."
            )


def _choose_source(session: Session, source: str) -> None:
    if source == "notebook":
        session.change_data(**PRESETS["notebook"].values)
    else:
        session.change_data(source=source, sequence=1)


EDIT = "Edit the model"

VIEWS: dict[str, Callable[[Session], None]] = {
    "Look at the data": look,
    EDIT: edit,
    "Your CSV file": upload_area,
}


def views(session: Session) -> None:
    """Draw the page's views as tabs; only the open one is computed."""

    def open_view(view: str) -> None:
        session.data_view = view

    set_widget("data_view", session.data_view or next(iter(VIEWS)))
    tabs = st.tabs(list(VIEWS), key="data_view", on_change=on_entry("data_view", open_view))
    for tab, draw in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab:
                draw(session)


session = current_session()
source_and_preset(session)
notices(session)
views(session)
with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(WHAT.format(law=FAMILIES[session.data.family].law))
