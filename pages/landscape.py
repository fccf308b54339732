"""The Landscape page: the likelihood over two numbers of the model, and where training ends."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from hmmcore.coordinates import Coordinate
from pages.ui.experiment.planes import offered
from pages.ui.experiment.training_runs import not_alone
from pages.ui.live.frame_source import frame_source
from pages.ui.live.landscape import show_landscape
from pages.ui.parts import about, controls, health, words
from pages.ui.parts.constraints.notes import LANDSCAPE, about_priors
from pages.ui.parts.run_controls import choices, messages
from pages.ui.parts.widgets import wide
from pages.ui.session.coordinate_words import coordinate_name
from pages.ui.session.landscape import Landscape, is_projected, landscape
from pages.ui.session.session import current_session
from pages.ui.settings.coordinates import AUTO, MODELS, coordinates_of, written
from pages.ui.settings.families import FAMILIES, PART_PARAMETERS, SHARED
from pages.ui.text import capitalised

session = current_session()


def landscape_controls() -> None:
    """Draw what the map shows, over which numbers, and how."""
    if session.config.method == "Both":
        controls.segments(session, "shown")
    controls.segments(session, "map_shows")
    run, ground = session.shown_run, landscape(session)
    if run is None or ground is None:
        return
    through = MODELS in (session.config.across, session.config.up)
    for name in ("across",) if through else ("across", "up"):
        controls.option(session, name, numbers(name, ground), width=wide(session, 250))
    controls.segments(session, "relief")
    if session.config.map_shows == "line":
        for name in ("line_from", "line_to"):
            controls.choice(session, name, width=wide(session, 150))
    else:
        controls.choice(session, "map_size", width=wide(session, 110))


def numbers(name: str, ground: Landscape) -> dict[str, str]:
    """The numbers of the model that an axis can have: text of the settings to label."""
    run, config = session.shown_run, session.config
    assert run is not None
    chosen = getattr(config, name)
    title = ground.titles[name == "up"] if ground.axes is not None else ""
    found = {AUTO: f"{title} (auto)" if chosen == AUTO and title else "Automatic"}
    if chosen == MODELS or (name == "across" and session.shown_data.truth is not None):
        found[MODELS] = "Start, end and truth"
    found |= {
        written([one]): capitalised(coordinate_name(session, one)) for one in offered(run.start)
    }
    if chosen not in found:
        # Of many numbers the list has only some, and a link may name any.
        found[chosen] = capitalised(coordinate_name(session, coordinates_of(chosen)[0]))
    return found


def about_plane(ground: Landscape) -> None:
    """Say what holds of the plane, and offer to train only its two numbers."""
    if ground.note:
        st.info(ground.note, icon=":material/info:")
    if session.config.only:
        controls.trained_alone(session, "page")
    elif is_projected(session, ground):
        only_these(ground)


def only_these(ground: Landscape) -> None:
    """Say that paths lie beside the surface, and offer to train so that they lie on it."""
    config, run = session.config, session.shown_run
    assert run is not None
    alone = written(ground.coordinates)
    parameters = {
        "covariances" if name == "standard_deviations" else str(name)
        for name in map(_parameter, ground.coordinates)
    }
    if session.data.kinds:
        parameters = {
            one for one, names in PART_PARAMETERS.items() if parameters & set(names)
        } | (parameters & set(SHARED))  # fmt: skip
    trainable = tuple(
        name
        for name in FAMILIES[config.family].trainable
        if name in {*config.trainable, *parameters}
    )
    wanted = {"only": alone, "trainable": trainable}
    with st.container(horizontal=True, vertical_alignment="center", key="projected"):
        st.info(words.PROJECTED, icon=":material/layers:")
        if alone and not not_alone(replace(config, **wanted), session.data, run.start):
            st.button(
                "Train only these two", key="train_only", icon=":material/lock:",
                on_click=session.remedy, kwargs=wanted,
                help="Training starts anew and changes no other number, so that the paths lie "
                "exactly on the surface. Undo goes back.",
            )  # fmt: skip


def _parameter(coordinate: Coordinate) -> str | int:
    """The parameter of a number, as its own family calls it."""
    return coordinate[2] if coordinate[0] == "parts" else coordinate[0]


choices(session, landscape_controls, sequences=False)
messages(session)
if session.main_runs:
    ground = landscape(session)
    if ground is not None:
        about_plane(ground)
    with st.container(key="live"):
        show_landscape(frame_source(session).frame())
    about_priors(session, LANDSCAPE)
    health.findings(session)
else:
    st.info(words.NO_MODEL, icon=":material/info:")

with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(about.ABOUT_LANDSCAPE)
