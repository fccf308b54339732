"""What figures show of a run: its model with states in true order, and what it decodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore import HMM, Posterior, Sequences, TrainState, ViterbiPath, align, smooth, viterbi
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.figures.time_scale import TimeScale
from pages.ui.session.session import Session

SCORED_OBSERVATIONS = 20_000
"""The most observations on which learned states are matched to true ones and accuracies counted;
more hardly change the result."""


@dataclass(frozen=True, eq=False)
class View:
    """One run's model and the selected sequence, with states in the order of the true ones.

    Attributes:
        state: the training state that is shown; its states are in the run's own order.
        hmm: the learned model.
        permutation: (K,) learned state permutation[k] is shown as state k.
        weights: (K,) expected share of all observations made in each state.
        sequence: the selected sequence alone.
        offset: index of its first observation among all observations.
        posterior, path: posterior and Viterbi path of the selected sequence under `hmm`.
        true_states: (M,) true path of the selected sequence, -1 where it is unknown; None if its
            states cannot be matched one to one, or nothing of it is known.
        dimension: dimension of the observations that figures along time show, 0-based.
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
        """(M,) observations that figures along time show."""
        observations: FloatArray = self.sequence.observations[:, self.dimension]
        return observations


def shown_variable(session: Session) -> ObservedVariable:
    """What the figures along time show of the observations."""
    return session.data.variable(shown_dimension(session))


def shown_dimension(session: Session) -> int:
    """The dimension of the observations that figures along time show, 0-based."""
    return session.config.dimension - 1 if session.data.columns else 0


def shown_dimensions(session: Session) -> list[int]:
    """The two dimensions that are plotted against each other, 0-based: horizontal, vertical."""
    return [session.config.dimension - 1, session.config.against - 1]


def current_view(session: Session) -> View | None:
    """The view of the shown run; computed once per training state and selected sequence.

    None if there is no run.
    """
    state = session.shown_state
    if state is None:
        return None
    sequence = selected_sequence(session)
    return session.remember(  # type: ignore[no-any-return]
        f"view of dimension {shown_dimension(session)}",
        (state, sequence, session.shown_data),
        lambda: _view(session, state, sequence),
    )


def selected_sequence(session: Session) -> Sequences:
    """The selected sequence alone; the same object until the selection or the data change."""
    data, number = session.data, session.config.sequence
    return session.remember(  # type: ignore[no-any-return]
        "selected sequence", (data, number), lambda: data.sequences.select(number - 1)
    )


def shown_scale(session: Session) -> TimeScale:
    """The axis of time of the selected sequence."""
    data, number = session.data, session.config.sequence
    return session.remember(
        "time scale", (data, selected_sequence(session)), lambda: scale_of(data, number)
    )


def scale_of(data: Dataset, number: int) -> TimeScale:
    """The axis of time of a sequence; `number` counts from 1."""
    rows = slice(data.sequences.offsets[number - 1], data.sequences.offsets[number])
    times = None if data.times is None else data.times[rows]
    return TimeScale.of(int(rows.stop - rows.start), times, data.time_name)


def zoom_key(session: Session) -> str:
    """The key of the figures' zoom, which is reset when data, sequence, dimensions or K change."""
    config = session.config
    dimensions = f"-{config.dimension}-{config.against}" if session.data.columns else ""
    return f"{session.data_number}-{config.sequence}-{config.num_states}{dimensions}"


def matching(hmm: HMM, session: Session) -> IntArray:
    """(K,) permutation that puts learned states in true order; the identity without a truth."""
    data = session.data
    if data.states is None:
        return np.arange(hmm.num_states)
    true_states, some = data.states, scored_sequences(session)
    return session.remember(  # type: ignore[no-any-return]
        "matching",
        (hmm, data),
        lambda: align(
            true_states[: some.num_observations], viterbi(hmm, some).states, hmm.num_states
        ),
    )


def scored_sequences(session: Session) -> Sequences:
    """The first sequences, on which models are compared with the truth."""
    data = session.data
    # Cached, so that not every tick copies the data and prepares them for forward-backward.
    return session.remember(
        "scored sequences", data, lambda: first_sequences(data.sequences, SCORED_OBSERVATIONS)
    )


def first_sequences(sequences: Sequences, num_observations: int) -> Sequences:
    """The first complete sequences within `num_observations`, or the beginning of the first."""
    count = int(np.searchsorted(sequences.offsets, num_observations, side="right")) - 1
    if count >= len(sequences):
        return sequences
    if count == 0:
        return Sequences(sequences.observations[:num_observations])
    return Sequences(sequences.observations[: sequences.offsets[count]], sequences.lengths[:count])


def _view(session: Session, state: TrainState, sequence: Sequences) -> View:
    data = session.shown_data
    grip = session.grip
    if grip is not None and state.iteration <= 0:
        # What the hand holds keeps its colour, even where it passes another state.
        permutation = grip.order
    else:
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
