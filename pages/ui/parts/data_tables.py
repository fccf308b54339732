"""The Data page's editors of the true π, A and emissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui.glossary import GLOSSARY
from pages.ui.parts.controls import names
from pages.ui.parts.widgets import on_entry, sized, wide
from pages.ui.session.session import Session
from pages.ui.session.tables import (
    LAW_OF,
    Draft,
    is_edited,
    law_changes,
    normalised,
    number_shown,
    table_changes,
    tables_of,
    with_edits,
)
from pages.ui.settings.config import FIELD_OF
from pages.ui.settings.config_rules import problem_of_table
from pages.ui.settings.families import FAMILIES
from pages.ui.settings.field import Field
from pages.ui.settings.table_rules import (
    PARTS,
    STATES,
    SYMBOLS,
    column_names,
    is_distribution,
    row_names,
)

COLUMN_WIDTH = 88
"""Pixels for a column of numbers; tables stand side by side where the page is wide enough."""

NAME_WIDTH = 100
"""Pixels for the names of rows that have some."""

NAMED_IN_FILE = " Your file names its states."

CAPTIONS = {
    "initial_table": GLOSSARY["π"],
    "transition_table": GLOSSARY["A"],
    "means_table": "The value around which each state's observations lie.",
    "rates_table": "The average count that each state makes.",
    "symbols_table": "Row: the state. Column: how likely it makes each symbol.",
    "parts_table": "A row for each number and count: its mean or average in each state.",
    "points_table": "The point around which each state's observations lie, one coordinate a row.",
}


def table_editors(session: Session) -> None:
    """Draw all tables, each with its problem, if any, and buttons that resolve it."""
    if session.config.source == "upload":
        st.info(
            "Tables to edit are those of the model that generated data are drawn from; your file "
            "has none. Its states can have names all the same.",
            icon=":material/info:",
        )
        _names(session)
        return
    st.caption(
        "The model that the data are drawn from. Double-click a cell to change it: as soon as a "
        "table is right, new data are drawn from it, and it is part of the link in the address bar."
    )
    config = session.config
    emissions = FAMILIES[config.family].table
    symbols = emissions == "symbols_table"

    def width(columns: int) -> int:
        names = NAME_WIDTH - 40 if session.data.state_names else 0
        return wide(session, 60 + names + COLUMN_WIDTH * max(3, columns))

    with st.container(horizontal=True, gap="medium", key="tables"):
        with st.container(width=width(config.data_states)):
            table_editor(session, "transition_table")
        with st.container(width=width(config.num_symbols if symbols else config.data_states)):
            for name in ("initial_table", emissions):
                table_editor(session, name)
    _names(session)


def _names(session: Session) -> None:
    """Draw the boxes for what states and symbols are called."""
    data, uploaded = session.data, session.config.source == "upload"
    with st.container(horizontal=True, gap="medium", key="names"):
        with st.container(width=380):
            named = uploaded and bool(data.state_names)
            names(session, "state_names", disabled=named, why=NAMED_IN_FILE)
        if (data.labels or any(data.part_labels)) and not uploaded:
            with st.container(width=380):
                names(session, "symbol_names")


def table_editor(session: Session, name: str) -> None:
    """Draw the editor of one table."""
    truth = session.data.generating_model
    assert truth is not None
    draft = session.drafts.follow(name, tables_of(truth, session.data.family)[name])
    key = editor_key(session, name, draft)
    if key not in st.session_state:
        # The visitor left the page and came back: Streamlit dropped the edits, the draft has them.
        draft.base = draft.values
    field = FIELD_OF[name]
    rows, columns = (
        row_names(field, draft.base.shape[0]), column_names(field, draft.base.shape[1])
    )  # fmt: skip
    titles, headers = _named(session, field, rows, columns)
    edited = is_edited(session.config, name)
    st.markdown(f"**{field.label}**" + (" :blue-badge[edited]" if edited else ""))
    st.data_editor(
        # As text: a cell for numbers silently drops characters that it does not accept, such as a
        # comma or an e, and so reads another number than the visitor typed.
        pd.DataFrame(
            [[number_shown(value) for value in row] for row in draft.base],
            index=titles,
            columns=columns,
        ),
        key=key,
        on_change=on_entry(key, lambda edits: _edit(session, name, edits)),
        column_config={
            "_index": st.column_config.TextColumn(
                disabled=True, width=wide(session, 40 if titles == rows else NAME_WIDTH)
            ),
            **{
                column: st.column_config.TextColumn(
                    header, width=wide(session, 72), alignment="right"
                )
                for column, header in zip(columns, headers, strict=True)
            },
        },
        height="content",
        alt=f"{field.label}. {CAPTIONS[name]}",
    )
    problem = problem_of_table(session.config, name, draft.values)
    if problem is None:
        st.caption(CAPTIONS[name])
    else:
        st.warning(f"{problem} Until then the data stay as they are.", icon=":material/edit_off:")
    _buttons(session, name, problem)


def _named(
    session: Session, field: Field, rows: list[str], columns: list[str]
) -> tuple[list[str], list[str]]:
    """What the rows and columns of a table are called on the page."""
    assert field.table is not None
    states, symbols = session.data.state_names, session.data.labels
    of = {STATES: list(states), SYMBOLS: list(symbols)}
    kinds = zip(session.data.columns, session.data.kinds, strict=False)
    of[PARTS] = [name for name, kind in kinds if kind != "symbols"]
    titles, headers = (of.get(size) or [] for size in field.table)
    return (
        titles if len(titles) == len(rows) else rows,
        headers if len(headers) == len(columns) else columns,
    )


def editor_key(session: Session, name: str, draft: Draft) -> str:
    """The key of a table's editor; a new one makes Streamlit drop the editor's edits."""
    return sized(session, f"editor_{name}_{draft.generation}")


def _buttons(session: Session, name: str, problem: str | None) -> None:
    with st.container(horizontal=True, key=f"ways_out_{name}"):
        if problem and is_distribution(FIELD_OF[name]):
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
                else "Go back to the law of the controls in the sidebar."
                if name not in LAW_OF
                else "Go back to the law from the sidebar that was in force before.",
            )


def _edit(session: Session, name: str, edits: Mapping[str, Any]) -> None:
    draft = session.drafts.held[name]
    draft.values = with_edits(draft.base, edits["edited_rows"])
    _put_into_force(session, name)


def _normalise(session: Session, name: str) -> None:
    values, problem = normalised(name, session.drafts.held[name].values)
    if problem is None:
        session.drafts.put(name, values)
        _put_into_force(session, name)
    else:
        session.notes = (problem,)


def _discard(session: Session, name: str) -> None:
    session.drafts.put(name, session.drafts.held[name].in_force)


def _back_to_law(session: Session, name: str) -> None:
    session.change(**law_changes(session.config, name, session.drafts.laws))


def _put_into_force(session: Session, name: str) -> None:
    """Draw the data from the edited table if it is valid; otherwise it stays a draft."""
    values = session.drafts.held[name].values
    if problem_of_table(session.config, name, values) is not None:
        return
    config = session.config
    session.drafts.laws |= {
        law: getattr(config, law) for law in LAW_OF.values() if getattr(config, law) != "edited"
    }
    session.change(**table_changes(config, name, values))
