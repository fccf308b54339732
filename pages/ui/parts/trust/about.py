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

ABOUT = "\n".join([_ESTIMATES, _SLOWNESS])
