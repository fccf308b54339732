"""Starting models with emissions that are products: columns of numbers, counts and symbols.

What is clustered, and how columns of different kinds are compared, says `initialization.columns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy

from hmmcore import batch
from hmmcore.arrays import FloatArray, IntArray, as_count, require_generator
from hmmcore.emissions import Categorical, Emissions, Gaussian, Poisson, Product
from hmmcore.initialization import poisson
from hmmcore.initialization.clustering import (
    cluster_centres,
    counted_probs,
    distinct_points,
    filled,
    first_principal_axis,
    is_observed,
    path_of,
    positive_variances,
    standardized,
)
from hmmcore.initialization.columns import (
    COUNTS,
    NUMBERS,
    Kind,
    checked_kinds,
    clustering_points,
    indicators_of,
    num_symbols_of,
)
from hmmcore.initialization.columns import kinds_of as kinds_of
from hmmcore.initialization.columns import symmetric as symmetric
from hmmcore.initialization.gaussian import SMALLEST_CLUSTER_SHARE
from hmmcore.initialization.gaussian_comparison import LOWEST_VARIANCE_SHARE
from hmmcore.initialization.paths import NUM_KMEANS, NUM_RANDOM, models_of_paths, window_moments
from hmmcore.initialization.race import (
    UNIFORM_SHARE,
    StartComparison,
    compare,
    opened,
    part_of,
    single,
    trainable,
)
from hmmcore.model import HMM
from hmmcore.sequences import Sequences


def random(
    sequences: Sequences, num_states: int, kinds: Sequence[Kind], rng: np.random.Generator
) -> HMM:
    """Return a random start, states in ascending order of their first column.

    Initial probabilities and transition rows are uniform on the simplex. Means and rates come from
    different observations, one for each state: means are the numbers there, with the variance of
    the data, rates lie midway between the count there and the mean of all counts. Probabilities of
    symbols are uniform on their simplex.
    """
    require_generator(rng)
    kinds = checked_kinds(kinds, sequences)
    num_states = as_count("num_states", num_states)
    variances = positive_variances(sequences)
    means = sequences.means()
    points = filled(sequences, means)
    drawn = distinct_points(points, num_states, np.sqrt(variances), rng)
    parts: list[Emissions] = []
    for j, kind in enumerate(kinds):
        if kind == NUMBERS:
            parts.append(Gaussian(drawn[:, j], np.full(num_states, variances[j])))
        elif kind == COUNTS:
            mean = float(means[j]) or poisson.RATE_OF_NO_COUNTS
            parts.append(Poisson((np.maximum(drawn[:, j], 0.0) + mean) / 2.0))
        else:
            probs = rng.dirichlet(np.ones(num_symbols_of(kind)), size=num_states)
            parts.append(Categorical(probs))
    initial = rng.dirichlet(np.ones(num_states))
    transition = rng.dirichlet(np.ones(num_states), size=num_states)
    # In order by the emissions alone: the chain is random anyway.
    return HMM(initial, transition, _in_order(Product(parts)))


def kmeans(
    sequences: Sequences, num_states: int, kinds: Sequence[Kind], rng: np.random.Generator
) -> HMM:
    """Return a start from k-means clusters, states in ascending order of their first column.

    Of each cluster the parts are what starts of their own family would be: means and variances,
    rates with one more observation of the mean, and shares of symbols with one added to every
    count. Initial probabilities and transitions are counted along the clusters, with one added to
    every count.
    """
    require_generator(rng)
    kinds = checked_kinds(kinds, sequences)
    num_states = as_count("num_states", num_states)
    points = clustering_points(sequences, kinds)
    centres = cluster_centres(points, num_states, rng)
    states = scipy.cluster.vq.vq(points, centres)[0].astype(np.int64)
    return _of_clusters(sequences, kinds, states, num_states, rng)


def quantiles(sequences: Sequences, num_states: int, kinds: Sequence[Kind]) -> HMM:
    """Return a start that cuts the data into K equal parts; no randomness.

    Observations are put in order along the first principal axis of what `kmeans` clusters, and each
    state has the means, rates and shares of its part, numbers the variance of all the data. Initial
    probabilities are uniform; a state stays with probability (1 + 1/K)/2 and otherwise moves to any
    other state alike.
    """
    kinds = checked_kinds(kinds, sequences)
    num_states = as_count("num_states", num_states)
    points = clustering_points(sequences, kinds)
    positions = points @ first_principal_axis(points)
    states = np.empty(len(positions), dtype=np.int64)
    order = np.argsort(positions, kind="stable")
    states[order] = np.arange(len(positions)) * num_states // len(positions)
    emissions = _emissions_of(sequences, kinds, states, _spread_out(sequences, num_states))
    variances = positive_variances(sequences)
    parts = [
        Gaussian(part.means, np.full((num_states, 1), variances[j]))
        if isinstance(part, Gaussian)
        else part
        for j, part in enumerate(emissions.parts)
    ]
    uniform = np.full(num_states, 1.0 / num_states)
    return HMM(uniform, 0.5 * np.eye(num_states) + 0.5 * uniform, _in_order(Product(parts)))


def compare_starts(
    sequences: Sequences, num_states: int, kinds: Sequence[Kind], rng: np.random.Generator
) -> StartComparison:
    """Train some sixty candidates for a start for a while, and tell how they did.

    As `initialization.compare_starts`: numbers are scaled to unit variance meanwhile, and those
    that do not vary left out; windows are of the numbers, of the square roots of the counts, and of
    the shares of the symbols. Where observations are too few to compare anything the start is that
    of `kmeans`, untrained.
    """
    require_generator(rng)
    kinds = checked_kinds(kinds, sequences)
    num_states = as_count("num_states", num_states)
    are_numbers = np.array([kind == NUMBERS for kind in kinds])
    different = len(np.unique(filled(sequences, sequences.means()), axis=0))
    if different == 1 or (are_numbers.any() and different <= num_states):
        return single(sequences, "kmeans", kmeans(sequences, num_states, kinds, rng))
    centre, scale, _ = standardized(sequences)
    centre, scale = np.where(are_numbers, centre, 0.0), np.where(are_numbers, scale, 1.0)
    # A number that does not vary tells no states apart.
    kept = np.flatnonzero(~are_numbers | (sequences.variances() > 0.0))
    scaled = (sequences.observations - centre) / scale
    own = tuple(kinds[j] for j in kept)
    part = part_of(Sequences(scaled[:, kept], sequences.lengths), num_states, rng)
    found = compare(
        part, _candidates(part, num_states, own, rng),
        lambda hmm: _as_start(hmm, sequences, kinds, kept, centre, scale, rng),
        LOWEST_VARIANCE_SHARE, lambda models: _discounts(models) / part.num_observed,
    )  # fmt: skip
    there = (~np.isnan(part.observations)).sum(axis=0)
    taken = float(there @ np.log(scale[kept]))
    return replace(found, log_likelihoods=found.log_likelihoods - taken)


def best_of_several(
    sequences: Sequences, num_states: int, kinds: Sequence[Kind], rng: np.random.Generator
) -> HMM:
    """Return the best of some sixty candidates, already trained for a while; see `compare_starts`.

    States come in ascending order of their first column: of its means or rates, or of the mean
    position of its symbols.
    """
    return compare_starts(sequences, num_states, kinds, rng).best


def _candidates(
    sequences: Sequences, num_states: int, kinds: tuple[Kind, ...], rng: np.random.Generator
) -> list[tuple[str, HMM]]:
    """Kind and model of every candidate, from numbers of unit variance."""
    candidates = [("quantiles", quantiles(sequences, num_states, kinds))]
    candidates += [("kmeans", kmeans(sequences, num_states, kinds, rng)) for _ in range(NUM_KMEANS)]
    candidates += [("random", random(sequences, num_states, kinds, rng)) for _ in range(NUM_RANDOM)]
    indicators, are_shares = indicators_of(sequences, kinds)
    # The variance of an indicator follows from its mean.
    wanted = np.concatenate([np.ones(len(are_shares), dtype=np.bool_), ~are_shares])
    windows = [moments[:, wanted] for moments in window_moments(indicators)]
    return candidates + list(
        models_of_paths(
            windows, num_states, rng,
            lambda states: _of_clusters(sequences, kinds, states, num_states, rng),
        )
    )  # fmt: skip


def _as_start(
    hmm: HMM,
    sequences: Sequences,
    kinds: tuple[Kind, ...],
    kept: IntArray,
    centre: FloatArray,
    scale: FloatArray,
    rng: np.random.Generator,
) -> HMM:
    """A model of the kept columns, as one of all, with nothing ruled out."""
    assert isinstance(hmm.emissions, Product)
    own = dict(zip(kept.tolist(), hmm.emissions.parts, strict=True))
    means = sequences.means()
    parts: list[Emissions] = []
    for j in range(len(kinds)):
        part = own.get(j)
        if part is None:
            levels = np.full(hmm.num_states, centre[j])
            parts.append(Gaussian(levels, np.full(hmm.num_states, scale[j] ** 2)))
        elif isinstance(part, Gaussian):
            parts.append(
                Gaussian(centre[j] + part.means * scale[j], part.covariances * scale[j] ** 2)
            )
        elif isinstance(part, Poisson):
            mean = float(means[j]) or poisson.RATE_OF_NO_COUNTS
            parts.append(Poisson((1.0 - UNIFORM_SHARE) * part.rates + UNIFORM_SHARE * mean))
        else:
            parts.append(Categorical(opened(part.probs)))
    product = Product(parts)
    hmm = trainable(HMM(hmm.initial_probs, hmm.transition_matrix, product), rng)
    assert isinstance(hmm.emissions, Product)
    return hmm.permute(_order(hmm.emissions))


def _discounts(models: batch.Models) -> FloatArray:
    """As those of Gaussian candidates, summed over the columns of numbers: (G,)."""
    total = np.zeros(len(models))
    for name, spreads in models.parameters.items():
        if name.endswith(".covariances"):
            total += (1.0 / spreads + np.log(spreads)).sum(axis=(1, 2))
    return total


def _of_clusters(
    sequences: Sequences,
    kinds: tuple[Kind, ...],
    states: IntArray,
    num_states: int,
    rng: np.random.Generator,
) -> HMM:
    """The model of clusters, as `kmeans` says, from states of what is not wholly missing."""
    points = filled(sequences, sequences.means())
    spare = points[:num_states]
    if len(np.unique(states)) < num_states:
        sds = np.sqrt(positive_variances(sequences))
        spare = distinct_points(points, num_states, sds, rng)
    emissions = _emissions_of(sequences, kinds, states, spare)
    order = _order(emissions)
    path = path_of(np.argsort(order)[states], sequences)
    initial, transition = counted_probs(path, sequences, num_states)
    return HMM(initial, transition, emissions.permute(order))


def _emissions_of(
    sequences: Sequences, kinds: tuple[Kind, ...], states: IntArray, spare: FloatArray
) -> Product:
    """Each part from the observations of each state, in the order of the states.

    Args:
        states: of the observations that are not wholly missing.
        spare: (K, D) the means of states without numbers.
    """
    num_states = len(spare)
    rows = sequences.observations[is_observed(sequences)]
    means, variances = sequences.means(), positive_variances(sequences)
    varies = sequences.variances() > 0.0
    parts: list[Emissions] = []
    for j, kind in enumerate(kinds):
        there = ~np.isnan(rows[:, j])
        values, own = rows[there, j], states[there]
        if kind not in (NUMBERS, COUNTS):
            num_symbols = num_symbols_of(kind)
            pairs = own * num_symbols + values.astype(np.int64)
            counts = np.bincount(pairs, minlength=num_states * num_symbols)
            shares = counts.reshape(num_states, num_symbols) + 1.0
            parts.append(Categorical(shares / shares.sum(axis=1, keepdims=True)))
            continue
        sizes = np.bincount(own, minlength=num_states)
        sums = np.bincount(own, weights=values, minlength=num_states)
        if kind == COUNTS:
            mean = float(means[j]) or poisson.RATE_OF_NO_COUNTS
            parts.append(Poisson((sums + mean) / (sizes + 1.0)))
            continue
        occupied = sizes > 0
        levels = np.where(occupied, sums / np.maximum(sizes, 1), spare[:, j])
        squares = np.bincount(own, weights=(values - levels[own]) ** 2, minlength=num_states)
        floor = variances[j] * (SMALLEST_CLUSTER_SHARE if varies[j] else 1.0)
        within = np.maximum(squares / np.maximum(sizes, 1), floor)
        parts.append(Gaussian(levels, np.where(occupied, within, variances[j])))
    return Product(parts)


def _spread_out(sequences: Sequences, num_states: int) -> FloatArray:
    """Means (K, D) of states without numbers: a hundredth of a deviation apart."""
    places = 0.01 * (np.arange(num_states) - (num_states - 1) / 2.0)
    return sequences.means() + places[:, np.newaxis] * np.sqrt(positive_variances(sequences))


def _order(emissions: Product) -> IntArray:
    """States in ascending order of their first column, then of the next."""
    levels = [
        part.probs @ np.arange(part.num_symbols)
        if isinstance(part, Categorical)
        else part.rates
        if isinstance(part, Poisson)
        else part.means[:, 0]
        for part in emissions.parts
    ]
    return np.lexsort(levels[::-1])


def _in_order(emissions: Product) -> Product:
    return emissions.permute(_order(emissions))
