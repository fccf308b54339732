"""Sentences about compared runs: which one is ahead, by how much, and a possible reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hmmcore.comparison import WINDOW, Progress, Verdict
from hmmcore.diagnostics import RESTING
from pages.ui.session.standing_words import about_standing
from pages.ui.text import count, decimal, many


@dataclass(frozen=True)
class MethodSettings:
    """How one of the compared runs is trained, and how it stands; see `standing_words`."""

    name: str
    method: str
    optimizer: str = ""
    learning_rate: float = 0.0
    standing: str = "learning"


ABOUT = """
**Two ways up the same hill.** Both methods start from the same model and look for the parameters
under which the data are most likely. *EM* asks for every observation how probably each state made
it, and takes the weighted averages as the new parameters. It has no learning rate, and never
goes down. *Gradient ascent* follows the slope of the log-likelihood; how far it goes in one step is
the learning rate's to say, and a step may be too long.

- **Log-likelihood per observation**: higher is better. The dotted line is the true model's.
- **Distance**, on a logarithmic axis: each grid line is ten times closer. A method whose distance
  shrinks by the same factor in every step is a straight line here. That is how EM comes in: steep
  where states are easy to tell apart, flat where they overlap. Then most of what EM would need to
  know is hidden, and each of its steps closes only a small part of the distance.
- **The table**: *rate* is the factor by which a run's distance to where it is heading shrinks in
  one step, read off its last steps; close to 1 is slow, above 1 it is leaving a plateau. *Dips*
  are steps that went down.
- **Parameters**: one colour is one state; solid lines are EM, dashed ones the gradient, dotted ones
  the truth. States are matched to the true ones by each run's latest model, unless *As numbered by
  the run* is on; without a truth, the gradient's are matched to EM's.

**Why does the gradient dip?** *Adam* moves every parameter by about its learning rate, however
small the slope. Near the top that is too far, and the likelihood falls for a moment. *Momentum*
keeps nine tenths of its last step and rolls past the top. *Plain* steps shrink with the slope, but
one learning rate has to serve steep and flat directions alike.

**Different optima.** The likelihood has many hills. From the same start the two may climb
different ones; the parameters below then end at different places. Neither knows of the other's
hill.

**A fair race?** Along *iterations* and *sweeps* both do the same work: each step needs one sweep
over all data. Along *seconds* counts what this server took for it, other visitors included.
"""

EMPTY = (
    "Only one method is trained, so there is nothing to compare. Train both: EM and gradient "
    "ascent, from the same start, on the same data and the same parameters."
)


def nats(value: float) -> str:
    """A number of nats to three digits; a large one to a whole number."""
    return count(round(value)) if value >= 100.0 else f"{value:.3g}".replace("-", "−")


def about_verdict(
    verdict: Verdict, methods: Sequence[MethodSettings], num_observed: int, axis: str
) -> tuple[str, str]:
    """A headline, and the sentences below it, about two runs."""
    names = [method.name for method in methods]
    both = f"{names[0]} and {names[1]}"
    if verdict.reason == "start":
        value = decimal(verdict.progress[0].log_likelihood)
        return (
            f"{both} stand at the same start",
            f"Log-likelihood per observation: {value} nats. Press Play or Step to let them run.",
        )
    where = _where(verdict, names, axis)
    if verdict.leader is None:
        return f"{both} are level {where}", _explanation(verdict, methods)
    margin = (
        "without measure: the other's likelihood is no number"
        if math.isinf(verdict.margin)
        else f"by {nats(verdict.margin)} nats per observation "
        f"({nats(verdict.margin * num_observed)} on all {count(num_observed)})"
    )
    return f"{names[verdict.leader]} is ahead {margin}, {where}", _explanation(verdict, methods)


def about_single_run(progress: Progress, settings: MethodSettings) -> tuple[str, str]:
    """A headline, and the sentences below it, about one run."""
    if progress.pace == "start":
        return about_standing(settings.name, "start")[:-1], "Press Play or Step to let it run."
    headline = f"{settings.name} is at {decimal(progress.log_likelihood)} nats per observation"
    return headline, _why(progress, settings, alone=True)


def about_sweep(progress: Mapping[float, Progress], failed: Sequence[float]) -> str:
    """Which learning rate of a sweep has come furthest, and how the others fare.

    `progress` maps each learning rate to its run's progress; `failed` are those of failed runs.
    """
    finite = {r: p for r, p in progress.items() if math.isfinite(p.log_likelihood)}
    if len(progress) < 2 or not finite or all(p.pace == "start" for p in finite.values()):
        return ""
    best = max(finite, key=lambda rate: finite[rate].log_likelihood)
    text = (
        f"Of {len(progress)} learning rates {best:g} has come furthest, to "
        f"{decimal(finite[best].log_likelihood)} nats per observation."
    )
    restless = [r for r, p in progress.items() if p.pace == "oscillating" and r not in failed]
    if restless:
        text += f" Going up and down: {_listed(restless)}."
    slow = [r for r, p in progress.items() if p.pace == "slow" and r < best]
    if slow:
        text += f" Slow: {_listed(slow)}."
    if failed:
        text += f" Could not go on: {_listed(failed)}."
    return text


def _listed(rates: Sequence[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in sorted(rates))


def _where(verdict: Verdict, names: Sequence[str], axis: str) -> str:
    first, second = verdict.iterations
    steps = f"{names[0]} with {many(first, 'step')}, {names[1]} with {count(second)}"
    early = (
        ""
        if first == second
        else (f" ({names[int(second < first)]} ended after {count(min(first, second))})")
    )
    if axis == "seconds":
        return f"after {nats(verdict.where)} s of computing ({steps})"
    if axis == "sweeps":
        return f"after {many(max(first, second) + 1, 'sweep')}{early}"
    return f"after {many(max(first, second), 'iteration')}{early}"


def _explanation(verdict: Verdict, methods: Sequence[MethodSettings]) -> str:
    trailing = None if verdict.leader is None else 1 - verdict.leader
    if verdict.reason == "failed":
        assert trailing is not None
        return _diverged(methods[trailing].name)
    if verdict.reason == "same_optimum":
        text = "Their models are alike, but for the names of states: it is the same optimum."
        if trailing is not None:
            text += f" {_why(verdict.progress[trailing], methods[trailing], at_optimum=True)}"
        return text
    if verdict.reason == "different_optima":
        rest = all(method.standing in RESTING for method in methods)
        where = "have come to rest, at" if rest else "hardly move any more, at"
        return (
            f"Both {where} models that differ: two different optima. From the same "
            "start their paths parted; only another start, or luck, leads from one to the other."
        )
    if verdict.reason == "flat":
        return (
            "Both hardly move any more, at almost the same height but at models that differ: the "
            "likelihood is nearly flat between them. Both may be on their way to one optimum."
        )
    if trailing is None:
        return "Neither has come further than the other by more than a millionth of a nat."
    trails = verdict.progress[trailing]
    if verdict.reason == "falls_short":
        return (
            f"{methods[trailing].name} still climbs, by {nats(trails.gain or 0.0)} in its last "
            "step, but going on like this it closes only a small part of the gap. It may be "
            "heading for an optimum of its own, or crossing a plateau."
        )
    leads = verdict.progress[1 - trailing]
    text = _why(trails, methods[trailing])
    if leads.pace == "growing" and trails.pace != "growing":
        text += f" {methods[1 - trailing].name} has begun to leave a plateau: its gains grow."
    if trails.dips and not trails.recent_dips and methods[trailing].method != "EM":
        text += f" Of its {many(trails.iteration, 'step')} so far, {count(trails.dips)} went down."
    return text


def _why(
    progress: Progress, settings: MethodSettings, at_optimum: bool = False, alone: bool = False
) -> str:
    """Why a run has come no further; shorter when it is `at_optimum`, or the only run (`alone`)."""
    name, rate = settings.name, f"{settings.learning_rate:g}"
    ratio = progress.rate
    closes = "" if ratio is None or ratio >= 1.0 else f"{100.0 * (1.0 - ratio):.2g} %"
    if settings.standing == "diverged":
        return _diverged(name)
    if progress.pace == "settled" or settings.standing in RESTING:
        text = about_standing(name, settings.standing)
        if settings.standing == "learning":
            text += " Its last steps changed next to nothing."
        if alone or at_optimum:
            return text
        return f"{text} It sits on an optimum or a plateau of its own, below where the other is."
    if progress.pace in ("dipping", "oscillating") and settings.method != "EM":
        text = (
            f"{name} went down in {progress.recent_dips} of its last "
            f"{min(WINDOW, progress.iteration)} steps (the worst so far cost "
            f"{nats(progress.deepest_dip)} nats per observation): "
            f"{_overshooting(settings)}"
        )
        if progress.pace == "oscillating":
            text += f" By now the learning rate {rate} is too high; try a third of it."
        return text
    if progress.pace == "growing":
        return (
            f"{name} is still leaving a plateau: its gains grow by a factor of {ratio:.3g} a "
            "step. There the slope is almost zero, and who gets away first is not yet ahead."
        )
    if progress.pace == "slow" and settings.method == "EM":
        if not closes:
            return f"{name} gains as much in each step as in the one before: it crosses a plateau."
        return (
            f"Each step of {name} closes only about {closes} of its distance. That is EM's linear "
            "rate where states overlap: the data say little about which state made them, so the "
            "averages hardly move."
        )
    if progress.pace == "slow":
        speed = (
            "gains as much in each step as in the one before"
            if not closes
            else f"climbs evenly, and each step closes only about {closes} of its distance"
        )
        return f"{name} {speed}: the learning rate {rate} is low. Try three times as much."
    if settings.method == "EM":
        text = f"{name} takes whole steps, each to new averages"
        return f"{text}; they close about {closes} of its distance." if closes else f"{text}."
    text = f"{name} goes no further in a step than its learning rate {rate} lets it"
    return f"{text}." if alone or at_optimum else f"{text}, while the other moves on faster."


def _diverged(name: str) -> str:
    lower = "A lower learning rate helps; Reset goes back to the start."
    return f"{about_standing(name, 'diverged')} {lower}"


def _overshooting(settings: MethodSettings) -> str:
    return {
        "adam": "Adam moves each parameter by about its learning rate, however small the slope, "
        "and so steps over the top.",
        "momentum": "the velocity carries it past the top and back.",
    }.get(settings.optimizer, "the step is longer than the hill is wide.")
