"""The comparison of starts with Gaussian emissions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hmmcore import batch
from hmmcore.arrays import BoolArray, FloatArray, as_count, quoted, require_generator
from hmmcore.emissions import Gaussian
from hmmcore.initialization.clustering import distinct_points, filled, standardized
from hmmcore.initialization.gaussian import (
    in_order,
    kmeans,
    of_clusters,
    quantiles,
    random,
    with_full_covariances,
)
from hmmcore.initialization.paths import NUM_KMEANS, NUM_RANDOM, models_of_paths, window_moments
from hmmcore.initialization.race import StartComparison, compare, part_of, single, trainable
from hmmcore.model import HMM
from hmmcore.sequences import Sequences

LOWEST_VARIANCE_SHARE = 1e-5
"""Floor of variances while starts are compared, as a share of the data's variance. Well above the
floor of training, so that little is gained by a collapse, and what `_discounts` takes stays below
what a value gains that is there again and again, such as the zeros of a dry spell."""


def compare_starts(
    sequences: Sequences,
    num_states: int,
    rng: np.random.Generator,
    covariance_type: str = "diag",
) -> StartComparison:
    """Train some sixty candidates for a start for a while, and tell how they did.

    Candidates come from `quantiles`, `kmeans` and `random`, and from paths that are drawn (see
    `initialization.paths`); `initialization.race` says how they are trained. All is done with the
    data scaled to unit variance, so units do not matter, and on a random part of the data where
    they are long (see `race.MOST_CELLS`). The result depends on the data and on the state of
    `rng` alone.

    With no more different points than states nothing is left to compare, for every point could
    have a state to itself: the start is then that of `kmeans`, untrained.

    Args:
        covariance_type: "diag"; or "full": the last candidates are then trained with matrices.

    Returns:
        the comparison; its log-likelihoods are of the dimensions that vary.

    Raises:
        ValueError: when all values of a dimension are missing, or `covariance_type` is another.
    """
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    if covariance_type not in ("diag", "full"):
        raise ValueError(
            f"covariance_type is {quoted(covariance_type)}; it must be 'diag' or 'full'."
        )
    centre, scale, points = standardized(sequences)
    if len(np.unique(points, axis=0)) <= num_states:
        only = kmeans(sequences, num_states, rng)
        only = with_full_covariances(only) if covariance_type == "full" else only
        return single(sequences, "kmeans", only)
    # A dimension that does not vary tells no states apart.
    varies = sequences.variances() > 0.0
    scaled = (sequences.observations[:, varies] - centre[varies]) / scale[varies]
    part = part_of(Sequences(scaled, sequences.lengths), num_states, rng)
    found = compare(
        part, _candidates(part, num_states, rng),
        lambda hmm: _as_start(trainable(hmm, rng), centre, scale, varies), LOWEST_VARIANCE_SHARE,
        lambda models: _discounts(models) / part.num_observed,
        with_full_covariances if covariance_type == "full" else None,
    )  # fmt: skip
    counts = (~np.isnan(part.observations)).sum(axis=0)
    return replace(
        found, log_likelihoods=found.log_likelihoods - float(counts @ np.log(scale[varies]))
    )


def best_of_several(
    sequences: Sequences,
    num_states: int,
    rng: np.random.Generator,
    covariance_type: str = "diag",
) -> HMM:
    """Return the best of some sixty candidates, already trained for a while; see `compare_starts`.

    States come in ascending order of their mean.
    """
    return compare_starts(sequences, num_states, rng, covariance_type).best


def _candidates(
    sequences: Sequences, num_states: int, rng: np.random.Generator
) -> list[tuple[str, HMM]]:
    """Kind and model of every candidate, from standardized data."""
    candidates = [("quantiles", quantiles(sequences, num_states))]
    candidates += [("kmeans", kmeans(sequences, num_states, rng)) for _ in range(NUM_KMEANS)]
    candidates += [("random", random(sequences, num_states, rng)) for _ in range(NUM_RANDOM)]
    # Means of states that a path leaves without observations.
    points = filled(sequences, sequences.means())
    spare = distinct_points(points, num_states, np.ones(points.shape[1]), rng)
    return candidates + list(
        models_of_paths(
            window_moments(sequences), num_states, rng,
            lambda states: of_clusters(sequences, states, spare),
        )
    )  # fmt: skip


def _discounts(models: batch.Models) -> FloatArray:
    """Σ over states of tr(Σ⁻¹) + log |Σ|, (G,), of models of data of unit variance.

    A state that sits on two points that happen to be close has a likelihood without bound, and
    says nothing about the data. Divided by T and taken from the log-likelihood, this makes the
    maximum finite, and is too little to matter between states that share the data (Chen & Tan
    2009): with the variance v, in shares of the data's, it costs 1/(v T) nats.
    """
    spreads = models.parameters["covariances"]
    if spreads.ndim == 4:
        spreads = np.asarray(np.linalg.eigvalsh(spreads))
    return np.asarray((1.0 / spreads + np.log(spreads)).sum(axis=(1, 2)))


def _as_start(hmm: HMM, centre: FloatArray, scale: FloatArray, varies: BoolArray) -> HMM:
    """A model of the scaled dimensions that vary, as one of all D dimensions of the data.

    What does not vary has the variance that other starts give it.
    """
    emissions = hmm.emissions
    assert isinstance(emissions, Gaussian)
    means = np.tile(centre, (hmm.num_states, 1))
    means[:, varies] += emissions.means * scale[varies]
    if emissions.covariance_type == "full":
        covariances = np.tile(np.diag(scale**2), (hmm.num_states, 1, 1))
        chosen = np.ix_(np.arange(hmm.num_states), varies, varies)
        covariances[chosen] = emissions.covariances * np.outer(scale[varies], scale[varies])
    else:
        covariances = np.tile(scale**2, (hmm.num_states, 1))
        covariances[:, varies] = emissions.covariances * scale[varies] ** 2
    in_units = Gaussian(means, covariances, emissions.covariance_type)
    return HMM(hmm.initial_probs, hmm.transition_matrix, in_units).permute(in_order(means))
