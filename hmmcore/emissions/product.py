"""Products: several numbers of different kinds at a time, each with a family of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray, any_missing, as_permutation, quoted
from hmmcore.emissions.base import Emissions, EmissionStatistics, Remedy
from hmmcore.emissions.categorical import Categorical
from hmmcore.emissions.diagonal import diagonal_statistics
from hmmcore.emissions.gaussian import Gaussian
from hmmcore.emissions.marginals import ProductMarginals
from hmmcore.emissions.poisson import Poisson
from hmmcore.emissions.variance_prior import COUNT, SQUARES, VariancePriorEmissions
from hmmcore.values import Value, valid_value

Part = Gaussian | Poisson | Categorical
"""A family that can be a part, where it emits one number."""

FISHER_SCALE = {Gaussian: 1.0, Poisson: 8.0, Categorical: 8.0}
"""What a family's own distance is multiplied by to be, between states that are nearly alike, their
symmetric Kullback-Leibler divergence: so distances of parts of different kinds add up."""

ORDER = "empty_state", "empty_dimension", "variance_floor"
"""Remedies are reported in the order in which a `Gaussian` reports them."""


def part_name(part: int, name: str) -> str:
    """The name of a part's parameter (or statistic) among those of the product: "2.means"."""
    return f"{part}.{name}"


def own_name(name: str) -> str:
    """The name that a parameter has in its own family: of "2.means" and of "means", "means"."""
    return name.rpartition(".")[2]


@dataclass(frozen=True, eq=False)
class Product(Value):
    """p(x | z = k) = Π_j p_j(x_j | z = k): column j of an observation comes from part j.

    Given the state the parts are independent. Any of them may be missing, NaN, at any time; symbols
    are whole numbers in a column of floats. A parameter is named after its part, counted from 0:
    "2.means". A product of Gaussians is a `Gaussian` with diagonal covariances.

    Attributes:
        parts: D families with the same number of states, each a `Gaussian`, `Poisson` or
            `Categorical` of one dimension.

    Raises:
        ValueError: when there is no part, one is of another family or of several dimensions, or two
            differ in their number of states.
    """

    parts: tuple[Part, ...]

    def __init__(self, parts: Iterable[Emissions]) -> None:
        if not isinstance(parts, Iterable):
            raise ValueError(
                f"parts is {quoted(parts)}; it must be a list of families, such as "
                "[Poisson([1, 5]), Gaussian([0, 1], [1, 1])]."
            )
        given: list[Part] = []
        for j, part in enumerate(parts):
            if not isinstance(part, Part):
                raise ValueError(
                    f"parts[{j}] is {quoted(part)}; it must be a Gaussian, a Poisson or a "
                    "Categorical."
                )
            given.append(part)
        if not given:
            raise ValueError("parts is empty; a product needs at least one family.")
        for j, part in enumerate(given):
            if part.num_dimensions != 1:
                raise ValueError(
                    f"parts[{j}] has {part.num_dimensions} dimensions; a part emits one number, so "
                    "give each dimension a part of its own."
                )
            if part.num_states != given[0].num_states:
                raise ValueError(
                    f"parts[{j}] has {part.num_states} states and parts[0] has "
                    f"{given[0].num_states}; all parts must have the same number."
                )
        object.__setattr__(self, "parts", tuple(given))

    @property
    def num_states(self) -> int:
        """Number of states, K."""
        return self.parts[0].num_states

    @property
    def num_dimensions(self) -> int:
        """Number of dimensions of an observation, D: of parts."""
        return len(self.parts)

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, such as "0.means", "0.covariances", "1.rates"."""
        return tuple(
            part_name(j, name) for j, part in enumerate(self.parts) for name in part.parameter_names
        )

    @cached_property
    def parameter_of(self) -> Mapping[str, str]:
        """The parameter that each unconstrained one belongs to."""
        return {
            part_name(j, name): part_name(j, parameter)
            for j, part in enumerate(self.parts)
            for name, parameter in part.parameter_of.items()
        }

    def as_gaussian(self) -> Gaussian | None:
        """The same as a diagonal `Gaussian`; None unless all parts are Gaussian."""
        parts = [part for part in self.parts if isinstance(part, Gaussian)]
        if len(parts) < len(self.parts):
            return None
        # Of a covariance that all states share there is one.
        variances = [np.broadcast_to(one.covariances.reshape(-1), self.num_states) for one in parts]
        return Gaussian(np.hstack([part.means for part in parts]), np.stack(variances, axis=1))

    def permute(self, permutation: ArrayLike) -> Product:
        """New state k is old state permutation[k]."""
        order = as_permutation(permutation, self.num_states)
        return Product([part.permute(order) for part in self.parts])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Product):
            return NotImplemented
        return self.parts == other.parts

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_observations(self, observations: FloatArray) -> None:
        """Raise ValueError naming the first column, and row, that its part could not emit."""
        for j, part in enumerate(self.parts):
            try:
                part.require_observations(observations[:, j : j + 1])
            except ValueError as error:
                raise ValueError(f"in column {j}, {error}") from None

    def log_likelihoods(self, observations: FloatArray) -> FloatArray:
        """Score: (T, K) sums of the parts' log-densities and log-probabilities, in nats."""
        total: FloatArray | None = None
        for columns, family in self._groups:
            scores = family.log_likelihoods(_columns(observations, columns))
            if total is None:
                total = scores
            else:
                total += scores
        assert total is not None
        return total

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one observation for each state (T,), part after part: returns (T, D)."""
        return np.hstack([part.sample(states, rng) for part in self.parts])

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """The parts' expected statistics, named as their parameters are, and "weights" (K,).

        These are of the observations of which any part is there.
        """
        found: EmissionStatistics = {}
        totals: FloatArray | None = None
        for columns, family in self._groups:
            own = family.statistics(_columns(observations, columns), weights)
            found |= _apart(own, columns)
            totals = own["weights"]
        if len(self._groups) > 1 and any_missing(observations):
            there = ~np.isnan(observations).all(axis=1)
            totals = weights[there].sum(axis=0)
        assert totals is not None
        return {"weights": totals, **found}

    @property
    def works_in_lanes(self) -> bool:
        """Whether the lane methods apply: only where every part has them."""
        return len(self._groups) == 1 and self._gaussians is not None

    def lane_log_likelihoods(self, observations: FloatArray, scores: FloatArray) -> None:
        """Score observations (S, D, LANES) into scores (S, K, LANES)."""
        assert self._gaussians is not None
        self._gaussians.lane_log_likelihoods(observations, scores)

    def lane_statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """`statistics` of observations (S, D, LANES) and weights (S, K, LANES)."""
        assert self._gaussians is not None
        own = self._gaussians.lane_statistics(observations, weights)
        return {"weights": own["weights"], **_apart(own, list(range(self.num_dimensions)))}

    def maximize(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[Product, tuple[Remedy, ...]]:
        """M-step: each part's own, from its own statistics.

        A part that is missing wherever a state has data keeps its parameters there; the remedy is
        that of a `Gaussian` with an empty dimension.
        """
        return _joined(
            part.maximize(own, names, variance_floor)
            for part, own, names in self._by_part(statistics, trainable)
        )

    def unconstrained(self) -> EmissionStatistics:
        """The parts' own unconstrained parameters, such as "0.log_sds" and "1.log_rates"."""
        return {
            part_name(j, name): values
            for j, part in enumerate(self.parts)
            for name, values in part.unconstrained().items()
        }

    def with_unconstrained(
        self, parameters: Mapping[str, FloatArray], trainable: frozenset[str], variance_floor: float
    ) -> tuple[Product, tuple[Remedy, ...]]:
        """Undo `unconstrained` for the trainable parameters, holding variances at the floor."""
        return _joined(
            part.with_unconstrained(own, names, variance_floor)
            for part, own, names in self._by_part(parameters, trainable)
        )

    def gradient(self, statistics: EmissionStatistics) -> EmissionStatistics:
        """Gradient in the `unconstrained` parameters: each part's own."""
        none: frozenset[str] = frozenset()
        return {
            part_name(j, name): values
            for j, (part, own, _) in enumerate(self._by_part(statistics, none))
            for name, values in part.gradient(own).items()
        }

    def smallest_variances(self) -> FloatArray:
        """(K,) the smallest variance of each state among Gaussian parts; infinite without one."""
        return np.asarray(np.min([part.smallest_variances() for part in self.parts], axis=0))

    def condition_numbers(self) -> FloatArray:
        """(K,) the largest of the parts'."""
        return np.asarray(np.max([part.condition_numbers() for part in self.parts], axis=0))

    @property
    def has_variances(self) -> bool:
        """Whether any part has variances of its own, to which a prior could apply."""
        return any(isinstance(part, VariancePriorEmissions) for part in self.parts)

    def log_variance_prior(self, shape: float, scale: float) -> float:
        """Log-density of a prior on the variances of all Gaussian parts, up to a constant."""
        return sum(
            part.log_variance_prior(shape, scale)
            for part in self.parts
            if isinstance(part, Gaussian)
        )

    def marginals(self) -> ProductMarginals:
        """The distribution of each part, for each state."""
        return ProductMarginals(tuple(part.marginals() for part in self.parts))

    def num_free(self) -> dict[str, int]:
        """Count free parameters, by name."""
        return {
            part_name(j, name): count
            for j, part in enumerate(self.parts)
            for name, count in part.num_free().items()
        }

    def distances(self, other: Product) -> FloatArray:
        """Distances (K, K) between the states of two values: sums of the parts' own.

        Each is first brought to the scale of the symmetric Kullback-Leibler divergence, in nats,
        which it has where states are nearly alike. Of Gaussians it is that divergence.

        Raises:
            ValueError: when the parts are of other families, or of other numbers of symbols.
        """
        self.require_same_kind(other)
        total = np.zeros((self.num_states, other.num_states))
        for part, theirs in zip(self.parts, other.parts, strict=True):
            total += FISHER_SCALE[type(part)] * part.distances(theirs)  # type: ignore[arg-type]
        return total

    def require_same_kind(self, other: Product) -> None:
        """Raise ValueError naming the first part that the other has of another kind."""
        if len(self.parts) != len(other.parts):
            raise ValueError(
                f"one product has {len(self.parts)} parts and the other {len(other.parts)}; only "
                "products of the same families can be compared."
            )
        for j, (part, theirs) in enumerate(zip(self.parts, other.parts, strict=True)):
            if _kind(part) != _kind(theirs):
                raise ValueError(
                    f"parts[{j}] is {_kind(part)} in one product and {_kind(theirs)} in the other; "
                    "only products of the same families can be compared."
                )

    @cached_property
    def _gaussians(self) -> Gaussian | None:
        """The Gaussian parts with variances, which are scored together, as one of several
        dimensions."""
        parts = [self.parts[j] for j in self._gaussian_columns]
        if not parts:
            return None
        variances = [part.covariances.reshape(-1) for part in parts if isinstance(part, Gaussian)]
        return valid_value(
            Gaussian,
            means=np.hstack([part.means for part in parts if isinstance(part, Gaussian)]),
            covariances=np.stack(variances, axis=1),
            covariance_type="diag",
        )

    @cached_property
    def _gaussian_columns(self) -> list[int]:
        return [
            j
            for j, part in enumerate(self.parts)
            if isinstance(part, Gaussian) and part.works_in_lanes
        ]

    @cached_property
    def _groups(self) -> list[tuple[list[int], Part]]:
        """Columns that one call serves, and the family that does."""
        together = self._gaussian_columns
        groups: list[tuple[list[int], Part]] = [
            ([j], part) for j, part in enumerate(self.parts) if j not in together
        ]
        return groups if self._gaussians is None else [(together, self._gaussians), *groups]

    def _by_part(
        self, values: Mapping[str, FloatArray], trainable: frozenset[str]
    ) -> list[tuple[Part, EmissionStatistics, frozenset[str]]]:
        """Each part, with its own of the values and of the trainable names, by its own names."""
        # A prior is the same for all parts.
        prior = {name: values[name] for name in (COUNT, SQUARES) if name in values}
        own: list[EmissionStatistics] = [dict(prior) for _ in self.parts]
        names: list[set[str]] = [set() for _ in self.parts]
        for name, value in values.items():
            part, dot, its = name.partition(".")
            if dot:
                own[int(part)][its] = value
        for name in trainable:
            part, dot, its = name.partition(".")
            if dot:
                names[int(part)].add(its)
        return [
            (part, mine, frozenset(its))
            for part, mine, its in zip(self.parts, own, names, strict=True)
        ]


def _columns(observations: FloatArray, columns: list[int]) -> FloatArray:
    """Columns of observations (T, D), next to each other in memory, as kernels are compiled for."""
    if len(columns) == observations.shape[1]:
        return observations
    return np.take(observations, columns, axis=1)


def _apart(statistics: EmissionStatistics, columns: list[int]) -> EmissionStatistics:
    """Statistics of a group by the names of its parts."""
    if len(columns) == 1:
        return {part_name(columns[0], name): values for name, values in statistics.items()}
    found: EmissionStatistics = {}
    for d, j in enumerate(columns):
        counts, deviations, squares = (
            np.ascontiguousarray(statistics[name][:, d : d + 1])
            for name in ("counts", "deviations", "squares")
        )
        own = diagonal_statistics(counts[:, 0], counts, deviations, squares)
        found |= {part_name(j, name): values for name, values in own.items()}
    return found


def _joined(
    moved: Iterable[tuple[Part, tuple[Remedy, ...]]],
) -> tuple[Product, tuple[Remedy, ...]]:
    """The product of parts after a step, and their remedies as its own, each once.

    A state that all parts find empty explains no data; where only some do, it lacks a dimension.
    """
    parts, remedies = zip(*moved, strict=True)
    product: Product = valid_value(Product, parts=parts)
    if not any(remedies):
        return product, ()
    empty = np.zeros(product.num_states, dtype=np.int64)
    needed: set[tuple[str, int | None]] = set()
    for own in remedies:
        for remedy in own:
            if remedy.kind == "empty_state":
                assert remedy.state is not None
                empty[remedy.state] += 1
            else:
                needed.add((remedy.kind, remedy.state))
    for k in np.flatnonzero(empty).tolist():
        kind = "empty_state" if empty[k] == len(remedies) else "empty_dimension"
        needed.add((kind, k))
    order = sorted(needed, key=lambda one: (ORDER.index(one[0]), -1 if one[1] is None else one[1]))
    return product, tuple(Remedy(state, kind) for kind, state in order)


def _kind(part: Part) -> str:
    if isinstance(part, Categorical):
        return f"a Categorical of {part.num_symbols} symbols"
    return f"a {type(part).__name__}"
