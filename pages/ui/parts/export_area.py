"""The Export menu of every page: the experiment, the model, decoded data, a notebook, a script."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from hmmcore.io import LIBRARIES, to_python
from pages.ui.experiment import starts
from pages.ui.files import experiment_file, model_file
from pages.ui.files.export import decoded_data_frame, frame_csv
from pages.ui.files.notebook import notebook
from pages.ui.files.notebook_map import MapSource
from pages.ui.files.notebook_trust import estimates_source
from pages.ui.parts.widgets import wide
from pages.ui.session.landscape import landscape
from pages.ui.session.map_search import PAGE
from pages.ui.session.session import Session
from pages.ui.session.view import as_numbered_by_run, current_view, state_names

if TYPE_CHECKING:
    import pandas as pd

TRUST = "trust"
"""The page whose notebooks and scripts say how sure each number is."""

ABOUT = (
    "The model is the one shown, at the iteration shown, with its states {order}. Figures are "
    "saved from their own toolbars, as PNG or SVG."
)


def export_area(session: Session) -> None:
    """Draw the Export button and its menu; a file is made only when it is downloaded."""
    with (
        st.popover("Export", key="export"),
        st.container(width=wide(session, 300)),
    ):
        if session.shown_run is None:
            st.caption("There is no run to export: this start cannot be trained.")
            return
        for key, label, file_name, media_type, make, help in (
            (
                "experiment", "Experiment file", "hmm-experiment.json", "application/json",
                experiment_file.write,
                "Settings, data, runs and models in one file. Open it on the Data page, under "
                "Your CSV file.",
            ),
            (
                "model", "Learned model (JSON)", "hmm-model.json", "application/json", model_json,
                "π, A and the emissions with every digit. Open it on the Data page to meet other "
                "data with it; hmmcore.io.from_json reads it too.",
            ),
            (
                "decoded_csv", "Decoded data (CSV)", "hmm-decoded.csv", "text/csv", decoded_csv,
                "The rows and columns of your file, or of generated data sequence, time and "
                "observation; then the true state if it is known, the most probable state, the "
                "state on the Viterbi path, and the probability of each. All counted from 1.",
            ),
            (
                "decoded_parquet", "Decoded data (Parquet)", "hmm-decoded.parquet",
                "application/vnd.apache.parquet", decoded_parquet,
                "The same table, in the form that data tools read fastest.",
            ),
            (
                "notebook", "Notebook (.ipynb)", "hmm-run.ipynb", "application/x-ipynb+json",
                notebook_of,
                "A Jupyter notebook that starts from the same model, takes the same steps and "
                "draws what came of them; from the Landscape page with its map, from the Trust "
                "page with the interval of each number.",
            ),
        ):  # fmt: skip
            st.download_button(
                label, _deferred(session, make), file_name=file_name, mime=media_type,
                key=f"export_{key}", on_click="ignore", width="stretch", help=help,
            )  # fmt: skip
        _script_download(session)
        own = as_numbered_by_run(session)
        order = "as numbered by the run" if own else "matched to the true ones"
        st.caption(ABOUT.format(order=order))


def _script_download(session: Session) -> None:
    """Draw the choice of a library, and the button for a script that uses it."""
    library = st.segmented_control(
        "Script for", LIBRARIES, default=LIBRARIES[0], required=True, key="export_library",
        width="stretch",
        help="It rebuilds the model, scores the data and prints the log-likelihood "
        "that the page shows. Of a network, hmmlearn and dynamax get the means.",
    )  # fmt: skip
    unable = library != "hmmcore" and session.data.sequences.has_missing
    st.download_button(
        "Script (.py)", _deferred(session, partial(script, library=library)),
        file_name=f"hmm-{library}.py", mime="text/x-python", key="export_script",
        on_click="ignore", width="stretch", disabled=unable,
    )  # fmt: skip
    if unable:
        st.caption(f"The data have missing values, which {library} cannot score.")


def notebook_of(session: Session) -> bytes:
    """The notebook of the session's runs, with what the open page adds to it."""
    ground, run = landscape(session), session.shown_run
    source = None
    if session.page == PAGE and ground is not None and run is not None:
        source = MapSource(
            ground.plane(run.start), ground.ranges, int(session.config.map_size), ground.titles,
            session.methods,
        )  # fmt: skip
    return notebook(session, source, trust=session.page == TRUST)


def script(session: Session, library: str) -> bytes:
    """A script by which a library scores the data under the shown model."""
    view = current_view(session)
    assert view is not None
    source = to_python(view.hmm, session.data.sequences, library)
    if session.page == TRUST and library == "hmmcore":
        trainable = starts.trained_parameters(session.config, session.data)
        asked = estimates_source("model", trainable, session.config)
        source += f"\nsequences = Sequences(observations, lengths)\n{asked}\n"
    return source.encode()


def model_json(session: Session) -> bytes:
    """The shown model, its states in the order shown, with what it was trained on."""
    view, model = current_view(session), session.shown_model()
    assert view is not None
    assert model is not None
    return model_file.write(replace(model, hmm=view.hmm))


def decoded_csv(session: Session) -> bytes:
    """The data decoded by the shown model, as CSV with all digits."""
    return frame_csv(_decoded(session))


def decoded_parquet(session: Session) -> bytes:
    """The data decoded by the shown model, as Parquet."""
    file = io.BytesIO()
    _decoded(session).to_parquet(file, index=False)
    return file.getvalue()


def _decoded(session: Session) -> pd.DataFrame:
    view = current_view(session)
    assert view is not None
    upload = session.upload if session.config.source == "upload" else None
    return decoded_data_frame(
        view.hmm, session.shown_data, upload and upload.source, state_names(session)
    )


def _deferred(session: Session, make: Callable[[Session], bytes]) -> Callable[[], bytes]:
    """A function that makes the file when Streamlit calls it for a download."""

    def file() -> bytes:
        # The download runs in another thread than the training.
        with session.lock:
            return make(session)

    return file
