"""Whether a model is a maximum of the likelihood, and how fast EM comes there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.coordinates import Coordinate, flat, spelled, values_of, with_values
from hmmcore.emissions import (
    Categorical,
    Emissions,
    Poisson,
    beginning_of,
    member_of,
    members,
    own_name,
    with_members,
)
from hmmcore.inference import log_likelihood
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import Expectations, expectations, require_compatible
from hmmcore.training.base import checked_names, checked_trainable
from hmmcore.training.em import fill_proportions
from hmmcore.uncertainty.information import Curvature, curvature, in_words
from hmmcore.uncertainty.local import (
    ZERO,
    counts_of,
    derivative,
    distributions_of,
    floored_columns,
    floored_states,
)

MOST_GAIN = 1e-4
"""Nats: a maximum gains no more by Newton's step."""

MOST_MULTIPLIER = 1e-4
"""Nats per unit of probability: at a maximum nothing more is gained by what is zero."""

MOST_HALVINGS = 40
"""Of what zeros are raised by."""

OPENED = 1e-10
"""What entries of zero are raised to, to see whether the likelihood rises."""


@dataclass(frozen=True)
class Optimality:
    """Whether a model satisfies the conditions of Karush, Kuhn and Tucker for a maximum.

    Attributes:
        verdict: "maximum"; "stopped early": the likelihood still rises inside; "zero should rise":
            it rises where a probability or rate is zero, or nearly so, which EM cannot leave;
            "saddle": it is flat here and curves upwards; "at a floor": it grows without end as the
            variance of a state shrinks, which training holds at its floor.
        gain: nats that one step of Newton's method is predicted to gain.
        largest_gradient: of the log-likelihood inside, in nats per unit, where a unit is the
            standard deviation that one observation would leave.
        rising: entries of zero that should rise, with the slope there in nats per unit of
            probability, the steepest first.
        message: the verdict as a sentence; states and symbols count from 1.
        collapsed: states that have a variance at its floor, 0-based. All else in here is of the
            likelihood with that variance and its mean held.
        rest: the verdict on all else while these are held; where there are none, the verdict.
        constant: if the floor is met only where data never vary, those columns, 0-based.
    """

    verdict: str
    gain: float
    largest_gradient: float
    rising: Mapping[Coordinate, float]
    message: str
    collapsed: tuple[int, ...] = ()
    constant: tuple[int, ...] = ()
    rest: str = ""

    @property
    def satisfied(self) -> bool:
        """Whether it is a maximum."""
        return self.verdict == "maximum"

    @property
    def rest_satisfied(self) -> bool:
        """Whether it is a maximum in all that is not held at a floor."""
        return (self.rest or self.verdict) == "maximum"


def is_maximum(
    hmm: HMM,
    sequences: Sequences,
    trainable: Iterable[str] | None = None,
    start: HMM | None = None,
) -> Optimality:
    """Whether a model is a local maximum of the likelihood of these sequences.

    Args:
        trainable: names of the parameters that were trained; the others are known. None means all.
        start: the model that training started from, whose zeros are meant; those are not asked
            whether they should rise. None asks all.

    Raises:
        ImpossibleDataError: when the model gives a sequence probability zero.
    """
    require_compatible(hmm, sequences)
    trained = checked_trainable(checked_names(trainable), hmm)
    return judged(curvature(hmm, sequences, trained), sequences, start)


def judged(found: Curvature, sequences: Sequences, start: HMM | None) -> Optimality:
    """Whether the model of a curvature is a maximum; see `is_maximum`."""
    hmm, trained = found.around.hmm, found.around.trainable
    rising = _rising(hmm, sequences, trained, start)
    flat = np.abs(found.values) <= found.threshold
    # Where the data say nothing there is nothing to gain; a slope there says that they do.
    slope = np.abs(found.vectors[:, flat].T @ found.gradient).max(initial=0.0)
    upwards = found.values < -found.threshold
    # How far above the top of a saddle it stands already: it is not flat here, and climbs on.
    slopes = found.vectors[:, upwards].T @ found.gradient
    above = 0.5 * float((slopes**2 / -found.values[upwards]).sum())
    gain = max(found.gain, float(slope), above)
    largest = float(np.abs(found.gradient).max(initial=0.0))
    collapsed = tuple(map(int, floored_states(found.around.floored)))
    columns = floored_columns(found.around.floored)
    never_vary = len(columns) > 0 and not sequences.variances()[columns].any()
    constant = tuple(map(int, columns)) if never_vary else ()
    rest, message = _verdict(hmm, found, gain, rising)
    verdict = rest
    if collapsed:
        verdict, message = "at a floor", _about_floor(collapsed, constant, rest, gain)
    return Optimality(verdict, gain, largest, rising, message, collapsed, constant, rest)


def rising_zeros(
    hmm: HMM,
    sequences: Sequences,
    trainable: Iterable[str] | None = None,
    start: HMM | None = None,
) -> dict[Coordinate, float]:
    """The zeros of a model that should rise, by a single sweep over the data; see `Optimality`.

    Args:
        trainable, start: as in `is_maximum`.

    Returns:
        The slope of the log-likelihood at each, in nats per unit of probability or rate, the
        steepest first. That of π_k is the sum of p(x | z_1 = k) / p(x) - 1 over the sequences.
        None is told above 1e10.

    Raises:
        ImpossibleDataError: when the model gives a sequence probability zero.
    """
    require_compatible(hmm, sequences)
    return _rising(hmm, sequences, checked_trainable(checked_names(trainable), hmm), start)


def raised(hmm: HMM, sequences: Sequences, coordinates: Iterable[Coordinate]) -> HMM:
    """The model with some zeros raised, to where it makes the data more probable than before.

    They are raised to an even share first, rates to the mean rate, and less from then on.

    Raises:
        ValueError: when the data do not become more probable, however little these are raised.
    """
    names = list(coordinates)
    before = float(log_likelihood(hmm, sequences).sum())
    share = 1.0
    for _ in range(MOST_HALVINGS):
        values = {}
        for name in names:
            parameter = str(flat(name)[0])
            whole = values_of(hmm, parameter)
            even = whole.mean() if own_name(parameter) == "rates" else 1.0 / whole.shape[-1]
            values[name] = share * float(even)
        found = with_values(hmm, values)
        if float(log_likelihood(found, sequences).sum()) > before:
            return found
        share *= 0.5
    raise ValueError("the data do not become more probable, however little these zeros are raised.")


def em_rate(hmm: HMM, sequences: Sequences, trainable: Iterable[str] | None = None) -> FloatArray:
    """Eigenvalues (n,) of EM's map at a maximum, the largest first.

    Each is the share of the information about some direction of the free parameters that is
    missing, because the states are not seen. Near the maximum a step of EM leaves of the distance
    in that direction this share, and of the log-likelihood's its square. Probabilities at 0 or 1
    are held, as in `observed_information`.

    Raises:
        ImpossibleDataError: when the model gives a sequence probability zero.

    Source: Dempster, Laird & Rubin (1977), section 3; Meng & Rubin (1991).
    """
    require_compatible(hmm, sequences)
    trained = checked_trainable(checked_names(trainable), hmm)
    around = curvature(hmm, sequences, trained).around
    jacobian = np.zeros((len(around.value(hmm)),) * 2)
    for n, step, found in around.gradients_around(sequences):
        jacobian[n] = derivative(
            step, [around.value(em_step(near.hmm, near.found, trained)) for near in found]
        )
    # Real, because the map is a product of two symmetric matrices.
    rates: FloatArray = np.sort(np.linalg.eigvals(jacobian).real)[::-1]
    return rates


def em_step(hmm: HMM, found: Expectations, trained: frozenset[str]) -> HMM:
    """The model after a step of EM, from what the data say under the one before."""
    initial_probs, transition_matrix = hmm.initial_probs.copy(), hmm.transition_matrix.copy()
    if "initial_probs" in trained:
        fill_proportions(found.initial_counts, initial_probs)
    if "transition_matrix" in trained:
        fill_proportions(found.transition_counts, transition_matrix)
    emissions, _ = hmm.emissions.maximize(found.emissions, trained, float(np.finfo(float).tiny))
    return HMM(initial_probs, transition_matrix, emissions)


def _rising(
    hmm: HMM, sequences: Sequences, trained: frozenset[str], start: HMM | None
) -> dict[Coordinate, float]:
    """Entries of zero at which the likelihood rises, with the slope, the steepest first."""
    opened, zeros = _opened(hmm, trained, start)
    if not zeros:
        return {}
    found = expectations(opened, sequences)
    counts = counts_of(opened, found)
    slopes = {}
    for name in zeros:
        parameter, index = str(name[0]), tuple(int(i) for i in name[1:])
        if own_name(parameter) == "rates":
            first, rate = (
                beginning_of(parameter),
                member_of(opened.emissions, parameter).rates[index],
            )
            sums, weights = (found.emissions[f"{first}{key}"][index] for key in ("sums", "weights"))
            slope = sums / rate - weights
        else:
            values = distributions_of(opened)[parameter]
            # What the entry gains, less what all others of its row lose for it.
            slope = counts[parameter][index] / values[index] - counts[parameter][index[:-1]].sum()
        if slope > MOST_MULTIPLIER:
            slopes[spelled(name)] = float(slope)
    return dict(sorted(slopes.items(), key=lambda item: -item[1]))


def _opened(hmm: HMM, trained: frozenset[str], start: HMM | None) -> tuple[HMM, list[Coordinate]]:
    """The model with its trained zeros a little above zero, and which they are."""
    zeros: list[Coordinate] = []

    def raised(name: str, values: FloatArray, meant: FloatArray | None) -> FloatArray:
        low = values <= ZERO
        if meant is not None:
            low &= meant > 0.0
        if name not in trained or not low.any():
            return values
        zeros.extend((name, *map(int, index)) for index in np.argwhere(low))
        lifted = np.where(low, OPENED, values)
        return lifted if own_name(name) == "rates" else lifted / lifted.sum(axis=-1, keepdims=True)

    meant = None if start is None else distributions_of(start)
    found = {
        name: raised(name, values, None if meant is None else meant[name])
        for name, values in distributions_of(hmm).items()
    }
    parts: list[Emissions] = []
    for first, part in members(hmm.emissions):
        if isinstance(part, Categorical):
            parts.append(Categorical(found[f"{first}probs"]))
        elif isinstance(part, Poisson):
            name = f"{first}rates"
            rates = None if start is None else member_of(start.emissions, name).rates
            parts.append(Poisson(raised(name, part.rates, rates)))
        else:
            parts.append(part)
    emissions = with_members(hmm.emissions, parts)
    return HMM(found["initial_probs"], found["transition_matrix"], emissions), zeros


def _verdict(
    hmm: HMM, found: Curvature, gain: float, rising: Mapping[Coordinate, float]
) -> tuple[str, str]:
    if rising:
        first = in_words(hmm, next(iter(rising)))
        others = f", and so should {len(rising) - 1} more" if len(rising) > 1 else ""
        return "zero should rise", (
            f"This is no maximum: the {first} is zero, or nearly so, and should rise{others}. EM "
            "cannot leave zero; start with something there."
        )
    if gain > MOST_GAIN:
        return "stopped early", (
            f"This is no maximum yet: the log-likelihood can still gain about {gain:.2g} nats. "
            "Train on."
        )
    if (found.values < -found.threshold).any():
        return "saddle", (
            "This is no maximum: the likelihood is flat here and curves upwards. Move the model a "
            "little and train on."
        )
    return "maximum", "This is a maximum: no small change makes the data more probable."


def _about_floor(
    collapsed: tuple[int, ...], constant: tuple[int, ...], rest: str, gain: float
) -> str:
    """What is told of variances at their floor, and of the rest by its own verdict."""
    if constant:
        why = f"{_numbered('column', constant)} never varies, so its variance is at its floor"
        right = "Leave it out."
    else:
        why = f"in {_numbered('state', collapsed)} a variance is at its floor"
        right = "Train fewer states, or from another start."
    told = "All else is at its maximum while that is held."
    if rest != "maximum":
        told = "All else is no maximum either."
    if rest == "stopped early":
        told = f"All else can still gain about {gain:.2g} nats while that is held."
    return (
        f"There is no maximum here: {why}, and the likelihood grows without end as it shrinks. "
        f"{right} {told}"
    )


def _numbered(what: str, numbers: tuple[int, ...]) -> str:
    return f"{what}{'s' if len(numbers) > 1 else ''} {', '.join(str(n + 1) for n in numbers)}"
