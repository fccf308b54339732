"""Editors of π, A and the means on the Data page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.ui import theme
from pages.ui.config import FIELD_OF, table_problem
from pages.ui.session import Session
from pages.ui.tables import (
    LAW_OF,
    Draft,
    is_edited,
    leaving,
    normalised,
    tables_of,
    taking,
    with_edits,
)

COLUMN_WIDTH = 88
"""Pixels that a column of numbers needs: tables stand side by side where the page is wide."""

TITLES = {
    "initial_table": "Initial probabilities π",
    "transition_table": "Transition matrix A",
    "means_table": "Means μ",
}
CAPTIONS = {
    "initial_table": "How likely a sequence begins in each state.",
    "transition_table": "Row: the state at one step. Column: how likely it is the next one.",
    "means_table": "The value around which each state's observations lie.",
}


def table_editors(session: Session) -> None:
    """The three tables, each with what is wrong with it and the ways out."""
    if session.config.source == "upload":
        st.info(
            "These tables are of the model that generated data are drawn from; your file has none.",
            icon=":material/info:",
        )
        return
    st.caption(
        "The model that the data are drawn from. Double-click a cell to change it: as soon as a "
        "table is right, new data are drawn from it, and it is part of the link in the address bar."
    )
    width = 60 + COLUMN_WIDTH * max(3, session.config.num_states)
    with st.container(horizontal=True, gap="medium", key="tables"):
        with st.container(width=width):
            table_editor(session, "transition_table")
        with st.container(width=width):
            table_editor(session, "initial_table")
            table_editor(session, "means_table")


def table_editor(session: Session, name: str) -> None:
    """One table to edit."""
    truth = session.data.truth
    assert truth is not None
    draft = session.drafts.follow(name, tables_of(truth)[name])
    key = editor_key(name, draft)
    if key not in st.session_state:
        # The page was left in between: the editor has forgotten its edits, the draft has not.
        draft.base = draft.values
    num_states = truth.num_states
    states = [theme.state_name(state) for state in range(num_states)]
    rows = states if len(draft.base) > 1 else [FIELD_OF[name].label.split()[-1]]
    edited = is_edited(session.config, name)
    st.markdown(f"**{TITLES[name]}**" + (" :blue-badge[edited]" if edited else ""))
    st.data_editor(
        pd.DataFrame(draft.base, index=rows, columns=states),
        key=key,
        on_change=_edited,
        args=(session, name, key),
        column_config={
            "_index": st.column_config.TextColumn(disabled=True, width=40),
            **{state: st.column_config.NumberColumn(format="%.4g", width=72) for state in states},
        },
        height="content",
        alt=f"{TITLES[name]}. {CAPTIONS[name]}",
    )
    problem = table_problem(FIELD_OF[name], draft.values)
    if problem is None:
        st.caption(CAPTIONS[name])
    else:
        st.warning(f"{problem} Until then the data stay as they are.", icon=":material/edit_off:")
    _ways_out(session, name, problem)


def editor_key(name: str, draft: Draft) -> str:
    """Key of the editor of a table; another one when its edits must be forgotten."""
    return f"editor_{name}_{draft.generation}"


def _ways_out(session: Session, name: str, problem: str | None) -> None:
    with st.container(horizontal=True, key=f"ways_out_{name}"):
        if problem and name != "means_table":
            st.button(
                "Normalise rows",
                key=f"normalise_{name}",
                icon=":material/balance:",
                on_click=_normalise,
                args=(session, name),
                help="Divide every row by its sum, so that it sums to 1.",
            )
        if problem:
            st.button(
                "Discard edits",
                key=f"discard_{name}",
                icon=":material/undo:",
                on_click=_discard,
                args=(session, name),
                help="Go back to the table that the data are drawn from.",
            )
        elif is_edited(session.config, name):
            st.button(
                "Discard edits",
                key=f"discard_{name}",
                icon=":material/undo:",
                on_click=_back_to_law,
                args=(session, name),
                help="Go back to π of the transitions chosen in the sidebar. Your table holds "
                "under any of them until then."
                if name == "initial_table"
                else "Go back to the law from the sidebar that was in force before.",
            )


def _edited(session: Session, name: str, key: str) -> None:
    draft = session.drafts.held[name]
    draft.values = with_edits(draft.base, st.session_state[key]["edited_rows"])
    _take(session, name)


def _normalise(session: Session, name: str) -> None:
    values, problem = normalised(name, session.drafts.held[name].values)
    if problem is None:
        session.drafts.put(name, values)
        _take(session, name)
    else:
        session.notes = (problem,)


def _discard(session: Session, name: str) -> None:
    session.drafts.put(name, session.drafts.held[name].in_force)


def _back_to_law(session: Session, name: str) -> None:
    session.change(**leaving(session.config, name, session.drafts.laws))


def _take(session: Session, name: str) -> None:
    """Bring a table into force if it is right; if not, it stays a draft."""
    values = session.drafts.held[name].values
    if table_problem(FIELD_OF[name], values) is not None:
        return
    config = session.config
    session.drafts.laws |= {
        law: getattr(config, law) for law in LAW_OF.values() if getattr(config, law) != "edited"
    }
    session.change(**taking(config, name, values))
