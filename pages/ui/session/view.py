"""What the figures show of a run: its model in the labels of the truth, and what it decodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore import HMM, Posterior, Sequences, TrainState, ViterbiPath, align, smooth, viterbi
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.session.session import Session

SCORED_OBSERVATIONS = 20_000
"""Learned states are matched to true ones, and accuracies counted, on so many observations at most;
more change next to nothing."""


@dataclass(frozen=True, eq=False)
class View:
    """One run's model and the selected sequence, every state in the labels of the truth.

    Attributes:
        state: of the run, at the iteration that is looked at; states in the run's own labels.
        hmm: the learned model.
        permutation: (K,) learned state permutation[k] is shown as state k.
        weights: (K,) share of all observations that each state is expected to explain.
        sequence: the selected sequence alone.
        offset: of its first observation among all.
        posterior, path: of the selected sequence under `hmm`.
        true_states: (M,) of the selected sequence; None without a truth.
        dimension: of the observations along time, 0-based; 0 where there is only one.
    """

    state: TrainState
    hmm: HMM
    permutation: IntArray
    weights: FloatArray
    sequence: Sequences
    offset: int
    posterior: Posterior
    path: ViterbiPath
    true_states: IntArray | None
    dimension: int = 0

    @property
    def shown_observations(self) -> FloatArray:
        """(M,) the observations that figures along time show."""
        observations: FloatArray = self.sequence.observations[:, self.dimension]
        return observations


def shown_variable(session: Session) -> ObservedVariable:
    """What the figures along time show of the observations."""
    return session.data.variable(shown_dimension(session))


def shown_dimension(session: Session) -> int:
    """Of the observations along time, 0-based."""
    return session.config.dimension - 1 if session.data.columns else 0


def shown_dimensions(session: Session) -> list[int]:
    """The two dimensions that are drawn against each other, 0-based."""
    return [session.config.dimension - 1, session.config.against - 1]


def current_view(session: Session) -> View | None:
    """The view of the shown run; computed once per training state and selected sequence."""
    state = session.shown_state
    if state is None:
        return None
    sequence = selected_sequence(session)
    return session.remember(  # type: ignore[no-any-return]
        f"view of dimension {shown_dimension(session)}",
        (state, sequence, session.seen),
        lambda: _view(session, state, sequence),
    )


def selected_sequence(session: Session) -> Sequences:
    """The selected sequence alone: the same object until another one, or other data, are chosen."""
    data, number = session.data, session.config.sequence
    return session.remember(  # type: ignore[no-any-return]
        "selected sequence", (data, number), lambda: data.sequences.select(number - 1)
    )


def zoom_key(session: Session) -> str:
    """What a reader's zoom belongs to: these data, this sequence and dimension, these states."""
    config = session.config
    dimensions = f"-{config.dimension}-{config.against}" if session.data.columns else ""
    return f"{session.data_number}-{config.sequence}-{config.num_states}{dimensions}"


def matching(hmm: HMM, session: Session) -> IntArray:
    """The permutation (K,) that puts a learned model in the truth's order; identity without one."""
    data = session.data
    if data.truth is None or data.states is None:
        return np.arange(hmm.num_states)
    some = scored_sequences(session)
    path = viterbi(hmm, some)
    return align(data.states[: some.num_observations], path.states, hmm.num_states)


def scored_sequences(session: Session) -> Sequences:
    """The first sequences, on which models are compared with the truth."""
    data = session.data
    # Kept, so that a tick neither copies the data nor lays them out for the sweep anew.
    return session.remember(
        "scored sequences", data, lambda: first_sequences(data.sequences, SCORED_OBSERVATIONS)
    )


def first_sequences(sequences: Sequences, num_observations: int) -> Sequences:
    """The first whole sequences within `num_observations`, or the beginning of the first."""
    count = int(np.searchsorted(sequences.offsets, num_observations, side="right")) - 1
    if count >= len(sequences):
        return sequences
    if count == 0:
        return Sequences(sequences.observations[:num_observations])
    return Sequences(sequences.observations[: sequences.offsets[count]], sequences.lengths[:count])


def _view(session: Session, state: TrainState, sequence: Sequences) -> View:
    data = session.seen
    permutation = matching(state.hmm, session)
    hmm = state.hmm.permute(permutation)
    offset = int(data.sequences.offsets[session.config.sequence - 1])
    weights = state.expectations.emissions["weights"][permutation]
    rows = slice(offset, offset + sequence.num_observations)
    return View(
        state,
        hmm,
        permutation,
        weights / weights.sum(),
        sequence,
        offset,
        smooth(hmm, sequence),
        viterbi(hmm, sequence),
        None if data.states is None else data.states[rows],
        shown_dimension(session),
    )
