"""Gradient ascent on the log-likelihood, from the statistics that EM uses too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hmmcore.arrays import FloatArray, as_positive, quoted
from hmmcore.compiling import kernel
from hmmcore.coordinates import Coordinate
from hmmcore.emissions.base import Emissions, Remedy
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import (
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
    require_above_floor,
)
from hmmcore.training.held import Masks, checked_coordinates, chosen_numbers, with_held
from hmmcore.training.priors import Priors
from hmmcore.training.ties import Ties
from hmmcore.values import valid_value

Parameters = dict[str, FloatArray]

OPTIMIZERS = ("adam", "momentum", "plain")
ADAM, HEAVY_BALL = 0, 1
"""Indices in OPTIMIZERS, for the kernel."""

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
        optimizer: the one that the moments belong to; another starts with moments of zero.
        steps: how many steps the moments are made of.
    """

    parameters: Parameters
    first_moments: Parameters
    second_moments: Parameters
    optimizer: str
    steps: int = 0


class GradientAscent:
    """Gradient ascent on the objective, the log-likelihood or log-posterior, per observation.

    Here those that are wholly missing count too, which scales the steps and nothing else.

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
        trainable, variance_floor, priors, transition_ties, coordinates: as in `EM`. Tied entries of
            A share their logit; of a probability that is trained by itself, the logit moves.
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
        coordinates: Iterable[Coordinate] | None = None,
    ) -> None:
        if optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {quoted(optimizer)}; it must be one of {OPTIMIZERS}.")
        self.sequences = sequences
        self.learning_rate = as_positive("learning_rate", learning_rate)
        self.optimizer = optimizer
        self.priors = priors
        self.transition_ties = transition_ties
        self.trainable = checked_names(trainable)
        self.coordinates = checked_coordinates(coordinates, transition_ties)
        self.variance_floor = checked_floor(variance_floor, sequences)

    def init(self, hmm: HMM) -> TrainState:
        """Evaluate the starting model: iteration 0. Errors as in `EM.init`."""
        chosen = chosen_numbers(self.trainable, self.coordinates, hmm)
        if chosen.variances:
            smallest = chosen.smallest_variances(hmm.emissions)
            require_above_floor(hmm, smallest, self.variance_floor)
        checked_structure(hmm, self.priors, self.transition_ties)
        require_compatible(hmm, self.sequences)
        parameters = _keep_trainable(_unconstrained(hmm), hmm, chosen.names)
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
        statistics, hmm = state.expectations, state.hmm
        if self.priors is not None:
            statistics = self.priors.added_to(statistics, hmm)
        total = log_likelihood_gradient(hmm, statistics)
        if self.transition_ties is not None:
            total["transition_logits"] = self.transition_ties.shared(total["transition_logits"])
        return {name: value / self.sequences.num_observations for name, value in total.items()}

    def step(self, state: TrainState) -> TrainState:
        """Move along the gradient, then evaluate the result. The objective may dip.

        Raises:
            DivergedError: when the step leaves the range of numbers.
            ValueError: when the state comes from a trainer that lacks parameters of this one.
        """
        iteration = state.iteration + 1
        chosen = chosen_numbers(self.trainable, self.coordinates, state.hmm)
        trainable = chosen.names
        with np.errstate(over="ignore", invalid="ignore"):
            slopes = _keep_trainable(self.gradient(state), state.hmm, trainable)
        remembered = state.optimizer
        if not isinstance(remembered, OptimizerState) or not slopes.keys() <= (
            remembered.parameters.keys()
        ):
            raise ValueError(
                "the state is another trainer's, which did not move the same parameters; call "
                "init of this trainer with state.hmm."
            )
        if chosen.masks is not None:
            slopes = _moving_only(slopes, chosen.masks, state.hmm)
            # What another trainer's moments remember of the others would move them.
            remembered = replace(
                remembered,
                first_moments=_moving_only(remembered.first_moments, chosen.masks, state.hmm),
                second_moments=_moving_only(remembered.second_moments, chosen.masks, state.hmm),
            )
        moved, in_range = self._move(remembered, slopes)
        advice = f"at iteration {iteration}; lower the learning rate, now {self.learning_rate:g}."
        for name, value in in_range.items():
            if not value:
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
                if chosen.masks is not None:
                    hmm, remedies = with_held(chosen, hmm, remedies, state.hmm, self.variance_floor)
                log_prior = self._log_prior(hmm, state.hmm)
            statistics = expectations(hmm, self.sequences)
        except ImpossibleDataError as error:
            raise DivergedError(f"gradient ascent made the data impossible {advice}") from error
        except ValueError as error:
            raise DivergedError(f"gradient ascent left the valid models {advice}") from error
        if log_prior is not None and not np.isfinite(log_prior):
            raise DivergedError(f"gradient ascent left the models that the priors allow {advice}")
        if remedies:
            # A parameter that was held at the floor continues from the floor.
            held = _keep_trainable(_unconstrained(hmm), hmm, trainable)
            moved = replace(moved, parameters=held)
        return TrainState(hmm, statistics, iteration, remedies, moved, log_prior)

    def _log_prior(self, hmm: HMM, support: HMM) -> float | None:
        return None if self.priors is None else self.priors.log_density(hmm, support)

    def _move(
        self, before: OptimizerState, gradient: Parameters
    ) -> tuple[OptimizerState, dict[str, bool]]:
        """The next parameters and moments, and by name whether a parameter is still in range."""
        if before.optimizer != self.optimizer:
            # Moments of another optimizer mean something else.
            zeros = {name: np.zeros_like(value) for name, value in before.parameters.items()}
            before = OptimizerState(before.parameters, zeros, zeros, self.optimizer)
        steps = before.steps + 1
        after, first, second, in_range = {}, {}, {}, {}
        for name, slope in gradient.items():
            after[name] = before.parameters[name].copy()
            first[name] = before.first_moments[name].copy()
            second[name] = before.second_moments[name].copy()
            in_range[name] = move(
                slope, self.learning_rate, steps, OPTIMIZERS.index(self.optimizer),
                after[name], first[name], second[name],
            )  # fmt: skip
        return OptimizerState(after, first, second, self.optimizer, steps), in_range


@kernel(error_model="numpy")
def move(
    gradient: FloatArray,
    learning_rate: float,
    step: int,
    optimizer: int,
    parameters: FloatArray,
    first_moments: FloatArray,
    second_moments: FloatArray,
) -> bool:
    """Move parameters and moments in place; all arrays have one shape.

    Args:
        step: number of the step since this optimizer started, from 1.
        optimizer: index in OPTIMIZERS.

    Returns:
        whether no parameter is NaN or +inf. A logit of -inf is a structural zero.
    """
    slopes, values = gradient.reshape(-1), parameters.reshape(-1)
    first, second = first_moments.reshape(-1), second_moments.reshape(-1)
    first_bias, second_bias = 1.0 - FIRST_DECAY**step, 1.0 - SECOND_DECAY**step
    in_range = True
    for i in range(len(values)):
        if optimizer == ADAM:
            first[i] = FIRST_DECAY * first[i] + (1.0 - FIRST_DECAY) * slopes[i]
            second[i] = SECOND_DECAY * second[i] + (1.0 - SECOND_DECAY) * slopes[i] ** 2
            size = np.sqrt(second[i] / second_bias) + STABILISER
            values[i] += learning_rate * (first[i] / first_bias) / size
        elif optimizer == HEAVY_BALL:
            first[i] = MOMENTUM * first[i] + slopes[i]
            values[i] += learning_rate * first[i]
        else:
            values[i] += learning_rate * slopes[i]
        in_range &= values[i] < np.inf
    return in_range


@kernel(error_model="numpy")
def slopes_of_logits(counts: FloatArray, probs: FloatArray) -> FloatArray:
    """counts - n p for every row of probabilities, where n is the sum of the row's counts."""
    slopes = np.empty(probs.shape)
    count_rows, prob_rows, slope_rows = (
        counts.reshape(-1, probs.shape[-1]),
        probs.reshape(-1, probs.shape[-1]),
        slopes.reshape(-1, probs.shape[-1]),
    )
    for i in range(len(prob_rows)):
        total = count_rows[i].sum()
        for j in range(prob_rows.shape[1]):
            slope_rows[i, j] = count_rows[i, j] - total * prob_rows[i, j]
    return slopes


@kernel(error_model="numpy")
def distributions(logits: FloatArray) -> tuple[FloatArray, bool]:
    """Softmax over the last axis, and whether all is finite; -inf gives exactly zero."""
    probs = np.empty(logits.shape)
    given, filled = logits.reshape(-1, logits.shape[-1]), probs.reshape(-1, logits.shape[-1])
    sound = True
    for i in range(len(given)):
        top, total = given[i].max(), 0.0
        for j in range(given.shape[1]):
            filled[i, j] = np.exp(given[i, j] - top)
            total += filled[i, j]
        sound &= total < np.inf
        for j in range(given.shape[1]):
            filled[i, j] /= total
    return probs, sound


def log_likelihood_gradient(hmm: HMM, statistics: Expectations) -> Parameters:
    """Gradient of the log-likelihood in every unconstrained parameter (Fisher's identity).

    Args:
        statistics: expected statistics of the data under `hmm`.
    """
    return {
        "initial_logits": slopes_of_logits(statistics.initial_counts, hmm.initial_probs),
        "transition_logits": slopes_of_logits(statistics.transition_counts, hmm.transition_matrix),
        **hmm.emissions.gradient(statistics.emissions),
    }


def _keep_trainable(parameters: Parameters, hmm: HMM, trainable: frozenset[str]) -> Parameters:
    """The unconstrained parameters that belong to a trainable parameter of the model."""
    names = parameter_of(hmm.emissions)
    return {k: value for k, value in parameters.items() if names[k] in trainable}


def _moving_only(values: Parameters, masks: Masks, hmm: HMM) -> Parameters:
    """Values of the unconstrained parameters that have a mask, zero where nothing moves.

    A number that may be trained by itself stands at the same place in both.
    """
    kept, names = _keep_trainable(values, hmm, frozenset(masks)), parameter_of(hmm.emissions)
    return {k: np.where(masks[names[k]], value, 0.0) for k, value in kept.items()}


def parameter_of(emissions: Emissions) -> dict[str, str]:
    """The parameter of a model, with such emissions, that each unconstrained one belongs to."""
    return {
        "initial_logits": "initial_probs",
        "transition_logits": "transition_matrix",
        **emissions.parameter_of,
    }


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
    """The model with these unconstrained parameters; what is not trained stays to the last bit."""
    initial_probs, transition_matrix = present.initial_probs, present.transition_matrix
    valid = True
    if "initial_probs" in trainable:
        initial_probs, sound = distributions(parameters["initial_logits"])
        valid &= sound
    if "transition_matrix" in trainable:
        transition_matrix, sound = distributions(parameters["transition_logits"])
        valid &= sound
        if transition_ties is not None:
            # Equal already, but for rounding: rows add up the same numbers in different orders.
            transition_matrix, valid = transition_ties.imposed_on(transition_matrix), False
    emissions, remedies = present.emissions.with_unconstrained(
        parameters, trainable, variance_floor
    )
    if not valid:
        # The constructor checks everything, and its message says what is wrong.
        return HMM(initial_probs, transition_matrix, emissions), remedies
    hmm = valid_value(
        HMM, initial_probs=initial_probs, transition_matrix=transition_matrix, emissions=emissions
    )
    return hmm, remedies
