"""The part of the Data page where a visitor uploads a file and chooses how to read it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from hmmcore.tables import (
    BLANK_LINES,
    MAX_FILE_BYTES,
    MAX_SEQUENCES,
    NO_SEPARATOR,
    SEPARATORS,
    Guess,
    Table,
    TableData,
    TableError,
    too_large,
)
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.own_model import OwnModel
from pages.ui.files import experiment_file, model_file
from pages.ui.files.pending import PendingFile, Roles
from pages.ui.files.refusal import FileRefused
from pages.ui.parts import health, words
from pages.ui.parts.widgets import on_entry, set_widget, sized, wide
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.settings.config import MAX_CELLS
from pages.ui.settings.families import MAX_DIMENSIONS, MAX_SYMBOLS
from pages.ui.text import count, listed, many, markdown_text, missing, shortened

SEPARATOR_NAMES = {separator: name.capitalize() for separator, name in SEPARATORS.items()} | {
    NO_SEPARATOR: "None: one column"
}
DECIMAL_NAMES = {".": "Point: 1.5", ",": "Comma: 1,5"}
HEADER_NAMES = {True: "Names of the columns", False: "Data"}
LAYOUT_NAMES = {
    "long": "An observation per row",
    "rows": "A sequence per row",
    "columns": "A sequence per column",
    "letters": "A sequence per row, a letter per step",
}
SHOWN_COLUMNS = 50
MOST_SKIPPED = 1_000_000
MOST_CODES = 20
KINDS = {"numbers": "Numbers", "counts": "Counts", "symbols": "Symbols"}
"""What a column may hold, with their labels."""


def upload_area(session: Session) -> None:
    """Draw the uploader, and below it the uploaded file with all choices of how to read it."""
    num_states = session.config.num_states
    st.caption(
        "A table, as text or Parquet: usually one observation per row, a number, a count, or a "
        f"symbol (any text, at most {MAX_SYMBOLS} different ones); up to {MAX_DIMENSIONS} columns "
        "may come together, each of its own kind. A cell that is empty, or says NA or NaN, is a "
        "missing observation, which training and decoding integrate out. Other columns may say "
        "which sequence a row belongs to, when it was, and which state it is known to be from. A "
        "file may also hold a sequence per row or per column. At most "
        f"{MAX_FILE_BYTES // 2**20} MB and {count(MAX_SEQUENCES)} sequences; with K = {num_states} "
        f"states at most {count(MAX_CELLS // num_states)} observations "
        f"(K × T ≤ {count(MAX_CELLS)}), so that training stays live. What was read is held in the "
        "server's memory only, for this tab, and at most an hour longer than the page is used. "
        "An experiment file that was made with Export is opened here too."
    )
    if st.context.is_embedded and st.get_option("server.xsrfCookieSameSite") != "none":
        # Streamlit's uploader marks such a file red and says no more.
        st.caption(
            "In a frame of another site a file may be refused. Open this page in a window of its "
            "own to bring one."
        )
    _uploader(
        session, "Your file", f"upload_{session.uploads}",
        "Comma, semicolon, tab, pipe or space between the columns, decimal point or comma, with or "
        "without a header: what your file has is found out, and can be corrected below.",
    )  # fmt: skip
    with st.popover("Open a model", icon=":material/conversion_path:", key="open_model"):
        _uploader(
            session, "A model", f"model_{session.uploads}",
            "The learned model that was exported here as JSON, or one written by "
            "hmmcore.io.to_json. It decodes and scores the present data at once; training goes on "
            "from it if you want.",
        )  # fmt: skip
    if session.refused:
        st.error(markdown_text(session.refused), icon=":material/error:")
    health.way_back(session)
    if own := words.about_own_model(session):
        st.info(own, icon=":material/conversion_path:")
    if session.pending is not None:
        _pending_file(session, session.pending)
    elif session.upload is not None:
        _present_upload(session, session.upload)


def _uploader(session: Session, label: str, key: str, help: str) -> None:
    """Draw a place for a file; either place takes a table, an experiment file or a model."""
    st.file_uploader(label, key=key, on_change=_received, args=(session, key), help=help)


def _pending_file(session: Session, pending: PendingFile) -> None:
    with st.spinner(f"Reading {len(pending.content) / 2**20:.1f} MB", show_time=True):
        table, problem = _attempt(pending.table)
        if isinstance(table, Table):
            # What is read here is kept for below.
            _attempt(pending.observations)
    st.markdown(f"**{markdown_text(shortened(pending.file_name))}**")
    read = None
    if isinstance(table, Table):
        _, problem = _attempt(pending.chosen)
        if not problem:
            read, problem = _attempt(pending.observations)
            _columns(session, pending, table, read)
    with st.expander("How the file is read", expanded=table is None):
        _reading(session, pending, table)
    if problem:
        st.error(markdown_text(problem), icon=":material/error:")
    if isinstance(read, TableData):
        st.markdown(_what_was_read(read))
        assert isinstance(table, Table)
        doubts = [*table.warnings, *read.warnings]
        if doubts:
            st.info(
                "  \n".join(markdown_text(shortened(doubt, 300)) for doubt in doubts),
                icon=":material/help:",
            )
    with st.container(horizontal=True):
        st.button(
            "Use this data",
            key="use_upload",
            type="primary",
            icon=":material/check:",
            disabled=read is None,
            on_click=_use,
            args=(session, pending),
            help="Train on what was read instead of the present data.",
        )
        _keep_the_model(session, pending, read is not None)
        st.button(
            "Put the file away",
            key="forget_pending",
            on_click=_forget,
            args=(session,),
            help="The present data stay as they are.",
        )
    if isinstance(table, Table):
        st.caption("The first rows of the file")
        # Columns are keyed by number, so that a header may be any text.
        names = table.names[:SHOWN_COLUMNS]
        preview = table.preview[list(names)]
        st.dataframe(
            pd.DataFrame(preview.to_numpy(dtype=object)),
            key=sized(session, "preview"),
            column_config={
                str(c): st.column_config.TextColumn(name) for c, name in enumerate(names)
            },
            hide_index=True,
            height="content",
            alt="The first rows of the file, as they were read",
        )


def _keep_the_model(session: Session, pending: PendingFile, readable: bool) -> None:
    """Draw the button with which the model in hand meets the file, if there is one."""
    model = session.model_in_hand()
    if model is None or not readable:
        return
    problem = model.problem(pending.upload())
    st.button(
        "Keep the model",
        key="use_with_model",
        icon=":material/conversion_path:",
        disabled=bool(problem),
        on_click=_use,
        args=(session, pending, model),
        help=markdown_text(problem)
        or f"Use this data with the model from {markdown_text(model.origin)}: it decodes and "
        "scores what was read at once. Training goes on from it if you want.",
    )


def _what_was_read(read: TableData) -> str:
    """One or two sentences on the observations of a file."""
    sequences = read.sequences

    def shortly(labels: tuple[str, ...]) -> str:
        return ", ".join(markdown_text(shortened(label, 12)) for label in labels)

    found, known = shortly(read.labels), shortly(read.truth_labels)
    if read.family == "product":
        found = "; ".join(
            f"{markdown_text(shortened(name, 24))}: {shortly(labels)}"
            for name, labels in zip(read.names, read.part_labels, strict=True)
            if labels
        )
    return (
        f"Read {many(sequences.num_observations, 'observation')} in "
        f"{many(sequences.num_sequences, 'sequence')}"
        + (f"; left out {many(read.left_out, 'row')} without a value" if read.left_out else "")
        + "."
        + (f" Symbols: {found}." if found else "")
        + (f" Known states: {known}." if known else "")
        + (f" {_about_gaps(read)}" if sequences.has_missing else "")
    )


def _about_gaps(read: TableData) -> str:
    """One sentence on the missing observations of a file, and how they are treated."""
    says = [f"“{text}”" for text in read.spellings if text]
    cells = shortened(", ".join([*(["empty"] if "" in read.spellings else []), *says]), 100)
    named = f" (cells: {markdown_text(cells)})" if cells else ""
    return (
        f"{missing(read.sequences)}{named}; nothing is put in their place, the model integrates "
        "them out."
    )


def _columns(session: Session, pending: PendingFile, table: Table, read: TableData | None) -> None:
    chosen = pending.chosen()
    names = list(table.names)

    def put(**roles: Any) -> None:
        pending.roles = replace(pending.roles, **roles)

    # Side by side where there is room, otherwise one below the other.
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=wide(session, 300)):
            numeric = {name for name in names if table.column(name).is_numeric}
            _values(session, pending, chosen.values, names, numeric, chosen.layout)
        with st.container(width=wide(session, 250)):
            _kinds(session, pending, chosen)
        if chosen.layout == "long":
            with st.container(width=wide(session, 210)):
                sequence = {"": "One sequence"} | {name: name for name in names}
                if table.has_blank_lines:
                    sequence[BLANK_LINES] = "Blank lines end one"
                _choice(
                    session, "Sequence", sequence, chosen.sequence or "",
                    lambda name: put(sequence=name),
                    "The column that says which sequence a row belongs to, if the file has "
                    "several.",
                )  # fmt: skip
        if chosen.layout in ("long", "columns"):
            with st.container(width=wide(session, 210)):
                _choice(
                    session, "Time", {"": "Rows are in order"} | {name: name for name in names},
                    chosen.time or "", lambda name: put(time=name),
                    "The column with the times: rows are put in their order.",
                )  # fmt: skip
        if chosen.layout == "long":
            with st.container(width=wide(session, 210)):
                _choice(
                    session, "Known states",
                    {"": "Nobody knows them"} | {name: name for name in names},
                    chosen.label or "", lambda name: put(label=name),
                    "The column that says which state made each observation, where that is known. "
                    "The model never sees it: what it decodes is compared with it.",
                )  # fmt: skip
    if pending.leave_out_missing or (read is not None and read.sequences.has_missing):
        _switch(
            pending, "upload_leave_out", "leave_out_missing", "Leave out rows without a value",
            "Their neighbours in time then follow each other directly. Otherwise time goes on "
            "where a value is missing, and the model says what state was likely there.",
        )  # fmt: skip
    if chosen.layout == "long" and chosen.time:
        _switch(
            pending, "upload_fill_gaps", "fill_gaps", "Make gaps in the times missing observations",
            "Where times are regular and some are left out, time then goes on there too.",
        )  # fmt: skip


def _values(
    session: Session,
    pending: PendingFile,
    values: tuple[str, ...],
    names: list[str],
    numeric: set[str],
    layout: str,
) -> None:
    """Draw the choice of the columns with the observations."""
    if layout != "long":
        shown = shortened(", ".join(values), 120)
        st.caption(f"{many(len(values), 'column')} of values: {markdown_text(shown)}.")
        return
    set_widget("upload_values", list(values))
    st.multiselect(
        "Values",
        names,
        default=list(values),
        format_func=lambda name: name + ("" if name in numeric else " (not numbers)"),
        key="upload_values",
        max_selections=MAX_DIMENSIONS,
        on_change=on_entry(
            "upload_values",
            lambda chosen: _set(
                session, pending, roles=replace(pending.roles, values=tuple(chosen), family=None)
            ),
        ),
        help="The column with the observations. Choose several to take them together: numbers as "
        "points, and columns of other kinds each by a distribution of its own.",
    )


def _kinds(session: Session, pending: PendingFile, chosen: Guess) -> None:
    """Draw the choice between numbers, counts and symbols for each column of values."""
    if chosen.layout == "letters":
        return
    if chosen.layout != "long" or len(chosen.values) == 1:
        _kind(session, pending, chosen.kinds[:1], 0, "They are")
        return
    for place, name in enumerate(chosen.values):
        _kind(session, pending, chosen.kinds, place, markdown_text(shortened(name, 24)))
    st.caption(
        f"{len(chosen.values)} columns of numbers: points, modelled by a Gaussian with "
        f"{len(chosen.values)} dimensions."
        if chosen.family == "numbers"
        else f"{len(chosen.values)} columns together, each by a distribution of its own kind; "
        "given the state, none says anything of another."
    )


def _kind(
    session: Session, pending: PendingFile, kinds: tuple[str, ...], place: int, label: str
) -> None:
    """Draw the choice of what one column of values holds."""

    def choose(kind: str) -> None:
        chosen = (*kinds[:place], kind, *kinds[place + 1 :])
        family = chosen[0] if len(chosen) == 1 else chosen
        _set(session, pending, roles=replace(pending.roles, family=family))

    key = f"upload_kind_{place}" if place else "upload_kind"
    set_widget(key, kinds[place])
    st.segmented_control(
        label,
        list(KINDS),
        default=kinds[place],
        format_func=KINDS.__getitem__,
        required=True,
        key=key,
        on_change=on_entry(key, choose),
        help="Numbers: any value, spread around a mean. Counts: how many, 0, 1, 2, and so on. "
        "Symbols: names of a few kinds, also where they are written as numbers, such as the faces "
        "of a die."
        if not place
        else None,
    )


def _switch(pending: PendingFile, key: str, attribute: str, label: str, help: str) -> None:
    """Draw a choice of yes or no."""
    present = getattr(pending, attribute)
    set_widget(key, present)
    st.checkbox(
        label, present, key=key,
        on_change=on_entry(key, lambda value: setattr(pending, attribute, value)), help=help,
    )  # fmt: skip


def _reading(session: Session, pending: PendingFile, table: Table | None) -> None:
    reading = pending.reading

    def put(**values: Any) -> None:
        # What the columns are is guessed anew.
        _set(session, pending, reading=replace(reading, **values), roles=Roles())

    def found(names: dict[Any, str], value: Any) -> dict[Any, str]:
        if table is None or value not in names:
            return {None: "Automatic", **names}
        return {None: f"Automatic ({names[value].lower()})", **names}

    with st.container(horizontal=True, gap="medium"):
        with st.container(width=wide(session, 240)):
            _choice(
                session, "Separator", found(SEPARATOR_NAMES, table and table.separator),
                reading.separator, lambda chosen: put(separator=chosen),
                "What stands between two columns.",
            )  # fmt: skip
        with st.container(width=wide(session, 240)):
            _choice(
                session, "Decimal mark", found(DECIMAL_NAMES, table and table.decimal),
                reading.decimal, lambda chosen: put(decimal=chosen), "How fractions are written.",
            )  # fmt: skip
        with st.container(width=wide(session, 240)):
            _choice(
                session, "First row", found(HEADER_NAMES, table and table.header),
                reading.header, lambda chosen: put(header=chosen),
                "Whether the file begins with a header.",
            )  # fmt: skip
        with st.container(width=wide(session, 240)):
            layout = table.guess.layout if table else None
            _choice(
                session, "Layout", found(LAYOUT_NAMES, layout), pending.roles.layout,
                lambda chosen: _set(session, pending, roles=Roles(layout=chosen)),
                "What a row is, and what a column.",
            )  # fmt: skip
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=wide(session, 240)):
            # Text, so that empty can stand for automatic.
            skipped = "" if reading.skip_rows is None else str(reading.skip_rows)
            _typed(
                "upload_skip_rows", "Skip rows", skipped, f"{table.skipped_rows} found" if table
                else "Automatic", lambda text: put(skip_rows=_whole(text)),
                "How many rows at the top are no part of the table. Empty: they are found.",
            )  # fmt: skip
        with st.container(width=wide(session, 240)):
            _typed(
                "upload_missing", "Missing codes", ", ".join(reading.missing), "such as −1, −999",
                lambda text: put(missing=_codes(text)),
                "Numbers or words that stand for a missing value, beside empty cells and NA.",
            )  # fmt: skip


def _typed(key: str, label: str, value: str, hint: str, take: Any, help: str) -> None:
    """Draw a line of text."""
    set_widget(key, value)
    st.text_input(
        label, value, key=key, placeholder=hint, max_chars=200, on_change=on_entry(key, take),
        help=help,
    )  # fmt: skip


def _whole(text: str) -> int | None:
    """The whole number in a text; None where there is none."""
    text = text.strip()
    return min(int(text), MOST_SKIPPED) if text.isdecimal() and len(text) < 10 else None


def _codes(text: str) -> tuple[str, ...]:
    """Codes from a text with commas or semicolons between them."""
    codes = text.replace("−", "-").replace(";", ",").split(",")
    return tuple(code.strip() for code in codes if code.strip())[:MOST_CODES]


def _present_upload(session: Session, upload: Upload) -> None:
    if session.config.source == "upload":
        st.success(
            f"In use: {_called(upload)} of {markdown_text(upload.file_name)}.",
            icon=":material/check:",
        )
        st.button(
            "Back to generated data",
            key="back_to_generated",
            icon=":material/undo:",
            on_click=session.change_data,
            kwargs={"source": "generated"},
            help="Your file is kept; choose it again under Data above.",
        )
    else:
        st.info(
            f"Kept: {_called(upload)} of {markdown_text(upload.file_name)}.",
            icon=":material/info:",
        )
        st.button(
            "Use it again",
            key="use_again",
            on_click=session.change_data,
            kwargs={"source": "upload", "sequence": 1},
            help="Train on this file again instead of the present data.",
        )


def _choice(
    session: Session,
    label: str,
    names: dict[Any, str],
    value: Any,
    put: Any,
    help: str,
) -> None:
    """Draw a list of `names` (value to name) that stands at `value`; `put` takes the new value."""
    key = f"upload_{label.lower().replace(' ', '_')}"
    options = list(names)
    set_widget(key, options.index(value))
    st.selectbox(
        label,
        range(len(options)),
        index=options.index(value),
        format_func=lambda index: names[options[index]],
        key=key,
        on_change=on_entry(key, lambda index: put(options[index])),
        help=help,
    )


def _attempt(read: Any) -> tuple[Any, str | None]:
    """What `read` returns, and None; or None, and why it could not read the file."""
    try:
        return read(), None
    except TableError as error:
        return None, str(error)


def _set(session: Session, pending: PendingFile, **values: Any) -> None:
    for name, value in values.items():
        setattr(pending, name, value)


def _received(session: Session, key: str) -> None:
    file = st.session_state.get(key)
    session.refused = ""
    # Also gives the uploader a new key: it is empty again, and asks for no file that was let go of.
    _forget(session)
    if isinstance(file, UploadedFile):
        content = file.getvalue()
        if model_file.looks_like_model(content):
            _open(session, partial(_open_model, session, content, file.name))
        elif experiment_file.looks_like_experiment(content):
            _open(session, partial(_open_experiment, session, content))
        elif len(content) > MAX_FILE_BYTES:
            # Not kept only to be refused at every run.
            session.refused = too_large(len(content))
        else:
            session.pending = PendingFile(file.name, content)
    _let_go_of_uploads()


def _let_go_of_uploads() -> None:
    """Remove Streamlit's copies of the files that this visitor has uploaded.

    Streamlit would keep all of them until the visitor has left, and nothing public removes one. The
    context of the script is not part of its public interface; without it, the copies stay.
    """
    context = get_script_run_ctx()
    if (files := getattr(context, "uploaded_file_mgr", None)) is not None:
        files.remove_session_files(context.session_id)


def _open_model(session: Session, content: bytes, file_name: str) -> str:
    session.use_model(model_file.read(content, file_name))
    # Otherwise a note says why the present data cannot meet it.
    return "The model is open." if session.config.start == "model" else ""


def _open_experiment(session: Session, content: bytes) -> str:
    open_file(session, content)
    return "The experiment is open as it was saved."


def _open(session: Session, open_it: Callable[[], str]) -> None:
    """Open a file by `open_it`, which returns what to say; say so, or why it is refused."""
    try:
        said = open_it()
    except FileRefused as refusal:
        session.refused = str(refusal)
    except Exception:
        logging.getLogger(__name__).exception("A file could not be opened.")
        session.refused = (
            "The file could not be opened, and why was noted on the server; the present experiment "
            "stays."
        )
    else:
        if said:
            st.toast(said, icon=":material/folder_open:")


def _called(upload: Upload) -> str:
    """The columns of an upload by name, and their family."""
    columns = listed([f"“{markdown_text(name)}”" for name in upload.columns or (upload.column,)])
    many_columns = len(upload.columns) > 1
    # Where all are alike one word says it.
    kinds = ", ".join(dict.fromkeys(upload.kinds) if len(set(upload.kinds)) == 1 else upload.kinds)
    kinds = kinds or upload.family
    return f"column{'s' if many_columns else ''} {columns} ({kinds})"


def _forget(session: Session) -> None:
    session.pending = None
    # A new key makes Streamlit draw an empty uploader.
    session.uploads += 1


def _use(session: Session, pending: PendingFile, model: OwnModel | None = None) -> None:
    upload = pending.upload()
    _forget(session)
    # With as many states as are known, each learned one has its counterpart.
    num_states = len(upload.state_names) or session.config.num_states
    session.replace_upload(upload, num_states if model is None else model.hmm.num_states, model)
