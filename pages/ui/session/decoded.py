"""The states that the learned model and the true model decode, for comparison with the true ones.

Results are cached until the training state, the data or the selected sequence changes, so a page
whose figures do not change computes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmmcore import (
    HMM,
    Posterior,
    Product,
    Sequences,
    TiedPaths,
    ViterbiPath,
    accuracy,
    majority_states,
    most_probable_states,
    posterior_entropy,
    smooth,
    states_alone,
    viterbi,
    viterbi_ties,
)
from hmmcore.alignment import NO_STATE
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.experiment.dataset import part_model
from pages.ui.session.session import Session
from pages.ui.session.view import View, matching, scored_sequences, selected_sequence
from pages.ui.text import capitalised, count, markdown_text

TIED_STEPS = 200
"""Tied paths are listed for at most this many first steps of a sequence."""
MAX_TIED_PATHS = 100

CHEAP_HITS = 1_000_000
"""Observations times K²: up to here one pass of smoothing takes about a millisecond."""


@dataclass(frozen=True, eq=False)
class BestStates:
    """A model's best states, each an array (T,) with -1 where the model has no answer.

    Attributes:
        path: the Viterbi path: the most probable path as a whole.
        smoothed, filtered: the state of largest smoothed or filtered probability at each step.
        alone: the state under which the observation of each step alone is most probable.
        parts: of a product, the Viterbi path if only this part of it were observed, for each.
    """

    path: IntArray
    smoothed: IntArray
    filtered: IntArray
    alone: IntArray
    parts: tuple[IntArray, ...] = ()

    def read_as(self, names: IntArray) -> BestStates:
        """The same with each state k replaced by names[k] (K,); -1 stays -1."""
        names = np.append(names, NO_STATE)
        return BestStates(
            names[self.path], names[self.smoothed], names[self.filtered], names[self.alone],
            tuple(names[path] for path in self.parts),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Scope:
    """A part of the data, T observations, with its true states and both models' answers.

    Attributes:
        title: which part of the data it is, as the header of a column, in Markdown.
        lengths: (N,) of its sequences.
        true_states: (T,) the true path, -1 where it is unknown.
        learned: the learned model's answers, in terms of true states, however states are shown.
        ceiling: the true model's answers, an upper bound on what can be expected of any model;
            None where that model is unknown.
    """

    title: str
    lengths: IntArray
    true_states: IntArray
    learned: BestStates
    ceiling: BestStates | None


@dataclass(frozen=True, eq=False)
class Decoded:
    """What one model decodes of the selected sequence of M observations."""

    posterior: Posterior
    path: ViterbiPath
    best: BestStates

    @cached_property
    def smoothed_entropy(self) -> FloatArray:
        """(M,) entropy of the smoothed probabilities, in bits."""
        return posterior_entropy(self.posterior.smoothed_probs)

    @cached_property
    def filtered_entropy(self) -> FloatArray:
        """(M,) entropy of the filtered probabilities, in bits."""
        return posterior_entropy(self.posterior.filtered_probs)

    @property
    def possible(self) -> bool:
        """Whether the sequence has a positive probability under the model."""
        return bool(self.path.log_joints[0] > float("-inf"))


def learned(session: Session, view: View) -> Decoded:
    """What the learned model decodes of the selected sequence."""
    return session.remember(  # type: ignore[no-any-return]
        "decoded by the learned model",
        view,
        lambda: _decoded(view.hmm, view.sequence, view.posterior, view.path),
    )


def ceiling(session: Session) -> Decoded | None:
    """What the true model decodes of the selected sequence; None if it is unknown or hidden.

    It may have another number of states than the learned model.
    """
    maker, sequence = session.shown_data.generating_model, selected_sequence(session)
    if maker is None:
        return None
    return session.remember(  # type: ignore[no-any-return]
        "decoded by the true model",
        sequence,
        lambda: _decoded(maker, sequence),
    )


def reading(session: Session, view: View) -> IntArray | None:
    """(K,) the true state as which each learned state is read, if the numbers of states differ.

    That is the true state with which it coincides most often, or -1 if it never occurs. Several
    learned states may be read as the same true one. None if the numbers of states are equal, as
    states are then matched one to one, and if the truth is unknown or hidden.
    """
    data = session.shown_data
    if data.states is not None or data.true_states is None:
        return None
    path, true_states = _scored(session, view).path, data.true_states
    return session.remember(
        "reading of learned states",
        view,
        lambda: majority_states(true_states[: len(path)], path, view.hmm.num_states),
    )


def scopes(session: Session, view: View) -> list[Scope]:
    """The selected sequence and, if there are several, the first ones; empty without a truth."""
    data = session.shown_data
    of_truth, true_states = ceiling(session), data.true_states
    if true_states is None:
        return []
    names = reading(session, view)

    def in_true_states(best: BestStates) -> BestStates:
        return best.read_as(view.counterparts if names is None else names)

    selected = Scope(
        markdown_text(capitalised(data.sequence_title(session.config.sequence))),
        view.sequence.lengths,
        true_states[view.offset : view.offset + view.sequence.num_observations],
        in_true_states(learned(session, view).best),
        None if of_truth is None else of_truth.best,
    )
    if len(data.sequences) == 1:
        return [selected]
    some = scored_sequences(session)
    first = Scope(
        _first_title(some, data.sequences),
        some.lengths,
        true_states[: some.num_observations],
        in_true_states(_scored(session, view)),
        _scored_by_truth(session),
    )
    return [selected, first]


@dataclass(frozen=True)
class Hits:
    """How many states are named right, by the state of largest smoothed probability at each step.

    Attributes:
        share: of the shown model's answers.
        ceiling: of the true model's, more than which no model can expect; None where it is unknown.
        title: which part of the data was scored, in Markdown.
    """

    share: float
    ceiling: float | None
    title: str


def hits_are_cheap(session: Session) -> bool:
    """Whether `hits` may be counted anew for every frame while the runs play."""
    some, num_states = scored_sequences(session), session.config.num_states
    return some.num_observations * num_states**2 <= CHEAP_HITS


def hits(session: Session) -> Hits | None:
    """How many states the shown model names right; None where no true state is known."""
    data, state = session.shown_data, session.shown_state
    if state is None or data.true_states is None:
        return None
    return session.remember(  # type: ignore[no-any-return]
        "hits", (state, data), lambda: _hits(session, state.hmm, data.true_states)
    )


def _hits(session: Session, hmm: HMM, true_states: IntArray) -> Hits | None:
    data, some = session.shown_data, scored_sequences(session)
    true_states = true_states[: some.num_observations]
    matched = hmm.permute(matching(hmm, session))
    answers = most_probable_states(smooth(matched, some).smoothed_probs)
    if data.states is None:
        names = majority_states(true_states, viterbi(matched, some).states, hmm.num_states)
        answers = np.append(names, NO_STATE)[answers]
    share = accuracy(true_states, answers)
    best = _scored_by_truth(session)
    if np.isnan(share):
        return None  # no state is known
    return Hits(
        share,
        None if best is None else accuracy(true_states, best.smoothed),
        _first_title(some, data.sequences),
    )


def ties(session: Session, view: View) -> TiedPaths:
    """The tied best paths of the selected sequence's first steps.

    The sequence must have a positive probability; see `Decoded.possible`.
    """
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
        "scored by the learned model",
        (session.shown_state, session.config.numbering),
        lambda: _best_states(view.hmm, some),
    )


def _scored_by_truth(session: Session) -> BestStates | None:
    """What the true model decodes of the first sequences; None if it is unknown or hidden."""
    data, some = session.shown_data, scored_sequences(session)
    maker = data.generating_model
    if maker is None:
        return None
    return session.remember(  # type: ignore[no-any-return]
        "scored by the true model", data, lambda: _best_states(maker, some)
    )


def _decoded(
    hmm: HMM,
    sequences: Sequences,
    posterior: Posterior | None = None,
    path: ViterbiPath | None = None,
) -> Decoded:
    """What a model decodes; its posterior and path are computed unless they are given."""
    posterior, path = posterior or smooth(hmm, sequences), path or viterbi(hmm, sequences)
    best = BestStates(
        path.states,
        most_probable_states(posterior.smoothed_probs),
        most_probable_states(posterior.filtered_probs),
        states_alone(hmm, sequences),
        _part_paths(hmm, sequences),
    )
    return Decoded(posterior, path, best)


def _part_paths(hmm: HMM, sequences: Sequences) -> tuple[IntArray, ...]:
    if not isinstance(hmm.emissions, Product):
        return ()
    columns = (
        Sequences(column[:, np.newaxis], sequences.lengths) for column in sequences.observations.T
    )
    return tuple(viterbi(part_model(hmm, j), one).states for j, one in enumerate(columns))


def _best_states(hmm: HMM, sequences: Sequences) -> BestStates:
    return _decoded(hmm, sequences).best


def _first_title(some: Sequences, every: Sequences) -> str:
    if len(some) == len(every) and some.num_observations == every.num_observations:
        return f"All {count(len(every))} sequences"
    if len(some) == 1 and len(every) > 1 and some.num_observations < every.lengths[0]:
        return f"First {count(some.num_observations)} observations"
    return f"First {count(len(some))} of {count(len(every))} sequences"
