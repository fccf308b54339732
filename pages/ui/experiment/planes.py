"""The plane of the Landscape page: which two numbers of a model it is over, and how far it goes.

All of it follows from the Config and the data, so that a link shows the same map to everyone.
Coordinates count the states as the runs do, whose numbers do not change while they train.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hmmcore import (
    HMM,
    DivergedError,
    ImpossibleDataError,
    LikelihoodFellError,
    NeuralGaussian,
    Product,
    Sequences,
    Trainer,
)
from hmmcore.arrays import FloatArray
from hmmcore.coordinates import DISTRIBUTIONS, Coordinate, scale_of, value_at
from pages.ui.experiment import training_runs
from pages.ui.experiment.dataset import Dataset, part_model
from pages.ui.figures.scales import rounded
from pages.ui.settings.config import Config
from pages.ui.settings.coordinates import AUTO, MODELS, coordinates_of

LOOK_AHEAD_STEPS = 50
LOOK_AHEAD_WORK = 300_000_000
"""Observations times K² times steps of a look ahead: at most half a second."""

MAX_ITERATIONS = {"EM": 500, "Gradient": 600}
"""Steps of training from a start of a map, of which nearly all rest long before."""

MOST_OFFERED = 48
"""Numbers of a model that a list offers; more nobody reads. Any other can be named in the link."""

ROUNDED = 6
"""Decimals to which distances are compared, relative to the largest: what differs by rounding only
counts as equal, so that the choice is the same on every machine."""

FARTHEST = {"value": math.inf, "log": math.log(1e6), "logit": 9.2}
"""How far an axis may reach beyond its middle, as a position: a probability of 0 or 1 lies at
infinity, and no axis has room for that."""

ONE_NUMBER = (
    "A map needs two numbers of the model, and this model's states have only one to offer; choose "
    "more states, or other observations."
)


@dataclass(frozen=True)
class Axes:
    """The two numbers of a plane, and the ends of its axes as positions.

    Attributes:
        x, y: the coordinates, across and up.
        x_range, y_range: (low, high), on the scales of the two numbers.
    """

    x: Coordinate
    y: Coordinate
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def grid(self, num_across: int, num_up: int) -> tuple[FloatArray, FloatArray]:
        """(num_across,) and (num_up,) positions, evenly spaced from end to end."""
        return np.linspace(*self.x_range, num_across), np.linspace(*self.y_range, num_up)


def look_ahead(start: HMM, config: Config, data: Dataset) -> tuple[HMM, ...]:
    """The first models of training by EM from a start, the start itself first.

    Few steps where one takes long.
    """
    trainer = training_runs.trainer("EM", replace(config, only=""), data)
    work = data.sequences.num_observations * start.num_states**2
    return tuple(_models(trainer, start, max(1, min(LOOK_AHEAD_STEPS, LOOK_AHEAD_WORK // work))))


def _models(trainer: Trainer, start: HMM, num_steps: int) -> Iterator[HMM]:
    yield start
    try:
        state = trainer.init(start)
        for _ in range(num_steps):
            state = trainer.step(state)
            yield state.hmm
    except (DivergedError, ImpossibleDataError, LikelihoodFellError, ValueError):
        return


def most_moved(models: Sequence[HMM], sequences: Sequences) -> tuple[Coordinate, Coordinate] | None:
    """The location numbers of two states that are farthest from where they began.

    Of one state its mean and its standard deviation, or two of its means or probabilities; None
    where it has only one number. Of a network, which computes the means, two standard deviations.
    """
    start, end = models[0], models[-1]
    if isinstance(start.emissions, Product):
        return _most_moved_of_parts(start, end, sequences)
    name, begin = _locations(start)
    size = begin.shape[1]
    if start.num_states == 1:
        if size > 1 + (name == "probs"):
            return (name, 0, 0), (name, 0, 1)
        return (("means", 0), ("standard_deviations", 0)) if name == "means" else None
    moved = _apart(name, begin, _locations(end)[1], sequences)
    largest = float(moved.max())
    if largest > 0.0:
        moved = np.round(moved / largest, ROUNDED)
    farthest = np.argsort(-moved.max(axis=1), kind="stable")[:2]
    return tuple(  # type: ignore[return-value]
        _named(name, (int(k), int(np.argmax(moved[k]))), size) for k in sorted(farthest)
    )


def _most_moved_of_parts(
    start: HMM, end: HMM, sequences: Sequences
) -> tuple[Coordinate, Coordinate] | None:
    """`most_moved` of a product: of each state the number, of whatever part, that moved most."""
    found: list[list[tuple[float, Coordinate]]] = [[] for _ in range(start.num_states)]
    for j in range(sequences.num_dimensions):
        name, begin = _locations(part_model(start, j))
        column = Sequences(sequences.observations[:, j : j + 1], sequences.lengths)
        moved = _apart(name, begin, _locations(part_model(end, j))[1], column).round(ROUNDED)
        for k, row in enumerate(moved):
            own = _named(name, (k, int(np.argmax(row))), begin.shape[1])
            found[k].append((-float(row.max()), ("parts", j, *own)))
    if len(found) == 1:
        return (found[0][0][1], found[0][1][1]) if len(found[0]) > 1 else None
    best = [min(of_state, key=lambda one: one[0]) for of_state in found]
    low, high = sorted(sorted(range(len(best)), key=lambda k: best[k][0])[:2])
    return best[low][1], best[high][1]


def _locations(hmm: HMM) -> tuple[str, FloatArray]:
    """The name of what says where a state's observations lie, and its values (K, n)."""
    emissions = hmm.emissions
    if isinstance(emissions, NeuralGaussian):
        return "standard_deviations", emissions.standard_deviations
    for name in ("means", "probs"):
        if hasattr(emissions, name):
            return name, getattr(emissions, name)
    return "rates", emissions.rates[:, np.newaxis]  # type: ignore[attr-defined]


def _apart(name: str, begin: FloatArray, end: FloatArray, sequences: Sequences) -> FloatArray:
    """(K, n) how far values have moved, so that all of one kind compare."""
    if name == "means":
        spreads = np.sqrt(sequences.variances())
        return np.abs(end - begin) / np.where(spreads > 0.0, spreads, 1.0)
    if name == "probs":
        return np.abs(end - begin)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.abs(np.log(end) - np.log(begin)), nan=0.0, posinf=0.0)


def _named(name: str, indices: tuple[int, ...], size: int) -> Coordinate:
    """A coordinate, without the dimension where there is only one."""
    return (name, *(indices[:1] if size == 1 and name != "probs" else indices))


def offered(hmm: HMM) -> list[Coordinate]:
    """The numbers of a model that a list offers, locations first; at most MOST_OFFERED."""
    if isinstance(hmm.emissions, Product):
        each = [_emitted(part_model(hmm, j)) for j in range(hmm.emissions.num_dimensions)]
        found: list[Coordinate] = [("parts", j, *one) for j, own in enumerate(each) for one in own]
    else:
        found = _emitted(hmm)
    if hmm.num_states > 1:
        for parameter in ("initial_probs", "transition_matrix"):
            more = [(parameter, *index) for index in np.ndindex(getattr(hmm, parameter).shape)]
            if len(found) + len(more) <= MOST_OFFERED:
                found += more
    return found[:MOST_OFFERED]


def _emitted(hmm: HMM) -> list[Coordinate]:
    """The numbers of what the states emit, locations first."""
    name, values = _locations(hmm)
    found = [_named(name, index, values.shape[1]) for index in np.ndindex(values.shape)]
    spreads = getattr(hmm.emissions, "standard_deviations", None)
    if spreads is not None and name != "standard_deviations":
        found += [
            _named("standard_deviations", index, spreads.shape[1])
            for index in np.ndindex(spreads.shape)
        ]
    return found


def chosen_coordinates(
    config: Config, automatic: tuple[Coordinate, Coordinate]
) -> tuple[Coordinate, Coordinate]:
    """The coordinates that a Config names, each as it is named; the automatic ones elsewhere.

    If two numbers alone are trained, those are the automatic ones.
    """
    alone = coordinates_of(config.only)
    first, second = alone if len(alone) == 2 else automatic
    wanted = [
        coordinates_of(text)[0] if text not in (AUTO, MODELS) else None
        for text in (config.across, config.up)
    ]
    if wanted[0] == second or wanted[1] == first:
        # What is left is the other one of the two.
        first, second = second, first
    return wanted[0] or first, wanted[1] or second


def axis_range(coordinate: Coordinate, data: Dataset, models: Iterable[HMM]) -> tuple[float, float]:
    """Ends of an axis as positions: where the data can be, and farther if a model lies beyond."""
    low, high = _usual_range(coordinate, data.sequences)
    scale = scale_of(coordinate)
    middle = 0.0 if scale.name == "logit" else 0.5 * (low + high)
    places = np.array([scale.position(value_at(model, coordinate)) for model in models])
    places = places[np.abs(places - middle) <= FARTHEST[scale.name]]
    room = 0.06 * (high - low)
    if places.size and places.min() < low:
        low = float(places.min()) - room
    if places.size and places.max() > high:
        high = float(places.max()) + room
    return rounded(low, high)


def _usual_range(coordinate: Coordinate, sequences: Sequences) -> tuple[float, float]:
    if coordinate[0] == "parts":
        dimension, coordinate = int(coordinate[1]), coordinate[2:]
    else:
        dimension = int(coordinate[2]) if len(coordinate) > 2 else 0
    name = coordinate[0]
    if name in DISTRIBUTIONS:
        end = float(scale_of(coordinate).position(0.995))
        return -end, end
    seen = sequences.observations[:, dimension]
    seen = seen[np.isfinite(seen)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (-1.0, 1.0)
    if name == "rates":
        return math.log(max(low, 0.25) / 1.5), math.log(max(high, 1.0) * 1.25)
    if name == "means":
        room = 0.06 * (high - low) if high > low else 0.5 * max(1.0, abs(low))
        return low - room, high + room
    spread = float(seen.std()) if high > low else 1.0
    return math.log(spread / 20.0), math.log(spread * 2.0)
