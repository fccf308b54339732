"""Label switching: which learned state plays which true one.

Everywhere, permutation (K,) says that learned state permutation[k] plays reference state k, so
`hmm.permute(permutation)` puts a learned model in the order of the reference.

A learned path may hold `NO_STATE` where `viterbi` found no possible path; such steps match nothing.
A reference may hold it where nobody knows the state; such steps are left out.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray, as_count, as_permutation, require_unmasked
from hmmcore.emissions import Emissions, members
from hmmcore.model import HMM

NO_STATE = -1
"""The state that `viterbi` reports throughout a sequence the model cannot have produced."""


def align(reference_states: ArrayLike, states: ArrayLike, num_states: int) -> IntArray:
    """Return the renaming of states that agrees with the reference at most time steps.

    Solved as an assignment problem (Kuhn 1955) on the confusion table. Among equally good
    renamings one with the most states left where they are is chosen.

    Args:
        reference_states: the true path (T,), values 0..K-1, or -1 where it is not known.
        states: the learned path (T,), values 0..K-1, or -1 for no state.
        num_states: K.

    Returns:
        permutation (K,): learned state permutation[k] plays reference state k.

    Raises:
        ValueError: when the paths differ in length or hold something other than states.
    """
    counts = confusion_table(reference_states, states, num_states)
    num_states = len(counts)
    # At most K states can stay where they are, so one step of agreement outweighs them all.
    gains = counts * (num_states + 1) + np.eye(num_states, dtype=np.int64)
    return _best_assignment(gains)


def align_parameters(reference: HMM, hmm: HMM) -> IntArray:
    """Return the renaming of states whose emissions lie closest to those of the reference.

    The sum of the family's own distances is minimised; states at equal distance stay where they
    are. It needs no path, so it serves before any data are explained.

    Returns:
        permutation (K,): state permutation[k] of hmm plays state k of the reference.

    Raises:
        TypeError: when the models emit from different families.
        ValueError: when they differ in their number of states or dimensions.
    """
    families = type(reference.emissions), type(hmm.emissions)
    if families[0] is not families[1]:
        raise TypeError(
            f"the reference has {families[0].__name__} emissions and the model "
            f"{families[1].__name__}; only models of one family can be aligned."
        )
    _require_same_size(reference, hmm)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        distances = reference.emissions.distances(hmm.emissions)
    # An infinite distance counts as more than all finite ones together.
    within = np.isfinite(distances)
    largest = distances.max(initial=0.0, where=within)
    distances = np.where(within, distances, (1.0 + largest) * hmm.num_states)
    # Far above the rounding of a distance, far below any difference between states that matters.
    tie_break = 1e-12 * (1.0 + distances.max())
    return _best_assignment(tie_break * np.eye(hmm.num_states) - distances)


def parameter_errors(reference: HMM, hmm: HMM) -> dict[str, FloatArray]:
    """Return learned minus reference for every parameter that both models have, by name.

    The models are compared as they are: put the learned one in the reference's order first, with
    `hmm.permute(permutation)`.

    Returns:
        "initial_probs" (K,), "transition_matrix" (K, K) and the parameters of the emissions in
        their own shapes, those of a product by their names in it ("0.means"); where the models'
        covariances are of different types they are left out.

    Raises:
        ValueError: when the models differ in their number of states or dimensions.
    """
    _require_same_size(reference, hmm)
    ours, theirs = _comparable(hmm.emissions), _comparable(reference.emissions)
    pairs = {name: (values, theirs.get(name)) for name, values in ours.items()}
    return {
        "initial_probs": hmm.initial_probs - reference.initial_probs,
        "transition_matrix": hmm.transition_matrix - reference.transition_matrix,
        **{
            name: learned - true
            for name, (learned, true) in pairs.items()
            if true is not None and learned.shape == true.shape
        },
    }


def _comparable(emissions: Emissions) -> dict[str, FloatArray]:
    """Parameters by name that mean the same in another value."""
    # A network's own have no counterpart in another; its means do.
    names = ("means", "covariances", "rates", "probs")
    return {
        f"{first}{name}": getattr(part, name)
        for first, part in members(emissions)
        for name in names
        if hasattr(part, name)
    }


def relabel(states: ArrayLike, permutation: ArrayLike) -> IntArray:
    """Return a learned path (T,) in the labels of the reference; -1 stays -1.

    The path of `hmm.permute(permutation)` is the relabelled path of `hmm`.
    """
    order = as_permutation(permutation, None)
    path = as_path("states", states, len(order))
    names = np.empty(len(order) + 1, dtype=np.int64)
    names[order] = np.arange(len(order))
    names[NO_STATE] = NO_STATE
    return names[path]


def majority_states(reference_states: ArrayLike, states: ArrayLike, num_states: int) -> IntArray:
    """Return, for each learned state, the reference state it meets at most time steps.

    For models with different numbers of states, between which there is no renaming: several learned
    states may stand for one reference state, and none for another. An accuracy of paths read in
    this way is called many-to-one (Johnson 2007, "Why doesn't EM find good HMM POS-taggers?").

    Args:
        reference_states: the true path (T,), values 0, 1, ..., or -1 where it is not known.
        states: the learned path (T,), values 0..K-1, or -1 for no state.
        num_states: K.

    Returns:
        (K,) reference states, the first of equally common ones; -1 for a state that meets none.

    Raises:
        ValueError: when the paths differ in length or hold something other than states.
    """
    num_states = as_count("num_states", num_states)
    reference = as_path("reference_states", reference_states, None)
    learned = as_path("states", states, num_states)
    _require_same_length(reference, learned)
    known = (reference != NO_STATE) & (learned != NO_STATE)
    names, rows = np.unique(reference[known], return_inverse=True)
    if not names.size:
        return np.full(num_states, NO_STATE, dtype=np.int64)
    pairs = rows * num_states + learned[known]
    counts = np.bincount(pairs, minlength=names.size * num_states).reshape(-1, num_states)
    return np.where(counts.any(axis=0), names[counts.argmax(axis=0)], NO_STATE)


def confusion_table(
    reference_states: ArrayLike,
    states: ArrayLike,
    num_states: int,
    num_reference_states: int | None = None,
) -> IntArray:
    """Return counts (R, K): [i, j] time steps in reference state i and learned state j.

    Steps where either path has no state (-1) are left out.

    Args:
        reference_states: the true path (T,), values 0..R-1, or -1 where it is not known.
        states: the learned path (T,), values 0..K-1, or -1 for no state.
        num_states: K.
        num_reference_states: R; default: K.

    Raises:
        ValueError: when the paths differ in length or hold something other than states.
    """
    num_states = as_count("num_states", num_states)
    rows = (
        num_states
        if num_reference_states is None
        else as_count("num_reference_states", num_reference_states)
    )
    reference = as_path("reference_states", reference_states, rows)
    learned = as_path("states", states, num_states)
    _require_same_length(reference, learned)
    known = (reference != NO_STATE) & (learned != NO_STATE)
    pairs = reference[known] * num_states + learned[known]
    return np.bincount(pairs, minlength=rows * num_states).reshape(rows, num_states)


def accuracy(reference_states: ArrayLike, states: ArrayLike) -> float:
    """Return the share of time steps at which two paths (T,) agree.

    The paths are compared as they are: `relabel` the learned one first. A step where the learned
    path has no state (-1) is a miss; one where the reference has none is left out, and where it
    has none at all the accuracy is NaN.
    """
    reference = as_path("reference_states", reference_states, None)
    learned = as_path("states", states, None)
    _require_same_length(reference, learned)
    known = reference != NO_STATE
    return float(np.mean(reference[known] == learned[known])) if known.any() else float("nan")


def count_changes(states: ArrayLike, lengths: ArrayLike) -> int:
    """How often a path (T,) changes state within its sequences.

    A step to or from one without a state (-1) is no change.

    Args:
        states: the paths of all sequences, one after another.
        lengths: (N,) of the sequences.

    Raises:
        ValueError: when the lengths do not sum to the length of the path, or the path holds
            something other than states.
    """
    path = as_path("states", states, None)
    ends = np.cumsum(np.asarray(lengths, dtype=np.int64))
    if len(ends) == 0 or ends[-1] != len(path):
        total = ends[-1] if len(ends) else 0
        raise ValueError(f"the lengths sum to {total}, and there are {len(path)} states.")
    changes = (path[1:] != path[:-1]) & (path[1:] != NO_STATE) & (path[:-1] != NO_STATE)
    changes[ends[:-1] - 1] = False
    return int(changes.sum())


def _require_same_size(reference: HMM, hmm: HMM) -> None:
    for name in ("num_states", "num_dimensions"):
        sizes = getattr(reference.emissions, name), getattr(hmm.emissions, name)
        if sizes[0] != sizes[1]:
            raise ValueError(
                f"the reference has {name} = {sizes[0]} and the model has {sizes[1]}; only models "
                "of the same size can be compared."
            )


def _best_assignment(gains: FloatArray | IntArray) -> IntArray:
    columns = scipy.optimize.linear_sum_assignment(gains, maximize=True)[1]
    permutation: IntArray = columns.astype(np.int64)
    return permutation


def as_path(name: str, states: ArrayLike, num_states: int | None) -> IntArray:
    """Return a path (T,) as integers after checking that it holds -1..num_states-1 only.

    Without `num_states` any larger state will do.
    """
    require_unmasked(name, states)
    path = np.asarray(states)
    if path.ndim != 1 or path.size == 0:
        raise ValueError(f"{name} has shape {path.shape}; it must be one path (T,) with T >= 1.")
    if path.dtype.kind not in "iu":
        raise ValueError(f"{name} holds {path.dtype} values; states must be whole numbers.")
    wrong = path < NO_STATE if num_states is None else (path < NO_STATE) | (path >= num_states)
    if wrong.any():
        t = int(np.argmax(wrong))
        highest = "" if num_states is None else f" and at most {num_states - 1}"
        raise ValueError(
            f"{name}[{t}] is {path[t]}; a state here must be at least {NO_STATE}{highest}."
        )
    return path.astype(np.int64, copy=False)


def _require_same_length(reference: IntArray, learned: IntArray) -> None:
    if len(reference) != len(learned):
        raise ValueError(
            f"reference_states has {len(reference)} time steps and states has {len(learned)}; "
            "they must describe the same observations."
        )
