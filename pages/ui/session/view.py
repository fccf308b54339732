"""What figures show of a run: its model with states in the order shown, and what it decodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore import HMM, Posterior, Sequences, TrainState, ViterbiPath, align, smooth, viterbi
from hmmcore.alignment import NO_STATE
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.naming import learned_names
from pages.ui.figures.observed_variable import Observed, ObservedVariable
from pages.ui.figures.time_scale import TimeScale
from pages.ui.session.session import Session

SCORED_OBSERVATIONS = 20_000
"""The most observations on which learned states are matched to true ones and accuracies counted;
more hardly change the result."""


@dataclass(frozen=True, eq=False)
class View:
    """One run's model and the selected sequence, with states in the order in which they are shown.

    That is the order of the true ones, or, if the visitor wants it, that of the run.

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
        counterparts: (K,) the true state that shown state k is matched to: k itself, unless states
            are numbered by the run.
        own_numbers: whether states are numbered by the run although they could be matched.
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
    counterparts: IntArray
    own_numbers: bool = False
    dimension: int = 0

    @property
    def shown_observations(self) -> FloatArray:
        """(M,) observations that figures along time show."""
        observations: FloatArray = self.sequence.observations[:, self.dimension]
        return observations

    def in_true_states(self, states: IntArray) -> IntArray:
        """Shown states, -1 for none, as the true states that they are matched to."""
        return np.append(self.counterparts, NO_STATE)[states]

    def in_shown_states(self, true_states: IntArray) -> IntArray:
        """True states, -1 for none, as the shown states that are matched to them."""
        return np.append(np.argsort(self.counterparts), NO_STATE)[true_states]

    @property
    def matched_hmm(self) -> HMM:
        """The learned model with its states in the order of the true ones, however shown."""
        return self.hmm.permute(np.argsort(self.counterparts))


def shown_variable(session: Session) -> ObservedVariable:
    """What the figures along time show of the observations."""
    return session.data.variable(shown_dimension(session))


def shown_parts(session: Session, observations: FloatArray) -> list[Observed]:
    """What figures along time show of observations (M, D): of a product each part, else one."""
    data = session.data
    shown = range(data.num_dimensions) if data.kinds else [shown_dimension(session)]
    return [(observations[:, one], data.variable(one)) for one in shown]


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
        (state, sequence, session.shown_data, session.config.numbering),
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


def state_names(session: Session) -> tuple[str, ...]:
    """(K,) what the states of the learned model are called; see `learned_names`.

    None where they keep the run's numbers: the names are those of true states.
    """
    if as_numbered_by_run(session):
        return ()
    return learned_names(session.data, session.config)


def zoom_key(session: Session) -> str:
    """The key of the figures' zoom, which is reset when data, sequence, dimensions or K change."""
    config = session.config
    dimensions = f"-{config.dimension}-{config.against}" if session.data.columns else ""
    return f"{session.data_number}-{config.sequence}-{config.num_states}{dimensions}"


def as_numbered_by_run(session: Session) -> bool:
    """Whether learned states that could be matched to true ones keep the run's numbers."""
    return session.config.numbering == "run" and session.data.states is not None


def shown_order(hmm: HMM, session: Session) -> IntArray:
    """(K,) permutation that puts learned states in the order in which they are shown."""
    return np.arange(hmm.num_states) if as_numbered_by_run(session) else matching(hmm, session)


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
    matched, grip = matching(state.hmm, session), session.grip
    own = as_numbered_by_run(session)
    permutation = np.arange(len(matched)) if own else matched
    if grip is not None and state.iteration <= 0:
        # What the hand holds keeps its colour, even where it passes another state.
        permutation = grip.order
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
        np.argsort(matched)[permutation],
        own,
        shown_dimension(session),
    )
