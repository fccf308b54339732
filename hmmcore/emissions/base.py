"""What an emission family has to know: the protocol that inference and training rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.emissions.marginals import Marginals

EmissionStatistics = dict[str, FloatArray]
"""Expected statistics by name; those of two stretches of data add up entry by entry."""

EMPTY_WEIGHT = 1e-12
"""A state that is expected to explain fewer observations than this has lost all its data."""


@dataclass(frozen=True)
class Remedy:
    """Something a trainer did to keep a state alive, so that the caller can see it.

    Attributes:
        state: which state, 0-based; None when it was done to what all states share.
        kind: "empty_state" (it explains no data: its own parameters were kept), "empty_dimension"
            (the data that it explains all lack some coordinate: what belongs to that was kept),
            "variance_floor" (its variance would have fallen below the floor: it was set to the
            floor) or "dead_output" (a ReLU holds a mean of a `NeuralGaussian` at zero, with no
            gradient). A parameter that has a prior is not kept, but moves to the mode of the prior.
    """

    state: int | None
    kind: str

    def __str__(self) -> str:
        if self.kind == "empty_state":
            return f"state {self.state} explains no data; its own parameters were kept"
        if self.kind == "empty_dimension":
            return f"state {self.state} explains no data in some dimension; it was kept there"
        if self.kind == "dead_output":
            return f"state {self.state} has a mean that its ReLU holds at zero; it has no gradient"
        if self.state is None:
            return "the covariance of all states is at the floor; it was kept from collapsing"
        return f"state {self.state} has a variance at the floor; it was kept from collapsing"


class Emissions(Protocol):
    """p(x | z = k) for K states over D-dimensional observations: a frozen value.

    A missing coordinate of an observation is NaN. Scores are of the observed coordinates, 0 when
    there are none; statistics leave missing coordinates out, or replace them by their expectation
    given the observed ones.
    """

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, by which trainers know them; of most families the class's."""
        ...

    @property
    def num_states(self) -> int:
        """Number of states, K."""
        ...

    @property
    def num_dimensions(self) -> int:
        """Number of dimensions of an observation, D."""
        ...

    def permute(self, permutation: ArrayLike) -> Self:
        """New state k is old state permutation[k]."""
        ...

    def require_observations(self, observations: FloatArray) -> None:
        """Raise ValueError naming the first of observations (T, D) that no state could emit.

        Missing values are allowed. Called once for each set of data: scoring need not check.
        """
        ...

    def log_likelihoods(self, observations: FloatArray) -> FloatArray:
        """Score: a fresh (T, K) array of log p(x_t | z_t = k)."""
        ...

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one observation for each state (T,): returns (T, D)."""
        ...

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """Expected statistics of observations (T, D) under state weights (T, K).

        Sums are of deviations from the present parameters, so that no digits cancel when the data
        lie far from zero. Among them is "weights" (K,): how many observations, the wholly missing
        ones left out, each state is expected to explain.
        """
        ...

    def maximize(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[Self, tuple[Remedy, ...]]:
        """M-step: re-estimate the trainable parameters from statistics taken about this value."""
        ...

    def unconstrained(self) -> EmissionStatistics:
        """The parameters as arrays that may take any real value, for gradient ascent."""
        ...

    def with_unconstrained(
        self, parameters: Mapping[str, FloatArray], trainable: frozenset[str], variance_floor: float
    ) -> tuple[Self, tuple[Remedy, ...]]:
        """Undo `unconstrained` for the trainable parameters, holding variances at the floor."""
        ...

    def smallest_variances(self) -> FloatArray:
        """(K,) the smallest variance of each state, to be compared with the floor."""
        ...

    def condition_numbers(self) -> FloatArray:
        """(K,) how many times rounding in a state's parameters is amplified in its scores.

        1 at the least.
        """
        ...

    def gradient(self, statistics: EmissionStatistics) -> EmissionStatistics:
        """Gradient of the log-likelihood in the `unconstrained` parameters (Fisher's identity).

        The keys are those of `unconstrained`; `parameter_of` names the parameter of each.
        """
        ...

    @property
    def parameter_of(self) -> Mapping[str, str]:
        """The parameter that each of `unconstrained` belongs to."""
        ...

    def num_free(self) -> dict[str, int]:
        """How many free parameters each of `parameter_names` has; structural zeros are none."""
        ...

    def marginals(self) -> Marginals:
        """The distribution of each dimension of an observation in each state: for forecasts."""
        ...

    def distances(self, other: Self) -> FloatArray:
        """Distances (K, K) between states: entry [i, j] between self's i and other's j."""
        ...


class LaneEmissions(Protocol):
    """A family that also works on observations in lanes (see `hmmcore.lanes`), to be faster."""

    @property
    def works_in_lanes(self) -> bool:
        """Whether this value does; a family may need certain parameters for it."""
        ...

    def lane_log_likelihoods(self, observations: FloatArray, scores: FloatArray) -> None:
        """Score observations (S, D, LANES) into scores (S, K, LANES)."""
        ...

    def lane_statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """`Emissions.statistics` of observations (S, D, LANES), weights (S, K, LANES)."""
        ...
