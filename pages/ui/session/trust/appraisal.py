"""Whether the shown model is a maximum, its standard errors, and EM's rate: computed at rest."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import partial

from hmmcore import HMM, Sequences, TrainState
from hmmcore.io import to_json
from hmmcore.uncertainty import Appraisal, Verdict, appraise, num_free_coordinates
from pages.ui.experiment import starts
from pages.ui.session.background import Job, Stopped, background, in_turns
from pages.ui.session.session import Session

ROOM = "appraisal"

AT_ONCE = 5e8
"""Cells of sweeps: what takes more waits for a press."""

SECONDS_A_CELL = 5e-9
"""About, on one core."""

WAIT = 0.2
"""Seconds that the page waits for what is nearly there, so that it is drawn once and not twice."""


@dataclass(frozen=True)
class Question:
    """What an appraisal is of.

    Attributes:
        key: equal where the answer is.
        hmm: the shown model, its states in the run's own order.
        trainable: names of the parameters that are trained.
        start: the model that the run started from, whose zeros are meant.
    """

    key: Hashable
    hmm: HMM
    sequences: Sequences
    trainable: tuple[str, ...]
    start: HMM

    @property
    def cells(self) -> float:
        """How much there is to compute."""
        states = self.hmm.num_states
        sweep = self.sequences.num_observations * states * (states + 8)
        return 2.0 * num_free_coordinates(self.hmm, self.trainable) * sweep

    @property
    def seconds(self) -> float:
        """About how long that takes."""
        return self.cells * SECONDS_A_CELL


def resting(session: Session) -> bool:
    """Whether nothing plays, so that there is time for what takes long."""
    return not session.player.playing and session.replay is None


def question(session: Session) -> Question | None:
    """What is asked of the shown model; None where there is none. One object until it changes."""
    state, run = session.shown_state, session.shown_run
    if state is None or run is None:
        return None
    return session.remember(  # type: ignore[no-any-return]
        "question of trust",
        (state.hmm, run.start, session.data, session.config.trainable, session.config.mean_model),
        lambda: _question(session, state, run.start),
    )


def _question(session: Session, state: TrainState, start: HMM) -> Question:
    trainable = tuple(sorted(starts.trained_parameters(session.config, session.data)))
    key = "appraisal", session.data.fingerprint, trainable, to_json(state.hmm), to_json(start)
    return Question(key, state.hmm, session.data.sequences, trainable, start)


def appraisal(session: Session, asked: Question) -> Job | None:
    """The job that answers; None where it waits for a press. A short one begins by itself."""
    job = background(session, ROOM).find(asked.key)
    unanswered = job is None or (job.cancelled and verdict_of(job) is None)
    if unanswered and resting(session) and asked.cells <= AT_ONCE:
        begin(session, asked)
        job = background(session, ROOM).find(asked.key)
        assert job is not None
        background(session, ROOM).join(job, WAIT)
    return job


def begin(session: Session, asked: Question) -> None:
    """Begin to answer; what was asked before is of no use any more."""
    room = background(session, ROOM)
    room.cancel_all()
    total = num_free_coordinates(asked.hmm, asked.trainable)
    room.start(Job(asked.key, partial(_appraised, asked), total))


def _appraised(asked: Question, stopped: Stopped) -> Iterator[Appraisal]:
    return in_turns(appraise(asked.hmm, asked.sequences, asked.trainable, asked.start), stopped)


def verdict_of(job: Job | None) -> Verdict | None:
    """What a job has found, once it has."""
    found: Appraisal | None = None if job is None else job.found
    return None if found is None else found.verdict


def known_verdict(session: Session) -> Verdict | None:
    """The verdict on the shown model if it is known already; None while a run plays."""
    asked = question(session) if resting(session) else None
    return None if asked is None else verdict_of(background(session, ROOM).find(asked.key))
