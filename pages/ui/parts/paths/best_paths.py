"""The k best paths on the Viterbi page: strips, what they are worth, and where they differ."""

from __future__ import annotations

import streamlit as st

from hmmcore import BestPaths
from pages.ui.figures.path_charts import best_paths_figure
from pages.ui.figures.time_axis import decimation_note
from pages.ui.files.export import frame_csv
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls, words
from pages.ui.parts.paths import path_tables, path_words
from pages.ui.parts.widgets import sized, wide, with_minus
from pages.ui.session import decoded, listed_paths
from pages.ui.session.listed_paths import GivenPaths
from pages.ui.session.session import Session
from pages.ui.session.view import View, shown_scale, state_names, zoom_key


def best_paths(session: Session, view: View) -> None:
    """Draw the best paths of the selected sequence, and some drawn from its posterior."""
    st.header("Which other paths are probable?", anchor=False)
    if not decoded.learned(session, view).possible:
        st.caption(words.impossible("learned"))
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="path_choices"):
        for name in ("best_paths", "path_draws", "draw_number"):
            controls.number(session, name, width=wide(session, 140))
    found, drawn = listed_paths.best(session, view), listed_paths.drawn(session, view)
    true = listed_paths.true_path(session, view)
    summary = _summary(session, view, found, true)
    length = view.sequence.num_observations
    drawn_note = path_words.DRAWN if len(drawn.paths) else ""
    own = words.OWN_NUMBERS if view.true_states is not None and view.own_numbers else ""
    note = decimation_note(length)
    columns = f"{note} {path_words.COLUMNS}" if note else ""
    notes = [drawn_note, own, columns, shown_scale(session).note]
    st.caption(" ".join(filter(None, [summary, *notes])))
    colours = page_colours(state_names(session))
    show_figure(
        best_paths_figure(
            found.paths,
            path_words.shares(found.log_posteriors),
            drawn.paths,
            path_words.shares(drawn.log_posteriors),
            view.hmm.num_states,
            colours,
            revision=f"{zoom_key(session)}-{len(found.paths)}-{len(drawn.paths)}",
            true_states=view.true_states,
            scale=shown_scale(session),
        ),
        key="best_paths",
        label=path_words.label(found, drawn.paths, summary),
    )
    _tables(session, view, found, drawn, true)


def _summary(session: Session, view: View, found: BestPaths, true: GivenPaths | None) -> str:
    most, config = listed_paths.most(view), session.config
    asked = min(config.best_paths, most)
    return " ".join(
        filter(
            None,
            [
                path_words.together(found, asked),
                path_words.tied(found, asked),
                true
                and path_words.about_truth(
                    true.paths[0], float(true.log_posteriors[0]), found.paths
                ),
                path_words.about_bound(
                    max(config.best_paths, config.path_draws),
                    most,
                    view.sequence.num_observations,
                    view.hmm.num_states,
                ),
            ],
        )
    )


def _tables(
    session: Session, view: View, found: BestPaths, drawn: GivenPaths, true: GivenPaths | None
) -> None:
    """Draw what each path is worth, and offer that and the paths themselves as CSV."""
    st.dataframe(
        with_minus(path_tables.shown(found, drawn, true), {"log p(path, x)": ".3f"}),
        key=sized(session, "best_paths_table"),
        alt=path_words.about_table(found),
    )
    st.caption(path_words.TABLE)
    data, rows = session.data, slice(view.offset, view.offset + view.sequence.num_observations)
    times = None if data.times is None else data.times[rows]
    names = [page_colours(state_names(session)).states.plain(k) for k in range(view.hmm.num_states)]
    with st.container(horizontal=True, key="path_downloads"):
        for key, label, help, frame in (
            (
                "table",
                "Table (CSV)",
                "The same table, with all digits.",
                lambda: path_tables.numbers(found, drawn, true),
            ),
            (
                "steps",
                "Paths (CSV)",
                "A row for each step and a column for each path, with its states.",
                lambda: path_tables.steps(found, drawn, times, names),
            ),
        ):
            st.download_button(
                label,
                lambda frame=frame: frame_csv(frame()),
                file_name=f"hmm-best-paths-{key}.csv",
                mime="text/csv",
                key=f"download_best_paths_{key}",
                icon=":material/download:",
                on_click="ignore",
                help=help,
            )
