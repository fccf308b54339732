"""Sentences of the Models page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hmmcore.selection import (
    CRITERIA,
    HELD_OUT,
    Cluster,
    Preference,
    StatesSweep,
    Tried,
    missed,
    preference,
)
from pages.ui.session.map_words import percent
from pages.ui.session.sweeps import EndedStarts
from pages.ui.text import NARROW_SPACE, decimal, listed, many

NAMES: Mapping[str, str] = {
    "aic": "AIC", "aicc": "AICc", "bic": "BIC", "icl": "ICL", HELD_OUT: "Held-out data",
}  # fmt: skip

PURPOSES: Mapping[str, str] = {
    "aic": "It asks which model would foretell new data of the same kind best, and tends to take "
    "too many states.",
    "aicc": "The same, where there are few observations for each parameter.",
    "bic": "It asks how many states made the data, and with few data tends to take too few.",
    "icl": "It asks for states that the data also tell apart, so it takes fewer where they "
    "overlap.",
    HELD_OUT: "They ask which model foretells best what it has not seen, without any formula.",
}
"""What each criterion is for."""

FROM_WHICH_START = (
    "Training climbs to the top of the hill that it starts on, and the likelihood has many hills. "
    "Train from many starting points and see where they end."
)
HOW_MANY_STATES = (
    "More states always fit better. Whether they also say more about the data is what the "
    "criteria weigh, and what data that were held out show."
)

ABOUT = """
**From which start.** Each curve is one start, each point of the strip beside it where one ended.
Starts that end at the same model, whatever the order of its states, have one colour and one
symbol: the highest is the first. Ends of nearly one height are trained on at last, to see whether
they lead to one. *Share* is how many of all starts came there, so it says how
likely one start finds it, and how likely so many all miss it. A start that had not come to rest
after its last step is an open circle and belongs to no optimum. *Adopt* takes the run that led
there into the Playground; every page then shows its model, and the link carries it.

**How many states.** For each K the best of several starts counts. The upper plot has its
log-likelihood per observation, which rises with K, and that of data held out: a model trained
without them, from as many starts, is asked how likely it makes them. The lower plot has for each
criterion how much worse a K is than the best one, on a logarithmic axis; the best stands at the
bottom, and below the dotted line two models are too close to decide between.

- **AIC** = 2p − 2 log L, **AICc** = AIC + 2p(p + 1)/(n − p − 1), **BIC** = p log n − 2 log L,
  **ICL** = BIC + 2 × the entropy of the hidden path (Biernacki, Celeux and Govaert 2000). Smaller
  is better.
- **p** counts what training may choose: of π and of each row of A one less than there are states,
  without what the start rules out, then what each state emits. What is not trained costs nothing.
- **n** is the number of observations of all sequences, without missing ones; a point of several
  coordinates is one.
- **Held out** are whole sequences, which a model scores by themselves, or the end of each
  sequence, which it scores given what came before. Two values of K differ by noise only where
  equally good models would differ as much by chance, judged by how the difference varies from one
  held-out sequence to the next (95 % of the time, Student's t).

These are answers to different questions, so they need not agree. None of them knows whether a
hidden Markov model is right at all.
"""


def about_cluster(cluster: Cluster) -> str:
    """What a visitor should know of where sweeps compute; empty where all is as it should be."""
    if cluster.away:
        return f"The cluster is away: {cluster.away}. This server computes in its place."
    if cluster.rounds_differently:
        return (
            "Some processors of the cluster are of another kind than this server's, so last digits "
            "may differ."
        )
    return ""


def about_starts(found: EndedStarts) -> str:
    """Where starts ended, and how likely as many miss the best."""
    optima = found.optima
    sentences = []
    if optima.found:
        best = optima.found[0]
        sentences.append(
            f"{many(len(optima.found), 'optimum', 'optima')} found; "
            f"{percent(best.share)} of the starts reached the best."
        )
        if best.share < 1.0:
            ten, thirty = (_share(optima.miss_probability(number)) for number in (10, 30))
            sentences.append(
                f"Ten such starts all miss it with probability {ten}, thirty with {thirty}."
            )
        if len(best.starts) == 1 and optima.num_starts > 1:
            sentences.append("One start alone came there, so a still better one may exist.")
    if optima.still_open:
        sentences.append(f"{many(len(optima.still_open), 'start')} had not come to rest.")
        if found.highest_open > (optima.found[0].log_likelihood if optima.found else -math.inf):
            sentences.append("The highest of these stands above every optimum found.")
    if optima.failed:
        first = next(iter(optima.failed.values()))
        sentences.append(f"{many(len(optima.failed), 'start')} could not be trained: {first}")
    return " ".join(sentences)


def starts_label(found: EndedStarts) -> str:
    """What the figure of starts shows, for readers who cannot see it."""
    return (
        f"Curves of the log-likelihood from {many(found.done, 'start')}, and where each ended. "
        f"{about_starts(found)}"
    )


def preferences(sweep: StatesSweep) -> list[str]:
    """For each criterion what it prefers, by how much, and what it is for, in Markdown."""
    found = (preference(sweep.rows, name) for name in (*CRITERIA, HELD_OUT))
    return [f"{_preferred(one)} {PURPOSES[one.criterion]}" for one in found if one is not None]


def _preferred(one: Preference) -> str:
    verb = "prefer" if one.criterion == HELD_OUT else "prefers"
    start = f"**{NAMES[one.criterion]}** {verb} **K = {one.num_states}**"
    unit = f"{NARROW_SPACE}nats" if one.criterion == HELD_OUT else ""
    if one.rival is None:
        return f"{start}, the only one known."
    by = decimal(one.difference) + unit
    if math.isnan(one.noise) and not math.isinf(one.difference):
        return (
            f"{start}; K = {one.rival} is {by} worse, and with one held-out sequence nobody can "
            "say whether that is noise."
        )
    if one.close:
        others = listed([str(number) for number in one.close])
        return f"{start}, but K = {others} {_is(one.close)} not clearly worse: that may be noise."
    if math.isinf(one.difference):
        return f"{start}; K = {one.rival} finds some of them impossible."
    return f"{start}; K = {one.rival}, the next best, is {by} worse."


def _is(numbers: Sequence[int]) -> str:
    return "is" if len(numbers) == 1 else "are"


COLLAPSED = (
    "a state shrank onto a few observations until its variance was stopped at its floor. Such a "
    "likelihood has no upper bound and says little."
)

FITTED_TO_POSTERIOR = (
    "fitted to the log-posterior, while its criteria take the log-likelihood there and count every "
    "parameter; held-out data judge it fairly."
)


def doubts(sweep: StatesSweep, contain_fewer: bool) -> list[str]:
    """Sentences on rows that should not be believed as they are.

    Args:
        contain_fewer: whether its models can do whatever those of fewer states can.
    """
    found = [
        f"K = {row.num_states}: {row.failure}" for row in sweep.rows if row.failure is not None
    ]
    if contain_fewer and (low := missed(sweep.rows)):
        found.append(
            f"K = {listed([str(number) for number in low])} reached less than fewer states did: "
            f"{'its' if len(low) == 1 else 'their'} starts missed the best. Take more starts."
        )
    held = [str(row.num_states) for row in sweep.rows if is_collapsed(row)]
    if held:
        found.append(f"K = {listed(held)}: {COLLAPSED}")
    with_priors = [str(r.num_states) for r in sweep.rows if r.has_priors and r.criteria is not None]
    if with_priors:
        found.append(f"K = {listed(with_priors)}: {FITTED_TO_POSTERIOR}")
    return found


def states_label(sweep: StatesSweep) -> str:
    """What the figure of numbers of states shows, for readers who cannot see it."""
    found = [
        f"{NAMES[name]} prefers K = {one.num_states}"
        for name in (*CRITERIA, HELD_OUT)
        if (one := preference(sweep.rows, name)) is not None
    ]
    return (
        "Log-likelihood and information criteria over the number of states. "
        f"{', '.join(found) or 'Nothing is known yet'}."
    )


def is_collapsed(row: Tried) -> bool:
    """Whether a variance of the best fit was stopped at its floor."""
    result = None if row.best is None else row.best.result
    return result is not None and any(one.kind == "variance_floor" for one in result.remedies)


def _share(value: float) -> str:
    return f"{value:.1%}" if value >= 0.001 else "less than 0.1%"
