"""The landscape's frame, built from a session: surface, marks, paths, and what is beside them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hmmcore import HMM, TrainState
from hmmcore.arrays import FloatArray
from hmmcore.landscape import AnyPlane
from pages.ui.experiment import earlier_runs
from pages.ui.experiment.player import Run
from pages.ui.figures import theme
from pages.ui.figures.plane_axis import ticks
from pages.ui.live.landscape_frame import (
    LandscapeFrame,
    PlaneAxis,
    PlaneMark,
    PlanePath,
    SearchState,
)
from pages.ui.live.landscape_maps import (
    line_picture,
    map_pictures,
    search_state,
)
from pages.ui.live.landscape_surface import summits, surfaces
from pages.ui.session.landscape import (
    Landscape,
    is_projected,
    landscape,
    no_plane,
    true_model,
)
from pages.ui.session.session import Session
from pages.ui.session.view import state_names
from pages.ui.text import count

MAX_PATH_POINTS = 150
MOST_MIRRORS = 24
"""Mirror images that are marked; more would hide the map."""
MOST_PLACES = 5_000
"""Models whose places are remembered."""


def landscape_frame(session: Session) -> LandscapeFrame | None:
    """The landscape of the session at the shown iteration; None without a run."""
    run, state = session.shown_run, session.shown_state
    if run is None or state is None:
        return None
    ground = landscape(session)
    if ground is None:
        return _without_plane(session, state, no_plane(session))
    picture, hint = surfaces(session).show(session, ground, state)
    x, y = (
        PlaneAxis(title, ends, *ticks(ends, scale), scale.name)
        for title, ends, scale in zip(ground.titles, ground.ranges, ground.scales, strict=True)
    )
    at_rest = not session.player.playing
    num_observed = session.data.sequences.num_observed
    return LandscapeFrame(
        data_key=f"{session.data_number}-{ground.coordinates}-{ground.ranges}",
        x=x,
        y=y,
        surface=picture,
        hint=hint,
        marks=(*_marks(session, ground, run), *(summits(picture, num_observed) if at_rest else ())),
        paths=tuple(_paths(session, ground)),
        projected=is_projected(session, ground),
        shows=session.config.map_shows,
        relief=session.config.relief,
        maps=map_pictures(session, ground, run),
        line=line_picture(session, run, state),
        search=search_state(session),
        problem="",
        num_states=state.hmm.num_states,
        state_names=state_names(session),
        iteration=max(state.iteration, 0),
    )


def _without_plane(session: Session, state: TrainState, problem: str) -> LandscapeFrame:
    axis = PlaneAxis("", (0.0, 1.0), (), ())
    return LandscapeFrame(
        "", axis, axis, None, "", (), (), False, session.config.map_shows, session.config.relief,
        (), None, SearchState(False, 0.0, "", False), problem, state.hmm.num_states,
        state_names(session), max(state.iteration, 0),
    )  # fmt: skip


class _Places:
    """Where models lie on one plane, each computed once."""

    def __init__(self, ground: Landscape, plane: AnyPlane) -> None:
        self._ground, self._plane = ground, plane
        self._known: dict[int, tuple[HMM, tuple[float, float]]] = {}

    def of(self, hmm: HMM) -> tuple[float, float]:
        """The position of a model; at the edge of the map where it is infinitely far away."""
        # The model is held too, so that no other one gets its number.
        held = self._known.get(id(hmm))
        if held is None:
            if len(self._known) >= MOST_PLACES:
                self._known.clear()
            try:
                place = self.within(self._plane.position(hmm))
            except ValueError:  # a rate of zero lies on no plane through models
                place = np.nan, np.nan
            held = self._known[id(hmm)] = hmm, place
        return held[1]

    def within(self, position: tuple[float, float] | FloatArray) -> tuple[float, float]:
        """The same position, at the edge of the map where it is infinite."""
        x, y = (
            float(value) if np.isfinite(value) else float(np.clip(value, *ends))
            for value, ends in zip(position, self._ground.ranges, strict=True)
        )
        return x, y


def _places(session: Session, ground: Landscape) -> _Places:
    run = session.shown_run
    assert run is not None
    return session.remember(  # type: ignore[no-any-return]
        "places on the plane", (ground, run.start),
        lambda: _Places(ground, ground.plane(run.start)),
    )  # fmt: skip


def _marks(session: Session, ground: Landscape, run: Run) -> Iterator[PlaneMark]:
    places = _places(session, ground)
    truth = true_model(session, run)
    if truth is not None:
        stars = session.remember(
            "mirror images", (ground, truth), lambda: _mirrors(ground, places, truth)
        )
        for number, (x, y) in enumerate(stars):
            yield PlaneMark(
                *(("mirror", x, y, "its mirror") if number else ("truth", x, y, "truth"))
            )
    yield PlaneMark("start", *places.of(run.start), "start")
    for one in session.main_runs:
        state = one.state_at(session.at)
        if state.iteration:
            at = f"{one.name}, iteration {count(state.iteration)}"
            yield PlaneMark("now", *places.of(state.hmm), at)


def _mirrors(ground: Landscape, places: _Places, truth: HMM) -> list[tuple[float, float]]:
    """Where the true model lies, and its mirror images on the map under other orders of states."""
    first, *others = (places.within(place) for place in ground.plane(truth).mirrors(truth))
    inside = [
        place
        for place in others
        if all(
            low <= value <= high for value, (low, high) in zip(place, ground.ranges, strict=True)
        )
    ]
    return [first, *inside[:MOST_MIRRORS]]


def _paths(session: Session, ground: Landscape) -> Iterator[PlanePath]:
    places = _places(session, ground)
    present = session.present_runs
    kind = _kind(present[0].run.start)
    shown = [
        one
        for one in session.shown_earlier_runs
        if one.path.data == session.data.fingerprint and _kind(one.path.start) == kind
    ]
    for name, earlier in zip(earlier_runs.names(shown, present), shown, strict=True):
        yield _path(places, name, earlier.models, earlier.path.method, earlier=True)
    for run in session.main_runs:
        models = run.history.path(MAX_PATH_POINTS)[1]
        if models[-1] is not run.state.hmm:
            models = [*models, run.state.hmm]
        yield _path(places, run.name, models, run.name)


def _path(
    places: _Places, name: str, models: tuple[HMM, ...] | list[HMM], method: str,
    *, earlier: bool = False,
) -> PlanePath:  # fmt: skip
    xs, ys = np.array([places.of(hmm) for hmm in models]).T
    return PlanePath(name, xs, ys, theme.RUN_COLOURS[method], theme.RUN_DASHES[method], earlier)


def _kind(hmm: HMM) -> tuple[object, ...]:
    """What models must have in common to lie on one plane."""
    emissions = hmm.emissions
    shape = hmm.num_states, emissions.num_dimensions
    return type(emissions), *shape, getattr(emissions, "covariance_type", None)
