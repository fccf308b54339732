"""What models decode, beside the truth: the learned model's states and the true model's.

Everything is kept until the training state, the data or the selected sequence changes, so that
a page that stands still computes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmmcore import (
    HMM,
    Posterior,
    Sequences,
    TiedPaths,
    ViterbiPath,
    majority_states,
    most_probable_states,
    posterior_entropy,
    smooth,
    viterbi,
    viterbi_ties,
)
from hmmcore.alignment import NO_STATE
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.session.session import Session
from pages.ui.session.view import View, scored_sequences, selected_sequence
from pages.ui.text import count

TIED_STEPS = 200
"""Tied paths are listed for so many steps of a sequence at most."""
MAX_TIED_PATHS = 100


@dataclass(frozen=True, eq=False)
class BestStates:
    """A model's answers to which state was when, each (T,); -1 where it has none.

    Attributes:
        path: the Viterbi path, right as a whole with the largest probability.
        smoothed, filtered: the most probable state of each step by itself.
    """

    path: IntArray
    smoothed: IntArray
    filtered: IntArray

    def read_as(self, names: IntArray) -> BestStates:
        """The same with state k called names[k]; -1 stays -1."""
        names = np.append(names, NO_STATE)
        return BestStates(names[self.path], names[self.smoothed], names[self.filtered])


@dataclass(frozen=True, eq=False)
class Scope:
    """Some of the data with both models' answers and the truth.

    Attributes:
        title: which part of the data it is, as the head of a column.
        true_states: (T,)
        learned, ceiling: answers of the learned and of the true model, in the true states.
    """

    title: str
    true_states: IntArray
    learned: BestStates
    ceiling: BestStates


@dataclass(frozen=True, eq=False)
class Decoded:
    """What one model says of the selected sequence of M observations."""

    posterior: Posterior
    path: ViterbiPath
    best: BestStates

    @cached_property
    def smoothed_entropy(self) -> FloatArray:
        """(M,) of the smoothed probabilities, in bits."""
        return posterior_entropy(self.posterior.smoothed_probs)

    @cached_property
    def filtered_entropy(self) -> FloatArray:
        """(M,) of the filtered probabilities, in bits."""
        return posterior_entropy(self.posterior.filtered_probs)

    @property
    def possible(self) -> bool:
        """Whether the model can have produced the sequence at all."""
        return bool(self.path.log_joints[0] > float("-inf"))


def learned(session: Session, view: View) -> Decoded:
    """The learned model on the selected sequence."""
    return session.remember(  # type: ignore[no-any-return]
        "decoded by the learned model", view, lambda: _decoded(view.posterior, view.path)
    )


def ceiling(session: Session) -> Decoded | None:
    """The true model on the selected sequence, whatever its number of states; None without one."""
    maker, sequence = session.seen.maker, selected_sequence(session)
    if maker is None:
        return None
    return session.remember(  # type: ignore[no-any-return]
        "decoded by the true model",
        sequence,
        lambda: _decoded(smooth(maker, sequence), viterbi(maker, sequence)),
    )


def reading(session: Session, view: View) -> IntArray | None:
    """As which true state each learned one is read where their numbers differ: (K,), else None.

    As the one it meets most often, -1 where it meets none; several may be read as the same.
    """
    data = session.seen
    if data.truth is not None or data.maker_states is None:
        return None
    path, true_states = _scored(session, view).path, data.maker_states
    return session.remember(
        "reading of learned states",
        view,
        lambda: majority_states(true_states[: len(path)], path, view.hmm.num_states),
    )


def scopes(session: Session, view: View) -> list[Scope]:
    """The selected sequence and, where there are more, the first sequences; none without truth."""
    data = session.seen
    of_truth, maker, true_states = ceiling(session), data.maker, data.maker_states
    if of_truth is None or maker is None or true_states is None:
        return []
    names = reading(session, view)

    def in_true_states(best: BestStates) -> BestStates:
        return best if names is None else best.read_as(names)

    selected = Scope(
        f"Sequence {session.config.sequence}",
        true_states[view.offset : view.offset + view.sequence.num_observations],
        in_true_states(learned(session, view).best),
        of_truth.best,
    )
    if len(data.sequences) == 1:
        return [selected]
    some = scored_sequences(session)
    first = Scope(
        _first_title(some, data.sequences),
        true_states[: some.num_observations],
        in_true_states(_scored(session, view)),
        session.remember("scored by the true model", data, lambda: _best_states(maker, some)),
    )
    return [selected, first]


def ties(session: Session, view: View) -> TiedPaths:
    """The tied best paths of the selected sequence's first steps; it has to be possible."""
    return session.remember(  # type: ignore[no-any-return]
        "tied paths",
        view,
        lambda: viterbi_ties(
            view.hmm, Sequences(view.sequence.observations[:TIED_STEPS]), MAX_TIED_PATHS
        ),
    )


def _scored(session: Session, view: View) -> BestStates:
    some = scored_sequences(session)
    return session.remember(  # type: ignore[no-any-return]
        "scored by the learned model", session.shown_state, lambda: _best_states(view.hmm, some)
    )


def _decoded(posterior: Posterior, path: ViterbiPath) -> Decoded:
    return Decoded(posterior, path, _best(posterior, path))


def _best_states(hmm: HMM, sequences: Sequences) -> BestStates:
    return _best(smooth(hmm, sequences), viterbi(hmm, sequences))


def _best(posterior: Posterior, path: ViterbiPath) -> BestStates:
    return BestStates(
        path.states,
        most_probable_states(posterior.smoothed_probs),
        most_probable_states(posterior.filtered_probs),
    )


def _first_title(some: Sequences, every: Sequences) -> str:
    if len(some) == len(every) and some.num_observations == every.num_observations:
        return f"All {count(len(every))} sequences"
    if len(some) == 1 and len(every) > 1 and some.num_observations < every.lengths[0]:
        return f"First {count(some.num_observations)} observations"
    return f"First {count(len(some))} of {count(len(every))} sequences"
