"""The landscape of a session: the plane that its page shows, the same while its runs play."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from hmmcore import HMM, ImpossibleDataError
from hmmcore.coordinates import Coordinate, Scale, scale_of, value_at
from hmmcore.landscape import Plane, ThroughModels
from pages.ui.experiment import constraints, starts
from pages.ui.experiment.planes import (
    ONE_NUMBER,
    Axes,
    axis_range,
    chosen_coordinates,
    look_ahead,
    most_moved,
)
from pages.ui.experiment.player import Run
from pages.ui.session.coordinate_words import coordinate_name
from pages.ui.session.session import Session
from pages.ui.session.view import matching
from pages.ui.settings.coordinates import AUTO, MODELS, coordinates_of, written
from pages.ui.text import capitalised

NO_TRUTH = (
    "The plane through the start, the end and the truth needs the true model, which is not known "
    "here."
)
ANOTHER = "{} The map shows the two numbers that training moves most instead."

MARGIN = 0.35
"""Room around three models, in the distance from the first to the second."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """A plane, and what its axes are.

    Attributes:
        axes: two numbers of the model and the ends of their axes; None for a plane through models.
        through: the plane through three models; None for two numbers.
        ranges: ends of the axis across, and of the axis up, as positions.
        titles: what lies across and up.
        scales: of both axes.
        note: a sentence on why it is not the plane that was chosen; empty where it is.
    """

    axes: Axes | None
    through: ThroughModels | None
    ranges: tuple[tuple[float, float], tuple[float, float]]
    titles: tuple[str, str]
    scales: tuple[Scale, Scale]
    note: str = ""

    def plane(self, hmm: HMM) -> Plane | ThroughModels:
        """The plane on which everything else is as in this model.

        Raises:
            ValueError: when the model cannot be moved there.
        """
        if self.through is not None:
            return self.through
        assert self.axes is not None
        return Plane(hmm, self.axes.x, self.axes.y)

    @property
    def coordinates(self) -> tuple[Coordinate, ...]:
        """The two numbers; none for a plane through models."""
        return () if self.axes is None else (self.axes.x, self.axes.y)

    def grid(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """(size,) positions across and up, evenly spaced from end to end."""
        across, up = self.ranges
        return np.linspace(*across, size), np.linspace(*up, size)


def landscape(session: Session) -> Landscape | None:
    """The plane of the open page; None without a run, or where `no_plane` says why."""
    run = session.shown_run
    if run is None:
        return None
    config = session.config
    through, problem = None, ""
    if MODELS in (config.across, config.up):
        try:
            through = _through(session, run)
        except ValueError as error:
            problem = ANOTHER.format(error)
    found: Landscape | None = session.remember(
        "landscape",
        (run.start, session.shown_data, through, _settings(session)),
        partial(_landscape, session, run, through, problem),
    )  # fmt: skip
    return found


def _settings(session: Session) -> tuple[object, ...]:
    """The settings that a plane depends on; the same object as long as they are equal."""
    config = session.config
    values = (
        config.across, config.up, config.only, config.numbering, config.state_names,
        config.trainable,
    )  # fmt: skip
    held = session.memo.get("settings of the plane")
    if held is None or held[1] != values:
        held = session.memo["settings of the plane"] = (), values
    found: tuple[object, ...] = held[1]
    return found


def no_plane(session: Session) -> str:
    """Why there is no plane, in a sentence; empty where there is one."""
    run = session.shown_run
    if run is None or landscape(session) is not None:
        return ""
    return ONE_NUMBER


def _through(session: Session, run: Run) -> ThroughModels:
    """The plane through the start of a run, its end, and the true model.

    While a run plays its end stays what it was; before the first step it is what training by EM,
    looked ahead, leads to.
    """
    truth = true_model(session, run)
    if truth is None:
        raise ValueError(NO_TRUTH)
    if beyond := constraints.truth_is_beyond(session.config):
        raise ValueError(beyond)
    state = run.state
    end: HMM = session.remember(
        "end of the plane",
        (run, session.data, session.player.playing or state),
        lambda: state.hmm if state.iteration else _ahead(session, run)[-1],
    )
    found: ThroughModels = session.remember(
        "plane through models",
        (run.start, end, truth),
        lambda: Plane.through(run.start, end, truth),
    )
    return found


def _of_models(through: ThroughModels) -> Landscape:
    places = np.array([(0.0, 0.0), (1.0, 0.0), through.position(through.third)])
    low, high = places.min(axis=0) - MARGIN, places.max(axis=0) + MARGIN
    return Landscape(
        None,
        through,
        ((float(low[0]), float(high[0])), (float(low[1]), float(high[1]))),
        ("From the start (0) to the end (1)", "Towards the true model"),
        (Scale("value"), Scale("value")),
    )


def _landscape(
    session: Session, run: Run, through: ThroughModels | None, problem: str
) -> Landscape | None:
    if through is not None:
        return _of_models(through)
    config, data, ahead = session.config, session.data, _ahead(session, run)
    automatic = most_moved(ahead, data.sequences)
    if automatic is None:
        return None
    chosen, note = chosen_coordinates(config, automatic), problem
    try:
        Plane(run.start, *chosen)
        if refused := constraints.refused_on_map(config, [one[0] for one in chosen]):
            raise ValueError(refused)
    except ValueError as error:
        note = ANOTHER.format(_about_refused(session, run.start, chosen, error))
        chosen = automatic
    known = true_model(session, run)
    # Not where training leads: from another start of the map it leads elsewhere.
    models = [run.start, *([] if known is None else [known])]
    ranges = tuple(axis_range(coordinate, data, models) for coordinate in chosen)
    return Landscape(
        Axes(*chosen, *ranges),
        None,
        ranges,  # type: ignore[arg-type]
        tuple(capitalised(coordinate_name(session, one)) for one in chosen),  # type: ignore[arg-type]
        tuple(scale_of(one) for one in chosen),  # type: ignore[arg-type]
        note,
    )


def _about_refused(
    session: Session, hmm: HMM, chosen: tuple[Coordinate, Coordinate], error: ValueError
) -> str:
    """Why two numbers span no plane, in a sentence for readers."""
    config = session.config
    if refused := constraints.refused_on_map(config, [one[0] for one in chosen]):
        return refused
    texts = [config.across, config.up]
    for text, coordinate in zip(texts, chosen, strict=True):
        try:
            value_at(hmm, coordinate)
        except ValueError:
            return f"This model has no number “{text}”."
    if starts.has_network(config) and "means" in {one[0] for one in chosen}:
        return "A network computes the means, so none can be moved by itself."
    return "Across and up are one and the same number of this model, or one that has no choice."


def _ahead(session: Session, run: Run) -> tuple[HMM, ...]:
    """Where training by EM leads within its first steps."""
    return session.remember(  # type: ignore[no-any-return]
        "look ahead",
        (run.start, session.data, _settings(session)),
        lambda: look_ahead(run.start, session.config, session.data),
    )


def true_model(session: Session, run: Run) -> HMM | None:
    """The true model, its states in the order of the runs' own; None if it is unknown or hidden.

    The order is that in which training, looked ahead, comes closest to it, so that it stays the
    same while a run plays.
    """
    truth = session.shown_data.truth
    if truth is None:
        return None
    return session.remember(  # type: ignore[no-any-return]
        "truth in the runs' order",
        (run.start, session.shown_data, _settings(session)),
        lambda: truth.permute(np.argsort(matching(_ahead(session, run)[-1], session))),
    )


def is_projected(session: Session, ground: Landscape) -> bool:
    """Whether paths lie beside the surface, because more is trained than its two numbers."""
    run, config = session.shown_run, session.config
    trained = coordinates_of(config.only) or starts.trained_parameters(config, session.data)
    return run is not None and not ground.plane(run.start).holds(trained)


def pinned(session: Session, ground: Landscape) -> dict[str, str]:
    """The settings with which the map stays over these numbers when another start comes.

    From there training may move other numbers most.
    """
    if ground.axes is None or AUTO not in (session.config.across, session.config.up):
        return {}
    return {"across": written([ground.axes.x]), "up": written([ground.axes.y])}


def start_at(session: Session, x: float, y: float) -> None:
    """Let training start at a position of the map; everything else as in the present start.

    A note says why where that is not possible.
    """
    run, ground = session.shown_run, landscape(session)
    if run is None or ground is None:
        return
    place = [
        float(np.clip(value, *ends)) for value, ends in zip((x, y), ground.ranges, strict=True)
    ]
    try:
        session.start_by_hand(ground.plane(run.start).at(*place), **pinned(session, ground))
    except (ValueError, ImpossibleDataError) as error:
        session.notes = (f"Training cannot start there: {error}",)
