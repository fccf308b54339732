"""Findings about a session's runs, shown long enough to be read while the runs play.

A finding may appear and vanish from one iteration to the next. While the runs play, it is shown
only if two successive checks found it, and for a while after it was last found. While nothing
plays, exactly the findings of the shown iteration are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from hmmcore import HMM, InformationCriteria, TrainState
from hmmcore.arrays import FloatArray
from hmmcore.diagnostics import (
    KINDS,
    LOOK_BACK,
    RESTING,
    Circumstances,
    Finding,
    examine,
    standing,
    with_zeros_raised,
)
from hmmcore.training.base import MODEL_PARAMETERS
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.player import MAX_ITERATIONS, Run
from pages.ui.session.session import Session

CHECK_INTERVAL = 0.5
"""Seconds between two checks while playing."""

KEEP_SECONDS = 2.0
"""Seconds for which a finding is still shown after it was last found, while playing."""

KINDS_OF_ANY_RUN = frozenset({"diverged", "converged", "rate_too_high", "rate_too_low"})
"""Kinds of findings about a run's progress: shown also for a run that the figures do not show."""

KINDS_WHILE_PAUSED = frozenset({"not_converged"})
"""Kinds of findings that are shown only while paused at the latest iteration."""


@dataclass(frozen=True)
class Diagnosis:
    """A finding, the name of its run, and the iteration at which it was last found.

    `standing` is how the run stood there; see `hmmcore.diagnostics.standing`.
    """

    run: str
    iteration: int
    finding: Finding
    standing: str = "learning"

    @property
    def key(self) -> tuple[str, str, tuple[tuple[int, ...], ...]]:
        """Equal for the same finding about the same run; measured numbers are not part of it."""
        return self.run, *self.finding.key

    @property
    def order(self) -> tuple[int, str]:
        """Sort key: the most important finding first."""
        return self.finding.importance, self.run


@dataclass
class _Tracked:
    """A diagnosis while playing: when it was first and last found, and whether it is shown."""

    first: float
    last: float
    diagnosis: Diagnosis
    shown: bool = False


@dataclass(eq=False)
class Checkups:
    """The findings of one session.

    Attributes:
        session: the session whose runs are examined.
    """

    session: Session
    _data: Dataset | None = None
    _tracked: dict[object, _Tracked] = field(default_factory=dict)
    _last_check: float = float("-inf")

    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """The diagnoses to show now, the most important first."""
        session = self.session
        with session.lock:
            now = session.player.clock()
            if self._data is not session.shown_data:
                # A diagnosis is dropped with its data, and when the truth it is based on is hidden.
                self._data, self._tracked, self._last_check = session.shown_data, {}, float("-inf")
            if not session.player.playing:
                self._tracked = {
                    d.key: _Tracked(now, now, d, shown=True) for d in self._current_diagnoses()
                }
                self._last_check = now
            elif now - self._last_check >= CHECK_INTERVAL:
                self._check(now)
            runs = {run.name for run in session.main_runs}
            # Of each kind only the latest, which may concern other states than before.
            latest = {
                (tracked.diagnosis.run, tracked.diagnosis.finding.kind): tracked.diagnosis
                for tracked in sorted(
                    self._tracked.values(), key=lambda tracked: (tracked.last, tracked.first)
                )
                if tracked.shown
            }
            shown = [
                diagnosis
                for diagnosis in latest.values()
                if diagnosis.run in runs
                and not (session.player.playing and diagnosis.finding.kind in KINDS_WHILE_PAUSED)
            ]
            return tuple(sorted(shown, key=lambda diagnosis: diagnosis.order))

    def diagnosis_keys(self) -> tuple[object, ...]:
        """The keys of `diagnoses`, which change when findings change but not with their numbers."""
        return tuple(diagnosis.key for diagnosis in self.diagnoses())

    def standing(self, run: Run) -> str:
        """How a run stands at the shown iteration, as `hmmcore.diagnostics.standing` says."""
        at, latest = self.session.at, run.state.iteration
        if at is not None and at < 0:
            return "start"  # the hand was on the way there
        iteration, hmm = latest, run.state.hmm
        if at is not None and at < latest:
            iteration, hmm = run.history.snapshot(at)
        return standing(
            self._circumstances(run), hmm, iteration, _reached(run, iteration, LOOK_BACK),
            run.failed and iteration == latest, MAX_ITERATIONS,
        )  # fmt: skip

    def criteria(self, run: Run) -> InformationCriteria:
        """AIC and BIC of a run's model at the shown iteration."""
        return InformationCriteria(
            run.state_at(self.session.at).log_likelihood,
            self._circumstances(run).parameter_counts,
            run.trainer.sequences.num_observed,
        )

    def with_zeros_raised(self, run: Run) -> HMM:
        """A run's model at the shown iteration, with the zeros raised that should rise.

        Raises:
            ValueError: when there is none.
        """
        return with_zeros_raised(self._circumstances(run), run.state_at(self.session.at).hmm)

    def all_alike(self, run: Run) -> bool:
        """Whether a run started where no step can tell any two states apart."""
        return self._circumstances(run).all_alike

    def _check(self, now: float) -> None:
        found = {diagnosis.key: diagnosis for diagnosis in self._current_diagnoses()}
        self._tracked = {
            key: tracked
            for key, tracked in self._tracked.items()
            if key in found or (tracked.shown and now - tracked.last < KEEP_SECONDS)
        }
        for key, diagnosis in found.items():
            tracked = self._tracked.setdefault(key, _Tracked(now, now, diagnosis))
            tracked.shown = tracked.shown or tracked.first < now
            tracked.last, tracked.diagnosis = now, diagnosis
        self._last_check = now

    def _current_diagnoses(self) -> list[Diagnosis]:
        """All diagnoses at the iteration that is shown."""
        session = self.session
        shown, past = session.shown_run, session.at is not None
        return [
            Diagnosis(run.name, run.state_at(session.at).iteration, finding, self.standing(run))
            for run in session.main_runs
            if run is shown or not past
            for finding in self._findings(run)
            if (run is shown or finding.kind in KINDS_OF_ANY_RUN)
            and not (past and finding.kind in KINDS_WHILE_PAUSED)
        ]

    def _findings(self, run: Run) -> tuple[Finding, ...]:
        session = self.session
        if session.at is not None and session.at < 0:
            return ()  # what the hand left again
        state, circumstances = run.state_at(session.at), self._circumstances(run)
        return session.remember(  # type: ignore[no-any-return]
            f"findings in {run.name}",
            (run, circumstances, state, run.failed),
            partial(_examined, run, state, circumstances),
        )

    def _circumstances(self, run: Run) -> Circumstances:
        session = self.session
        return session.remember(  # type: ignore[no-any-return]
            f"circumstances of {run.name}",
            (run.trainer, run.start, session.shown_data),
            lambda: Circumstances(
                run.trainer,
                run.start,
                # A model under priors is not fitted to the likelihood alone.
                None
                if getattr(run.trainer, "priors", None) is not None
                else session.total_true_log_likelihood(),
            ),
        )


def found_nothing_better(session: Session, diagnosis: Diagnosis) -> bool:
    """Whether the run came to rest from the best of several starts.

    Only then is what it lacks more than a matter of its start.
    """
    return session.config.start == "best" and diagnosis.standing in RESTING


def contains_truth(session: Session, run: Run) -> bool:
    """Whether training could reach the true model, so that an optimum below it is a lower hill.

    False where something is not trained, where the model has another number of states, another
    kind of emissions, zeros or ties of its own, or priors, and where the truth is unknown or
    hidden.
    """
    truth, start = session.shown_data.truth, run.start
    names = {*MODEL_PARAMETERS, *start.emissions.parameter_names}
    trained = getattr(run.trainer, "trainable", None)
    return (
        truth is not None
        and type(start.emissions) is type(truth.emissions)
        and getattr(start.emissions, "covariance_type", None)
        == getattr(truth.emissions, "covariance_type", None)
        and (trained is None or names <= set(trained))
        and all(
            getattr(run.trainer, name, None) is None
            for name in ("coordinates", "priors", "transition_ties")
        )
        and bool(start.initial_probs.all() and start.transition_matrix.all())
    )


def checkups(session: Session) -> Checkups:
    """The checkups of a session; one object for the lifetime of the session."""
    return session.remember("checkups", session, lambda: Checkups(session))  # type: ignore[no-any-return]


def _examined(run: Run, state: TrainState, circumstances: Circumstances) -> tuple[Finding, ...]:
    reached = _reached(run, state.iteration)
    failed = run.failed and state is run.state
    return examine(circumstances, state, reached, failed, float(reached.max()))


def _reached(run: Run, iteration: int, most: int | None = None) -> FloatArray:
    """What was climbed up to an iteration, the likelihood or the posterior; or the last `most`.

    Only since the last revision, because an earlier learning rate says nothing about this one.
    """
    first = run.revised_at if run.revised_at <= iteration else 0
    if most is not None:
        first = max(first, iteration + 1 - most)
    return run.history.between(first, iteration)


assert KINDS.keys() >= KINDS_OF_ANY_RUN | KINDS_WHILE_PAUSED
