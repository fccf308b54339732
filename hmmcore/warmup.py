"""Compile, or load from the disk cache, every kernel before somebody waits for it."""

from __future__ import annotations

import numpy as np

from hmmcore import initialization
from hmmcore.emissions import Categorical, Gaussian
from hmmcore.inference import smooth, viterbi
from hmmcore.lane_sweep import MOST_STATES
from hmmcore.model import HMM
from hmmcore.paths import sample_posterior_paths
from hmmcore.sequences import Sequences
from hmmcore.simulation import left_right_structure, sample
from hmmcore.training import EM


def warm_up() -> None:
    """Call every kernel once on a tiny model: seconds when new, a fraction of one afterwards."""
    rng = np.random.default_rng(0)
    # With zeros: row by row. Without: in lanes. Alone and longer: in pieces.
    hmm = HMM(*left_right_structure(2, 0.5), Gaussian.univariate([0.0, 1.0], 1.0))
    sequences = sample(hmm, 3, 3, rng).sequences
    trainer = EM(sequences)
    trainer.init(hmm)
    trainer.step(trainer.init(initialization.symmetric(2)))
    viterbi(hmm, sequences)
    sample_posterior_paths(hmm, sequences, 1, rng)
    symbols = HMM(hmm.initial_probs, hmm.transition_matrix, Categorical([[0.9, 0.1], [0.2, 0.8]]))
    trainer = EM(Sequences([0.0, 1.0]))
    trainer.step(trainer.init(symbols))
    smooth(initialization.symmetric(2), sample(hmm, 1, 300, rng).sequences)
    full = HMM(hmm.initial_probs, hmm.transition_matrix, Gaussian([0.0, 1.0], [1.0, 1.0], "full"))
    trainer = EM(sequences)
    trainer.step(trainer.init(full))
    tied = HMM(hmm.initial_probs, hmm.transition_matrix, Gaussian(np.eye(2), np.eye(2), "tied"))
    trainer = EM(Sequences([[0.0, 1.0], [np.nan, 1.0]]))
    trainer.step(trainer.init(tied))
    missing = Sequences([0.0, np.nan, 1.0], [2, 1])
    for start in (hmm, initialization.symmetric(2)):
        trainer = EM(missing)
        trainer.step(trainer.init(start))
    # More states than lanes are worth for one sequence.
    viterbi(initialization.symmetric(MOST_STATES + 1), sequences)
    # An observation that only the last state explains, then one that only the first does: the
    # scaled recursions give up, and the sweep in log space compiles too.
    smooth(HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 100.0], 1.0)),
           Sequences([100.0, 0.0, 0.0]))  # fmt: skip
