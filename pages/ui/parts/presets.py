"""The teaching experiments, in the order in which they are listed.

Data, start and seed of each are chosen so that its outcome is not a matter of luck: it passes
tests/ui/parts/test_outcomes.py by a wide margin, and nearby seeds mostly agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pages.ui.parts.preset import Preset
from pages.ui.settings.config import NOTEBOOK, Config

KNOWN_NOISE = ("initial_probs", "transition_matrix", "means")
PRODUCT = ("initial_probs", "transition_matrix", "locations", "spreads")
SYMBOLS = ("initial_probs", "transition_matrix", "probs")

_PRESETS = (
    Preset(
        "notebook",
        "The notebook's saddle",
        "What can training learn from a start in which all states are alike?",
        "Press Play. Then choose Random as the Starting point, and press Play again.",
        "The first step moves all five means to the average of the data; after it no step gains "
        "anything, however many follow. Nothing tells one state from another, so each gets the "
        "same share of every observation: a *saddle*, where the slope between the states is "
        "exactly zero. From any random start the log-likelihood climbs on, far past the dotted "
        "line: five states are many for twenty observations.",
        {
            **NOTEBOOK,
            "source": "notebook",
            "start": "symmetric",
            "trainable": KNOWN_NOISE,
            "speed": "2",
        },
        frozenset({"start", "start_seed", "nudge"}),
    ),
    Preset(
        "easy",
        "Well apart, slow to change",
        "When states hardly overlap and last a while, how few steps does training need?",
        "Press Play and count the steps to the dotted line. Then open Posterior and Viterbi.",
        "About a dozen. The curve ends a hair above the dotted line, every mean is within 0.1 of "
        "the true one (Posterior), and the path is right at more than 98 of 100 observations "
        "(Viterbi).",
        {
            "num_states": 3,
            "num_sequences": 5,
            "noise_sd": 1.0,
            "persistence": 0.95,
            "separation": 5.0,
            "seed": 1,
            "start": "quantiles",
            "speed": "2",
        },
    ),
    Preset(
        "by-hand",
        "By hand",
        "All that training does is climb. Where is the top for one mean?",
        "Drag the mark of S1 in Means and densities, watch the log-likelihood, then press Play.",
        "At −0.98, and EM takes the mark there too: all other numbers were right already. A "
        "quarter to either side costs 0.07 nats per observation or a little less, and half a unit "
        "about four times as much, for near its top a hill is a parabola. The true mean, −1, is "
        "not quite the top: drawn data have an average of their own, which fits them best.",
        {
            "num_states": 2,
            "num_sequences": 5,
            "separation": 2.0,
            "seed": 0,
            "start": "hand",
            "hand": ((0.5, 0.5), (0.9, 0.1), (0.1, 0.9), (0.5, 1.0), (0.25, 0.25)),
            "speed": "2",
        },
        frozenset({"hand"}),
    ),
    Preset(
        "beat-em",
        "Can you beat EM?",
        "The truth is hidden. How close to the best fit does a hand come?",
        "Drag the marks, the edges of the curves, and the diagonal of the matrix, then press Play.",
        "EM ends at −1.188 nats per observation, and no hand is above it. The start is at −1.669. "
        "Means at −1.5, 0 and 1.5 make −1.534, standard deviations of 0.6 then −1.387, and a "
        "diagonal of 0.9 −1.198. Marks and edges can be seen to fit; how long the states last "
        "shows in no density, and is half of the way. The line beside Play keeps what your hand "
        "reached.",
        {
            "num_states": 3,
            "num_sequences": 5,
            "noise_sd": 0.6,
            "seed": 0,
            "start": "hand",
            "hand": (
                (1 / 3, 1 / 3, 1 / 3),
                (0.6, 0.2, 0.2),
                (0.2, 0.6, 0.2),
                (0.2, 0.2, 0.6),
                (-0.5, 0.0, 0.5),
                (1.0, 1.0, 1.0),
            ),
            "truth": "hidden",
            "speed": "2",
        },
        frozenset({"hand"}),
    ),
    Preset(
        "overlapping",
        "Overlapping noise",
        "When one observation cannot tell the states apart, what does its place in time reveal?",
        "Press Play, compare the two paths, and open Viterbi.",
        "Taken alone, the nearest mean names the right state for 7 of 10 observations (Viterbi: "
        "each observation alone). The model knows that states last, weighs the neighbours, and is "
        "right for more than 9 of 10.",
        {
            "num_states": 3,
            "num_sequences": 10,
            "noise_sd": 1.0,
            "persistence": 0.95,
            "separation": 1.5,
            "seed": 3,
            "start": "quantiles",
        },
    ),
    Preset(
        "sticky",
        "Sticky states",
        "A visit to a state lasts 50 steps on average. Can training tell changes from noise?",
        "Press Play, compare the diagonals of the matrices, and open Viterbi.",
        "Yes: the learned diagonal is within 0.01 of the true 0.98 (Posterior), and the Viterbi "
        "path changes state about as often as the true path. Naming each observation alone, by the "
        "nearest mean, would change state nearly twenty times as often (Viterbi).",
        {
            "num_states": 3,
            "length": 500,
            "num_sequences": 5,
            "noise_sd": 1.0,
            "persistence": 0.98,
            "separation": 2.0,
            "seed": 4,
            "start": "quantiles",
        },
    ),
    Preset(
        "fast-switching",
        "Fast switching",
        "The state almost never stays for a second step. Does the past still help to name it?",
        "Press Play, and compare the transition matrices; then open Viterbi.",
        "Hardly. The learned diagonal comes close to zero, as it should, but knowing where the "
        "chain was only rules out one state of three: about 84 of 100 observations are named "
        "right, against 80 by the nearest mean alone (Viterbi). Training needs many more steps, "
        "too.",
        {
            "num_states": 3,
            "num_sequences": 10,
            "noise_sd": 1.0,
            "persistence": 0.05,
            "separation": 2.0,
            "seed": 2,
            "start": "kmeans",
            "speed": "50",
        },
    ),
    Preset(
        "left-right",
        "Only forward",
        "Stages that never return: can training bring back a transition that starts at zero?",
        "Press Play, look at the zeros of both matrices, and open Viterbi.",
        "Never. A step multiplies each transition by how often it is expected, so zero stays "
        "exactly zero: the learned matrix has its zeros where the true one has them. That helps, "
        "and more than 95 of 100 observations are named right (Viterbi).",
        {
            "num_states": 4,
            "length": 60,
            "noise_sd": 1.0,
            "structure": "left-right",
            "separation": 2.0,
            "seed": 1,
            "start": "near-truth",
            "speed": "2",
        },
    ),
    Preset(
        "too-many-states",
        "Too many states",
        "Three states made these data. What do six make of them?",
        "Press Play. Then set States K to 3, and press Play again.",
        "With six states the log-likelihood rises well above the dotted line, and higher than with "
        "three: spare states fit chance. The gain does not pay for their parameters, so the BIC, "
        "which charges for each, prefers three. More likely is not more true.",
        {
            "num_states": 6,
            "true_states": 3,
            "length": 100,
            "num_sequences": 5,
            "noise_sd": 1.0,
            "separation": 4.0,
            "seed": 0,
            "start": "quantiles",
            "speed": "50",
        },
        frozenset({"num_states"}),
    ),
    Preset(
        "too-few-states",
        "Too few states",
        "Four states made these data. What do two make of them?",
        "Press Play. Then set States K to 4, and press Play again.",
        "With two states the curve stays far below the dotted line: each has to cover two of the "
        "true ones, so its standard deviation is more than twice the true 1 (Posterior, What was "
        "learned). With four the curve reaches the line.",
        {
            "num_states": 2,
            "true_states": 4,
            "num_sequences": 5,
            "noise_sd": 1.0,
            "separation": 4.0,
            "seed": 2,
            "start": "quantiles",
        },
        frozenset({"num_states"}),
    ),
    Preset(
        "tiny-data",
        "Tiny data",
        "With thirty observations, how can the learned model beat the one that made them?",
        "Press Play. Then set Sequences N to 100, and press Play again.",
        "It fits their chance. The curve passes the dotted line by almost 0.2 nats per "
        "observation, yet on new data the same model does worse than the true one by more than a "
        "nat (Posterior, on new data). With 100 sequences there is little chance left to fit: the "
        "curve ends on the line.",
        {
            "num_states": 3,
            "length": 30,
            "num_sequences": 1,
            "noise_sd": 1.0,
            "separation": 3.0,
            "seed": 5,
            "start": "kmeans",
            "trainable": KNOWN_NOISE,
        },
        frozenset({"num_sequences"}),
    ),
    Preset(
        "local-optimum",
        "Local optimum",
        "The curve is flat and below the dotted line. Is that the best there is?",
        "Press Play until the curve is flat. Then press New start, and Play again.",
        "No. This start ends in a *local optimum*, 0.36 nats per observation below the next "
        "start, which reaches the dotted line. EM only climbs, so it cannot leave the hill it "
        "began on. Go on with New start and Play: of ten starts in a row seven reach the best one.",
        {
            "num_states": 4,
            "length": 100,
            "num_sequences": 10,
            "separation": 2.0,
            "seed": 1,
            "start_seed": 3,
        },
        frozenset({"start_seed"}),
    ),
    Preset(
        "label-switching",
        "Label switching",
        "Two starts, one optimum: do they also agree which state is the first?",
        "Press Play to the end. Then press New start, Play again, and turn on As numbered by the "
        "run.",
        "No. Both curves end at the same log-likelihood, with the same states, but numbered "
        "otherwise: start 0 happens to number them as the truth does, start 1 has S1 and S2 the "
        "other way round. Numbers mean nothing to the likelihood, and any order is as good. Turn "
        "the switch off, and the states are matched to the true ones before they are drawn: "
        "colours are back where they belong.",
        {
            "num_states": 3,
            "length": 100,
            "num_sequences": 10,
            "separation": 2.0,
            "seed": 2,
            "start_seed": 0,
        },
        frozenset({"start_seed"}),
    ),
    Preset(
        "cyclic",
        "Round and round",
        "States follow each other in a fixed order. Does training discover it?",
        "Press Play, and compare the transition matrices.",
        "Yes, although nobody told it: each state either stays or goes on to the next, and every "
        "other transition ends below 0.01.",
        {
            "num_states": 4,
            "num_sequences": 10,
            "noise_sd": 1.0,
            "structure": "cyclic",
            "persistence": 0.6,
            "separation": 2.0,
            "seed": 0,
            "start": "kmeans",
            "speed": "50",
        },
    ),
    Preset(
        "twins",
        "Twins",
        "S2 and S4 make exactly the same values. Can their place in the cycle tell them apart?",
        "Press Play, and look for the two curves that lie on each other. Then open Viterbi.",
        "Yes. The means of S2 and S4 end within 0.15 of each other (Posterior, What was learned), "
        "and still more than 9 of 10 observations are named right: after S1 comes S2, after S3 "
        "comes S4. By their values alone it would be less than 7 of 10 (Viterbi).",
        {
            "num_states": 4,
            "num_sequences": 10,
            "noise_sd": 1.0,
            "structure": "cyclic",
            "persistence": 0.6,
            "mean_law": "edited",
            "means_table": ((-3.0, 0.0, 3.0, 0.0),),
            "seed": 1,
            "start": "near-truth",
        },
    ),
    Preset(
        "filter-smoother",
        "Filter against smoother",
        "What do tomorrow's observations do to what is believed of today?",
        "Press Play. Then open Posterior, and switch from Smoothed to Filtered and back.",
        "They settle doubts. As data come in (Filtered) the most probable state is right for 86 "
        "of 100 observations, and a doubt of 0.50 bits is left on average; with what comes later "
        "(Smoothed) it is 90, and 0.38 bits. At a change of state the filter lags: it waits for a "
        "second observation, where the smoother looks ahead. At the last step both are the same.",
        {
            "num_states": 2,
            "num_sequences": 10,
            "noise_sd": 1.0,
            "persistence": 0.9,
            "separation": 1.5,
            "seed": 2,
            "start": "quantiles",
        },
    ),
    Preset(
        "positive-likelihood",
        "Why is the log-likelihood positive?",
        "The logarithm of a probability is never above 0. Why is this one?",
        "Press Play, and read the axes. Then set Noise σ to 1, and press Play again.",
        "Numbers have a *density*, not a probability, and a density is high where data lie close "
        "together: read the axis of Means and densities, which goes beyond 2. So its logarithm "
        "may be positive, here 1.22 nats per observation. With σ = 1 the same states spread "
        "twenty times as wide, no density reaches 1, and it is −1.68. Only differences on the "
        "same data mean something.",
        {
            "num_states": 3,
            "num_sequences": 5,
            "noise_sd": 0.05,
            "separation": 2.0,
            "seed": 1,
            "start": "quantiles",
            "speed": "2",
        },
        frozenset({"noise_sd"}),
    ),
    Preset(
        "one-sequence",
        "One sequence says nothing about π",
        "Sequences begin in any of three states, equally often. What does one of them say?",
        "Press Play, and open Posterior. Then set Sequences N to 100, and press Play again.",
        "Nothing but where it began itself: it is most likely if that was sure to happen, so the "
        "learned π is 1, 0 and 0 (Posterior, Learned transition matrix), where the true one is a "
        "third each. A is within 0.05 all the same, for one sequence has many transitions. With "
        "100 sequences every entry of π is within 0.05 too.",
        {
            "num_states": 3,
            "length": 100,
            "num_sequences": 1,
            "noise_sd": 0.7,
            "separation": 2.0,
            "seed": 5,
            "start": "quantiles",
        },
        frozenset({"num_sequences"}),
    ),
    Preset(
        "umbrella",
        "The umbrella world",
        "Underground one sees only whether somebody brings an umbrella. On which days did it rain?",
        "Press Play. Then open Posterior, and switch from Smoothed to Filtered.",
        "In sequence 1 it rains on all days but the third, and so the umbrellas say. As the days "
        "come in (Filtered), rain has the probabilities 0.82, 0.88, 0.19, 0.73, 0.87 under the "
        "true model; with all five known (Smoothed) 0.87, 0.82, 0.31, 0.82, 0.87: the published "
        "figures of Russell and Norvig's *Artificial Intelligence*. What was learned from 1000 "
        "such weeks agrees to 0.05.",
        {
            "family": "symbols",
            "num_symbols": 2,
            "num_states": 2,
            "length": 5,
            "num_sequences": 1000,
            "persistence": 0.7,
            "symbols_table": ((0.9, 0.1), (0.2, 0.8)),
            "state_names": ("rain", "sun"),
            "symbol_names": ("umbrella", "none"),
            "seed": 73,
            "start": "near-truth",
            "trainable": SYMBOLS,
            "speed": "50",
        },
    ),
    Preset(
        "casino",
        "The dishonest casino",
        "A casino now and then swaps its fair die for a loaded one. Do the rolls alone tell when?",
        "Press Play, look at how often each die shows a six, and open Viterbi.",
        "They do. The learned loaded die shows a six about every other time, the fair one about "
        "every sixth (Posterior, What was learned). Which die was thrown is named right for 4 of 5 "
        "rolls (Viterbi): better than always saying fair, and never certain, since a fair die "
        "shows sixes too.",
        {
            "family": "symbols",
            "num_symbols": 6,
            "num_states": 2,
            "length": 300,
            "num_sequences": 5,
            "structure": "edited",
            "transition_table": ((0.95, 0.05), (0.1, 0.9)),
            "symbols_table": ((1 / 6,) * 6, (0.1,) * 5 + (0.5,)),
            "state_names": ("fair", "loaded"),
            "seed": 0,
            "start": "kmeans",
            "trainable": SYMBOLS,
        },
    ),
    Preset(
        "four-neurons",
        "Four neurons, two moods",
        "Four neurons are counted at once. Do they say together what none of them says alone?",
        "Press Play, look at the four panels, and open Viterbi.",
        "They do. When the mood changes each neuron fires more often or less, and none of them by "
        "so much that its few counts would tell. The neuron n1 alone names 7 of 10 moods right, "
        "the best of the four 96 of 100, and all four together 98 of 100 (Viterbi): given the mood "
        "they are independent, so what each says is added.",
        {
            "family": "product",
            "kinds": "cccc",
            "num_states": 2,
            "length": 250,
            "num_sequences": 8,
            "persistence": 0.97,
            "parts_table": ((0.6, 0.95), (1.8, 0.6), (0.3, 1.5), (2.0, 0.8)),
            "state_names": ("calm", "alert"),
            "seed": 2,
            "start": "kmeans",
            "trainable": PRODUCT,
        },
    ),
    Preset(
        "umbrella-by-hand",
        "The umbrella by hand",
        "Five days and two states: can the published figures be found with a pencil?",
        "Open Messages, look at rain at t = 2, and multiply. Then choose Together.",
        "Yes, each is a short sum. Rain at t = 2 is 0.8182 × 0.7 × 0.9 and 0.1818 × 0.3 × 0.9, "
        "together 0.56455; divided by c, 0.6391, it is 0.8834. Together, with what comes later, "
        "rain has 0.87, 0.82, 0.31, 0.82 and 0.87: the published figures of Russell and Norvig's "
        "*Artificial Intelligence* (Messages, the true model).",
        {
            "family": "symbols",
            "num_symbols": 2,
            "num_states": 2,
            "length": 5,
            "num_sequences": 1,
            "persistence": 0.7,
            "symbols_table": ((0.9, 0.1), (0.2, 0.8)),
            "state_names": ("rain", "sun"),
            "symbol_names": ("umbrella", "none"),
            "seed": 7,
            "start": "near-truth",
            "trainable": SYMBOLS,
            "message_model": "true",
            "cell": "2.1",
        },
    ),
    Preset(
        "first-step",
        "The notebook's first step",
        "The notebook moves once before its first observation. Is that the same model?",
        "Open Messages, and read both ways to S1 at t = 1.",
        "No: whoever moves first puts π · A in place of π. The right way has one term, and gives "
        "S1 the probability 0.1966; the notebook's way has five, and gives it 0.3489. Everything "
        "after it moves too: the log-likelihood of sequence 1 is −16.6420, and −16.9022 the "
        "notebook's way (Messages, the true model).",
        {
            **NOTEBOOK,
            "source": "notebook",
            "start": "near-truth",
            "trainable": ("initial_probs", "transition_matrix"),
            "message_model": "true",
            "cell": "1.1",
        },
    ),
    Preset(
        "two-answers",
        "Why Viterbi and the per-step best differ",
        "States come in turn, S1, S2, S3. Can the best state at each time be a wrong path?",
        "Open Messages, look at S1 and S2 at t = 5, and switch between Viterbi and Together.",
        "It can be an impossible one. Together, S3 is the likeliest at t = 4 with 0.45, and S2 at "
        "t = 5 with 0.47; but no step leads from S3 to S2. Viterbi asks for one whole path: it "
        "passes through S1 at t = 5, which has only 0.40, and is right (Messages, the true model).",
        {
            "num_states": 3,
            "length": 30,
            "num_sequences": 1,
            "noise_sd": 1.0,
            "structure": "cyclic",
            "persistence": 0.6,
            "separation": 1.5,
            "seed": 38,
            "start": "near-truth",
            "message_model": "true",
            "message_pass": "together",
            "cell": "5.2",
        },
    ),
    Preset(
        "saddle-map",
        "The map of the saddle",
        "In the notebook's start all states are alike. From which starts near it does EM get away?",
        "Open Landscape, and look at the map's diagonal.",
        "From all where the two means differ. On the diagonal they are equal: no step tells these "
        "two states apart, and none of the 64 starts there ends above −30.32; every other one "
        "does. The best optimum is at −29.92, but only 8 in 100 starts reach it, so that ten "
        "random starts all miss it with probability 0.45 (Landscape).",
        {
            **NOTEBOOK,
            "source": "notebook",
            "start": "symmetric",
            "trainable": ("transition_matrix", "means"),
        },
    ),
    Preset(
        "mirror",
        "Two hills, one mirror",
        "The surface has two summits. Are there two answers?",
        "Open Landscape, and compare the summits with the colours of the map.",
        "One: both are at −1.949, for to exchange two states changes nothing but their numbers. "
        "The map counts them as one optimum, and 98 of 100 starts reach it, whichever summit is "
        "nearer. The others lie on the diagonal, where both states are alike: they end at the "
        "saddle between the hills, with a log-likelihood of −2002.98 in place of −1671.01 "
        "(Landscape).",
        {
            "num_states": 2,
            "num_sequences": 5,
            "separation": 3.0,
            "noise_sd": 1.0,
            "seed": 0,
            "start": "symmetric",
        },
    ),
    Preset(
        "far",
        "A start too far",
        "No observation is above 6. What becomes of a state that starts at 20?",
        "Open Landscape, press Play, and look at where training ends on the map.",
        "It is never used: where the other state always explains more, it gets no observation, and "
        "nothing moves it. Training ends at −2.217 nats per observation; from 49 of 100 starts on "
        "this map it reaches −1.704 in place of that, and from 44 a state is left empty "
        "(Landscape). So a good start lies among the data.",
        {
            "num_states": 2,
            "num_sequences": 5,
            "separation": 4.0,
            "noise_sd": 1.0,
            "seed": 0,
            "start": "hand",
            "hand": ((0.5, 0.5), (0.9, 0.1), (0.1, 0.9), (0.0, 20.0), (1.0, 1.0)),
            "speed": "2",
        },
    ),
    Preset(
        "momentum",
        "Where momentum overshoots",
        "Both paths lead to the same summit. Which of them passes it?",
        "Open Landscape, press Play, and follow both paths. Then open Training.",
        "Only the gradient's. Momentum keeps the direction of the steps before, so the path goes "
        "more than one unit too far, turns, and swings around the summit: the likelihood falls in "
        "more than sixty of its steps. EM goes to the top of a bound in each step, is there "
        "after fourteen, and falls in none (Training: Dips).",
        {
            "num_states": 2,
            "num_sequences": 5,
            "separation": 3.0,
            "noise_sd": 1.0,
            "seed": 0,
            "start": "hand",
            "hand": ((0.5, 0.5), (0.9, 0.1), (0.1, 0.9), (3.5, 1.0), (1.0, 1.0)),
            "method": "Both",
            "optimizer": "momentum",
            "learning_rate": 0.2,
            "trainable": ("means",),
            "only": "means.1~means.2",
        },
    ),
    Preset(
        "noise-flattens",
        "Noise flattens the land",
        "What does noise do to the hills that training climbs?",
        "Open Landscape, and read the summits and the pass. Then set Noise σ to 2.",
        "It levels them. With 0.5 the way from one summit to the other goes down by 3.88 nats per "
        "observation, from −1.127 to the pass at −5.01; with 2 it goes down by 0.11, from −2.28 to "
        "−2.393. The states are as far apart as before, but one observation says less about which "
        "of them made it (Landscape).",
        {
            "num_states": 2,
            "num_sequences": 5,
            "separation": 3.0,
            "noise_sd": 0.5,
            "seed": 0,
            "start": "quantiles",
            "trainable": ("means",),
            "only": "means.1~means.2",
        },
        frozenset({"noise_sd"}),
    ),
    Preset(
        "how-sure",
        "How sure is ±?",
        "Of a hundred 95 % intervals, ninety-five should hold the truth. Do they?",
        "Open Trust, press Draw, fit and count. Then set Sequences N to 1, and count again.",
        "With 20 sequences they do: of 400 intervals for the two means 380 hold the true one, "
        "95.0% ± 1.1% (Trust). With one sequence of thirty observations it is 87.1% ± 1.8%. What "
        "stands behind ± takes the top of the likelihood for a parabola, and thirty observations "
        "do not make one. π has no such interval at all then: it is fitted at 0 or 1.",
        {
            "num_states": 2,
            "length": 30,
            "noise_sd": 1.0,
            "separation": 3.0,
            "seed": 1,
            "start": "quantiles",
        },
        frozenset({"num_sequences"}),
    ),
    Preset(
        "zero-estimate",
        "A zero is no estimate",
        "In sixty steps S1 never went to S2. Can it not?",
        "Press Play, open Trust, choose Profile and compute it. Then set Sequences N to 20.",
        "It can: 23 steps from S1 without a change say only that changes are rare. The likelihood "
        "is highest at exactly 0, where there is no standard error, but the profile interval goes "
        "from 0 to 0.058 and holds the true 0.03 (Trust). With 20 sequences the estimate is 0.024, "
        "with an interval on both sides of it. A zero that was learned has not been seen yet; only "
        "one that you put into the start is meant.",
        {
            "num_states": 2,
            "length": 60,
            "num_sequences": 1,
            "noise_sd": 1.0,
            "persistence": 0.97,
            "separation": 4.0,
            "seed": 15,
            "start": "quantiles",
            "speed": "50",
        },
        frozenset({"num_sequences"}),
    ),
    Preset(
        "residual-states",
        "Too many states, seen in the residuals",
        "Three states made these data. Do the residuals of six say that six are too many?",
        "Press Play, and open Trust. Then set States K to 2, and press Play again.",
        "No: residuals show what a model lacks, not what it has too much of. Those of six pass, "
        "with p = 0.93 for their distribution and 0.66 for their memory. Those of two fail at "
        "both: one state stands for two of the true ones, and residuals one step apart correlate "
        "by 0.34. What is too much shows in the intervals: with six the standard error of a mean "
        "goes up to 0.27, where three have 0.09 at most (Trust).",
        {
            "num_states": 6,
            "true_states": 3,
            "length": 100,
            "num_sequences": 5,
            "noise_sd": 1.0,
            "separation": 4.0,
            "seed": 2,
            "start": "quantiles",
            "speed": "max",
        },
        frozenset({"num_states"}),
    ),
    Preset(
        "flicker",
        "A prior against flicker",
        "With few and noisy data a model may flicker between states. What does a prior do?",
        "Press Play and open Viterbi. Then set Sticky prior to 50, and press Play.",
        "It stops it. The likelihood alone is highest, −1.478, with two states that take turns: "
        "the Viterbi path changes state 71 times where the true path does 6 times, and is right "
        "at 76 of 100 observations. The prior thinks to have seen each state stay 50 steps. Then "
        "the likelihood ends at −1.506, lower but nearer the dotted line, and the path changes "
        "5 times and is right at 93 of 100 (Viterbi).",
        {
            "num_states": 3,
            "num_sequences": 1,
            "separation": 1.0,
            "noise_sd": 1.0,
            "persistence": 0.97,
            "seed": 3,
            "start": "quantiles",
            "speed": "max",
        },
        frozenset({"sticky_prior"}),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _PRESETS})
"""Name to preset."""


def matching_preset(config: Config) -> Preset | None:
    """The preset that `config` matches, or None."""
    return next((preset for preset in PRESETS.values() if preset.matches(config)), None)
