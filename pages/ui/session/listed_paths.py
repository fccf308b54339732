"""The k best paths of the selected sequence, and paths drawn from its posterior.

Results are cached as those of `decoded` are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore import (
    BestPaths,
    joint_log_prob,
    k_best_paths,
    path_log_posteriors,
    sample_posterior_paths,
)
from hmmcore.alignment import NO_STATE
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.experiment.listing import DRAWS_STREAM, most_paths
from pages.ui.session.session import Session
from pages.ui.session.view import View


@dataclass(frozen=True, eq=False)
class GivenPaths:
    """Paths (P, M) with log p(path, x) and log p(path | x) of each, (P,), in nats."""

    paths: IntArray
    log_joints: FloatArray
    log_posteriors: FloatArray


def most(view: View) -> int:
    """How many paths of the selected sequence are listed at most."""
    return most_paths(view.sequence.num_observations, view.hmm.num_states)


def best(session: Session, view: View) -> BestPaths:
    """The best paths, as many as are asked for and may be listed.

    The sequence must have a positive probability; see `Decoded.possible`.
    """
    number = min(session.config.best_paths, most(view))
    return session.remember(  # type: ignore[no-any-return]
        "best paths", (view, number), lambda: k_best_paths(view.hmm, view.sequence, number)
    )


def drawn(session: Session, view: View) -> GivenPaths:
    """Paths drawn from the posterior, the same for the same settings; as `best` otherwise."""
    config = session.config
    number = min(config.path_draws, most(view))
    seed = (config.seed, DRAWS_STREAM, config.draw_number)
    return session.remember(  # type: ignore[no-any-return]
        "drawn paths", (view, number, seed), lambda: _drawn(view, number, seed)
    )


def true_path(session: Session, view: View) -> GivenPaths | None:
    """The true path alone, in shown states; None unless it is known, shown and whole."""
    true_states = view.true_states
    if true_states is None or (true_states == NO_STATE).any():
        return None
    return session.remember(  # type: ignore[no-any-return]
        "true path", view, lambda: _given(view, view.in_shown_states(true_states)[np.newaxis])
    )


def _drawn(view: View, number: int, seed: tuple[int, ...]) -> GivenPaths:
    if number == 0:
        none = np.empty(0)
        return GivenPaths(np.empty((0, view.sequence.num_observations), dtype=np.int64), none, none)
    rng = np.random.default_rng(seed)
    return _given(view, sample_posterior_paths(view.hmm, view.sequence, number, rng))


def _given(view: View, paths: IntArray) -> GivenPaths:
    log_joints = [joint_log_prob(view.hmm, view.sequence, path)[0] for path in paths]
    return GivenPaths(
        paths, np.array(log_joints), path_log_posteriors(view.hmm, view.sequence, paths)
    )
