"""What is found in a session's runs, held steady while they play.

From iteration to iteration a finding may come and go. While the runs play, one appears when it has
lasted from one look to the next, and stays for a while after it was last seen; so what is said
below the figures can be read. As soon as nothing plays, exactly what is the case is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from hmmcore import TrainState
from hmmcore.diagnostics import KINDS, Circumstances, Finding, examine
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.player import Run
from pages.ui.session.session import Session

LOOK_EVERY = 0.5
"""Seconds between two looks while playing."""

STAYS = 2.0
"""Seconds that a finding is still said after it was last seen, while playing."""

OF_ANY_RUN = frozenset({"diverged", "converged", "rate_too_high", "rate_too_low"})
"""What is said of a run beside the one that the figures show: how it goes on."""

OF_THE_PRESENT = frozenset({"not_converged"})
"""What goes without saying while a run plays, or where its past is shown."""


@dataclass(frozen=True)
class Diagnosis:
    """A finding, of which run, and at which iteration it was seen last."""

    run: str
    iteration: int
    finding: Finding

    @property
    def key(self) -> tuple[str, str, tuple[tuple[int, ...], ...]]:
        """What stays the same while the same is said of the same run."""
        return self.run, *self.finding.key

    @property
    def order(self) -> tuple[int, str]:
        """The most important first."""
        return self.finding.importance, self.run


@dataclass
class _Seen:
    """A diagnosis while playing: when it was first and last seen, and whether it is said."""

    first: float
    last: float
    diagnosis: Diagnosis
    said: bool = False


@dataclass(eq=False)
class Checkups:
    """The findings of one session.

    Attributes:
        session: whose runs.
    """

    session: Session
    _data: Dataset | None = None
    _seen: dict[object, _Seen] = field(default_factory=dict)
    _looked: float = float("-inf")

    def said(self) -> tuple[Diagnosis, ...]:
        """What to say now, the most important first."""
        session = self.session
        with session.lock:
            now = session.player.clock()
            if self._data is not session.seen:
                # Nothing outlasts its data, nor the truth that was hidden since.
                self._data, self._seen, self._looked = session.seen, {}, float("-inf")
            if not session.player.playing:
                self._seen = {d.key: _Seen(now, now, d, said=True) for d in self._found()}
                self._looked = now
            elif now - self._looked >= LOOK_EVERY:
                self._look(now)
            runs = {run.name for run in session.main_runs}
            # Of one kind only the latest: other states may have come to it since.
            held = {
                (seen.diagnosis.run, seen.diagnosis.finding.kind): seen.diagnosis
                for seen in sorted(self._seen.values(), key=lambda seen: (seen.last, seen.first))
                if seen.said
            }
            said = [
                diagnosis
                for diagnosis in held.values()
                if diagnosis.run in runs
                and not (session.player.playing and diagnosis.finding.kind in OF_THE_PRESENT)
            ]
            return tuple(sorted(said, key=lambda diagnosis: diagnosis.order))

    def news(self) -> tuple[object, ...]:
        """What changes when something else is said; numbers alone are no news."""
        return tuple(diagnosis.key for diagnosis in self.said())

    def _look(self, now: float) -> None:
        found = {diagnosis.key: diagnosis for diagnosis in self._found()}
        self._seen = {
            key: seen
            for key, seen in self._seen.items()
            if key in found or (seen.said and now - seen.last < STAYS)
        }
        for key, diagnosis in found.items():
            seen = self._seen.setdefault(key, _Seen(now, now, diagnosis))
            seen.said = seen.said or seen.first < now
            seen.last, seen.diagnosis = now, diagnosis
        self._looked = now

    def _found(self) -> list[Diagnosis]:
        """Exactly what is the case at the iteration that is shown."""
        session = self.session
        shown, past = session.shown_run, session.at is not None
        return [
            Diagnosis(run.name, run.state_at(session.at).iteration, finding)
            for run in session.main_runs
            if run is shown or not past
            for finding in self._findings(run)
            if (run is shown or finding.kind in OF_ANY_RUN)
            and not (past and finding.kind in OF_THE_PRESENT)
        ]

    def _findings(self, run: Run) -> tuple[Finding, ...]:
        session = self.session
        state, circumstances = run.state_at(session.at), self._circumstances(run)
        return session.remember(  # type: ignore[no-any-return]
            f"findings in {run.name}",
            (run, circumstances, state, run.failed),
            partial(_examined, run, state, circumstances),
        )

    def _circumstances(self, run: Run) -> Circumstances:
        session = self.session
        true = session.true_log_likelihood()
        return session.remember(  # type: ignore[no-any-return]
            f"circumstances of {run.name}",
            (run.trainer, run.start, session.seen),
            lambda: Circumstances(
                run.trainer, run.start, None if true is None else true * run.num_observations
            ),
        )


def checkups(session: Session) -> Checkups:
    """The findings of a session: always the same object, which lives as long as the session."""
    return session.remember("checkups", session, lambda: Checkups(session))  # type: ignore[no-any-return]


def _examined(run: Run, state: TrainState, circumstances: Circumstances) -> tuple[Finding, ...]:
    last = state.iteration
    # What another learning rate did says nothing of the present one.
    reached = run.history.between(run.revised if run.revised <= last else 0, last)
    failed = run.failed and state is run.state
    return examine(circumstances, state, reached, failed, float(reached.max()))


assert KINDS.keys() >= OF_ANY_RUN | OF_THE_PRESENT
