"""Gradient ascent on the log-likelihood, from the statistics that EM uses too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hmmcore.arrays import FloatArray, softmax
from hmmcore.emissions.base import Remedy
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweep import (
    Expectations,
    ImpossibleDataError,
    expectations,
    require_compatible,
)
from hmmcore.training.base import (
    DivergedError,
    TrainState,
    checked_floor,
    checked_names,
    checked_structure,
    checked_trainable,
    require_above_floor,
)
from hmmcore.training.priors import Priors
from hmmcore.training.ties import Ties

Parameters = dict[str, FloatArray]

OPTIMIZERS = ("adam", "momentum", "plain")

# The defaults of Kingma & Ba (2015).
FIRST_DECAY, SECOND_DECAY, STABILISER = 0.9, 0.999, 1e-8

MOMENTUM = 0.9
"""Share of its velocity that a heavy ball keeps from one step to the next."""


@dataclass(frozen=True)
class OptimizerState:
    """Where gradient ascent stands: unconstrained parameters, and what its optimizer remembers.

    Attributes:
        first_moments: Adam's mean of the slopes, or the velocity of a heavy ball.
        second_moments: Adam's mean of their squares.
        optimizer: whose memory it is; another one starts with none.
        steps: how many steps the memory is made of.
    """

    parameters: Parameters
    first_moments: Parameters
    second_moments: Parameters
    optimizer: str
    steps: int = 0


class GradientAscent:
    """Gradient ascent on the objective, the log-likelihood or log-posterior, per observation.

    The parameters are softmax logits of π and of the rows of A, the means, and log standard
    deviations (Cholesky factors with log diagonals for matrices), so every step is a valid model.
    By Fisher's identity the gradient is an expectation under the posterior: the
    statistics of one sweep serve, as in EM.

    Args:
        sequences: the data.
        learning_rate: step size; the objective is a mean, so it means the same at every size.
        optimizer: "adam" (Kingma & Ba 2015), "momentum" (Polyak's heavy ball, 1964: a velocity
            keeps MOMENTUM of itself and takes the gradient on top) or "plain" (the gradient alone).
            Velocity and gradient are multiplied by the learning rate.
        trainable, variance_floor, priors, transition_ties: as in `EM`. Tied entries of A share
            their logit.
    """

    def __init__(
        self,
        sequences: Sequences,
        learning_rate: float = 0.05,
        optimizer: str = "adam",
        trainable: Iterable[str] | None = None,
        variance_floor: float | None = None,
        priors: Priors | None = None,
        transition_ties: Ties | None = None,
    ) -> None:
        if not (np.isfinite(learning_rate) and learning_rate > 0.0):
            raise ValueError(f"learning_rate is {learning_rate}; it must be a positive number.")
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {optimizer!r}; it must be one of {OPTIMIZERS}.")
        self.sequences = sequences
        self.learning_rate = float(learning_rate)
        self.optimizer = optimizer
        self.priors = priors
        self.transition_ties = transition_ties
        self.trainable = checked_names(trainable)
        self.variance_floor = checked_floor(variance_floor, sequences)

    def init(self, hmm: HMM) -> TrainState:
        """Evaluate the starting model: iteration 0. Errors as in `EM.init`."""
        trainable = checked_trainable(self.trainable, hmm)
        if "covariances" in trainable:
            require_above_floor(hmm, self.variance_floor)
        checked_structure(hmm, self.priors, self.transition_ties)
        require_compatible(hmm, self.sequences)
        parameters = _keep_trainable(_unconstrained(hmm), hmm, trainable)
        zeros = {name: np.zeros_like(value) for name, value in parameters.items()}
        return TrainState(
            hmm,
            expectations(hmm, self.sequences),
            optimizer=OptimizerState(parameters, zeros, zeros, self.optimizer),
            log_prior=self._log_prior(hmm, hmm),
        )

    def gradient(self, state: TrainState) -> Parameters:
        """Gradient of the objective per observation in every unconstrained parameter.

        Returns:
            "initial_logits" (K,), "transition_logits" (K, K) and the family's own, for example
            "means" (K, D) with "log_sds" or "cholesky" in the shape of the covariances. Tied
            entries of A each have the slope of the logit that they share.
        """
        told, hmm = state.expectations, state.hmm
        if self.priors is not None:
            told = self.priors.added_to(told, hmm)
        total = log_likelihood_gradient(hmm, told)
        if self.transition_ties is not None:
            total["transition_logits"] = self.transition_ties.shared(total["transition_logits"])
        return {name: value / self.sequences.num_observations for name, value in total.items()}

    def step(self, state: TrainState) -> TrainState:
        """Move along the gradient, then evaluate the result. The objective may dip.

        Raises:
            DivergedError: when the step leaves the range of numbers.
        """
        iteration = state.iteration + 1
        trainable = checked_trainable(self.trainable, state.hmm)
        with np.errstate(over="ignore", invalid="ignore"):
            slopes = _keep_trainable(self.gradient(state), state.hmm, trainable)
            moved = self._move(state.optimizer, slopes)
        advice = f"at iteration {iteration}; lower the learning rate, now {self.learning_rate:g}."
        for name, value in moved.parameters.items():
            # A logit of -inf is a structural zero.
            if np.isnan(value).any() or np.isposinf(value).any():
                raise DivergedError(f"gradient ascent drove {name} out of range {advice}")
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                hmm, remedies = _model(
                    state.hmm,
                    moved.parameters,
                    trainable,
                    self.variance_floor,
                    self.transition_ties,
                )
                log_prior = self._log_prior(hmm, state.hmm)
            told = expectations(hmm, self.sequences)
        except ImpossibleDataError as error:
            raise DivergedError(f"gradient ascent made the data impossible {advice}") from error
        except ValueError as error:
            raise DivergedError(f"gradient ascent left the valid models {advice}") from error
        if log_prior is not None and not np.isfinite(log_prior):
            raise DivergedError(f"gradient ascent left the models that the priors allow {advice}")
        if remedies:
            # The floor is part of the parametrisation: what was held there continues from there.
            held = _keep_trainable(_unconstrained(hmm), hmm, trainable)
            moved = replace(moved, parameters=held)
        return TrainState(hmm, told, iteration, remedies, moved, log_prior)

    def _log_prior(self, hmm: HMM, support: HMM) -> float | None:
        return None if self.priors is None else self.priors.log_density(hmm, support)

    def _move(self, before: OptimizerState, gradient: Parameters) -> OptimizerState:
        if before.optimizer != self.optimizer:
            # What another optimizer remembers has another meaning, and would throw this one off.
            zeros = {name: np.zeros_like(value) for name, value in before.parameters.items()}
            before = OptimizerState(before.parameters, zeros, zeros, self.optimizer)
        first, second, steps = before.first_moments, before.second_moments, before.steps + 1
        direction = gradient
        if self.optimizer == "momentum":
            first = {k: MOMENTUM * first[k] + slope for k, slope in gradient.items()}
            direction = first
        elif self.optimizer == "adam":
            first = {
                k: FIRST_DECAY * first[k] + (1.0 - FIRST_DECAY) * slope
                for k, slope in gradient.items()
            }
            second = {
                k: SECOND_DECAY * second[k] + (1.0 - SECOND_DECAY) * slope**2
                for k, slope in gradient.items()
            }
            first_bias, second_bias = 1.0 - FIRST_DECAY**steps, 1.0 - SECOND_DECAY**steps
            direction = {
                k: (first[k] / first_bias) / (np.sqrt(second[k] / second_bias) + STABILISER)
                for k in gradient
            }
        after = {
            k: before.parameters[k] + self.learning_rate * value for k, value in direction.items()
        }
        return OptimizerState(after, first, second, self.optimizer, steps)


def log_likelihood_gradient(hmm: HMM, told: Expectations) -> Parameters:
    """Gradient of the log-likelihood in every unconstrained parameter (Fisher's identity).

    Args:
        told: expected statistics of the data under `hmm`.
    """
    row_totals = told.transition_counts.sum(axis=1, keepdims=True)
    return {
        "initial_logits": told.initial_counts - told.initial_counts.sum() * hmm.initial_probs,
        "transition_logits": told.transition_counts - row_totals * hmm.transition_matrix,
        **hmm.emissions.gradient(told.emissions),
    }


def _keep_trainable(parameters: Parameters, hmm: HMM, trainable: frozenset[str]) -> Parameters:
    """The unconstrained parameters that stand for a trainable parameter of the model."""
    parameter_of = {
        "initial_logits": "initial_probs",
        "transition_logits": "transition_matrix",
        **hmm.emissions.parameter_of,
    }
    return {k: value for k, value in parameters.items() if parameter_of[k] in trainable}


def _unconstrained(hmm: HMM) -> Parameters:
    with np.errstate(divide="ignore"):
        return {
            "initial_logits": np.log(hmm.initial_probs),
            "transition_logits": np.log(hmm.transition_matrix),
            **hmm.emissions.unconstrained(),
        }


def _model(
    present: HMM,
    parameters: Parameters,
    trainable: frozenset[str],
    variance_floor: float,
    transition_ties: Ties | None,
) -> tuple[HMM, tuple[Remedy, ...]]:
    """The model that the parameters stand for; what is not trained stays to the last bit."""
    initial_probs, transition_matrix = present.initial_probs, present.transition_matrix
    if "initial_probs" in trainable:
        initial_probs = softmax(parameters["initial_logits"])
    if "transition_matrix" in trainable:
        transition_matrix = softmax(parameters["transition_logits"])
        if transition_ties is not None:
            # Equal already, but for the order in which the rows were added up.
            transition_matrix = transition_ties.imposed_on(transition_matrix)
    emissions, remedies = present.emissions.with_unconstrained(
        parameters, trainable, variance_floor
    )
    return HMM(initial_probs, transition_matrix, emissions), remedies
