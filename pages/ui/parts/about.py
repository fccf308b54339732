"""The texts under "What am I looking at?" of each page, for each family."""

from __future__ import annotations

from pages.ui.experiment.dataset import Dataset
from pages.ui.settings.families import FAMILIES

_ABOUT_PLAYGROUND = """
A **hidden Markov model** explains a row of observations by a chain of hidden *states*. At each
time the chain is in one state; the state makes an observation, {law}; then the chain moves on,
with the probabilities in that state's row of the transition matrix. You see the observations,
never the states. **Training** looks for the probabilities, and for each state's {own}, under which
the observations are as likely as possible.

- **Log-likelihood per observation** says how well the model explains the data, in nats; higher is
  better. Missing observations do not count. The dotted line is the model that really made the
  data. It may be *passed*: a model that was fitted to these very data can explain them better than
  the truth does. {sign}
- **The model**: each circle is a state, with what it emits. An arrow is where the chain may go
  next, as thick as its probability; a ring is staying; a grey arrow that enters is π, where
  sequences begin. Point at a time below, and the state of that time is lit. *matrix* shows the same
  numbers as a table: the row is where the chain is, the column where it goes next.
- **{card}**: {picture}
- **By hand**: drag what you see there, or a cell of the matrices, and the model is yours. Play goes
  on from it, Reset returns to it, and the link has it. With the keyboard: Tab to a mark, arrow keys
  move it, Enter lets you type its number.
- **States over time**: each observation wears the colour and shape of the state that the Viterbi
  path gives it, the single most probable path as a whole. Below it the *posterior*: how probable
  each state is at each time, given everything observed.

States have no names of their own. The learned ones are matched to the true ones before they are
drawn, so that one colour means the same state everywhere; **As numbered by the run**, under Truth
in the sidebar, leaves them as they are.
"""

_ABOUT_POSTERIOR = """
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

{likelihood}
"""

_ABOUT_VITERBI = """
**Two questions, two answers.** The *Viterbi path* is the one whole path that is most probable
together with the observations. The *per-step best* asks at each time for itself which state is most
probable, given all observations. The first is right as a whole with the largest probability; the
second expects the most single steps to be right.

**Why do they differ?** The per-step best may jump between states that cannot follow each other: it
need not even be a possible path. The Viterbi path always is possible, and pays for every change
of state, so it passes over short visits.

**The ceiling.** The true model does not know the path either. Where states overlap it errs too, and
no other model can be expected to do better than its per-step best.

**Log-joint.** log p(path, observations), in nats. {joint} Only
differences between paths on the same data mean something.

**Ties.** Several paths may share the largest log-joint. Then the algorithm has to pick one; here it
is the one with the lowest state numbers. A model whose states are all alike, such as the symmetric
starting point, cannot prefer any path: all $K^M$ of them tie.

**The best paths.** The Viterbi path is the most probable one, and yet it is hardly ever probable:
so many others explain the data nearly as well. The list shows the next best, where they leave the
best one, and the *posterior* of each: its share of the probability of all paths, given the
observations. Where the first few differ the model is unsure.

**Drawn paths** come as often as they are probable. A draw shows what the states may really have
done, with as many changes of state as the model expects; the best path usually has fewer.

**Labels.** A learned model numbers its states as it likes. Here each one gets the name and colour
of the true state that it agrees with most often.
"""

ABOUT_MESSAGES = """
**What passes along.** All that a hidden Markov model says of a sequence is computed by messages
that pass from each time to the next: *forwards*, what is known so far (α̂); *backwards*, what the
rest of the sequence says (β̂). Each circle is one number of one state at one time, and each arrow a
term of it. Choose one, and read how it comes about: in words, as a formula, and with the very
numbers.

**Together.** The product of both messages is γ, the probability of a state once everything is
known; that of a step between two states is ξ. From γ and ξ the next model is learned: they are the
weights of its averages, and the table *From messages to learning* opens that step.

**Viterbi.** The same recursion with the largest term in place of the sum, and in logarithms. Of all
ways into a state only the best is kept; where two are exactly as good, both arrows are drawn.

**Prediction.** What the model expects before it sees an observation. How much the observation was
expected is c, and the sum of all log c is the log-likelihood.

**Why divide by c?** The probability of a whole sequence becomes too small for any number of a
computer. Divided by c at every time, each column adds up to 1, and nothing is lost.

**What if.** Change an observation, or take it away, and see which circles move, before and after
it. The dashed rings are the circles as they were. The data stay as they are.

**Keys.** Arrow keys move the choice from circle to circle. Enter goes to the arrows that lead to
it, up and down choose among them, Escape goes back.
"""

ABOUT_LANDSCAPE = """
**Training climbs.** Every model has a likelihood, so the models are a landscape, and its height
is how well each explains the data. The surface on the left is a cut through it: two numbers vary
across and up, and everything else is as in the model at the iteration shown. Yellow is high.
Spreads and rates have a logarithmic scale, probabilities one on which 0 and 1 lie infinitely far
away.

**The paths** are those of the runs, from the ring at their start. EM goes to the top of a bound
in each step, so it never goes down; gradient ascent follows the slope, and may step over a
summit. While more than the two numbers is trained, the surface moves under the path: a step that
seems to go down went up elsewhere. *Train only these two* holds all other numbers, and the path
lies on the surface.

**Mirror images.** States have no numbers of their own. The true model with two states exchanged,
its *mirror image*, is as likely; its two numbers are another point of the map, exactly as high
where everything else is alike in both states. So most landscapes have several summits that are one
and the same model, and between them lies a *pass*, or a *saddle* where the states are alike.

**Where it ends.** On the right each pixel is a start; everything else is as in the starting point
of the run. From there training climbs until it rests, and the colour says at which optimum.
Pixels of one colour are its *basin*. Optima that differ only in the order of their states count
as one. A few random starts may all miss the best basin, and the share of its pixels says how
probably. Press a pixel, and training starts there; *Adopt* makes an optimum the model.

**Along a line** shows the likelihood on the straight way between two models. Where it falls below
both ends there is a *barrier*, which no small step crosses.
"""

_DENSITY = (
    "**Why can a log-likelihood be positive?** With continuous observations it is the logarithm of "
    "a *density*, not of a probability. A density is larger than 1 where the data lie close "
    "together, and then its logarithm is positive. Compare likelihoods of the same data only."
)

_PROBABILITY = (
    "**Why is a log-likelihood never positive?** {What} are observed with a *probability*, which "
    "is at most 1, so its logarithm is at most 0. Were the observations numbers, it would be the "
    "logarithm of a density, which can exceed 1. Compare likelihoods of the same data only."
)


def about_posterior(data: Dataset) -> str:
    """The text of the Posterior page."""
    likelihood = _PROBABILITY.format(What=data.family.capitalize())
    if FAMILIES[data.family].is_density:
        likelihood = _DENSITY
    return _ABOUT_POSTERIOR.format(likelihood=likelihood)


def about_viterbi(data: Dataset) -> str:
    """The text of the Viterbi page."""
    joint = "It is the logarithm of a probability, so it is never positive."
    if FAMILIES[data.family].is_density:
        joint = "With continuous observations it contains densities, so it may be positive."
    return _ABOUT_VITERBI.format(joint=joint)


def about_playground(data: Dataset) -> str:
    """The text of the Playground."""
    family = FAMILIES[data.family]
    sign = (
        "It may also be\n  *positive*: for continuous observations it is the log of a density, and "
        "a density can exceed one."
        if family.is_density
        else "It is the log of a\n  probability, so it is never positive."
    )
    return _ABOUT_PLAYGROUND.format(
        law=family.law, own=family.own, sign=sign, card=family.card, picture=family.picture
    )
