"""Drawing data from a model, and the laws that experiments are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import (
    FloatArray,
    IntArray,
    as_count,
    as_number,
    as_positive,
    as_size,
    numeric_array,
    read_only,
    require_generator,
    require_type,
    softmax,
)
from hmmcore.compiling import kernel
from hmmcore.model import HMM
from hmmcore.sequences import Sequences


@dataclass(frozen=True, eq=False)
class Simulation:
    """Data drawn from a model, with the hidden states that emitted them.

    Attributes:
        states: z (T,): the hidden state at every time step, all sequences one after the other.
        sequences: the observations x, with the lengths that divide `states` as well.
    """

    states: IntArray
    sequences: Sequences


def sample(
    hmm: HMM, num_sequences: int, length: int | ArrayLike, rng: np.random.Generator
) -> Simulation:
    """Draw sequences from a model: first every hidden state, then every observation.

    The states take exactly T uniform draws and come before the emissions, so the same seed under
    other emissions gives the same path. A transition of probability zero is never drawn.

    Args:
        hmm: the model to draw from.
        num_sequences: N, at least 1.
        length: M, the same for every sequence, or one length per sequence (N,); at least 1 each.
        rng: the source of randomness; it is advanced.

    Raises:
        ValueError: when a size is not a whole number of at least 1, or when there are not as many
            lengths as sequences.
    """
    require_type("hmm", hmm, HMM, "an HMM")
    require_generator(rng)
    lengths = _as_lengths(as_count("num_sequences", num_sequences), length)
    states = np.empty(int(lengths.sum()), dtype=np.int64)
    _sample_states(
        _upper_edges(hmm.initial_probs),
        _upper_edges(hmm.transition_matrix),
        lengths,
        rng.random(len(states)),
        states,
    )
    observations = hmm.emissions.sample(states, rng)
    return Simulation(read_only(states), Sequences(observations, lengths))


def sample_like(hmm: HMM, sequences: Sequences, rng: np.random.Generator) -> Simulation:
    """Draw data of the shape of others: as many sequences, as long, with the same values missing.

    Raises:
        ValueError: when the model emits another number of dimensions than the data have.
    """
    require_type("hmm", hmm, HMM, "an HMM")
    if hmm.emissions.num_dimensions != sequences.num_dimensions:
        raise ValueError(
            f"the data have {sequences.num_dimensions} dimensions and the model emits "
            f"{hmm.emissions.num_dimensions}; data like these can only be drawn where both agree."
        )
    drawn = sample(hmm, len(sequences), sequences.lengths, rng)
    if not sequences.has_missing:
        return drawn
    there = ~np.isnan(sequences.observations)
    observations = np.where(there, drawn.sequences.observations, np.nan)
    return Simulation(drawn.states, Sequences(observations, sequences.lengths))


def softmax_structure(num_states: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return random (initial_probs, transition_matrix): softmax of standard normal draws.

    The law of the notebook: π (K,) and each row of A (K, K) are drawn independently, π first.
    """
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    initial_logits = rng.standard_normal(num_states)
    transition_logits = rng.standard_normal((num_states, num_states))
    return softmax(initial_logits), softmax(transition_logits)


def sticky_structure(num_states: int, persistence: float) -> tuple[FloatArray, FloatArray]:
    """Return (initial_probs, transition_matrix) of a chain that stays where it is.

    Args:
        num_states: K.
        persistence: A[k, k], in [0, 1]; the other states share the rest of a row equally. A single
            state always stays.

    Returns:
        π (K,) uniform, A (K, K).
    """
    num_states = as_count("num_states", num_states)
    persistence = _as_probability("persistence", persistence)
    if num_states == 1:
        return np.ones(1), np.ones((1, 1))
    transition = np.full((num_states, num_states), (1.0 - persistence) / (num_states - 1))
    np.fill_diagonal(transition, persistence)
    return np.full(num_states, 1.0 / num_states), transition


def cyclic_structure(num_states: int, persistence: float) -> tuple[FloatArray, FloatArray]:
    """Return (initial_probs, transition_matrix) of a chain that goes round: 0, 1, .., K-1, 0, ..

    Args:
        num_states: K.
        persistence: A[k, k], in [0, 1]; the rest goes to the next state, everything else is a
            structural zero. A single state always stays.

    Returns:
        π (K,) uniform, A (K, K).
    """
    num_states = as_count("num_states", num_states)
    persistence = _as_probability("persistence", persistence)
    here = np.eye(num_states)
    onward = np.roll(here, 1, axis=1)
    return (
        np.full(num_states, 1.0 / num_states),
        here if num_states == 1 else persistence * here + (1.0 - persistence) * onward,
    )


def left_right_structure(num_states: int, persistence: float) -> tuple[FloatArray, FloatArray]:
    """Return (initial_probs, transition_matrix) of a chain that only moves on to the next state.

    Args:
        num_states: K.
        persistence: A[k, k] of every state but the last, in [0, 1]; the rest goes to the next
            state. The last state absorbs. Everything else is a structural zero.

    Returns:
        π (K,) that starts in state 0, A (K, K).
    """
    num_states = as_count("num_states", num_states)
    persistence = _as_probability("persistence", persistence)
    initial = np.zeros(num_states)
    initial[0] = 1.0
    transition = persistence * np.eye(num_states) + (1.0 - persistence) * np.eye(num_states, k=1)
    transition[-1, -1] = 1.0
    return initial, transition


def log_means(num_states: int) -> FloatArray:
    """Return means (K,) of log(z + 1) for z = 0..K-1: the law of the notebook."""
    means: FloatArray = np.log(np.arange(1.0, as_count("num_states", num_states) + 1.0))
    return means


def evenly_spaced_means(num_states: int, separation: float) -> FloatArray:
    """Return means (K,) in ascending order, neighbours `separation` apart, centred on zero."""
    num_states = as_count("num_states", num_states)
    separation = as_size("separation", separation)
    steps = np.arange(num_states, dtype=np.float64) - (num_states - 1) / 2.0
    means: FloatArray = np.float64(separation) * steps
    return means


def circle_means(num_states: int, separation: float) -> FloatArray:
    """Return means (K, 2) evenly spaced on a circle about zero, neighbours `separation` apart.

    The first lies to the right of the centre, the others follow counterclockwise. A single state
    lies in the centre.
    """
    num_states = as_count("num_states", num_states)
    separation = as_size("separation", separation)
    if num_states == 1:
        return np.zeros((1, 2))
    radius = separation / (2.0 * np.sin(np.pi / num_states))
    angles = 2.0 * np.pi * np.arange(num_states) / num_states
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    directions[np.abs(directions) < 1e-15] = 0.0  # cos(π/2) is 6e-17 by rounding
    return np.asarray(radius * directions)


def tilted_covariances(num_states: int, sd: float, correlation: float = 0.8) -> FloatArray:
    """Return covariances (K, 2, 2) of clouds that lean to the right and to the left in turn.

    Args:
        num_states: K.
        sd: standard deviation of either coordinate, positive.
        correlation: between the two, in (-1, 1); its sign changes from state to state.
    """
    num_states = as_count("num_states", num_states)
    sd = as_positive("sd", sd)
    correlation = as_number(
        "correlation", correlation, lambda number: -1.0 < number < 1.0, "lie between -1 and 1"
    )
    signs = np.where(np.arange(num_states) % 2 == 0, 1.0, -1.0)
    covariances = np.full((num_states, 2, 2), sd**2)
    covariances[:, 0, 1] *= signs * correlation
    covariances[:, 1, 0] *= signs * correlation
    return covariances


def evenly_spaced_rates(num_states: int, separation: float, lowest: float = 1.0) -> FloatArray:
    """Return Poisson rates (K,) in ascending order, neighbours `separation` deviations apart.

    The square root of a count has a standard deviation of about 1/2 at any rate (Bartlett 1936),
    so it is the square roots that are evenly spaced: √λ_k = √lowest + k · separation / 2.

    Args:
        num_states: K.
        separation: between neighbours, in standard deviations; at least 0.
        lowest: rate of the first state, at least 0.
    """
    num_states = as_count("num_states", num_states)
    start = np.sqrt(as_size("lowest", lowest))
    step = 0.5 * as_size("separation", separation)
    rates: FloatArray = np.square(start + step * np.arange(num_states))
    return rates


def favourite_symbol_probs(num_states: int, num_symbols: int, sharpness: float) -> FloatArray:
    """Return symbol probabilities (K, C): every state has a favourite, others are rarer with it.

    The favourites are spread evenly over the symbols, in order. Each step away from a state's
    favourite divides the probability by exp(sharpness). With more states than symbols the
    favourite of some lies between two symbols, so no two states are alike.

    Args:
        num_states, num_symbols: K and C.
        sharpness: in nats per symbol, at least 0; at 0 all symbols are equally probable.
    """
    num_states = as_count("num_states", num_states)
    symbols = np.arange(as_count("num_symbols", num_symbols), dtype=np.float64)
    share = np.arange(num_states) / (num_states - 1) if num_states > 1 else np.array([0.5])
    favourites = share * symbols[-1]
    distances = np.abs(favourites[:, np.newaxis] - symbols)
    return softmax(-as_size("sharpness", sharpness) * distances)


def _as_lengths(num_sequences: int, length: int | ArrayLike) -> IntArray:
    if np.ndim(length) == 0:
        return np.full(num_sequences, as_count("length", length), dtype=np.int64)
    values = numeric_array("length", length)
    if values.shape != (num_sequences,):
        raise ValueError(
            f"length has shape {values.shape}; it must be one number, or one for each of the "
            f"{num_sequences} sequences."
        )
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 1.0) & (values == np.floor(values))))
    if len(wrong):
        n = int(wrong[0])
        raise ValueError(
            f"length[{n}] is {values[n]:g}; every length must be a whole number of at least 1."
        )
    return values.astype(np.int64)


def _as_probability(name: str, value: float) -> float:
    return as_number(
        name, value, lambda number: 0.0 <= number <= 1.0, "lie between 0 and 1, as a probability"
    )


def _upper_edges(probs: FloatArray) -> FloatArray:
    """Return, for each row (.., K), the points of [0, 1] where the share of each state ends.

    State k owns [edge[k-1], edge[k]), which is empty when its probability is zero. Rounding may
    leave the last edge below one, and a draw beyond it would fall to a state of probability
    zero: so the last *possible* state of a row owns everything up to one.
    """
    edges = np.cumsum(probs, axis=-1)
    possible = probs > 0.0
    possible_from_here = np.cumsum(possible[..., ::-1], axis=-1)[..., ::-1]
    edges[possible_from_here - possible == 0] = 1.0
    return edges


@kernel()
def _sample_states(
    initial_edges: FloatArray,
    transition_edges: FloatArray,
    lengths: IntArray,
    uniforms: FloatArray,
    states: IntArray,
) -> None:
    """Write to `states` (T,) the path that `uniforms` (T,), each in [0, 1), select."""
    t = 0
    for length in lengths:
        edges = initial_edges
        for _ in range(length):
            state = 0
            while uniforms[t] >= edges[state]:
                state += 1
            states[t] = state
            edges = transition_edges[state]
            t += 1
