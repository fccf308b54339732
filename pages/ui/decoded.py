"""What models decode, beside the truth: the learned model's states and the true model's.

Everything is kept until the training state, the data or the selected sequence changes, so that
a page that stands still computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from hmmcore import (
    HMM,
    Posterior,
    Sequences,
    TiedPaths,
    ViterbiPath,
    accuracy,
    commonest_share,
    most_probable_states,
    posterior_entropy,
    smooth,
    viterbi,
    viterbi_ties,
)
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.session import Session
from pages.ui.text import count
from pages.ui.view import View, first_sequences, selected_sequence

SCORED_OBSERVATIONS = 20_000
"""Accuracies over many sequences look at so many observations at most."""

TIED_STEPS = 200
"""Tied paths are listed for so many steps of a sequence at most."""
MAX_TIED_PATHS = 100

GUESSING = "Guessing: always the commonest true state"
"""Of accuracies, the one that knows nothing of the observations."""


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


@dataclass(frozen=True, eq=False)
class Scope:
    """Some of the data with both models' answers and the truth.

    Attributes:
        title: which part of the data it is, as the head of a column.
        true_states: (T,)
        learned, ceiling: answers of the learned and of the true model.
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
    """The true model on the selected sequence; None without a truth."""
    truth, sequence = session.seen.truth, selected_sequence(session)
    if truth is None:
        return None
    return session.remember(  # type: ignore[no-any-return]
        "decoded by the true model",
        sequence,
        lambda: _decoded(smooth(truth, sequence), viterbi(truth, sequence)),
    )


def scopes(session: Session, view: View) -> list[Scope]:
    """The selected sequence and, where there are more, the first sequences; none without truth."""
    of_truth, true_states, run = ceiling(session), view.true_states, session.shown_run
    data = session.seen
    if of_truth is None or true_states is None or data.states is None or run is None:
        return []
    selected = Scope(
        f"Sequence {session.config.sequence}",
        true_states, learned(session, view).best, of_truth.best,
    )  # fmt: skip
    if len(data.sequences) == 1:
        return [selected]
    some = session.remember(
        "scored sequences", data, lambda: first_sequences(data.sequences, SCORED_OBSERVATIONS)
    )
    first = Scope(
        _first_title(some, data.sequences),
        data.states[: some.num_observations],
        session.remember(
            "scored by the learned model", session.shown_state, lambda: _best_states(view.hmm, some)
        ),
        session.remember("scored by the true model", data, lambda: _best_states(data.truth, some)),
    )
    return [selected, first]


def accuracy_table(
    scopes: list[Scope], answers: Mapping[str, Callable[[Scope], IntArray]]
) -> pd.DataFrame:
    """Accuracy as text: a row for each way of answering and one for guessing; a column a scope."""
    columns = {
        scope.title: [
            f"{share:.1%}"
            for share in (
                *(accuracy(scope.true_states, answer(scope)) for answer in answers.values()),
                commonest_share(scope.true_states),
            )
        ]
        for scope in scopes
    }
    return pd.DataFrame(columns, index=[*answers, GUESSING])


def ties(session: Session, view: View) -> TiedPaths:
    """The tied best paths of the selected sequence's first steps; it has to be possible."""
    return session.remember(  # type: ignore[no-any-return]
        "tied paths",
        view,
        lambda: viterbi_ties(
            view.hmm, Sequences(view.sequence.observations[:TIED_STEPS]), MAX_TIED_PATHS
        ),
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
