"""Compile, or load from the disk cache, every kernel before somebody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hmmcore import batch, initialization, landscape
from hmmcore.emissions import Categorical, Gaussian, Poisson, Product
from hmmcore.inference import (
    k_best_paths,
    messages,
    path_entropy,
    pseudo_residuals,
    smooth,
    viterbi,
)
from hmmcore.inference.paths import sample_posterior_paths
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.simulation import left_right_structure, sample
from hmmcore.sweeps.lane_sweep import MOST_STATES
from hmmcore.sweeps.state_sweep import FEWEST_STATES
from hmmcore.training import EM, GradientAscent


def warm_up() -> None:
    """Call every kernel once on a tiny model: seconds when new, a fraction of one afterwards."""
    for part in PARTS:
        part()


def _in_lanes() -> None:
    trainer = EM(_sequences(3, 3))
    trainer.step(trainer.init(initialization.symmetric(2)))


def _many_states() -> None:
    smooth(initialization.symmetric(FEWEST_STATES), _sequences(3, 3))


def _row_by_row() -> None:
    """A model with zeros, in all that is done with it."""
    hmm, sequences = _left_right(), _sequences(3, 3)
    EM(sequences).init(hmm)
    ascent = GradientAscent(sequences)
    ascent.step(ascent.init(hmm))
    viterbi(hmm, sequences)
    messages(hmm, sequences.select(0))
    k_best_paths(hmm, sequences.select(0), 1)
    pseudo_residuals(hmm, sequences, "ordinary")
    sample_posterior_paths(hmm, sequences, 1, np.random.default_rng(0))
    path_entropy(hmm, sequences)


def _in_pieces() -> None:
    """A sequence that is alone, and longer."""
    smooth(initialization.symmetric(2), _sequences(1, 300))


def _in_log_space() -> None:
    # An observation that only the last state explains, then one that only the first does: the
    # scaled recursions give up.
    smooth(HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 100.0], 1.0)),
           Sequences([100.0, 0.0, 0.0]))  # fmt: skip


def _other_emissions() -> None:
    hmm, sequences = _left_right(), _sequences(3, 3)
    chain = hmm.initial_probs, hmm.transition_matrix
    trainer = EM(Sequences([0.0, 1.0]))
    symbols, counts = Categorical([[0.9, 0.1], [0.2, 0.8]]), Poisson([1.0, 2.0])
    for emissions in (symbols, counts):
        trainer.step(trainer.init(HMM(*chain, emissions)))
    several = EM(Sequences([[0.0, 1.0, 0.5], [1.0, np.nan, 1.5]]))
    both = Product([symbols, counts, Gaussian([0.0, 1.0], [1.0, 1.0])])
    several.step(several.init(HMM(*chain, both)))
    full = HMM(*chain, Gaussian([0.0, 1.0], [1.0, 1.0], "full"))
    for learner in (EM(sequences), GradientAscent(sequences)):
        learner.step(learner.init(full))
    tied = HMM(*chain, Gaussian(np.eye(2), np.eye(2), "tied"))
    trainer = EM(Sequences([[0.0, 1.0], [np.nan, 1.0]]))
    trainer.step(trainer.init(tied))


def _missing_observations() -> None:
    missing = Sequences([0.0, np.nan, 1.0], [2, 1])
    for start in (_left_right(), initialization.symmetric(2)):
        trainer = EM(missing)
        trainer.step(trainer.init(start))


def _more_states_than_lanes_are_worth() -> None:
    viterbi(initialization.symmetric(MOST_STATES + 1), _sequences(3, 3))


def _many_models() -> None:
    start = initialization.symmetric(2)
    models, sequences = batch.stack([start, _left_right()]), _sequences(3, 3)
    some = ("means", 0), ("transition_matrix", 0, 0)
    for trainer in (EM(sequences), GradientAscent(sequences), EM(sequences, coordinates=some)):
        batch.fit(trainer, models, 1)
    chain = start.initial_probs, start.transition_matrix
    batch.fit(EM(Sequences([0.0, 1.0])), batch.stack([HMM(*chain, Poisson([1.0, 2.0]))]), 1)


def _hills() -> None:
    landscape.hills(np.eye(3))


def _left_right() -> HMM:
    return HMM(*left_right_structure(2, 0.5), Gaussian.univariate([0.0, 1.0], 1.0))


def _sequences(num_sequences: int, length: int) -> Sequences:
    return sample(_left_right(), num_sequences, length, np.random.default_rng(0)).sequences


PARTS: Final[tuple[Callable[[], None], ...]] = (
    _many_models,
    _in_lanes,
    _row_by_row,
    _many_states,
    _in_log_space,
    _in_pieces,
    _other_emissions,
    _missing_observations,
    _more_states_than_lanes_are_worth,
    _hills,
)
"""What `warm_up` does: parts that may run in any order and in several processes, longest first."""
