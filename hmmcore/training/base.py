"""What all training shares: a state, `init` and `step`, and a loop with a stop rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from hmmcore.arrays import FloatArray, as_count, as_number, as_positive, quoted, require_type
from hmmcore.emissions.base import Remedy
from hmmcore.model import HMM
from hmmcore.sequences import Nats, Sequences
from hmmcore.sweeps.sweep import Expectations
from hmmcore.training.priors import Priors
from hmmcore.training.ties import Ties

MODEL_PARAMETERS = ("initial_probs", "transition_matrix")


@dataclass(frozen=True)
class TrainState:
    """A model with what the data say under it: value, likelihood and posterior belong together.

    Attributes:
        hmm: the model.
        expectations: expected statistics of the data under `hmm`; the next step starts from them.
        iteration: how many steps led here; 0 is the starting model itself.
        remedies: what the last step did to keep states alive, if anything.
        optimizer: what the trainer carries from step to step, if anything.
        log_prior: log p(θ) of the parameters in nats, up to a constant, when the trainer has
            priors; None when it has not.
    """

    hmm: HMM
    expectations: Expectations
    iteration: int = 0
    remedies: tuple[Remedy, ...] = ()
    optimizer: Any = None
    log_prior: float | None = None

    @property
    def log_likelihoods(self) -> FloatArray:
        """(N,) log p(x) of each sequence under `hmm`, in nats."""
        return self.expectations.log_likelihoods

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of all sequences under `hmm`, in nats."""
        return self.expectations.log_likelihood

    @property
    def objective(self) -> float:
        """What training climbs, in nats: the log-likelihood, plus `log_prior` if there is one."""
        return self.log_likelihood + (self.log_prior or 0.0)

    @property
    def magnitude(self) -> float:
        """What is added up for `objective`, in nats, each as a positive number."""
        return abs(self.log_likelihood) + abs(self.log_prior or 0.0)

    @property
    def objective_name(self) -> str:
        """Which of the two `objective` is: "log-likelihood" or "log-posterior"."""
        return _objective_name(self.log_prior is not None)


class Trainer(Protocol):
    """An algorithm is `init` and `step`; the loop belongs to the caller."""

    @property
    def sequences(self) -> Sequences:
        """The data that it learns from."""
        ...

    def init(self, hmm: HMM) -> TrainState:
        """Evaluate the starting model: iteration 0."""
        ...

    def step(self, state: TrainState) -> TrainState:
        """Update the parameters, then evaluate them."""
        ...


class DivergedError(ArithmeticError):
    """A step led to parameters or a likelihood that are not finite numbers."""


class LikelihoodFellError(ArithmeticError):
    """An EM step lowered its objective by more than rounding: a defect in this package."""


@dataclass(frozen=True)
class FitResult:
    """How a fit went.

    Attributes:
        hmm: the last model.
        log_likelihoods: (iterations + 1,) of the start and after every step, in nats.
        stop_reason: "converged", "max_iterations" or "cancelled".
        remedies: everything steps did to keep states alive, each once, in order.
        log_priors: (iterations + 1,) log p(θ) of the same, up to a constant; None without priors.
    """

    hmm: HMM
    log_likelihoods: FloatArray
    stop_reason: str
    remedies: tuple[Remedy, ...] = ()
    log_priors: FloatArray | None = None

    @property
    def objectives(self) -> FloatArray:
        """(iterations + 1,) what was climbed: log-likelihoods, plus `log_priors` if any."""
        if self.log_priors is None:
            return self.log_likelihoods
        return self.log_likelihoods + self.log_priors

    @property
    def objective_name(self) -> str:
        """Which of the two `objectives` are: "log-likelihood" or "log-posterior"."""
        return _objective_name(self.log_priors is not None)


def fit(
    trainer: Trainer,
    hmm: HMM,
    max_iterations: int = 100,
    tolerance: float = 1e-6,
    patience: int = 1,
    cancelled: Callable[[], bool] | None = None,
) -> FitResult:
    """Step until the objective stands still or `max_iterations` is reached.

    Args:
        tolerance: nats per observation, those that are wholly missing not counted; smaller
            changes, up or down, count as standing still. So does what is rounding of the objective.
        patience: how many steps in a row must stand still. One suits EM; gradient ascent passes
            turning points, and wants more.
        cancelled: asked before every step; training ends where it says True.
    """
    rule = StopRule(*checked_stop_rule(max_iterations, tolerance, patience), tolerance)
    course = Course(trainer, rule)
    course.begin(hmm)
    while not course.is_over and not (cancelled is not None and cancelled()):
        course.step()
    return course.result()


ROUNDING = float(np.finfo(float).eps)
"""Relative: how far an objective may move by rounding alone, from one step to the next."""

MOST_ROUNDING = 1e-6
"""Nats per observation: a step that changes more has not only rounded."""


@dataclass(frozen=True)
class StopRule:
    """When a fit is over; see `fit`."""

    max_iterations: int
    patience: int
    tolerance: float


def stands_still(
    change: float, tolerance: float, magnitude: float, hmm: HMM, sequences: Sequences
) -> bool:
    """Whether a step changed the objective by no more than the tolerance, or than rounding.

    Args:
        change: of the objective, in nats; one that is not a number is no standstill.
        tolerance: nats per observation.
        magnitude: nats that were added up for the objective, each as a positive number.
        hmm: the model that the step led to. Where a covariance is nearly singular, rounding is
            amplified in the objective.
    """
    size = abs(sequences.per_observation(change))
    if size <= tolerance or not size <= MOST_ROUNDING:
        return size <= tolerance
    return abs(change) <= rounding(magnitude, _condition_number(hmm), sequences)


def _condition_number(hmm: HMM) -> float:
    return float(hmm.emissions.condition_numbers().max())


def rounding(magnitude: Nats, condition_number: Nats, sequences: Sequences) -> Nats:
    """How far rounding alone may change an objective, in nats; see `stands_still`.

    Of several objectives at once from arrays (B,).
    """
    return ROUNDING * (magnitude + sequences.num_observed * condition_number)


class Course:
    """A fit on its way: what is known of it after every step, also after one that failed.

    Attributes:
        state: the last state; None before `begin`.
    """

    def __init__(self, trainer: Trainer, rule: StopRule) -> None:
        self.trainer = trainer
        self.rule = rule
        self.state: TrainState | None = None
        self._log_likelihoods: list[float] = []
        self._log_priors: list[float | None] = []
        self._remedies: dict[Remedy, None] = {}
        self._still = 0

    def begin(self, hmm: HMM) -> None:
        """Evaluate the start."""
        self._take(self.trainer.init(hmm))

    def step(self) -> None:
        """Take a step."""
        assert self.state is not None
        before = self.state.objective
        self._take(self.trainer.step(self.state))
        state = self.state
        still = stands_still(
            state.objective - before,
            self.rule.tolerance,
            state.magnitude,
            state.hmm,
            self.trainer.sequences,
        )
        self._still = self._still + 1 if still else 0

    @property
    def is_over(self) -> bool:
        """Whether the rule says to stop."""
        assert self.state is not None
        return self._still >= self.rule.patience or self.state.iteration >= self.rule.max_iterations

    def result(self) -> FitResult:
        """What came of it so far."""
        assert self.state is not None
        stop_reason = "max_iterations" if self.is_over else "cancelled"
        if self._still >= self.rule.patience:
            stop_reason = "converged"
        has_priors = self.state.log_prior is not None
        return FitResult(
            self.state.hmm,
            np.array(self._log_likelihoods),
            stop_reason,
            tuple(self._remedies),
            np.array(self._log_priors, dtype=np.float64) if has_priors else None,
        )

    def _take(self, state: TrainState) -> None:
        self.state = state
        self._log_likelihoods.append(state.log_likelihood)
        self._log_priors.append(state.log_prior)
        self._remedies |= dict.fromkeys(state.remedies)


def checked_stop_rule(max_iterations: int, tolerance: float, patience: int) -> tuple[int, int]:
    """Return `max_iterations` and `patience` as integers after checking all three."""
    max_iterations = as_count("max_iterations", max_iterations, minimum=0)
    patience = as_count("patience", patience)
    as_number("tolerance", tolerance, lambda number: number >= 0.0, "be zero or more")
    return max_iterations, patience


def _objective_name(has_prior: bool) -> str:
    return "log-posterior" if has_prior else "log-likelihood"


def checked_structure(hmm: HMM, priors: Priors | None, transition_ties: Ties | None) -> None:
    """Refuse a start that has another shape than the priors, or does not satisfy the ties."""
    if priors is not None:
        priors.require_compatible(hmm)
    if transition_ties is not None:
        transition_ties.require_satisfied(hmm.transition_matrix)


def checked_trainable(trainable: Iterable[str] | None, hmm: HMM) -> frozenset[str]:
    """Return the names of the parameters to train; None stands for all that the model has."""
    require_type("hmm", hmm, HMM, "an HMM")
    chosen = None if trainable is None else frozenset(trainable)
    return _checked_trainable(chosen, hmm.emissions.parameter_names)


@lru_cache
def _checked_trainable(
    trainable: frozenset[str] | None, parameter_names: tuple[str, ...]
) -> frozenset[str]:
    known = (*MODEL_PARAMETERS, *parameter_names)
    if trainable is None:
        return frozenset(known)
    for name in trainable:
        if name not in known:
            raise ValueError(f"trainable has {quoted(name)}; the model's parameters are {known}.")
    return trainable


def checked_names(trainable: Iterable[str] | None) -> frozenset[str] | None:
    """Return `trainable` as a set. Raises ValueError for a string, which is one name, not a set."""
    if isinstance(trainable, str):
        raise ValueError(
            f"trainable is the string {quoted(trainable)}; it must be a set of names, "
            f"{{{quoted(trainable)}}}."
        )
    try:
        return None if trainable is None else frozenset(trainable)
    except TypeError:
        raise ValueError(
            f"trainable is {quoted(trainable)}; it must be a set of names of parameters."
        ) from None


def checked_floor(variance_floor: float | None, sequences: Sequences) -> float:
    """Return the floor on variances: by default 1e-8 of the data's smallest variance.

    That is a standard deviation of one ten-thousandth of the data's. Constant data have none of
    their own; the floor is then 1e-8 outright. Data of which a dimension is wholly missing are
    refused.
    """
    require_type("sequences", sequences, Sequences, "Sequences(observations, lengths)")
    sequences.require_every_dimension()
    if variance_floor is None:
        variances = sequences.variances()
        smallest = variances.min(initial=np.inf, where=variances > 0.0)
        floor = 1e-8 * (float(smallest) if np.isfinite(smallest) else 1.0)
        return max(floor, float(np.finfo(float).tiny))
    return as_positive("variance_floor", variance_floor)


def require_above_floor(hmm: HMM, smallest: FloatArray, variance_floor: float) -> None:
    """Refuse a start whose variances the first step would have to raise.

    Args:
        smallest: (K,) the smallest variance of each state that is trained.

    The eigenvalues of a matrix that was held at the floor come back with a rounding that grows
    with its largest one; such a model is above the floor.
    """
    k = int(np.argmin(smallest))
    rounding = 16.0 * float(np.finfo(float).eps) * _condition_number(hmm)
    if smallest[k] < variance_floor * (1.0 - rounding):
        raise ValueError(
            f"the start has the variance {smallest[k]:.9g} in state {k}, below variance_floor "
            f"{variance_floor:.9g}; start wider, or set a lower floor."
        )
