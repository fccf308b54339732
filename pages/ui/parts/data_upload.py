"""The part of the Data page where a visitor uploads a file and chooses how to read it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.ui.experiment.dataset import Upload
from pages.ui.files import experiment_file
from pages.ui.files.csv_text import (
    MAX_FILE_BYTES,
    NO_SEPARATOR,
    SEPARATORS,
    UploadError,
    too_large,
)
from pages.ui.files.experiment_reading import FileRefused
from pages.ui.files.pending import PendingFile
from pages.ui.files.upload import MAX_SEQUENCES, CsvTable, Observations
from pages.ui.files.upload_cells import KINDS
from pages.ui.parts.widgets import on_entry, set_widget
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.settings.config import MAX_CELLS
from pages.ui.settings.families import MAX_DIMENSIONS, MAX_SYMBOLS
from pages.ui.text import count, many, markdown_text, missing, shortened

SEPARATOR_NAMES = {separator: name.capitalize() for separator, name in SEPARATORS.items()} | {
    NO_SEPARATOR: "None: one column"
}
DECIMAL_NAMES = {".": "Point: 1.5", ",": "Comma: 1,5"}
HEADER_NAMES = {True: "Names of the columns", False: "Data"}


def upload_area(session: Session) -> None:
    """Draw the uploader, and below it the uploaded file with all choices of how to read it."""
    num_states = session.config.num_states
    st.caption(
        "A text file with one observation per row, in order of time: a number, a count, or a "
        f"symbol (any text, at most {MAX_SYMBOLS} different ones); up to {MAX_DIMENSIONS} columns "
        "of numbers together are points. A cell that is empty, or says NA or NaN, is a missing "
        "observation, which training and decoding integrate out. Another column may say "
        f"which sequence a row belongs to. At most {MAX_FILE_BYTES // 2**20} MB and "
        f"{count(MAX_SEQUENCES)} sequences; with K = {num_states} states at most "
        f"{count(MAX_CELLS // num_states)} observations (K × T ≤ {count(MAX_CELLS)}), so that "
        "training stays live. What was read is held in the server's memory only, for this tab, and "
        "at most an hour longer than the page is used. "
        "An experiment file that was made with Export is opened here too."
    )
    if st.context.is_embedded and st.get_option("server.xsrfCookieSameSite") != "none":
        # Streamlit's uploader marks such a file red and says no more.
        st.caption(
            "In a frame of another site a file may be refused. Open this page in a window of its "
            "own to bring one."
        )
    key = f"upload_{session.uploads}"
    st.file_uploader(
        "Your CSV file",
        type=["csv", "tsv", "txt", "dat", "json"],
        key=key,
        on_change=_received,
        args=(session, key),
        help="Comma, semicolon, tab, pipe or space between the columns, decimal point or comma, "
        "with or without a header: what your file has is found out, and can be corrected below.",
    )
    if session.refused:
        st.error(markdown_text(session.refused), icon=":material/error:")
    if session.pending is not None:
        _pending_file(session, session.pending)
    elif session.upload is not None:
        _present_upload(session, session.upload)


def _pending_file(session: Session, pending: PendingFile) -> None:
    table, problem = _attempt(pending.table)
    st.markdown(f"**{markdown_text(shortened(pending.file_name))}**")
    if isinstance(table, CsvTable):
        read, problem = _attempt(pending.observations)
        _columns(session, pending, table, read)
    else:
        read = None
    with st.expander("How the file is read", expanded=table is None):
        _reading(session, pending, table)
    if problem:
        st.error(markdown_text(problem), icon=":material/error:")
    if isinstance(read, Observations):
        sequences = read.sequences
        found = ", ".join(markdown_text(shortened(label, 12)) for label in read.labels)
        st.markdown(
            f"Read {many(sequences.num_observations, 'observation')} in "
            f"{many(sequences.num_sequences, 'sequence')}"
            + (f"; left out {many(read.left_out, 'row')} without a value" if read.left_out else "")
            + "."
            + (f" Symbols: {found}." if found else "")
            + (f" {_about_gaps(read)}" if sequences.has_missing else "")
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
        st.button(
            "Put the file away",
            key="forget_pending",
            on_click=_forget,
            args=(session,),
            help="The present data stay as they are.",
        )
    if isinstance(table, CsvTable):
        st.caption("The first rows of the file")
        # Columns are keyed by number, so that a header may be any text.
        st.dataframe(
            pd.DataFrame(table.preview),
            column_config={
                str(c): st.column_config.TextColumn(name) for c, name in enumerate(table.names)
            },
            hide_index=True,
            height="content",
            alt="The first rows of the file, as they were read",
        )


def _about_gaps(read: Observations) -> str:
    """One sentence on the missing observations of a file, and how they are treated."""
    says = [f"“{text}”" for text in read.spellings if text]
    cells = shortened(", ".join([*(["empty"] if "" in read.spellings else []), *says]), 100)
    return (
        f"{missing(read.sequences)} (cells: {markdown_text(cells)}); nothing is put in their "
        "place, the model integrates them out."
    )


def _columns(
    session: Session, pending: PendingFile, table: CsvTable, read: Observations | None
) -> None:
    values, sequence = pending.chosen_columns()
    names = dict(enumerate(table.names))
    # Side by side where there is room, otherwise one below the other.
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=320):
            set_widget("upload_values", list(values))
            st.multiselect(
                "Values",
                list(names),
                default=list(values),
                format_func=lambda c: names[c] + ("" if table.numeric[c] else " (not numbers)"),
                key="upload_values",
                max_selections=MAX_DIMENSIONS,
                on_change=on_entry(
                    "upload_values",
                    lambda chosen: replace_columns(pending, tuple(chosen), sequence),
                ),
                help="The column with the observations. Choose several to take them together as "
                "points.",
            )
        with st.container(width=300):
            _kind(session, pending, len(values))
        with st.container(width=240):
            _choice(
                session, "Sequence", {None: "One sequence", **names}, sequence,
                lambda chosen: replace_columns(pending, values, chosen, pending.family),
                "The column that says which sequence a row belongs to, if the file has several.",
            )  # fmt: skip
    if pending.leave_out_missing or (read is not None and read.sequences.has_missing):
        key = "upload_leave_out"
        set_widget(key, pending.leave_out_missing)
        st.checkbox(
            "Leave out rows without a value",
            pending.leave_out_missing,
            key=key,
            on_change=on_entry(key, lambda left: _set(session, pending, leave_out_missing=left)),
            help="Their neighbours in time then follow each other directly. Otherwise time goes on "
            "where a value is missing, and the model says what state was likely there.",
        )


def _kind(session: Session, pending: PendingFile, num_columns: int) -> None:
    """Draw the choice between numbers, counts and symbols; several columns are always points."""
    if num_columns > 1:
        st.caption(
            f"{num_columns} columns together: points, modelled by a Gaussian with "
            f"{num_columns} dimensions."
        )
        return
    set_widget("upload_kind", pending.chosen_family())
    st.segmented_control(
        "They are",
        list(KINDS),
        default=pending.chosen_family(),
        format_func=KINDS.__getitem__,
        required=True,
        key="upload_kind",
        on_change=on_entry("upload_kind", lambda kind: _set(session, pending, family=kind)),
        help="Numbers: any value, spread around a mean. Counts: how many, 0, 1, 2, and so on. "
        "Symbols: names of a few kinds, also where they are written as numbers, such as the faces "
        "of a die.",
    )


def _reading(session: Session, pending: PendingFile, table: CsvTable | None) -> None:
    reading = pending.reading
    columns = st.columns(3)

    def put(**values: Any) -> None:
        _set(session, pending, reading=replace(reading, **values), columns=None, family=None)

    def found(names: dict[Any, str], attribute: str) -> dict[Any, str]:
        if table is None:
            return {None: "Automatic", **names}
        return {None: f"Automatic ({names[getattr(table, attribute)].lower()})", **names}

    with columns[0]:
        _choice(
            session, "Separator", found(SEPARATOR_NAMES, "separator"), reading.separator,
            lambda chosen: put(separator=chosen), "What stands between two columns.",
        )  # fmt: skip
    with columns[1]:
        _choice(
            session, "Decimal mark", found(DECIMAL_NAMES, "decimal"), reading.decimal,
            lambda chosen: put(decimal=chosen), "How fractions are written.",
        )  # fmt: skip
    with columns[2]:
        _choice(
            session, "First row", found(HEADER_NAMES, "header"), reading.header,
            lambda chosen: put(header=chosen), "Whether the file begins with a header.",
        )  # fmt: skip


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
            on_click=session.change,
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
            on_click=session.change,
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
    except UploadError as error:
        return None, str(error)


def replace_columns(
    pending: PendingFile, values: tuple[int, ...], sequence: int | None, family: str | None = None
) -> None:
    """Choose the columns of a file and their family; None lets the file's content decide."""
    pending.columns = (values, sequence)
    pending.family = family


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
        if experiment_file.looks_like_experiment(content):
            _open(session, content)
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


def _open(session: Session, content: bytes) -> None:
    try:
        open_file(session, content)
    except FileRefused as refusal:
        session.refused = str(refusal)
    except Exception:
        logging.getLogger(__name__).exception("An experiment file could not be opened.")
        session.refused = (
            "The experiment file could not be opened, and why was noted on the server; the present "
            "experiment stays."
        )
    else:
        st.toast("The experiment is open as it was saved.", icon=":material/folder_open:")


def _called(upload: Upload) -> str:
    """The columns of an upload by name, and their family."""
    columns = " and ".join(
        f"“{markdown_text(name)}”" for name in upload.columns or (upload.column,)
    )
    many_columns = len(upload.columns) > 1
    return f"column{'s' if many_columns else ''} {columns} ({upload.family})"


def _forget(session: Session) -> None:
    session.pending = None
    # A new key makes Streamlit draw an empty uploader.
    session.uploads += 1


def _use(session: Session, pending: PendingFile) -> None:
    upload = pending.upload()
    _forget(session)
    session.replace_upload(upload, session.config.num_states)
