"""Starts that satisfy constraints: the order in which states come, and the shape of their spread.

What a start rules out, training keeps: a zero of π or A stays zero, in EM and in gradient ascent.
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, IntArray, quoted
from hmmcore.emissions import Gaussian
from hmmcore.initialization.gaussian import with_full_covariances
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.simulation import cyclic_structure, left_right_structure, sticky_structure
from hmmcore.training.ties import Ties

STRUCTURES = {
    "free": sticky_structure,
    "left-right": left_right_structure,
    "cyclic": cyclic_structure,
}
CHAINS = tuple(STRUCTURES)
"""Where a chain may go: anywhere; to the next state only, and from the last nowhere; or to the next
only, and from the last to the first. Every state may also stay."""


def shared_stays(chain: str, num_states: int) -> Ties:
    """Ties by which all states stay with one probability, and share out the rest alike.

    In a left-right chain that is all states but the last, which cannot but stay.
    """
    # Not 1/2 or 1/K, at which staying and leaving would be tied to each other as well.
    return Ties.from_matrix(_structure(chain, num_states, 0.75 + 0.125 / num_states)[1])


def with_chain(hmm: HMM, chain: str, ties: Ties | None = None) -> HMM:
    """The model with zeros where its chain may not go, and its rows shared out among the rest.

    A row that goes nowhere else has equal parts of what is possible. A left-right chain begins in
    its first state.

    Args:
        chain: one of `CHAINS`.
        ties: imposed after that; None for none.

    Raises:
        ValueError: when there is no such chain, or the ties have another number of states.
    """
    initial, structure = _structure(chain, hmm.num_states, 0.5)
    matrix = hmm.transition_matrix
    if chain != "free":
        matrix = _within(matrix, structure > 0.0)
    if ties is not None:
        if ties.num_states != hmm.num_states:
            raise ValueError(
                f"the ties are for {ties.num_states} states; the model has {hmm.num_states}."
            )
        matrix = ties.imposed_on(matrix)
        matrix = matrix / matrix.sum(axis=1, keepdims=True)
    first = initial if chain == "left-right" else hmm.initial_probs
    return HMM(first, matrix, hmm.emissions)


def in_chain_order(hmm: HMM, sequences: Sequences, chain: str) -> HMM:
    """The model with its states in the order in which the data meet them, for a chain.

    Each time belongs to states as far as they alone make its observation probable, whatever π and A
    say: in a left-right chain a state comes before those before which it mostly is met in a
    sequence, in a cyclic one each is followed by the one that mostly comes next. A start drawn at
    random, in which states have no order, would else have the right one as seldom as one in K!.

    Args:
        chain: one of `CHAINS`; in a free one nothing changes.
    """
    if chain not in CHAINS:
        raise _unknown(chain)
    if chain == "free" or hmm.num_states == 1:
        return hmm
    shares = _shares(hmm.emissions.log_likelihoods(sequences.observations))
    if chain == "left-right":
        return hmm.permute(_by_precedence(shares, sequences))
    follows = np.ones(len(shares), dtype=bool)
    follows[sequences.offsets[:-1]] = False
    later = np.flatnonzero(follows)
    return hmm.permute(_round_trip(shares[later - 1].T @ shares[later]))


def with_covariance_type(hmm: HMM, covariance_type: str) -> HMM:
    """The model with covariances of another type, as near to its own as that type has them.

    From full to diagonal the variances stay; spherical ones are the average over the coordinates,
    a tied matrix is that over the states.

    Raises:
        TypeError: when the emissions are not Gaussian.
        ValueError: when there is no such type.
    """
    if isinstance(hmm.emissions, Gaussian) and hmm.emissions.covariance_type == covariance_type:
        return hmm
    emissions = with_full_covariances(hmm).emissions
    assert isinstance(emissions, Gaussian)
    full = emissions.covariances
    variances = np.diagonal(full, axis1=1, axis2=2)
    values = {
        "full": full,
        "diag": variances,
        "spherical": variances.mean(axis=1),
        "tied": full.mean(axis=0),
    }
    # The constructor says which types there are.
    changed = Gaussian(emissions.means, values.get(covariance_type, full), covariance_type)
    return HMM(hmm.initial_probs, hmm.transition_matrix, changed)


def _structure(chain: str, num_states: int, persistence: float) -> tuple[FloatArray, FloatArray]:
    if chain not in STRUCTURES:
        raise _unknown(chain)
    return STRUCTURES[chain](num_states, persistence)


def _unknown(chain: str) -> ValueError:
    return ValueError(f"chain is {quoted(chain)}; it must be one of {CHAINS}.")


def _within(matrix: FloatArray, possible: np.ndarray) -> FloatArray:
    """Rows (K, K) shared out among what is possible."""
    kept = np.where(possible, matrix, 0.0)
    totals = kept.sum(axis=1, keepdims=True)
    kept = np.where(totals > 0.0, kept, possible)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def _shares(log_likelihoods: FloatArray) -> FloatArray:
    """(T, K) the share of each state in an observation, by its likelihood there alone."""
    highest = log_likelihoods.max(axis=1, keepdims=True)
    known = np.where(np.isfinite(highest), log_likelihoods - highest, 0.0)
    shares = np.exp(known)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _by_precedence(shares: FloatArray, sequences: Sequences) -> IntArray:
    """The states (K,), those first that come before the others in most pairs of times.

    Not by the average time of a state: a long stay in one sequence would outweigh the order in all.
    """
    sums = np.cumsum(shares, axis=0) - shares
    before = sums - np.repeat(sums[sequences.offsets[:-1]], sequences.lengths, axis=0)
    pairs = before.T @ shares  # (K, K) how often one state comes before another
    both = pairs + pairs.T
    leads = np.where(both > 0.0, pairs / np.where(both > 0.0, both, 1.0), 0.5)
    return np.argsort(-leads.sum(axis=1), kind="stable")


def _round_trip(counts: FloatArray) -> IntArray:
    """An order (K,) of states in which the next mostly comes next.

    From each state in turn one goes on to the state that follows most often and was not met; the
    best of these ways is taken. To find the best of all is the travelling salesman's problem.

    Args:
        counts: (K, K) how often one state is followed by another.
    """
    num_states = len(counts)
    best: tuple[float, list[int]] = (-1.0, [])
    for first in range(num_states):
        way, left = [first], set(range(num_states)) - {first}
        while left:
            # The smallest of equal ones, on every machine.
            way.append(min(left, key=lambda state: (-counts[way[-1], state], state)))
            left.remove(way[-1])
        total = float(counts[way, np.roll(way, -1)].sum())
        if total > best[0]:
            best = total, way
    return np.array(best[1])
