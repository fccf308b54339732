"""Remedies: what a visitor can do about a finding with one press, without losing any run.

A remedy acts through methods of `Session`. If it restarts training, the old runs are kept, and
`Session.undo` brings them back; if not, training goes on from where it stands.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from hmmcore import ImpossibleDataError
from pages.ui.session.checkups import Diagnosis, checkups, found_nothing_better
from pages.ui.session.session import Session
from pages.ui.settings.config import FIELD_OF, MAX_CELLS
from pages.ui.settings.families import FAMILIES, PART_PARAMETERS

RATE_FACTOR = 3.0
"""Factor between two learning rates. Three presses change the rate 27-fold: a few presses lead from
any rate to a good one, and seldom past it."""


@dataclass(frozen=True)
class Offer:
    """A button for a remedy: label, icon, help text, and the callback `act`."""

    label: str
    icon: str
    help: str
    act: Callable[[], None]

    @property
    def number(self) -> int:
        """Names the remedy in a command: the same for the same label, of nine digits at most."""
        return zlib.crc32(self.label.encode()) % 10**9


SERIOUS = frozenset({"error", "warning"})
"""Severities of findings whose remedy stands beside Play."""


def first_remedy(session: Session) -> Offer | None:
    """The one remedy that helps the shown run most now; `apply` finds it by its number."""
    run = session.shown_run
    for diagnosis in checkups(session).diagnoses() if run is not None else ():
        if diagnosis.run != run.name or diagnosis.finding.severity not in SERIOUS:
            continue
        if (offer := next(_offers(session, diagnosis), None)) is not None:
            _offered(session)[offer.number] = offer
            return offer
    return None


def apply(session: Session, number: int) -> None:
    """Do what a remedy says that was shown under the present settings; nothing for any other.

    It may have gone from the screen since it was pressed, while the runs play. Settings that
    changed in between make it another one, or none.
    """
    if (offer := _offered(session).get(number)) is not None:
        offer.act()


def _offered(session: Session) -> dict[int, Offer]:
    """The remedies shown under the present settings, by their numbers."""
    settings, offered = session.offered
    if settings != session.settings_number:
        settings, offered = session.offered = session.settings_number, {}
    return offered


def offers(session: Session, diagnosis: Diagnosis) -> tuple[Offer, ...]:
    """The remedies that are possible now, the best first."""
    return tuple(_offers(session, diagnosis))


def _offers(session: Session, diagnosis: Diagnosis) -> Iterator[Offer]:
    kind = diagnosis.finding.kind
    if kind in ("symmetric_start", "identical_states"):
        yield _nudge(session)
    elif kind in ("diverged", "rate_too_high"):
        yield from _rate(session, 1.0 / RATE_FACTOR)
    elif kind == "rate_too_low":
        yield from _rate(session, RATE_FACTOR)
    elif kind == "singular_covariance":
        yield from _stop_training(session, "covariances")
    elif kind == "no_transitions":
        yield from _stop_training(session, "transition_matrix")
    elif kind == "collapsed_variance":
        yield from _stop_training(session, "covariances")
        # Where every state is so, the data have a few values only, and one fewer has to mix them.
        if sum(map(len, diagnosis.finding.states)) < session.config.num_states:
            yield from _one_state_fewer(session)
    elif kind == "unidentifiable_initial_probs":
        yield from _stop_training(session, "initial_probs")
    elif kind == "overfitting":
        yield from _more_data(session)
        yield from _one_state_fewer(session)
    elif kind in ("empty_state", "near_duplicates"):
        if found_nothing_better(session, diagnosis):
            yield from _one_state_fewer(session)
        yield from _another_start(session)
    elif kind in ("dead_output", "worse_than_truth", "equal_rows"):
        yield from _another_start(session)
    elif kind == "zero_should_rise":
        yield from _raise_zeros(session, diagnosis)
    elif kind == "not_converged" and session.can_go_on:
        yield Offer("Go on", ":material/play_arrow:", "Play on from here.", session.play)


def _nudge(session: Session) -> Offer:
    return Offer(
        "Nudge the start",
        ":material/touch_app:",
        "Move every state a little, each its own way, and start from there. The link carries it.",
        session.nudge,
    )


def _raise_zeros(session: Session, diagnosis: Diagnosis) -> Iterator[Offer]:
    if session.no_hand:
        yield from _another_start(session)
        return

    def act() -> None:
        with session.lock:
            try:
                session.start_by_hand(
                    checkups(session).with_zeros_raised(session.runs[diagnosis.run])
                )
            except (ValueError, ImpossibleDataError) as error:
                session.notes = (str(error),)
            else:
                session.play()

    yield Offer(
        "Raise the zero and go on",
        ":material/north:",
        "Put something in place of the zero, so that the data are more probable, and train on from "
        "there. The link carries it.",
        act,
    )


def _rate(session: Session, factor: float) -> Iterator[Offer]:
    field, present = FIELD_OF["learning_rate"], session.config.learning_rate
    rate = field.nearest(float(f"{present * factor:.2g}"))
    if rate == present:
        return
    lower = factor < 1.0
    yield Offer(
        f"{'Lower' if lower else 'Raise'} the rate to {rate:g}",
        ":material/trending_down:" if lower else ":material/trending_up:",
        f"Go on with a learning rate of {rate:g} in place of {present:g}.",
        partial(session.remedy, learning_rate=rate),
    )


def _stop_training(session: Session, name: str) -> Iterator[Offer]:
    trainable = session.config.trainable
    if session.data.kinds:
        # The chain's own are called as of any model.
        name = next((one for one, names in PART_PARAMETERS.items() if name in names), name)
    if name not in trainable:
        return
    family = FAMILIES[session.data.family]
    symbol, word = family.symbols[name], family.trainable[name]
    known = name in ("covariances", "spreads") and session.data.truth is not None
    yield Offer(
        f"Stop training {symbol} ({word})",
        ":material/lock:",
        f"Take {word} out of what is trained and start again: {symbol} keeps its "
        f"{'true' if known else 'first'} value.",
        partial(session.remedy, trainable=tuple(other for other in trainable if other != name)),
    )


def _one_state_fewer(session: Session) -> Iterator[Offer]:
    """Only for uploaded data: with generated data, another K may also change the true model."""
    fewer = session.config.num_states - 1
    if session.config.source == "upload" and fewer >= 1:
        yield Offer(
            f"Try K = {fewer}",
            ":material/remove:",
            "Start again on the same data with one state fewer.",
            partial(session.remedy, num_states=fewer),
        )


def _another_start(session: Session) -> Iterator[Offer]:
    if session.new_start_helps:
        following = FIELD_OF["start_seed"].following(session.config.start_seed)
        yield Offer(
            "Try another start",
            ":material/casino:",
            "Start again from the next random starting point, on the same data.",
            partial(session.remedy, start_seed=following, nudge=session.config.nudge),
        )
    if session.config.start != "best":
        yield Offer(
            "Start from the best of several",
            ":material/trophy:",
            "Try some sixty starting points for a while, and start again from the best.",
            partial(session.remedy, start="best"),
        )


def _more_data(session: Session) -> Iterator[Offer]:
    config = session.config
    more = int(FIELD_OF["num_sequences"].nearest(10 * config.num_sequences))
    more = min(more, MAX_CELLS // (config.num_states * config.length))
    if config.source == "generated" and more > config.num_sequences:
        yield Offer(
            f"Draw {more} sequences",
            ":material/library_add:",
            "Draw more data from the same true model, and start again on them.",
            partial(session.remedy, num_sequences=more),
        )
