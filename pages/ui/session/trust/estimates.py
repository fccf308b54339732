"""Every number of the shown model with its standard error, its interval and the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from hmmcore import HMM, NeuralGaussian, TrainState
from hmmcore.coordinates import (
    MOMENTS,
    Coordinate,
    flat,
    in_states,
    is_distribution,
    spelled,
    value_at,
)
from hmmcore.emissions import EmissionStatistics
from hmmcore.uncertainty import Information, ProfiledInterval, Verdict, profile_intervals
from hmmcore.uncertainty.information import coordinates_of
from pages.ui.session.background import Job, Stopped, background, in_turns
from pages.ui.session.coordinate_words import name_in_figures, shown_name
from pages.ui.session.session import Session
from pages.ui.session.trust.appraisal import Question
from pages.ui.session.view import View
from pages.ui.text import capitalised, count, many

ROOM = "profiles"

KINDS: Mapping[str, tuple[str, str]] = {
    "means": ("Means μ", "mean μ"),
    "standard_deviations": ("Standard deviations σ", "standard deviation σ"),
    "rates": ("Rates λ", "rate λ"),
    "probs": ("Symbol probabilities B", "probability"),
    "transition_matrix": ("Transitions A", "probability"),
    "initial_probs": ("Initial probabilities π", "probability"),
}
"""Parameters in the order of the page: title, and what stands at the axis."""

CHAIN = ("transition_matrix", "initial_probs")

UNBOUNDED = ("means", "standard_deviations", "rates")
"""Parameters that are no probabilities."""

NEAR_BOUND = "So near its bound Wald's interval says nothing; the profile does."

NO_PROFILE = (
    "No profile interval was found: a search met a better model on the way, or did not end. Train "
    "from other starts."
)

WHOLE_RANGE = 0.9
"""A probability's interval of this width says next to nothing."""
PRECISE = 0.2
"""A standard error below this one does not account for that: the estimate is near its bound."""

FEW = 10.0
"""Observations; an estimate from fewer is said to be from few."""


@dataclass(frozen=True)
class Estimate:
    """A number that was learned.

    Attributes:
        coordinate: which, with the states in the order shown.
        name: in words.
        value: the number.
        error: its standard error; NaN where it has none.
        low, high: the ends of its interval; NaN where there is none, or none yet.
        truth: the true number; NaN where nobody knows it.
        remark: what else there is to say of it.
    """

    coordinate: Coordinate
    name: str
    value: float
    error: float
    low: float
    high: float
    truth: float
    remark: str

    @property
    def holds_truth(self) -> bool | None:
        """Whether the interval holds the truth; None where either is unknown."""
        if math.isnan(self.truth) or math.isnan(self.low) or math.isnan(self.high):
            return None
        return self.low <= self.truth <= self.high


def shown_coordinates(hmm: HMM) -> list[Coordinate]:
    """Every number of a model in the order of the page, named as by `hmmcore.coordinates.flat`."""
    order = list(KINDS)

    def place(name: Coordinate) -> tuple[bool, str, int]:
        part, own = part_of(name)
        return own in CHAIN, part, order.index(own)

    return sorted(map(flat, coordinates_of(hmm)), key=place)


def part_of(coordinate: Coordinate) -> tuple[str, str]:
    """The part of a product that a number belongs to, empty for any other, and its parameter."""
    part, _, own = str(flat(coordinate)[0]).rpartition(".")
    return part, own


def estimates(
    session: Session, view: View, verdict: Verdict, profiled: Mapping[Coordinate, ProfiledInterval]
) -> list[Estimate]:
    """Every number of the shown model.

    Args:
        profiled: profile intervals by coordinate of the run's own order; used where the visitor
            wants these.
    """
    config, truth, run = session.config, session.shown_data.truth, session.shown_run
    assert run is not None
    asked = verdict.information
    found = []
    for name in shown_coordinates(view.hmm):
        own = in_states(name, view.permutation.tolist())
        value, error = value_at(view.hmm, name), asked.standard_error(own)
        if config.interval_kind == "profile":
            one = profiled.get(spelled(own))
            low, high = (math.nan, math.nan) if one is None else (one.low, one.high)
            failure = "" if one is None or one.failure is None else NO_PROFILE
        else:
            (low, high), failure = asked.interval(own, config.interval_level), ""
            if _says_nothing(name, low, high, error):
                low, high, failure = math.nan, math.nan, NEAR_BOUND
        found.append(
            Estimate(
                name, shown_name(session, spelled(name)), value, error, low, high,
                _true_value(truth, in_states(name, view.counterparts.tolist())),
                " ".join(filter(None, [remark(verdict, run.start, own, view.state), failure])),
            )
        )  # fmt: skip
    return found


def _says_nothing(name: Coordinate, low: float, high: float, error: float) -> bool:
    """Whether Wald's interval is empty words, on the log-odds of what is nearly 0 or 1."""
    return part_of(name)[1] not in UNBOUNDED and high - low > WHOLE_RANGE and error < PRECISE


def shown_estimates(
    session: Session, view: View, asked: Question, verdict: Verdict
) -> list[Estimate]:
    """`estimates` with what is known of profile intervals; made once for what it depends on."""
    known = profiled(profile_job(session, asked))
    config = session.config
    return session.remember(  # type: ignore[no-any-return]
        "estimates",
        (view, verdict, known or None, config.interval_kind, config.level, config.trainable,
         session.shown_data),
        lambda: estimates(session, view, verdict, known),
    )  # fmt: skip


def _true_value(truth: HMM | None, name: Coordinate) -> float:
    return math.nan if truth is None else value_at(truth, name)


def remark(verdict: Verdict, start: HMM, own: Coordinate, state: TrainState) -> str:
    """What there is to say of a number besides its interval, in a sentence.

    Args:
        start: the model that training started from, whose zeros are meant.
        own: the number, by the run's own order of states.
    """
    asked = verdict.information
    if own[0] in CHAIN and asked.hmm.num_states == 1:
        return "The only one there is."
    if spelled(own) in asked.at_bounds:
        return _at_bound(verdict, start, own)
    if not asked.is_trained(own):
        return "Not trained, so it is known."
    if own in asked.floored:
        return "The variance of its state was stopped at its floor, so nothing bounds it."
    if math.isnan(asked.standard_error(own)):
        return "The data do not determine it."
    return evidence(own, state)


def _at_bound(verdict: Verdict, start: HMM, own: Coordinate) -> str:
    value = value_at(verdict.information.hmm, own)
    if is_meant(verdict.information, start, own):
        return f"{'Zero' if value == 0.0 else 'One'} by the start, so it is known."
    if own in map(flat, verdict.optimality.rising):
        return "It should rise, and EM cannot leave zero."
    if not verdict.optimality.rest_satisfied:
        return "From here the likelihood leads beyond its bound: no error before the maximum."
    return f"At its bound, {round(value)}: a limit on one side only, by profile."


def is_meant(asked: Information, start: HMM, own: Coordinate) -> bool:
    """Whether a number is at its bound because training started from it there, and kept it."""
    value = value_at(asked.hmm, own)
    bounds = (0.0, 1.0) if is_distribution(str(own[0])) else (0.0,)
    at_bound = spelled(own) in asked.at_bounds and value in bounds
    return at_bound and value_at(start, own) == value


def evidence(own: Coordinate, state: TrainState) -> str:
    """How many observations speak for a number, expected under the model."""
    expected = state.expectations
    if own[0] == "initial_probs":
        number = float(expected.initial_counts.sum())
        what = many(round(number), "sequence")
    elif own[0] == "transition_matrix":
        number = float(expected.transition_counts[int(own[1])].sum())
        what = many(round(number), "step")
    else:
        number = _observations(own, expected.emissions)
        what = many(round(number), "observation")
    verb = "speaks" if round(number) == 1 else "speak"
    return f"{f'Only {what}' if number < FEW else capitalised(what)} {verb} for it."


def _observations(own: Coordinate, statistics: EmissionStatistics) -> float:
    """How many observations, expected under the model, have what a number is of."""
    _, state, *rest = own
    part, parameter = part_of(own)
    first = f"{part}." if part else ""
    counts = statistics.get(f"{first}counts")
    # Of symbols these are of each symbol, and all of them speak for each probability.
    if counts is not None and parameter in MOMENTS:
        return float(counts[int(state), int(rest[0])])
    return float(statistics[f"{first}weights"][int(state)])


def undetermined_words(session: Session, view: View, verdict: Verdict) -> str:
    """What the data do not determine, in a sentence or two; empty where they determine all."""
    information = verdict.information
    if isinstance(view.hmm.emissions, NeuralGaussian):
        return (
            "The means come out of a network: their standard errors and those of the spreads "
            "follow from its weights by the delta method. The weights themselves are not "
            "determined, because many sets of them make the same means."
        )
    names: list[str] = []
    for direction in information.undetermined:
        for own in direction:
            if part_of(own)[1] not in (*KINDS, "covariances"):
                continue
            name = name_in_figures(session, own, view.permutation)
            if name not in names:
                names.append(name)
    if not information.undetermined:
        return ""
    shown = names[:4]
    more = f", and {count(len(names) - 4)} more" if len(names) > 4 else ""
    moving = f": what moves there is {', '.join(shown)}{more}" if names else ""
    return (
        f"The data say nothing about {many(len(information.undetermined), 'direction')} among the "
        f"numbers{moving}."
    )


# Profile intervals


def profile_key(session: Session, asked: Question) -> object:
    """What the profile intervals depend on."""
    return "profiles", asked.key, session.config.level


def profile_job(session: Session, asked: Question) -> Job | None:
    """The job that computes the intervals by likelihood ratio, if it was begun."""
    return background(session, ROOM).find(profile_key(session, asked))


def profiled(job: Job | None) -> Mapping[Coordinate, ProfiledInterval]:
    """The profile intervals that are known, by coordinate of the run's own order."""
    return {} if job is None or job.found is None else job.found


def to_profile(view: View, verdict: Verdict, start: HMM) -> list[Coordinate]:
    """The numbers that can have a profile interval, in the run's own order of states.

    Zeros of the start are meant, so they have none.
    """
    asked = verdict.information
    names = [in_states(name, view.permutation.tolist()) for name in shown_coordinates(view.hmm)]
    network = isinstance(view.hmm.emissions, NeuralGaussian)
    return [
        name
        for name in names
        if (spelled(name) in asked.at_bounds or not math.isnan(asked.standard_error(name)))
        and not is_meant(asked, start, name)
        and not (network and name[0] == "means")
        and not (view.hmm.num_states == 1 and name[0] in CHAIN)
    ]


def begin_profiles(session: Session, asked: Question, names: list[Coordinate]) -> None:
    """Begin to compute them, one after another."""
    room = background(session, ROOM)
    room.cancel_all()
    level = session.config.interval_level
    room.start(
        Job(profile_key(session, asked), partial(_profiled, asked, names, level), len(names))
    )


def _profiled(
    asked: Question, names: list[Coordinate], level: float, stopped: Stopped
) -> Iterator[dict[Coordinate, ProfiledInterval]]:
    found: dict[Coordinate, ProfiledInterval] = {}
    yield found
    work = profile_intervals(
        asked.hmm, asked.sequences, names, level, trainable=asked.trainable, stopped=stopped
    )
    for one in in_turns(work, stopped):
        found = {**found, spelled(one.coordinate): one}
        yield found
