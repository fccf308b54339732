"""The right half of the landscape: maps of where training ends, and the likelihood along a line."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from hmmcore import HMM, TrainState
from hmmcore.arrays import BoolArray
from hmmcore.diagnostics.states import FEWEST_OBSERVATIONS, NEARLY_ALIKE, occupancy
from hmmcore.landscape import Line, line
from pages.ui.experiment.player import Run
from pages.ui.live.landscape_frame import (
    LISTED_OPTIMA,
    LinePicture,
    MapPicture,
    Optimum,
    SearchState,
)
from pages.ui.session.landscape import Landscape, landscape, true_model
from pages.ui.session.map_search import PAGE, searcher, searches
from pages.ui.session.map_words import about
from pages.ui.session.optima import Optima, joint_optima
from pages.ui.session.session import Session
from pages.ui.settings.config import LINE_ENDS
from pages.ui.settings.families import FAMILIES
from pages.ui.text import decimal, many

OPTIMUM_COLOURS = (
    "#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#8C5A2B", "#332288",
)  # fmt: skip
"""Of the optima that are listed, the best first: Tol's bright palette (2021), and two dark colours
more. They are not those of states."""
OTHERS = "#BBBBBB"

RANDOM_STARTS = 10
"""How many random starts a sentence speaks of."""
ALONE = 1.5
"""A state that is expected to explain fewer observations explains one alone."""
QUICK_WORK = 1_000_000
"""Observations times K²: up to here the states of optima are looked at while a map is searched."""
LINE_POINTS = (201, 41)
LONG_LINE = 20_000_000
"""Observations times K², from which a line has fewer points."""

NUMBERS_AS_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def search_what_is_shown(session: Session) -> None:
    """Let the session's searcher work on what the open page shows, and on nothing else."""
    config, ground = session.config, landscape(session) if session.page == PAGE else None
    along = config.map_shows == "line" and not any(
        one.startswith("optimum") for one in (config.line_from, config.line_to)
    )
    searcher(session).show(() if ground is None or along else searches(session, ground))


def search_state(session: Session) -> SearchState:
    """How far the search is."""
    shown = searcher(session).shown
    words, share = about(shown)
    can_go_on = any(not (one.done or one.refused or one.failed) for one in shown)
    return SearchState(searcher(session).running, share, words, can_go_on)


def map_pictures(session: Session, ground: Landscape, run: Run) -> tuple[MapPicture, ...]:
    """A map for each method, with the same optima in the same order; none before any is known."""
    optima = joint_optima(session)
    if not optima.maps or session.config.map_shows == "line":
        return ()
    failed = {search.method: search.failed for search in searcher(session).shown}
    xs, ys = ground.grid(len(optima.maps[0][1].known))
    words = [
        _words(session, run, optima, number) if number < LISTED_OPTIMA else ""
        for number in range(len(optima.models))
    ]
    places = _places(session, ground, run, optima)
    per_observation = session.data.sequences.per_observation
    pictures = []
    for (method, basins), numbers in zip(optima.maps, optima.numbers, strict=True):
        shares = np.zeros(len(optima.models))
        np.add.at(shares, numbers, basins.shares)
        ends = basins.optimum.copy()
        ends[ends >= 0] = numbers[ends[ends >= 0]]
        pictures.append(
            MapPicture(
                method, xs, ys, ends, per_observation(basins.log_likelihoods),
                basins.iterations,
                tuple(
                    Optimum(
                        OPTIMUM_COLOURS[n] if n < LISTED_OPTIMA else OTHERS,
                        float(optima.log_likelihoods[n]), float(shares[n]), words[n], *places[n],
                    )
                    for n in range(len(optima.models))
                ),
                basins.share_known,
                about_shares(float(shares[0]) if len(shares) else 0.0, basins.share_known),
                failed.get(method, ""),
            )
        )  # fmt: skip
    return tuple(pictures)


def about_shares(best: float, share_known: float) -> str:
    """What the share of starts that reach the best optimum means for random starts."""
    if share_known == 0.0:
        return ""
    so_far = "" if share_known == 1.0 else ", judged by those searched so far"
    if best == 0.0:
        return f"No start has come to rest at the best optimum{so_far and ' yet'}."
    if best == 1.0:
        return f"Every start reaches the best optimum{so_far}."
    missed = (1.0 - best) ** RANDOM_STARTS
    chance = "less than 0.01" if missed < 0.005 else f"{missed:.2f}"
    if missed > 0.995:
        chance = "more than 0.99"
    return f"{RANDOM_STARTS} starts miss the best with probability {chance}{so_far}."


def _places(
    session: Session, ground: Landscape, run: Run, optima: Optima
) -> list[tuple[float, float]]:
    """Where the optima that are listed lie on the plane; the others nowhere."""
    plane = ground.plane(run.start)

    def place(number: int) -> tuple[float, float]:
        if number >= LISTED_OPTIMA:
            return math.nan, math.nan
        return plane.position(optima.models[number])

    return session.remember(  # type: ignore[no-any-return]
        "places of optima", (ground, run, optima),
        lambda: [place(number) for number in range(len(optima.models))],
    )  # fmt: skip


def _words(session: Session, run: Run, optima: Optima, number: int) -> str:
    """What the states of an optimum are; empty while that would take long."""
    hmm, done = optima.models[number], all(one.done for one in searcher(session).shown)
    work = session.data.sequences.num_observations * hmm.num_states**2
    if work > QUICK_WORK and not done:
        return ""
    # While a map is searched, the same optimum comes as another object again and again.
    value = float(optima.log_likelihoods[number])
    seen: dict[tuple[object, float], str] = session.remember("words of optima", run, dict)
    key = (hmm.num_states, value)
    if key not in seen:
        seen[key] = about_states(run.trainer.init(hmm), FAMILIES[session.data.family].own)
    return seen[key]


def about_states(state: TrainState, own: str) -> str:
    """What the states of a model are, in a few words; `own` is what each has one of."""
    explained = occupancy(state)
    empty = explained < FEWEST_OBSERVATIONS
    alone = ~empty & (explained < ALONE)
    distances = state.hmm.emissions.distances(state.hmm.emissions)
    alike = np.triu(distances <= NEARLY_ALIKE, k=1) & ~empty & ~empty[:, np.newaxis]
    first, *others = sorted((len(group) for group in _groups(alike)), reverse=True) or [1]
    parts = []
    if first > 1:
        parts.append(f"{_number(first)} states share a {own}")
        parts += [f"{_number(number)} another" for number in others if number > 1]
    if alone.any():
        one = int(alone.sum()) == 1
        parts.append(
            f"{_number(int(alone.sum()))} state{' explains' if one else 's explain'} one value "
            f"{'alone' if one else 'each'}"
        )
    if empty.any():
        number = int(empty.sum())
        parts.append("an empty state" if number == 1 else f"{_number(number)} empty states")
    if parts:
        return ", ".join(parts)
    num_states = state.hmm.num_states
    if num_states == 1:
        return f"one {own}"
    return f"{_number(num_states)} {_plural(own)} apart"


def _groups(alike: BoolArray) -> list[list[int]]:
    """The states put together that are alike, pairs above the diagonal of (K, K)."""
    groups: list[list[int]] = []
    for state in range(len(alike)):
        group = next((group for group in groups if alike[group, state].any()), None)
        if group is None:
            groups.append([state])
        else:
            group.append(state)
    return groups


def _plural(own: str) -> str:
    head, _, rest = own.partition(" of ")
    return f"{head}s of {rest}" if rest else f"{own}s"


def _number(number: int) -> str:
    return NUMBERS_AS_WORDS[number] if number < len(NUMBERS_AS_WORDS) else str(number)


def line_picture(session: Session, run: Run, state: TrainState) -> LinePicture | None:
    """The likelihood along the line that is chosen; None where the page shows none."""
    config = session.config
    if config.map_shows != "line":
        return None
    names = LINE_ENDS[config.line_from], LINE_ENDS[config.line_to]
    ends = [_end(session, run, state, name) for name in (config.line_from, config.line_to)]
    for end, name in zip(ends, names, strict=True):
        if isinstance(end, str):
            return _no_line(names, end.format(name))
    first, second = ends
    assert isinstance(first, HMM)
    assert isinstance(second, HMM)
    if first is second or first == second:
        return _no_line(names, "Both ends of the line are the same model; choose another one.")
    found = session.remember(
        "line", (session.data, first, second), partial(_line, session, first, second)
    )
    if isinstance(found, str):
        return _no_line(names, found)
    sequences = session.data.sequences
    return LinePicture(
        found.positions, sequences.per_observation(found.log_likelihoods), names,
        about_barrier(found.barrier, sequences.per_observation(found.barrier)),
    )  # fmt: skip


def _end(session: Session, run: Run, state: TrainState, name: str) -> HMM | str:
    """A model at the end of a line, or a sentence on why there is none."""
    if name == "start":
        return run.start
    if name == "learned":
        return state.hmm
    if name == "truth":
        return true_model(session, run) or "{} is not known here; choose another end of the line."
    number, models = int(name.removeprefix("optimum")), joint_optima(session).models
    if number <= len(models):
        return models[number - 1]
    if not all(search.done for search in searcher(session).shown):
        return "{} is not known yet: the map is searched for it."
    return f"{{}} does not exist: the map has {many(len(models), 'optimum', 'optima')}."


def _line(session: Session, first: HMM, second: HMM) -> Line | str:
    sequences = session.data.sequences
    work = sequences.num_observations * first.num_states**2
    try:
        return line(first, second, sequences, LINE_POINTS[work > LONG_LINE])
    except (TypeError, ValueError) as error:
        return f"There is no line between these models: {error}"


def _no_line(names: tuple[str, str], why: str) -> LinePicture:
    return LinePicture(np.array([0.0, 1.0]), np.full(2, np.nan), names, why)


def about_barrier(barrier: float, per_observation: float) -> str:
    """What lies between the ends of a line, in a sentence."""
    if barrier == 0.0:
        return "No barrier: the likelihood nowhere falls below the lower end."
    if math.isinf(barrier):
        return "Between them the data become impossible: no barrier is higher."
    return (
        f"A barrier of {decimal(barrier)} nats lies between them: so far the log-likelihood falls "
        f"below the lower end, {decimal(float(f'{per_observation:.2g}'))} per observation."
    )
