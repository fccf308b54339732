"""A model in a table for people: what each state emits, how long it stays, where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray
from hmmcore.emissions import Categorical, Emissions, Gaussian, NeuralGaussian, Poisson, Product
from hmmcore.model import HMM

if TYPE_CHECKING:
    import pandas as pd


def expected_stays(transition_matrix: ArrayLike) -> FloatArray:
    """How many steps a visit to each state (K,) lasts on average; infinite where it never ends.

    A stay is geometric: its mean is one over the probability of leaving.
    """
    matrix = np.array(transition_matrix, dtype=np.float64)
    # The sum of the others keeps the digits that one minus the probability of staying would lose.
    np.fill_diagonal(matrix, 0.0)
    with np.errstate(divide="ignore"):
        stays: FloatArray = 1.0 / matrix.sum(axis=1)
    return stays


def stationary_probs(transition_matrix: ArrayLike) -> FloatArray:
    """The share of time (K,) that a chain spends in each state in the long run.

    NaN where that depends on where it begins: there are several sets of states that it never
    leaves. Computed by the elimination of Grassmann, Taksar and Heyman (1985), which subtracts
    nothing and so keeps every digit.
    """
    matrix = np.array(transition_matrix, dtype=np.float64)
    num_states = len(matrix)
    leads_to = (matrix > 0.0) | np.eye(num_states, dtype=bool)
    for _ in range(num_states.bit_length()):
        leads_to = leads_to @ leads_to  # in one step, in two, in four, ...
    # The chain comes back to a state if all to which that one leads lead back to it.
    inside = np.flatnonzero((leads_to <= leads_to.T).all(axis=1))
    if not leads_to[np.ix_(inside, inside)].all():
        return np.full(num_states, np.nan)
    probs = np.zeros(num_states)
    probs[inside] = _stationary_probs(matrix[np.ix_(inside, inside)])
    return probs


def _stationary_probs(matrix: FloatArray) -> FloatArray:
    """The stationary distribution of a chain in which every state leads to every other."""
    last = len(matrix)
    for k in range(last - 1, 0, -1):
        matrix[:k, k] /= matrix[k, :k].sum()
        matrix[:k, :k] += np.outer(matrix[:k, k], matrix[k, :k])
    probs = np.ones(last)
    for k in range(1, last):
        probs[k] = probs[:k] @ matrix[:k, k]
    normalised: FloatArray = probs / probs.sum()
    return normalised


def describe_states(
    hmm: HMM,
    shares: ArrayLike | None = None,
    columns: Sequence[str] = (),
    labels: Sequence[str] | Mapping[int, Sequence[str]] = (),
    states: Sequence[str] = (),
) -> pd.DataFrame:
    """Tabulate a model, one row for each state, counted from 1.

    Args:
        shares: (K,) the expected share of the data in each state.
        columns: (D,) names of the dimensions; by default they are numbered from 1.
        labels: (C,) of symbols; by default they are counted from 1. Of a product, by the number of
            the column, from 0: {2: ["rest", "walk"]}.
        states: (K,) different names of the states; by default S1, S2, …

    Returns:
        A frame with the emissions ("mean" and "standard deviation", "rate", or "p(label)"), "share
        of the data" where it is given, "expected stay" in steps, "to S1" … "to SK" (the row of A,
        with the names of the states) and "stationary share", see `stationary_probs`. Of a product
        each part's, "rate of 2" or "p(walk) of activity".

    Raises:
        ValueError: when `states` are not K different names.
    """
    import pandas as pd

    names = list(states) or [f"S{k}" for k in range(1, hmm.num_states + 1)]
    if len(set(names)) != hmm.num_states or len(names) != hmm.num_states:
        raise ValueError(
            f"{len(names)} names of states, {len(set(names))} of them different, for a model of "
            f"{hmm.num_states} states; each needs one of its own."
        )

    table: dict[str, ArrayLike] = _emissions(hmm.emissions, columns, labels)
    if shares is not None:
        table["share of the data"] = np.asarray(shares)
    table["expected stay"] = expected_stays(hmm.transition_matrix)
    for name, column in zip(names, hmm.transition_matrix.T, strict=True):
        table[f"to {name}"] = column
    table["stationary share"] = stationary_probs(hmm.transition_matrix)
    return pd.DataFrame(table, index=pd.Index(names, name="state"))


def _emissions(
    emissions: Emissions,
    columns: Sequence[str],
    labels: Sequence[str] | Mapping[int, Sequence[str]],
) -> dict[str, ArrayLike]:
    if isinstance(emissions, Product):
        of_parts: dict[str, ArrayLike] = {}
        for j, part in enumerate(emissions.parts):
            own = labels.get(j, ()) if isinstance(labels, Mapping) else ()
            column = columns[j] if columns else f"{j + 1}"
            for what, values in _emissions(part, (), own).items():
                of_parts[f"{what} of {column}"] = values
        return of_parts
    assert not isinstance(labels, Mapping)
    if isinstance(emissions, Poisson):
        return {"rate": emissions.rates}
    if isinstance(emissions, Categorical):
        names = labels or [f"{c}" for c in range(1, emissions.num_symbols + 1)]
        return {f"p({name})": probs for name, probs in zip(names, emissions.probs.T, strict=True)}
    assert isinstance(emissions, Gaussian | NeuralGaussian)
    dimensions = emissions.num_dimensions
    names = list(columns) or [f"{d}" for d in range(1, dimensions + 1)]
    of = [""] if dimensions == 1 else [f" of {name}" for name in names]
    spreads = emissions.standard_deviations
    table: dict[str, ArrayLike] = {}
    for d, name in enumerate(of):
        table[f"mean{name}"] = emissions.means[:, d]
        table[f"standard deviation{name}"] = spreads[:, d]
    if isinstance(emissions, Gaussian) and emissions.covariance_type in ("full", "tied"):
        covariances = np.broadcast_to(
            emissions.covariances, (emissions.num_states, dimensions, dimensions)
        )
        for i in range(dimensions):
            for j in range(i + 1, dimensions):
                scale = spreads[:, i] * spreads[:, j]
                name = f"correlation of {names[i]} and {names[j]}"
                while name in table:  # of columns that have an "and" in their names
                    name += "′"
                table[name] = covariances[:, i, j] / scale
    return table
