"""The outcome: how the shown run stands, in one line beside Play, the same on every page.

Its texts follow every frame, and nothing in it is older than its frame: where it would take long to
count the states that are right, they are counted only while nothing plays.
"""

from __future__ import annotations

import math
from typing import Any

from hmmcore import InformationCriteria, TrainState
from hmmcore.diagnostics import RESTING
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.player import Run
from pages.ui.live.panel_view import panel_remark
from pages.ui.session.checkups import checkups, contains_truth
from pages.ui.session.decoded import Hits, hits, hits_are_cheap
from pages.ui.session.remedies import first_remedy
from pages.ui.session.session import Session
from pages.ui.session.standing_words import pill
from pages.ui.text import NARROW_SPACE, count, decimal, many, scientific, uncapitalised

HIGHER_HILL = "Is there a higher hill?"
COUNTED_LATER = "states right are counted on Pause"
UNDO = "Go back to the settings, the data and the runs of before."

Fact = tuple[str, str, str]
"""A number, what it is, and what it is to be compared with; any may be empty."""

NOTHING: Fact = ("", "", "")

EQUAL = 1e-9
"""Nats per observation: a smaller distance to the true model is rounding."""


def outcome(session: Session) -> dict[str, Any]:
    """What the line says.

    Its parts:
        pill: how the run stands, and the tone of that.
        run: which run it is, and at which iteration.
        share: how many states are named right, as a `Fact`.
        distance: how far its likelihood is from that of the true model, as a `Fact`.
        criteria: AIC, BIC and the number of free parameters.
        help: pairs of a word and what it means here.
        remedy: number, label and help of the one remedy that helps; None without one.
        undo: help of the button that undoes the last remedy; empty where there is none.
        elsewhere: a question, and the page that answers it; None where there is none.
    """
    run, remedy = session.shown_run, first_remedy(session)
    return {
        **(_without_run() if run is None else _about(session, run)),
        "remedy": remedy and {"number": remedy.number, "label": remedy.label, "help": remedy.help},
        "undo": "" if session.before is None else UNDO,
        "elsewhere": _elsewhere(session, run),
    }


def _elsewhere(session: Session, run: Run | None) -> tuple[str, str] | None:
    """The question after what is beyond an optimum, and the page that shows it."""
    if run is None or session.page == "landscape" or session.before is not None:
        return None  # beside a remedy and Undo there is no room
    return (HIGHER_HILL, "landscape") if checkups(session).standing(run) in RESTING else None


def _without_run() -> dict[str, Any]:
    return {
        "pill": ("cannot be trained", "error"),
        "run": "",
        "share": NOTHING,
        "distance": NOTHING,
        "criteria": "",
        "help": (),
    }


def _about(session: Session, run: Run) -> dict[str, Any]:
    checks, data, state = checkups(session), session.shown_data, run.state_at(session.at)
    later = session.player.playing and data.true_states is not None and not hits_are_cheap(session)
    named_right, criteria = None if later else hits(session), checks.criteria(run)
    reached = data.sequences.per_observation(state.log_likelihood)
    truth = session.true_log_likelihood()
    matched = data.states is not None
    return {
        "pill": _pill(session, run),
        "run": which(run.name, state.iteration, run.state.iteration),
        "share": share(named_right) if named_right else ("", "", _no_share(data, later)),
        "distance": (
            *distance(reached, truth)[:2],
            climbed(state) or beside_hand(session, run, reached),
        ),
        "criteria": about_criteria(criteria),
        "help": [
            *([("States right", about_hits(named_right, matched))] if named_right else []),
            *([("True model", ABOUT_DISTANCE)] if truth is not None else []),
            *([("Log-posterior", ABOUT_POSTERIOR)] if state.log_prior is not None else []),
            ("AIC, BIC", about_counts(criteria)),
        ],
    }


def _pill(session: Session, run: Run) -> tuple[str, str]:
    """How the run stands, in a few words, and their tone."""
    checks = checkups(session)
    standing = checks.standing(run)
    if standing == "start" and session.config.start == "hand":
        return "by hand", "calm"
    if not session.trains_anything:
        return "nothing to train", "calm"
    return pill(standing, checks.all_alike(run), contains_truth(session, run))


def beside_hand(session: Session, run: Run, reached: float) -> str:
    """What a model made by hand has still to reach, or what it had reached before training."""
    if session.config.start != "hand" or not math.isfinite(reached):
        return ""
    if run.state_at(session.at).iteration > 0:
        return f"by hand {run.curve[0]:.3f}".replace("-", "−")
    gap = session.best_trained - reached
    if not math.isfinite(gap):
        return ""
    return f"{_size(abs(gap))} {'to go to' if gap > 0.0 else 'above'} the best run"


def climbed(state: TrainState) -> str:
    """That the log-posterior is climbed, and what the priors add to it; empty without priors."""
    if state.log_prior is None:
        return ""
    added = f"{state.log_prior:,.1f}".replace(",", NARROW_SPACE).replace("-", "−")
    return f"climbs the log-posterior: priors add {added} nats in all"


def _no_share(data: Dataset, later: bool) -> str:
    """Why no states are counted."""
    if later:
        return COUNTED_LATER
    return "no true state is known" if data.true_states is not None else panel_remark(data)


def which(name: str, iteration: int, latest: int) -> str:
    """The run, and the iteration that is shown of it: EM, iteration 12 of 40."""
    past = f" of {count(latest)}" if iteration < latest else ""
    return f"{name}, iteration {count(iteration)}{past}"


def share(found: Hits) -> Fact:
    """How many states are named right, and how many could be."""
    best = ""
    if found.ceiling is not None:
        # By chance a model may be ahead of the true one.
        best = (
            f"{percent(found.ceiling)} is possible"
            if found.share <= found.ceiling
            else f"{percent(found.ceiling)} by the true model"
        )
    return percent(found.share), "of states right", best


def percent(value: float) -> str:
    """A share in whole percent; all and none only where it is all and none."""
    whole = round(100.0 * value)
    if whole == 100 and value < 1.0:
        return f">99{NARROW_SPACE}%"
    if whole == 0 and value > 0.0:
        return f"<1{NARROW_SPACE}%"
    return f"{whole}{NARROW_SPACE}%"


def distance(reached: float, truth: float | None) -> Fact:
    """How far a log-likelihood is from that of the true model, both in nats per observation.

    Without a true model it is the log-likelihood itself.
    """
    if not math.isfinite(reached):
        return "", "impossible under this model", ""
    if truth is None or not math.isfinite(truth):
        return f"{reached:.4f}".replace("-", "−"), "nats per observation", ""
    gain = reached - truth
    if abs(gain) < EQUAL:
        return "", "level with the true model", ""
    where = "above" if gain > 0.0 else "below"
    sign = "+" if gain > 0.0 else ""
    return f"{sign}{_size(abs(gain))}", f"nats per observation {where} the true model", ""


def _size(gain: float) -> str:
    """A difference to two digits, a small one to one, written out down to a millionth."""
    if gain >= 100.0:
        return count(round(gain))
    if gain >= 1e-3:
        return decimal(float(f"{gain:.2g}"))
    rounded = float(f"{gain:.0e}")
    digits = -math.floor(math.log10(rounded))
    return f"{rounded:.{digits}f}" if digits <= 6 else scientific(gain)


def about_criteria(criteria: InformationCriteria) -> str:
    """AIC and BIC with the number of free parameters; empty where no likelihood is finite."""
    if not math.isfinite(criteria.log_likelihood) or not criteria.num_observations:
        return ""
    values = (f"{name} {_value(getattr(criteria, name.lower()))}" for name in ("AIC", "BIC"))
    return " · ".join([*values, many(criteria.num_parameters, "free parameter")])


def _value(number: float) -> str:
    return f"{number:,.1f}".replace(",", NARROW_SPACE).replace("-", "−")


ABOUT_POSTERIOR = (
    "Priors are on, under Constraints and priors: training climbs the log-likelihood and the "
    "logarithm of what was held of the parameters before any data, together, constants left out. "
    "The likelihood alone may fall on the way, and ends below the highest there is."
)
ABOUT_DISTANCE = (
    "The log-likelihood of the model that made the data is what there is to reach. A fitted model "
    "ends a little above it, because it follows the chance in these observations as well; one that "
    "comes to rest below it has climbed a lower hill, or leaves something out."
)


def about_hits(found: Hits, matched: bool) -> str:
    """What counts as a state that is right; `matched` where states are matched one to one."""
    text = (
        "At each step the state of largest smoothed probability is the answer. Counted: "
        f"{uncapitalised(found.title)}."
    )
    if not matched:
        text += " Each learned state counts as the true state it meets most often."
    if found.ceiling is not None:
        text += " Possible is what the true model gets in this way: no model can expect more."
    return text


def about_counts(criteria: InformationCriteria) -> str:
    """What AIC and BIC are, with the numbers of these data and this model."""
    return (
        f"What the log-likelihood log L of n = {count(criteria.num_observations)} observations is "
        f"worth after its price of p = {many(criteria.num_parameters, 'free parameter')}: AIC = "
        "2p − 2 log L, BIC = p log n − 2 log L. Smaller is better, between models at rest on the "
        "same data; BIC asks more of each parameter."
    )
