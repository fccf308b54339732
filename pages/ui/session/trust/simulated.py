"""Data drawn from the shown model beside the observed ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from hmmcore import HMM, Sequences
from hmmcore.checks import SimulationCheck, simulate_checks
from pages.ui.session.background import Job, Stopped, background, in_turns
from pages.ui.session.session import Session
from pages.ui.session.trust.appraisal import WAIT, resting
from pages.ui.session.view import View

ROOM = "simulated"

SIMULATION_STREAM = 8
"""Key of the random stream of what is simulated, which no other random choice shares."""

AT_ONCE = 2_000_000
"""Cells K × T of all data sets together; what takes more waits for a press."""

EVERY = 10
"""Data sets after which the picture is made anew."""


def key(session: Session, view: View) -> tuple[object, ...]:
    """What the result depends on."""
    config = session.config
    return (
        "simulated", session.data.fingerprint, view.hmm, config.num_simulations, config.level,
        config.seed,
    )  # fmt: skip


def simulated(session: Session, view: View) -> Job | None:
    """The job that simulates; a short one begins by itself at rest. None where none was begun."""
    job = background(session, ROOM).find(key(session, view))
    if job is None and resting(session) and _cells(session, view) <= AT_ONCE:
        job = begin(session, view)
        background(session, ROOM).join(job, WAIT)
    return job


def _cells(session: Session, view: View) -> int:
    total = session.data.sequences.num_observations
    return total * view.hmm.num_states * session.config.num_simulations


def begin(session: Session, view: View) -> Job:
    """Begin to simulate; what was simulated of another model is of no use any more."""
    config, room = session.config, background(session, ROOM)
    room.cancel_all()
    work = partial(
        _simulated, view.hmm, session.data.sequences, config.num_simulations,
        config.interval_level, config.seed,
    )  # fmt: skip
    return room.start(Job(key(session, view), work, config.num_simulations))


def _simulated(
    hmm: HMM, sequences: Sequences, num_samples: int, level: float, seed: int, stopped: Stopped
) -> Iterator[SimulationCheck]:
    rng = np.random.default_rng([seed, SIMULATION_STREAM])
    found = simulate_checks(
        hmm, sequences, num_samples, rng=rng, level=level, every=EVERY, stopped=stopped
    )
    return in_turns(found, stopped)
