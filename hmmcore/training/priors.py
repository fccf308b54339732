"""Priors on a model's parameters: training then climbs to a posterior mode (MAP)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, as_positive, numeric_array, read_only, require_finite
from hmmcore.emissions.variance_prior import VariancePriorEmissions, pseudo_statistics
from hmmcore.model import HMM
from hmmcore.sweeps.sweep import Expectations
from hmmcore.values import Value


@dataclass(frozen=True, eq=False)
class Priors(Value):
    """Dirichlet priors on π and the rows of A, and a prior on variances; each may be left out.

    Densities are those of the probabilities and variances themselves, whatever coordinates a
    trainer moves in, so EM and gradient ascent climb the same objective: log p(x | θ) + log p(θ),
    with the constants of the prior left out. A concentration c acts like c - 1 further starts or
    transitions; one everywhere is a flat prior, the same as none. Entries that are zero in the
    start stay zero, and are left out of the Dirichlet. A parameter without data moves to the mode
    of its prior.

    The prior on a variance is an inverse gamma, largest at scale / (shape + 1) and worth
    2 (shape + 1) observations; on a covariance matrix it is an inverse Wishart with the same
    maximum, in every direction, and the same worth (see `emissions.variance_prior`).

    Attributes:
        initial_concentration: of the Dirichlet on π, one number or (K,), each at least 1.
        transition_concentration: of those on the rows of A, one number or (K, K), each at least
            1. Larger on the diagonal: states that last.
        variance_shape, variance_scale: both positive, given together; the scale in squared units
            of the data.

    Raises:
        ValueError: when a concentration is below one (the posterior then has no mode: its density
            can grow without bound towards zero), or half of the variance prior is missing.
    """

    initial_concentration: FloatArray | None = None
    transition_concentration: FloatArray | None = None
    variance_shape: float | None = None
    variance_scale: float | None = None

    def __init__(
        self,
        initial_concentration: ArrayLike | None = None,
        transition_concentration: ArrayLike | None = None,
        variance_shape: float | None = None,
        variance_scale: float | None = None,
    ) -> None:
        if (variance_shape is None) != (variance_scale is None):
            raise ValueError(
                f"variance_shape is {variance_shape} and variance_scale is {variance_scale}; a "
                "prior on variances needs both."
            )
        fields = {
            "initial_concentration": _concentration(
                "initial_concentration", initial_concentration, 1
            ),
            "transition_concentration": _concentration(
                "transition_concentration", transition_concentration, 2
            ),
            "variance_shape": _positive("variance_shape", variance_shape),
            "variance_scale": _positive("variance_scale", variance_scale),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Priors):
            return NotImplemented
        return (
            _same(self.initial_concentration, other.initial_concentration)
            and _same(self.transition_concentration, other.transition_concentration)
            and self.variance_shape == other.variance_shape
            and self.variance_scale == other.variance_scale
        )

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_compatible(self, hmm: HMM) -> None:
        """Raise ValueError when the model has another number of states, or no variances."""
        for name, values, size in (
            ("initial_concentration", self.initial_concentration, hmm.initial_probs.shape),
            ("transition_concentration", self.transition_concentration, (hmm.num_states,) * 2),
        ):
            if values is not None and values.shape not in ((), size):
                raise ValueError(
                    f"{name} has shape {values.shape}; the model has {hmm.num_states} states, so "
                    f"it must be one number or {size}."
                )
        # Of a product, only some may have variances.
        has_variances = isinstance(hmm.emissions, VariancePriorEmissions) and getattr(
            hmm.emissions, "has_variances", True
        )
        if self.variance_shape is not None and not has_variances:
            raise ValueError(
                f"the priors have a variance_shape, but {type(hmm.emissions).__name__} emissions "
                "have no variances of their own; leave it out."
            )

    def log_density(self, hmm: HMM, support: HMM) -> float:
        """Log p(θ) of the model's parameters in nats, up to a constant that they do not change.

        Args:
            support: a model with the structural zeros: entries that are zero in its π and A are
                left out. A zero anywhere else gives -inf, unless its concentration is one.
        """
        total = 0.0
        if self.initial_concentration is not None:
            total += _log_dirichlet(
                self.initial_concentration, hmm.initial_probs, support.initial_probs
            )
        if self.transition_concentration is not None:
            total += _log_dirichlet(
                self.transition_concentration, hmm.transition_matrix, support.transition_matrix
            )
        if self.variance_shape is not None and self.variance_scale is not None:
            assert isinstance(hmm.emissions, VariancePriorEmissions)
            total += hmm.emissions.log_variance_prior(self.variance_shape, self.variance_scale)
        return total

    def added_to(self, statistics: Expectations, hmm: HMM) -> Expectations:
        """Expected statistics of the data under `hmm`, with the priors' pseudo-counts added."""
        initial_counts, transition_counts = statistics.initial_counts, statistics.transition_counts
        emissions = statistics.emissions
        if self.initial_concentration is not None:
            initial_counts = initial_counts + _pseudo_counts(
                self.initial_concentration, hmm.initial_probs
            )
        if self.transition_concentration is not None:
            transition_counts = transition_counts + _pseudo_counts(
                self.transition_concentration, hmm.transition_matrix
            )
        if self.variance_shape is not None and self.variance_scale is not None:
            emissions = emissions | pseudo_statistics(self.variance_shape, self.variance_scale)
        return replace(
            statistics,
            initial_counts=initial_counts,
            transition_counts=transition_counts,
            emissions=emissions,
        )


def _log_dirichlet(concentration: FloatArray, probs: FloatArray, support: FloatArray) -> float:
    return float(
        np.where(support > 0.0, scipy.special.xlogy(concentration - 1.0, probs), 0.0).sum()
    )


def _pseudo_counts(concentration: FloatArray, probs: FloatArray) -> FloatArray:
    return np.where(probs > 0.0, concentration - 1.0, 0.0)


def _concentration(name: str, values: ArrayLike | None, ndim: int) -> FloatArray | None:
    """Read-only concentrations: a number as an array without axes, or one with `ndim` axes."""
    if values is None:
        return None
    array = numeric_array(name, values)
    if array.ndim not in (0, ndim):
        raise ValueError(
            f"{name} has {array.ndim} axes (shape {array.shape}); it must be one number or have "
            f"{ndim}."
        )
    require_finite(name, array)
    low = np.argwhere(array < 1.0)
    if len(low):
        at = tuple(int(i) for i in low[0])
        where = list(at) if at else ""
        raise ValueError(
            f"{name}{where} is {array[at]:g}; a concentration must be at least 1. Below that the "
            "prior grows without bound towards a probability of zero, and no most probable model "
            "exists."
        )
    return np.asarray(read_only(array))


def _positive(name: str, value: float | None) -> float | None:
    return None if value is None else as_positive(name, value)


def _same(left: FloatArray | None, right: FloatArray | None) -> bool:
    if left is None or right is None:
        return left is right
    return np.array_equal(left, right)
