"""The text under "What am I looking at?" of the Trust page, a part for each section."""

from __future__ import annotations

_ESTIMATES = """
**What was learned, and how well.** Every number that was learned is an estimate: other data from
the same source would have given another one. Its *standard error* says by how much, typically, and
its *interval* where the true number may lie: of all intervals at 95 % about 95 in 100 hold it, if
the model is right and there are data enough.

- **Wald** intervals come from how sharply the likelihood bends at its top. They are quick, and good
  where there are many observations for each number. Those of spreads and rates are made on their
  logarithm, those of probabilities on their log-odds, so that no end is out of range.
- **Profile** intervals hold one number, train all others anew, and go on until the likelihood has
  fallen too far. They take longer, and need not be symmetric.
- A probability that the data hold **at its bound**, 0 or 1, has no standard error, only a limit on
  one side. What **the data do not determine** could be anything: a mean of a state that makes no
  observation, or the weights of a network, of which many sets make the same means.

All of this is about the top of the likelihood, so it means something at a **maximum** only. The
first line says whether the model is one: training on may still help, or a number that is stuck at
zero should rise.
"""

_SLOWNESS = """
**Why EM took so long.** EM guesses the hidden states and learns from the guess. How much of what
complete data would say is *missing*, because nobody sees the states, decides how fast it is: near
the maximum each step leaves that share of the distance, so with 90 % missing it takes 22 steps for
one digit more. The log-likelihood gains the square of it.
"""

_BOOTSTRAP = """
**Would other data say the same.** The *bootstrap* draws data sets from the learned model, trains on
each, and looks how much the numbers vary. That is their standard error without any parabola, and
the middle 95 % of them are an interval. It supposes that the model is right, as all intervals here
do. Each fit starts from the model, so what another start would have found is no part of it.
"""

_RESIDUALS = """
**Does the model look like the data.** A *residual* is where an observation stands in what the model
said of it: its probability of a smaller value, as the quantile of a standard normal. If the model
is right, forecast residuals are standard normal and independent, whatever the data are.

- **Over time** one sees odd values, and stretches in which the model is wrong.
- **The QQ plot** has the residuals in order over where as many normal values would lie; grey is
  what chance makes of each. Points that leave it at both ends are long tails.
- **The autocorrelation** says whether residuals some steps apart have to do with each other. What
  is left there, the states do not account for.

Counts and symbols come in steps, so their residuals are drawn from the step. The tests take into
account that the model was trained on these data, but not how well many states fit chance: a small p
is a sign against the model, a large one no proof for it.
"""

_SIMULATED = """
**Does it make such data.** What one sees in the data should be nothing special among data that the
model draws: how values are spread, how alike they are some steps apart, how long states last. Grey
is the range of simulated data sets, at each place by itself.
"""

_FORECASTS = """
**What comes next.** From what is believed of the last state, the model's transitions say which
state comes after it, and the states what is observed then. The further ahead, the less the present
says: the forecast ends at what the model does in the long run. *Held out*: a model that is
trained without the last tenth foretells it step by step, and one counts how often it was right. A
start that was made from all of the data had seen it, though, and the page says so.
"""

_COVERAGE = """
**How often do intervals hold the truth.** Whoever says 95 % can be tested: draw data from a model
that is known, train, make the interval, look whether it holds the known number, and do so again and
again. With few data the share is lower, for Wald's intervals suppose that there are many.
"""

ABOUT = "\n".join(
    [_ESTIMATES, _BOOTSTRAP, _SLOWNESS, _RESIDUALS, _SIMULATED, _FORECASTS, _COVERAGE]
)
