"""What is wrong with single states, pairs of them, and their order in time."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray
from hmmcore.diagnostics.finding import Finding
from hmmcore.emissions.base import Emissions
from hmmcore.model import HMM
from hmmcore.training.base import TrainState
from hmmcore.training.held import Chosen

FEWEST_OBSERVATIONS = 1.0
"""A state that is expected to explain less than one observation of all has nothing to learn from:
not a mean, and still less a variance."""

NEARLY_ALIKE = 0.02
"""Distance of two states' emissions, in the family's own measure, that next to no observation
tells apart: for Gaussian states means that lie a seventh of their standard deviation apart. Then a
single observation speaks for one of them with odds of a few per cent."""

EQUAL_ROWS = 0.05
"""Total variation distance of two rows of A: what the chain did before changes no probability of
what it does next by more than one in twenty."""

SINGULAR = 1e-6
"""Smallest eigenvalue of a state's correlations: below it some dimensions follow from the others,
but for a thousandth of their standard deviation."""


def occupancy(state: TrainState) -> FloatArray:
    """(K,) how many observations each state is expected to explain: Σ_t p(z_t = k | x)."""
    statistics = state.expectations
    return np.asarray(statistics.initial_counts + statistics.transition_counts.sum(axis=0))


def state_findings(
    state: TrainState,
    variance_floor: float,
    chosen: Chosen,
    alike: tuple[tuple[int, ...], ...],
    settled: bool,
    has_transitions: bool,
) -> list[Finding]:
    """What can be said of states one by one, of pairs, and of the rows of A.

    Args:
        chosen: what is trained.
        alike: groups of exchangeable states, each of which counts as one where states are
            compared.
        settled: whether the model has come to rest; only then are states compared, because
            on their way they may be alike for a while.
        has_transitions: whether the data have any; without, A is the start's.
    """
    observations = occupancy(state)
    empty = observations < FEWEST_OBSERVATIONS
    findings = []
    if empty.any():
        evidence = {"most_observations": float(observations[empty].max())}
        findings.append(Finding("empty_state", _each(empty), evidence))
    findings += _held_states(state, variance_floor, chosen, observations)
    if settled:
        compared = ~empty
        compared[[k for group in alike for k in group[1:]]] = False
        duplicates = _near_duplicates(state.hmm, compared)
        findings += duplicates
        if has_transitions and not duplicates:
            # States that are not told apart have no transitions to tell apart either.
            findings += _equal_rows(state.hmm, compared)
    return findings


def _held_states(
    state: TrainState, variance_floor: float, chosen: Chosen, observations: FloatArray
) -> list[Finding]:
    """States with a parameter at its bound: a variance at the floor, a mean at a ReLU's zero."""
    findings, alive = [], observations >= FEWEST_OBSERVATIONS
    if chosen.variances:
        variances = chosen.smallest_variances(state.hmm.emissions)
        # Floors of Cholesky factors and eigenvalues are met to within rounding.
        floored = variances <= variance_floor * (1.0 + 1e-6)
        for remedy in state.remedies:
            if remedy.kind == "variance_floor":
                # Without a state the variance is shared by all of them.
                floored[slice(None) if remedy.state is None else remedy.state] = True
        singular = _have_singular_correlations(state.hmm.emissions)
        evidence = {"sd_floor": float(np.sqrt(variance_floor))}
        for kind, which in (("singular_covariance", singular), ("collapsed_variance", ~singular)):
            if (floored & alive & which).any():
                findings.append(Finding(kind, _each(floored & alive & which), evidence))
    dead = np.zeros(len(alive), dtype=np.bool_)
    for remedy in state.remedies:
        if remedy.kind == "dead_output":
            dead[remedy.state] = True
    if dead.any():
        evidence = {"most_observations": float(observations[dead].max())}
        findings.append(Finding("dead_output", _each(dead), evidence))
    return findings


def _have_singular_correlations(emissions: Emissions) -> BoolArray:
    """(K,) whose dimensions are not collapsed one by one, but determine each other."""
    if getattr(emissions, "covariance_type", None) not in ("full", "tied"):
        return np.zeros(emissions.num_states, dtype=np.bool_)
    covariances = emissions.covariances  # type: ignore[attr-defined]
    sds = np.sqrt(np.diagonal(covariances, axis1=-2, axis2=-1))
    correlations = covariances / (sds[..., :, np.newaxis] * sds[..., np.newaxis, :])
    smallest = np.linalg.eigvalsh(correlations)[..., 0]
    return np.broadcast_to(smallest <= SINGULAR, emissions.num_states)


def _near_duplicates(hmm: HMM, alive: BoolArray) -> list[Finding]:
    """Pairs that could be one state: nearly the same emissions and transition probabilities.

    How one gets to either does not matter: where two states emit and go on alike, a model with
    one in their place gives every sequence the same probability (strong lumpability; Kemeny &
    Snell 1976, section 6.3).
    """
    distances = hmm.emissions.distances(hmm.emissions)
    # Comparisons with NaN are false, so an undefined distance does not count as small.
    close = np.triu(distances <= NEARLY_ALIKE, k=1) & alive & alive[:, np.newaxis]
    if not close.any():
        return []
    rows = hmm.transition_matrix
    groups: list[tuple[int, ...]] = []
    farthest = onward = 0.0
    for i, j in np.argwhere(close).tolist():
        gap = np.abs(rows[i] - rows[j])
        beside = gap.sum() - gap[i] - gap[j]
        among = abs(rows[i, i] + rows[i, j] - rows[j, i] - rows[j, j])
        if 0.5 * (beside + among) <= EQUAL_ROWS:
            groups.append((i, j))
            farthest = max(farthest, float(distances[i, j]))
            onward = max(onward, 0.5 * float(beside + among))
    others = hmm.num_states - 2
    evidence = {"distance": farthest, "onward_distance": onward, "num_others": others}
    return [Finding("near_duplicates", tuple(groups), evidence)] if groups else []


def _equal_rows(hmm: HMM, alive: BoolArray) -> list[Finding]:
    """Rows of A that are all alike: what comes next does not depend on what is now."""
    rows = hmm.transition_matrix[alive]
    if len(rows) < 2:
        return []
    gaps = 0.5 * np.abs(rows[:, np.newaxis] - rows).sum(axis=2)
    largest = float(gaps.max())
    return [Finding("equal_rows", evidence={"row_distance": largest})] * (largest <= EQUAL_ROWS)


def _each(which: BoolArray) -> tuple[tuple[int, ...], ...]:
    """The chosen states (K,), each as a group of its own."""
    return tuple((k,) for k in np.flatnonzero(which).tolist())
