"""Sentences that the Posterior and the Viterbi page share, and their explanations."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from hmmcore import Sequences
from hmmcore.arrays import IntArray
from hmmcore.emissions.base import Remedy
from pages.ui import theme
from pages.ui.session import Session
from pages.ui.text import NARROW_SPACE, decimal, many, plain
from pages.ui.text import count as written
from pages.ui.view import View

HEALING, ENDED = ":material/healing:", ":material/flag:"

SHOWN_TIES = 20
"""So many tied paths are drawn."""

NO_MODEL = (
    "There is no model to look at: training could not start. Choose another starting point "
    "in the sidebar."
)
NO_TRUTH = (
    "No truth: uploaded data. Nobody knows which state made which observation, so there is "
    "nothing to compare with."
)


def summary(sequences: Sequences) -> str:
    """Data in two sentences: how many observations there are, and where they lie."""
    lengths, values = sequences.lengths, sequences.observations
    shortest, longest = int(lengths.min()), int(lengths.max())
    in_all = f"T = {many(sequences.num_observations, 'observation')} in all"
    if len(lengths) == 1:
        size = f"One sequence of {many(longest, 'observation')}."
    elif shortest == longest:
        size = f"{many(len(lengths), 'sequence')} of {many(longest, 'observation')} each, {in_all}."
    else:
        size = (
            f"{many(len(lengths), 'sequence')} of {written(shortest)} to "
            f"{many(longest, 'observation')}, {in_all}."
        )
    spread = math.sqrt(sequences.variances()[0])
    mean, lowest, highest = (
        decimal(float(value), spread) for value in (values.mean(), values.min(), values.max())
    )
    return (
        f"{size} Their mean is {mean}, their standard deviation {decimal(spread)}; the lowest is "
        f"{lowest}, the highest {highest}."
    )


def sequence(session: Session) -> str:
    """The selected sequence by name."""
    return f"sequence {session.config.sequence}"


def model(session: Session) -> str:
    """Which model the figures show."""
    run, state = session.shown_run, session.shown_state
    assert run is not None
    assert state is not None
    return f"{run.name} at iteration {written(state.iteration)}"


def impossible(whose: str) -> str:
    """What to say where a model cannot have produced the sequence."""
    return (
        f"The {whose} model cannot have produced this sequence: no path through its states has a "
        "positive probability. Its state probabilities are undefined from the impossible "
        "observation on, and there is no best path."
    )


def about_remedies(remedies: Iterable[Remedy], permutation: IntArray) -> str:
    """What the last step did to keep states alive; `permutation` as in `View`."""
    shown = np.argsort(permutation)

    def names(kind: str) -> str:
        states = sorted(int(shown[remedy.state]) for remedy in remedies if remedy.kind == kind)
        return ", ".join(theme.state_name(state) for state in states)

    empty, floored = names("empty_state"), names("variance_floor")
    text = []
    if empty:
        text.append(f"Without data: {empty}. The parameters stay as they were.")
    if floored:
        text.append(
            f"σ at its floor: {floored}. Nearly equal observations pull σ towards zero, where the "
            "likelihood would grow without bound; it is stopped at a ten-thousandth of the data's "
            "standard deviation. A likelihood reached in this way says little. Fewer states or "
            "more data help, or a σ that is not trained."
        )
    if dead := names("dead_output"):
        text.append(f"μ held at zero by a ReLU: {dead}. No gradient reaches a mean there.")
    return " ".join(text)


def afterwards(session: Session, view: View | None) -> list[tuple[str, str]]:
    """What stands below the figures of a run, as (icon, sentence): remedies, and why runs ended."""
    said = []
    if view is not None and view.state.remedies:
        said.append((HEALING, about_remedies(view.state.remedies, view.permutation)))
    return said + [(ENDED, plain(run.ended)) for run in session.main_runs if run.ended]


def nats(value: float) -> str:
    """A log-probability as text."""
    if math.isinf(value):
        return "−∞ (impossible)"
    return f"{value:,.3f}".replace("-", "−").replace(",", NARROW_SPACE)


def about_entropy(num_states: int) -> str:
    """What the entropy curve says."""
    text = "The curve below is the entropy of each column, how unsure the model is: "
    if num_states == 1:
        return text + "with one state there is nothing to be unsure of."
    most = math.log2(num_states)
    return f"{text}0 bits is sure, log₂ K = {most:.2f} bits is no idea."


def about_log_joints(best: float, true: float) -> str:
    """Why the true path can score lower than the best one."""
    if math.isinf(best):
        return impossible("learned")
    why = (
        "The Viterbi path is by definition the best path under this model, so no other can score "
        "higher. The true path contains chance: observations far from their state's mean, and "
        "rare changes of state. The model finds a path that explains the data with less of it."
    )
    if math.isinf(true):
        return f"Under the learned model the true path is impossible. {why}"
    if best - true <= 1e-9 * max(1.0, abs(best)):
        return "Both score the same: the true path is itself a most probable one."
    return f"The true path scores {nats(best - true)} nats less. {why}"


def about_ties(
    count: int,
    complete: bool,
    log_joint: float,
    steps: int,
    length: int,
    num_states: int,
    alike: tuple[tuple[int, ...], ...],
) -> str:
    """How many paths of the first `steps` of `length` tie for the best, and why."""
    where = (
        "this sequence"
        if steps == length
        else f"the first {written(steps)} of {written(length)} steps"
    )
    shared = f"log p(path, x) = {nats(log_joint)} nats"
    if count == 1:
        text = f"Yes: on {where} one path alone has the largest {shared}."
    elif complete:
        text = f"No: on {where} {written(count)} paths share the largest {shared}."
    else:
        text = f"No: on {where} more than {written(count)} paths share the largest {shared}."
    if steps < length:
        text += f" Ties are listed for at most {steps} steps, taken as a sequence of their own."
    if len(alike) == 1 and len(alike[0]) == num_states:
        text += (
            f" The model's {num_states} states are all alike, as at the symmetric starting "
            f"point: it cannot prefer any path, and all ${num_states}^{{{steps}}}$ tie. Training "
            "cannot tell such states apart either."
        )
    elif alike:
        text += (
            " Some states of the model are alike and can trade places in any path: "
            + "; ".join(" and ".join(f"S{state + 1}" for state in group) for group in alike)
            + "."
        )
    if count > 1:
        text += " The algorithm takes the first of them: the lowest state wins a tie."
    if count > SHOWN_TIES:
        text += (
            f" The first {SHOWN_TIES} are drawn, in the order of their state numbers, so those "
            "that stand together differ towards the end."
        )
    return text


ABOUT_POSTERIOR = """
**The hidden state is never seen.** A model can only say how probable each state is, given the
observations. Each column of the heat map is one time step; its cells add up to 1. Yellow is
certain, dark blue is ruled out.

**Filtered or smoothed?** *Filtered* probabilities use the observations up to time t: what you would
know while the data come in. *Smoothed* ones use the whole sequence, the later observations too.
What comes later often settles what was open before, so smoothed probabilities are usually the
surer ones. At the last step both are the same.

**Entropy** says in one number how unsure the model is: 0 bits when it is certain of one state,
log₂ K bits when all K states are equally probable. On average over the data that a model itself
generates, smoothing never makes it larger. A model can also be sure and wrong: compare with the
true path.

**The true model** is the one the data were drawn from. Even it does not know the states: where
states overlap, several could have made the same observation. That is the ceiling for any model.

**Labels.** A learned model numbers its states as it likes. Here each one gets the name and colour
of the true state that it agrees with most often.

**Why can a log-likelihood be positive?** With continuous observations it is the logarithm of a
*density*, not of a probability. A density is larger than 1 where the data lie close together, and
then its logarithm is positive. Compare likelihoods of the same data only.
"""

ABOUT_VITERBI = """
**Two questions, two answers.** The *Viterbi path* is the one whole path that is most probable
together with the observations. The *per-step best* asks at each time for itself which state is most
probable, given all observations. The first is right as a whole with the largest probability; the
second expects the most single steps to be right.

**Why do they differ?** The per-step best may jump between states that cannot follow each other: it
need not even be a possible path. The Viterbi path always is possible, and pays for every change
of state, so it passes over short visits.

**The ceiling.** The true model does not know the path either. Where states overlap it errs too, and
no other model can be expected to do better than its per-step best.

**Log-joint.** log p(path, observations), in nats. With continuous observations it contains
densities, so it may be positive. Only differences between paths on the same data mean something.

**Ties.** Several paths may share the largest log-joint. Then the algorithm has to pick one; here it
is the one with the lowest state numbers. A model whose states are all alike, such as the symmetric
starting point, cannot prefer any path: all $K^M$ of them tie.

**Labels.** A learned model numbers its states as it likes. Here each one gets the name and colour
of the true state that it agrees with most often.
"""
