"""The sweep that everything shares: which kernels a model and its data get."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hmmcore.arrays import FloatArray, require_type
from hmmcore.emissions import EmissionStatistics
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps import (
    kernels,
    lane_kernels,
    lane_sweep,
    piece_sweep,
    row_sweep,
    state_kernels,
    state_sweep,
)
from hmmcore.sweeps.chunks import Chunk, arranged_chunks, chunked, in_turns
from hmmcore.sweeps.layout import Arrangement


class ImpossibleDataError(ValueError):
    """The model gives the data probability zero, so there is no posterior to learn from.

    Attributes:
        sequence: which sequence, 0-based.
        time: the first time, 0-based within the sequence, that no state can explain.
    """

    def __init__(self, sequence: int, time: int) -> None:
        super().__init__(
            f"sequence {sequence} is impossible under the model: at time {time} no state that can "
            "be reached gives the observation a positive probability. Use a model that allows it, "
            "with fewer zeros among its probabilities."
        )
        self.sequence = sequence
        self.time = time

    def __reduce__(self) -> tuple[type[ImpossibleDataError], tuple[int, int]]:
        """Pickle by the constructor's own arguments; by default it would be given the message."""
        return type(self), (self.sequence, self.time)


@dataclass(frozen=True)
class Expectations:
    """What the data say under a model, added up: all that training needs.

    Attributes:
        log_likelihoods: (N,) log p(x) of each sequence, in nats.
        initial_counts: (K,) expected number of sequences that start in k.
        transition_counts: Σξ (K, K) expected number of i -> j transitions.
        emissions: the family's own expected statistics.
        log_likelihood: of all sequences together, in nats.
    """

    log_likelihoods: FloatArray
    initial_counts: FloatArray
    transition_counts: FloatArray
    emissions: EmissionStatistics
    log_likelihood: float = field(init=False)

    def __post_init__(self) -> None:
        # Computed here: it is always needed, and a cached property costs more.
        object.__setattr__(self, "log_likelihood", float(self.log_likelihoods.sum()))


def require_compatible(hmm: HMM, sequences: Sequences) -> None:
    """Raise ValueError when the model could not emit data of this shape or these values."""
    require_type("hmm", hmm, HMM, "an HMM")
    require_type("sequences", sequences, Sequences, "Sequences(observations, lengths)")
    if sequences.num_dimensions != hmm.emissions.num_dimensions:
        raise ValueError(
            f"the observations have {sequences.num_dimensions} dimensions; the model emits "
            f"{hmm.emissions.num_dimensions}."
        )
    hmm.emissions.require_observations(sequences.observations)


def expectations(hmm: HMM, sequences: Sequences) -> Expectations:
    """Sweep forward and backward once over all sequences, which `require_compatible` has passed.

    Raises:
        ImpossibleDataError: when the model gives a sequence probability zero.
    """
    swept = sweep(hmm, sequences, statistics=True)
    if swept.impossible:
        raise ImpossibleDataError(*swept.impossible[0])
    return Expectations(
        swept.log_likelihoods, swept.initial_counts, swept.transition_counts, swept.emissions
    )


# Not frozen: for a few observations that would cost more than some of the arithmetic.
@dataclass(slots=True)
class Swept:
    """What the data say, added up, and where they are impossible.

    Attributes:
        log_likelihoods: (N,) log p(x) of each sequence; -inf when impossible.
        impossible: the number of every impossible sequence, in order, and the first time in it that
            no state can explain.
        initial_counts (K,), transition_counts (K, K): expected, impossible sequences left out.
        emissions: the family's expected statistics; empty unless asked for.
    """

    log_likelihoods: FloatArray
    impossible: tuple[tuple[int, int], ...]
    initial_counts: FloatArray
    transition_counts: FloatArray
    emissions: EmissionStatistics


def sweep(
    hmm: HMM,
    sequences: Sequences,
    filtered: FloatArray | None = None,
    smoothed: FloatArray | None = None,
    statistics: bool = False,
) -> Swept:
    """Filter and smooth all sequences, filling `filtered` and `smoothed` (T, K) when given."""
    if state_sweep.suits_states(hmm, len(sequences)):
        parts = in_turns(
            lambda chunk: _sweep_states(hmm, chunk, filtered, smoothed, statistics),
            list(chunked(sequences, hmm.num_states)),
        )
        return _joined(parts)
    if not lane_sweep.suits_lanes(hmm, len(sequences)):
        parts = in_turns(
            lambda chunk: _sweep_rows(hmm, chunk, filtered, smoothed, statistics),
            list(chunked(sequences, hmm.num_states)),
        )
        return _joined(parts)
    if piece_sweep.in_pieces(sequences, hmm.num_states):
        parts = [
            _sweep_pieces(hmm, chunk, filtered, smoothed, statistics)
            for chunk in chunked(sequences, hmm.num_states, one_by_one=True)
        ]
    else:
        parts = in_turns(
            lambda item: _sweep_lanes(hmm, item, filtered, smoothed, statistics),
            arranged_chunks(sequences, hmm.num_states),
        )
    return _joined(parts)


def log_likelihoods(hmm: HMM, sequences: Sequences) -> FloatArray:
    """Log-likelihoods (N,), to the bit those of `sweep`; -inf where impossible."""
    if state_sweep.suits_states(hmm, len(sequences)):
        return np.concatenate(
            in_turns(
                lambda chunk: _log_likelihoods_of_states(hmm, chunk),
                list(chunked(sequences, hmm.num_states)),
            )
        )
    if not lane_sweep.suits_lanes(hmm, len(sequences)):
        return np.concatenate(
            in_turns(
                lambda chunk: row_sweep.log_likelihoods_of_chunk(hmm, chunk),
                list(chunked(sequences, hmm.num_states)),
            )
        )
    if piece_sweep.in_pieces(sequences, hmm.num_states):
        chunks = chunked(sequences, hmm.num_states, one_by_one=True)
        return np.concatenate([_log_likelihood_of_pieces(hmm, chunk) for chunk in chunks])
    return np.concatenate(
        in_turns(
            lambda item: _log_likelihoods_of_lanes(hmm, item),
            arranged_chunks(sequences, hmm.num_states),
        )
    )


def _joined(parts: list[Swept]) -> Swept:
    if len(parts) == 1:
        return parts[0]
    # A part with an impossible sequence has no statistics.
    names = parts[0].emissions if all(part.emissions for part in parts) else ()
    return Swept(
        np.concatenate([part.log_likelihoods for part in parts]),
        tuple(place for part in parts for place in part.impossible),
        np.sum([part.initial_counts for part in parts], axis=0),
        np.sum([part.transition_counts for part in parts], axis=0),
        {name: np.sum([part.emissions[name] for part in parts], axis=0) for name in names},
    )


def _sweep_rows(
    hmm: HMM,
    chunk: Chunk,
    filtered: FloatArray | None,
    smoothed: FloatArray | None,
    statistics: bool,
) -> Swept:
    """Sweep a chunk row by row: right for every model."""
    own = np.empty((chunk.num_rows, hmm.num_states)) if filtered is None else filtered[chunk.rows]
    weights = own if smoothed is None else smoothed[chunk.rows]
    part = row_sweep.smooth_chunk(hmm, chunk, own, weights)
    impossible = tuple(
        (chunk.first + int(n), int(part.impossible_at[n]))
        for n in np.flatnonzero(part.impossible_at >= 0)
    )
    emissions: EmissionStatistics = {}
    if statistics and not impossible:
        emissions = hmm.emissions.statistics(chunk.observations, weights)
    return Swept(
        part.log_likelihoods, impossible, part.initial_counts, part.transition_counts, emissions
    )


def _with_rescued(
    hmm: HMM,
    chunk: Chunk,
    log_likelihoods: FloatArray,
    sums: lane_sweep.Sums,
    transition_counts: FloatArray,
    filtered: FloatArray | None,
    smoothed: FloatArray | None,
    statistics: bool,
) -> Swept:
    """Add up a chunk, sweeping row by row the sequences whose log-likelihood is NaN."""
    initial_counts = sums.initial_counts
    impossible: tuple[tuple[int, int], ...] = ()
    not_swept = (
        np.flatnonzero(np.isnan(log_likelihoods)) if kernels.has_nan(log_likelihoods) else ()
    )
    for n in not_swept:
        part = _sweep_rows(hmm, chunk.only(int(n)), filtered, smoothed, statistics)
        log_likelihoods[n] = part.log_likelihoods[0]
        impossible += part.impossible
        initial_counts = initial_counts + part.initial_counts
        transition_counts = transition_counts + part.transition_counts
        if part.emissions:
            sums.add(part.emissions)
    return Swept(
        log_likelihoods, impossible, initial_counts, transition_counts, sums.emissions or {}
    )


def _sweep_states(
    hmm: HMM,
    chunk: Chunk,
    filtered: FloatArray | None,
    smoothed: FloatArray | None,
    statistics: bool,
) -> Swept:
    """Sweep a chunk eight states at a time."""
    blocks = state_sweep.in_blocks(np.zeros_like(hmm.transition_matrix))
    sums = lane_sweep.Sums(np.zeros(hmm.num_states), blocks)
    outputs = _outputs(chunk, filtered, smoothed, statistics)
    found = state_sweep.sweep_sequences(hmm, chunk.observations, chunk.offsets, sums, outputs)
    counts = np.empty_like(hmm.transition_matrix)
    state_kernels.from_blocks(blocks, False, counts)
    counts *= hmm.transition_matrix
    return _with_rescued(hmm, chunk, found, sums, counts, filtered, smoothed, statistics)


def _log_likelihoods_of_states(hmm: HMM, chunk: Chunk) -> FloatArray:
    nothing = lane_sweep.Outputs()
    found = state_sweep.sweep_sequences(hmm, chunk.observations, chunk.offsets, None, nothing)
    return _or_by_rows(hmm, chunk, found)


def _joined_lanes(hmm: HMM, sums: lane_sweep.Sums) -> FloatArray:
    """Expected transitions (K, K) from those in lanes."""
    counts = np.empty(hmm.transition_matrix.shape)
    lane_kernels.join_lanes(sums.lane_counts, hmm.transition_matrix, counts)
    return counts


def _or_by_rows(hmm: HMM, chunk: Chunk, log_likelihoods: FloatArray) -> FloatArray:
    """Log-likelihoods (n,), those that are NaN computed row by row."""
    for n in np.flatnonzero(np.isnan(log_likelihoods)):
        log_likelihoods[n : n + 1] = row_sweep.log_likelihoods_of_chunk(hmm, chunk.only(int(n)))
    return log_likelihoods


def _sweep_lanes(
    hmm: HMM,
    item: tuple[Chunk, Arrangement],
    filtered: FloatArray | None,
    smoothed: FloatArray | None,
    statistics: bool,
) -> Swept:
    chunk, arranged = item
    sums = lane_sweep.Sums.zero(hmm.num_states)
    outputs = _outputs(chunk, filtered, smoothed, statistics)
    found = lane_sweep.sweep_sequences(hmm, chunk.observations, arranged, sums, outputs)
    counts = _joined_lanes(hmm, sums)
    return _with_rescued(hmm, chunk, found, sums, counts, filtered, smoothed, statistics)


def _log_likelihoods_of_lanes(hmm: HMM, item: tuple[Chunk, Arrangement]) -> FloatArray:
    chunk, arranged = item
    nothing = lane_sweep.Outputs()
    found = lane_sweep.sweep_sequences(hmm, chunk.observations, arranged, None, nothing)
    return _or_by_rows(hmm, chunk, found)


def _sweep_pieces(
    hmm: HMM,
    chunk: Chunk,
    filtered: FloatArray | None,
    smoothed: FloatArray | None,
    statistics: bool,
) -> Swept:
    """Sweep one sequence in pieces, those on the thread pool."""
    layouts = piece_sweep.pieces(chunk.num_rows)
    known = piece_sweep.boundaries(hmm, chunk.observations, layouts, in_turns)
    found = np.array([known.log_likelihood])
    outputs = _outputs(chunk, filtered, smoothed, statistics)
    total = lane_sweep.Sums.zero(hmm.num_states)
    if not np.isnan(known.log_likelihood):

        def sweep_block(block: int) -> lane_sweep.Sums:
            sums = lane_sweep.Sums.zero(hmm.num_states)
            piece_sweep.sweep_piece(
                hmm, chunk.observations, layouts[block], known, block, sums, outputs
            )
            return sums

        for part in in_turns(sweep_block, range(len(layouts))):
            total.merge(part)
    counts = _joined_lanes(hmm, total)
    return _with_rescued(hmm, chunk, found, total, counts, filtered, smoothed, statistics)


def _log_likelihood_of_pieces(hmm: HMM, chunk: Chunk) -> FloatArray:
    layouts = piece_sweep.pieces(chunk.num_rows)
    found = piece_sweep.boundaries(hmm, chunk.observations, layouts, in_turns).log_likelihood
    if np.isnan(found):
        return row_sweep.log_likelihoods_of_chunk(hmm, chunk)
    return np.array([found])


def _outputs(
    chunk: Chunk, filtered: FloatArray | None, smoothed: FloatArray | None, statistics: bool
) -> lane_sweep.Outputs:
    return lane_sweep.Outputs(
        None if filtered is None else filtered[chunk.rows],
        None if smoothed is None else smoothed[chunk.rows],
        statistics,
    )
