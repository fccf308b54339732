"""From messages to learning: one EM step of any parameter, opened to what each observation adds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hmmcore.arrays import FloatArray, quoted
from hmmcore.coordinates import PARTS, Coordinate
from hmmcore.emissions import Gaussian, NeuralGaussian, Product, part_name
from hmmcore.emissions.base import EMPTY_WEIGHT, Remedy
from hmmcore.emissions.full import conditional
from hmmcore.emissions.missing import patterns
from hmmcore.inference.message_passing import Messages, messages
from hmmcore.inference.posterior import smooth
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences
from hmmcore.training import EM
from hmmcore.training.base import checked_trainable


@dataclass(frozen=True, eq=False)
class EMStep:
    """One EM step, and the posterior that it is made of.

    Attributes:
        before, after: the models before and after it.
        sequences: the data.
        trainable: the names of the parameters that it learns.
        remedies: what it did to keep states alive.
        smoothed_probs: γ (T, K) under the model before.
    """

    before: HMM
    after: HMM
    sequences: Sequences
    trainable: frozenset[str]
    remedies: tuple[Remedy, ...]
    smoothed_probs: FloatArray

    @cached_property
    def passed(self) -> tuple[Messages, ...]:
        """The messages along each sequence, whose pairs lead to the transition matrix."""
        return tuple(
            messages(self.before, self.sequences.select(n)) for n in range(len(self.sequences))
        )


@dataclass(frozen=True, eq=False)
class OpenedParameter:
    """One number of a model on its way through an EM step: a weighted mean over observations.

    What is averaged, and with which weight, at every time t of all T observations:

    - `means`, `rates`: x_t, by γ_t of the state.
    - `probs`: 1 where the symbol came and 0 elsewhere, by γ_t of the state.
    - `covariances`: products of deviations from the new means (from the means where these are not
      learned), by γ_t of the state; over all dimensions when "spherical", all states when "tied".
    - `standard_deviations`: the same as the variance; `quotient`, old and new are square roots.
    - `transition_matrix` i, j: p(z_{t+1} = j | z_t = i, x), which is ξ_t(i, j) / γ_t(i), by γ_t(i);
      the last time of a sequence has the weight 0.
    - `initial_probs`: γ of the state at the first time of every sequence, by 1; others by 0.

    An observation that is missing has the weight 0. Where only some coordinates are, "full" and
    "tied" Gaussians take them by their expectation given the others.

    Attributes:
        old, new: the number before and after the step.
        weights: (T,) what each observation adds to the denominator.
        contributions: (T,) what it adds to the numerator: weight × what is averaged.
        numerator, denominator: the sums of the two.
        held: None where `new` is the quotient; otherwise why not: "fixed" (it is not learned),
            "no data" (nothing has a weight) or "floor" (a variance is held at its floor).
    """

    old: float
    new: float
    weights: FloatArray
    contributions: FloatArray
    numerator: float
    denominator: float
    quotient: float
    held: str | None

    @property
    def shares(self) -> FloatArray:
        """(T,) the share of each observation in the new value; they sum to 1, or are all 0."""
        return np.asarray(self.weights / (self.denominator or 1.0))

    @property
    def values(self) -> FloatArray:
        """(T,) what is averaged; NaN where the weight is 0."""
        values = np.full(self.weights.shape, np.nan)
        np.divide(self.contributions, self.weights, out=values, where=self.weights > 0.0)
        return values


def em_step(
    hmm: HMM,
    sequences: Sequences,
    trainable: Iterable[str] | None = None,
    variance_floor: float | None = None,
) -> EMStep:
    """Take one EM step and keep what it was made of; arguments as `EM`.

    Raises:
        ValueError, ImpossibleDataError: as `EM.init`.
    """
    trainer = EM(sequences, trainable, variance_floor)
    stepped = trainer.step(trainer.init(hmm))
    return EMStep(
        hmm,
        stepped.hmm,
        sequences,
        checked_trainable(trainer.trainable, hmm),
        stepped.remedies,
        smooth(hmm, sequences).smoothed_probs,
    )


def open_parameter(step: EMStep, coordinate: Coordinate) -> OpenedParameter:
    """Open one parameter of an EM step to the shares that observations have in it.

    Args:
        coordinate: (parameter, *indices), 0-based, as in `hmmcore.coordinates`; also
            ("covariances", ...) with the indices that their type has. The last index may be left
            out where there is one dimension.

    Raises:
        ValueError: when the model has no such coordinate, or a mean comes out of a network, which
            is moved by its gradient; of the transition matrix also as `messages`.
    """
    if isinstance(step.before.emissions, Product) and coordinate and coordinate[0] == PARTS:
        return _of_part(step, coordinate)
    name, place = _found(step.before, coordinate)
    states = _states(step.before, name, place)
    if name == "initial_probs":
        weights, contributions = _of_initial_probs(step, place[0])
    elif name == "transition_matrix":
        weights, contributions = _of_transitions(step, place[0], place[1])
    elif name in ("rates", "probs"):
        weights, contributions = _of_counts(step, name, place)
    else:
        weights, contributions = _of_moments(step, name, place, states)
    numerator, denominator = float(contributions.sum()), float(weights.sum())
    quotient = numerator / denominator if denominator > 0.0 else float("nan")
    learned = "covariances" if name == "standard_deviations" else name
    held = None
    if learned not in step.trainable:
        held = "fixed"
    elif denominator <= EMPTY_WEIGHT:
        held = "no data"
    elif learned == "covariances" and any(
        remedy.kind == "variance_floor" and (remedy.state is None or remedy.state in states)
        for remedy in step.remedies
    ):
        held = "floor"
    return OpenedParameter(
        float(getattr(_owner(step.before, name), name)[place]),
        float(getattr(_owner(step.after, name), name)[place]),
        weights,
        contributions,
        numerator,
        denominator,
        float(np.sqrt(quotient)) if name == "standard_deviations" else quotient,
        held,
    )


def _of_part(step: EMStep, coordinate: Coordinate) -> OpenedParameter:
    """A parameter of a part of a product: of the part alone, with its column of the data."""
    parts = step.before.emissions.num_dimensions
    if len(coordinate) < 3 or coordinate[1] not in range(parts):
        raise ValueError(
            f"the model has no coordinate {quoted(coordinate)}; one of its {parts} parts is like "
            "('parts', 0, 'means', 1)."
        )
    j = int(coordinate[1])
    first = part_name(j, "")
    before, after = (
        HMM(hmm.initial_probs, hmm.transition_matrix, hmm.emissions.parts[j])  # type: ignore[attr-defined]
        for hmm in (step.before, step.after)
    )
    alone = EMStep(
        before,
        after,
        Sequences(step.sequences.observations[:, j], step.sequences.lengths),
        frozenset(name.removeprefix(first) for name in step.trainable if name.startswith(first)),
        step.remedies,
        step.smoothed_probs,
    )
    found = open_parameter(alone, coordinate[2:])
    if found.held == "floor" and np.isclose(found.new, found.quotient, rtol=1e-9, atol=0.0):
        # It was another part that needed the floor.
        return replace(found, held=None)
    return found


def _owner(hmm: HMM, name: str) -> object:
    """What holds the parameter of that name."""
    return hmm if name in ("initial_probs", "transition_matrix") else hmm.emissions


def _found(hmm: HMM, coordinate: Coordinate) -> tuple[str, tuple[int, ...]]:
    """Name and place of a coordinate. Raises ValueError where the model has none."""
    if not isinstance(coordinate, tuple) or not coordinate:
        raise ValueError(f"{quoted(coordinate)} is no coordinate; one is like ('means', 1).")
    names = ["initial_probs", "transition_matrix"]
    names += [
        name
        for name in ("means", "covariances", "standard_deviations", "rates", "probs")
        if hasattr(hmm.emissions, name)
    ]
    if isinstance(hmm.emissions, Product):
        names.append(PARTS)
    name, *indices = coordinate
    if name not in names or name == PARTS:
        raise ValueError(f"the model has no {quoted(name)}; it has {', '.join(names)}.")
    name = str(name)
    if name == "means" and isinstance(hmm.emissions, NeuralGaussian):
        raise ValueError(
            "the means come out of a network that is moved along its gradient; no weighted mean "
            "of the data gives them."
        )
    shape = np.shape(getattr(_owner(hmm, name), name))
    rest = shape[len(indices) :]
    places = [*indices, *(0 for size in rest if size == 1)]
    if len(places) != len(shape) or not all(
        isinstance(index, int | np.integer) and 0 <= index < size
        for index, size in zip(places, shape, strict=True)
    ):
        raise ValueError(
            f"the model has no coordinate {quoted(coordinate)}: {name} has shape {shape}."
        )
    return name, tuple(int(index) for index in places)


def _states(hmm: HMM, name: str, place: tuple[int, ...]) -> range:
    """The states whose observations a parameter is learned from."""
    tied = getattr(hmm.emissions, "covariance_type", None) == "tied"
    if tied and name in ("covariances", "standard_deviations"):
        return range(hmm.num_states)
    return range(place[0], place[0] + 1)


def _of_initial_probs(step: EMStep, state: int) -> tuple[FloatArray, FloatArray]:
    weights, contributions = np.zeros((2, len(step.smoothed_probs)))
    firsts = step.sequences.offsets[:-1]
    weights[firsts], contributions[firsts] = 1.0, step.smoothed_probs[firsts, state]
    return weights, contributions


def _of_transitions(step: EMStep, i: int, j: int) -> tuple[FloatArray, FloatArray]:
    weights, contributions = np.zeros((2, len(step.smoothed_probs)))
    log_step = log_parameters(step.before)[1][i, j]
    for start, passed in zip(step.sequences.offsets, step.passed, strict=False):
        rows = slice(start, start + passed.length - 1)
        weights[rows] = passed.smoothed_probs[:-1, i]
        contributions[rows] = np.exp(
            passed.log_filtered[:-1, i]
            + log_step
            + (passed.log_gains[1:, j] + passed.log_backward[1:, j])
        )
    return weights, contributions


def _of_counts(step: EMStep, name: str, place: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Of rates and of probabilities of symbols."""
    values = step.sequences.observations[:, 0]
    weights = np.where(np.isnan(values), 0.0, step.smoothed_probs[:, place[0]])
    if name == "probs":
        return weights, np.where(values == place[1], weights, 0.0)
    return weights, weights * np.nan_to_num(values)


def _of_moments(
    step: EMStep, name: str, place: tuple[int, ...], states: range
) -> tuple[FloatArray, FloatArray]:
    """Of means and covariances of Gaussians."""
    before, after = _gaussian(step.before), _gaussian(step.after)
    observations = step.sequences.observations
    seen = ~np.isnan(observations)
    is_diagonal = before.covariance_type in ("spherical", "diag")
    if not is_diagonal:
        seen = np.broadcast_to(seen.any(axis=1, keepdims=True), seen.shape)
    if name == "means":
        state, d = place
        weights = np.where(seen[:, d], step.smoothed_probs[:, state], 0.0)
        return weights, weights * _completed(before, state, observations)[:, d]
    weights, contributions = np.zeros((2, len(observations)))
    for state in states:
        gaps = _completed(before, state, observations) - after.means[state]
        for d, e in _dimensions(before, name, place):
            counted = np.where(seen[:, d], step.smoothed_probs[:, state], 0.0)
            spread = 0.0 if is_diagonal else _uncertainty(before, state, observations, d, e)
            weights += counted
            contributions += counted * (gaps[:, d] * gaps[:, e] + spread)
    return weights, contributions


def _dimensions(gaussian: Gaussian, name: str, place: tuple[int, ...]) -> list[tuple[int, int]]:
    """The pairs of dimensions whose deviations are multiplied for an entry of the covariances."""
    if gaussian.covariance_type == "spherical":
        return [(d, d) for d in range(gaussian.num_dimensions)]
    if gaussian.covariance_type == "diag" or name == "standard_deviations":
        return [(place[-1], place[-1])]
    return [(place[-2], place[-1])]


def _gaussian(hmm: HMM) -> Gaussian:
    emissions = hmm.emissions
    if isinstance(emissions, NeuralGaussian):
        return emissions.gaussian
    assert isinstance(emissions, Gaussian)
    return emissions


def _covariance(gaussian: Gaussian, state: int) -> FloatArray:
    """The covariance (D, D) of a state of a "full" or "tied" Gaussian."""
    tied = gaussian.covariance_type == "tied"
    return gaussian.covariances if tied else gaussian.covariances[state]


def _completed(gaussian: Gaussian, state: int, observations: FloatArray) -> FloatArray:
    """Observations (T, D) with what is missing expected from what is there, and the state."""
    mean = gaussian.means[state]
    completed = np.where(np.isnan(observations), mean, observations)
    if gaussian.covariance_type in ("spherical", "diag"):
        return completed
    for rows, there in patterns(observations):
        if not isinstance(there, slice):
            slopes, _ = conditional(_covariance(gaussian, state), there)
            gaps = observations[rows][:, there] - mean[there]
            expected = mean + gaps @ slopes.T
            expected[:, there] = observations[rows][:, there]
            completed[rows] = expected
    return completed


def _uncertainty(
    gaussian: Gaussian, state: int, observations: FloatArray, d: int, e: int
) -> FloatArray:
    """(T,) covariance of two coordinates given those that are there; 0 where one is there."""
    left = np.zeros(len(observations))
    for rows, there in patterns(observations):
        if not isinstance(there, slice):
            left[rows] = conditional(_covariance(gaussian, state), there)[1][d, e]
    return left
