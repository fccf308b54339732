"""All controls in one table: type, default, bounds, label, help and name in the URL.

The widgets and the URL (`address.py`) are derived from the attributes of `Config`, so a control
cannot be missing from one of them. A `Config` is an immutable value: equal ones describe the same
experiment. Rules between several fields are in `config_rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pages.ui.glossary import GLOSSARY
from pages.ui.settings.coordinates import AUTO, MODELS
from pages.ui.settings.families import FAMILIES, MAX_DIMENSIONS, MAX_SYMBOLS, TOGETHER
from pages.ui.settings.field import Field, control, fields_of
from pages.ui.settings.lesson import Lesson
from pages.ui.settings.table_rules import ANY, PARTS, STATES, SYMBOLS, Table

MAX_CELLS = 2_000_000
"""Bound on K × M × N, the number of cells of a posterior. It keeps one training step well below
the time in which a page has to respond, and its arrays within some tens of megabytes."""

MAX_STATES = 20

MAX_WINDOW = 12
"""The most steps of a sequence that the Messages page shows beside each other."""

MAX_HAND_ROWS = 1 + MAX_STATES + MAX_DIMENSIONS * max(1 + MAX_DIMENSIONS, MAX_SYMBOLS)
"""Of π, A, means and covariances, or symbol probabilities of each part."""

MAX_ALONE = 8
"""Numbers of a model that may be trained alone."""

LINE_ENDS: Mapping[str, str] = {
    "start": "The start",
    "learned": "The learned model",
    "truth": "The true model",
    **{f"optimum{number}": f"Optimum {number}" for number in range(1, 6)},
}
"""Models that a line can lead from and to."""


NUMBER = r"-?\d{1,12}(\.\d{0,17})?(e[-+]?\d{1,3})?"
"""A number in the address."""


@dataclass(frozen=True)
class Config:
    """All that a visitor has chosen."""

    # fmt: off
    source: str = control(
        "data", "Data", "generated",
        "Where the data come from: drawn from a model that you set up here, the teaching "
        "notebook's own two sequences, or a file of yours.",
        "data",
        choices={
            "generated": "Generated",
            "notebook": "The notebook's own data",
            "upload": "Your CSV file",
        },
    )
    family: str = control(
        "family", "Observations", "numbers",
        "What is observed at each step. Numbers: any value, spread around a mean. Counts: 0, 1, "
        "2, …, such as events in a day. Symbols: one of a few kinds, such as the faces of a die. "
        "Points: two numbers at a time. Several at once: things of different kinds beside each "
        "other.",
        "data",
        choices={name: family.label for name, family in FAMILIES.items()},
        omit_default=True,
    )
    num_states: int = control(
        "K", "States K", 5,
        "How many hidden states there are. Each makes observations of its own kind, which do not "
        "say which state made them. Finding that out is what the model learns.",
        "data", minimum=1, maximum=MAX_STATES, step=1,
    )
    length: int = control(
        "M", "Length M", 200,
        "How many observations each sequence has. Longer sequences show each transition more "
        "often, so the transition matrix is learned better.",
        "data", minimum=2, maximum=100_000, step=10,
    )
    num_sequences: int = control(
        "N", "Sequences N", 20,
        "How many independent sequences there are. Each one starts afresh, so the initial "
        "probabilities π can only be learned from several.",
        "data", minimum=1, maximum=1_000, step=1,
    )
    noise_sd: float = control(
        "noise", "Noise σ", 0.5,
        "Standard deviation of the observations around the mean of their state. When it is large "
        "against the distance between the means, states overlap and are hard to tell apart.",
        "data", minimum=0.05, maximum=5.0, step=0.05,
    )
    covariance_type: str = control(
        "cov", "Covariances Σ", "diag",
        "The shape of a state's cloud of points. Diagonal: its coordinates vary independently, so "
        "its ellipse stands upright. Full: they vary together, so it may lean to one side. It "
        "holds for the true model and for the one that learns.",
        "data", choices={"diag": "Diagonal", "full": "Full"}, omit_default=True,
    )
    kinds: str = control(
        "kinds", "At once", "ccn",
        "What is observed together at each step. Given the state each is drawn by itself: a count "
        "around its rate, a number around its mean, a symbol by its probabilities. What tells two "
        "states apart adds up.",
        "data",
        choices={name: word for name, (word, _) in TOGETHER.items()},
        omit_default=True,
    )
    num_symbols: int = control(
        "C", "Symbols C", 6,
        "How many different symbols there are. With few of them a single one says little about "
        "its state, and the model depends more on their order in time.",
        "data", minimum=2, maximum=MAX_SYMBOLS, step=1, omit_default=True,
    )
    sharpness: float = control(
        "sharp", "Sharpness", 1.0,
        "How much each state prefers its own symbol, its favourite: every symbol further away is "
        "rarer by the factor e to this power. At 0 all states make all symbols alike, and nothing "
        "can be learned about them.",
        "data", minimum=0.0, maximum=5.0, step=0.1, omit_default=True,
    )
    seed: int = control(
        "seed", "Seed", 8,
        f"{GLOSSARY['Seed']} Another seed gives other data of the same kind.",
        "data", minimum=0, maximum=999_999, step=1,
    )
    true_states: int = control(
        "true_K", "True states", 0,
        "How many states really make the data. As many as K: each learned state has a true one to "
        "be compared with. Another number shows what a model with too many or too few states does.",
        "data", minimum=0, maximum=MAX_STATES, step=1, zero="same as K", omit_default=True,
    )
    structure: str = control(
        "structure", "Transitions", "sticky",
        "How the states follow each other. Random: each row of A is the softmax of normal draws, "
        "as in the notebook. Sticky: a state tends to stay. Cyclic: states come in turn. "
        "Left to right: states are passed once and never come back. Edited: your own table from "
        "the Data page.",
        "data",
        choices={
            "softmax": "Random (softmax)",
            "sticky": "Sticky",
            "cyclic": "Cyclic",
            "left-right": "Left to right",
            "edited": "Edited table",
        },
    )
    persistence: float = control(
        "stay", "Persistence", 0.9,
        "Probability of staying in the same state from one step to the next. At 0.9 a visit lasts "
        "ten steps on average.",
        "data", minimum=0.0, maximum=0.99, step=0.01,
    )
    mean_law: str = control(
        "means", "Means", "spaced",
        "Where the means of the states lie. Logarithmic: log(z + 1) for states z = 0, 1, …, as in "
        "the notebook; they crowd together. Evenly spaced: the same distance between neighbours. "
        "Edited: your own table from the Data page.",
        "data",
        choices={"log": "Logarithmic", "spaced": "Evenly spaced", "edited": "Edited table"},
    )
    separation: float = control(
        "apart", "Separation", 1.5,
        "Distance between neighbouring states. For numbers and points, between their means: "
        "compare it with the noise, at four times σ states hardly overlap. For counts, between "
        "their rates, in standard deviations: the larger the counts, the further apart.",
        "data", minimum=0.1, maximum=10.0, step=0.1,
    )
    initial_table: Table | None = control(
        "pi", "Initial probabilities π", None,
        "Your own π, from the Data page.", "data", table=(1, STATES),
    )
    transition_table: Table | None = control(
        "A", "Transition matrix A", None,
        "Your own A, from the Data page.", "data", table=(STATES, STATES),
    )
    means_table: Table | None = control(
        "mu", "Means μ", None,
        "Your own means, from the Data page.", "data", table=(1, STATES),
    )
    rates_table: Table | None = control(
        "lambda", "Rates λ", None,
        "Your own rates, from the Data page.", "data", table=(1, STATES),
    )
    symbols_table: Table | None = control(
        "B", "Symbol probabilities B", None,
        "Your own symbol probabilities, from the Data page.", "data", table=(STATES, SYMBOLS),
    )
    points_table: Table | None = control(
        "centres", "Means μ", None,
        "Your own means in two dimensions, from the Data page.", "data", table=(2, STATES),
    )
    parts_table: Table | None = control(
        "parts", "Means and rates", None,
        "Your own means and rates of what is observed together, from the Data page.", "data",
        table=(PARTS, STATES),
    )
    state_names: tuple[str, ...] = control(
        "names", "Names of the states", (),
        "What the states are called, in their order and separated by commas: rain, sun. A state "
        "without a name keeps its number: S1, S2, …",
        "names", names=MAX_STATES, omit_default=True,
    )
    symbol_names: tuple[str, ...] = control(
        "symbols", "Names of the symbols", (),
        "What the symbols are called, in their order and separated by commas: umbrella, none. A "
        "symbol without a name keeps its number.",
        "names", names=MAX_SYMBOLS, omit_default=True,
    )
    start: str = control(
        "start", "Starting point", "random",
        "The model that training starts from; it decides which optimum is reached. Symmetric: all "
        "states alike, as in the notebook; nothing can tell them apart, so training is stuck. "
        "Random: drawn from the data. Best of several: some sixty candidates are trained for a "
        "while, and the best is taken. k-means and quantiles: from the shape of the data. Near "
        "the truth: the true model, shaken. By hand: the model that is shown, for you to change by "
        "dragging. Your model: the one opened or kept on the Data page.",
        "start",
        choices={
            "random": "Random",
            "best": "Best of several",
            "kmeans": "k-means",
            "quantiles": "Quantiles",
            "near-truth": "Near the truth",
            "symmetric": "Symmetric (stuck)",
            "hand": "By hand",
            "model": "Your model",
        },
    )
    start_seed: int = control(
        "start_seed", "Start number", 0,
        "Which of the random starting points is taken. The button New start goes to the next.",
        "start", minimum=0, maximum=999_999, step=1,
    )
    mean_model: str = control(
        "model", "Model of the means", "free",
        "Where the means of the learned model come from. Free: each state has a mean of its own. "
        "Network: a small neural network turns a state's few numbers into its mean, as in the "
        "notebook's sketch, and training moves its weights.",
        "start", choices={"free": "Free", "network": "A small network"}, omit_default=True,
    )
    nudge: int = control(
        "nudge", "Nudge", 0,
        "0 takes the starting point as it is. Any other number moves every state a little, each "
        "its own way, so that states which were alike no longer are; another number is another "
        "way.",
        "start", minimum=0, maximum=999, step=1, omit_default=True,
    )
    hand: Table | None = control(
        "hand", "The model made by hand", None,
        "What the hand made: a row of π, the rows of A, and rows of what the states emit.",
        "start", table=(ANY, STATES),
    )
    method: str = control(
        "method", "Method", "EM",
        f"How the model learns. EM: {GLOSSARY['EM']} Gradient: {GLOSSARY['Gradient ascent']} Both "
        "start from the same model.",
        "training", choices={"EM": "EM", "Gradient": "Gradient", "Both": "Both"},
    )
    learning_rate: float = control(
        "rate", "Learning rate", 0.05,
        f"{GLOSSARY['Learning rate']} Too small crawls, too large jumps over the "
        "optimum. It can be changed while training runs.",
        "training", minimum=0.0001, maximum=10.0, step=0.01,
    )
    optimizer: str = control(
        "optimizer", "Optimizer", "adam",
        "Adam adapts the step of each parameter to its recent slopes. Momentum rolls like a heavy "
        "ball: nine tenths of its last step, and the slope on top. Plain takes the slope as it is, "
        "and needs a larger learning rate.",
        "training", choices={"adam": "Adam", "momentum": "Momentum", "plain": "Plain"},
    )
    learning_rate_sweep: str = control(
        "fan", "Learning-rate sweep", "off",
        "Trains further gradient runs from the same start, with learning rates around the chosen "
        "one; five rates at most. The Training page draws them all; other pages show the chosen "
        "rate. When the rate or the optimizer changes, each goes on from where it is.",
        "training",
        choices={
            "off": "Off",
            "3": "3 rates: ÷3 to ×3",
            "5": "5 rates: ÷10 to ×10",
        },
    )
    trainable: tuple[str, ...] = control(
        "train", "What is trained",
        ("initial_probs", "transition_matrix", "means", "covariances"),
        "Parameters that training may change; the others keep the value of the starting point. "
        "Initial: in which state a sequence begins, π. Transitions: the matrix A. The rest is what "
        "the states emit. Without Noise or Covariances, the spread is known, as in the notebook.",
        "start",
        choices={
            name: word
            for family in reversed(FAMILIES.values())
            for name, word in family.trainable.items()
        },
        multiple=True,
    )
    only: str = control(
        "only", "Trained alone", "",
        "The only numbers of the model that training may change, as in means.1~means.2; all others "
        "keep the value of the starting point.",
        "start", coordinates=MAX_ALONE, words=("",), omit_default=True,
    )
    chain: str = control(
        "chain", "Chain", "free",
        "Where the model's states may go. Anywhere: every step is possible until the data rule it "
        "out. Left to right: to stay, or on to the next; a sequence begins in the first state and "
        "may end in any. Cyclic: likewise, and from the last to the first. What is ruled out is "
        "zero in the starting point, and training keeps a zero.",
        "start",
        choices={"free": "Anywhere", "left-right": "Left to right", "cyclic": "Cyclic"},
        omit_default=True,
    )
    stays: str = control(
        "stays", "Staying", "own",
        "Each its own: every state learns how long it lasts. One for all: all states stay with the "
        "same probability and share out the rest alike, so that A has one number to learn. In a "
        "left-to-right chain the last state cannot but stay.",
        "start", choices={"own": "Each its own", "shared": "One for all"}, omit_default=True,
    )
    spread: str = control(
        "spread", "Spread", "data",
        "What the states' spreads may be. Tied: one for all states. Spherical: a circle, as wide "
        "in every coordinate. Diagonal: an upright ellipse. Full: an ellipse that may lean. The "
        "fewer numbers, the less a state can bend to a few observations.",
        "start",
        choices={
            "data": "As the data are set up",
            "spherical": "Spherical",
            "diag": "Diagonal",
            "full": "Full",
            "tied": "Tied",
        },
        omit_default=True,
    )
    held_at: str = control(
        "held", "Held at", "start",
        "What means, rates or symbol probabilities are while they are not chosen under What is "
        "trained: those of the starting point, or those of the model that made the data, if it is "
        "known and has as many states.",
        "start", choices={"start": "The starting point's", "true": "The true ones"},
        omit_default=True,
    )
    sticky_prior: float = control(
        "sticky", "Sticky prior", 0.0,
        "How many steps of staying each state is thought to have made before any data are seen. "
        "States last longer then, and what is learned flickers less. Training climbs the "
        "log-posterior.",
        "start", minimum=0.0, maximum=100_000.0, step=10.0, omit_default=True,
    )
    transition_prior: float = control(
        "prior_A", "Prior on A", 0.0,
        "How many steps each state is thought to have made to every state, itself among them, "
        "before any data are seen. Rows of A are drawn together, and nothing that is possible "
        "becomes impossible.",
        "start", minimum=0.0, maximum=100_000.0, step=1.0, omit_default=True,
    )
    initial_prior: float = control(
        "prior_pi", "Prior on π", 0.0,
        "How many sequences are thought to have begun in each state before any data are seen.",
        "start", minimum=0.0, maximum=100_000.0, step=1.0, omit_default=True,
    )
    spread_prior: float = control(
        "prior_sd", "Prior on the spread", 0.0,
        "How many observations the spread below is worth in each state before any data are seen. "
        "It keeps a state from shrinking onto a few observations. 0 is none; else more than 2.",
        "start", minimum=0.0, maximum=100_000.0, step=10.0, omit_default=True,
    )
    spread_mode: float = control(
        "mode_sd", "Spread thought likely", 1.0,
        "The standard deviation at which the prior on the spread is largest, in the unit of the "
        "data and in every coordinate.",
        "start", minimum=0.001, maximum=1_000_000.0, step=0.1, omit_default=True,
    )
    speed: str = control(
        "speed", "Speed", "10",
        "How many training steps a second while playing. Full speed takes as many as the page can "
        "spare time for.",
        "view", choices={"2": "2 / s", "10": "10 / s", "50": "50 / s", "max": "Full speed"},
    )
    sequence: int = control(
        "sequence", "Sequence", 1,
        "Which sequence the figures along time show.",
        "view", minimum=1, maximum=100_000, step=1,
    )
    dimension: int = control(
        "dim", "Dimension", 1,
        "Which coordinate of the points is shown along time, and from left to right where points "
        "are shown as such. Of several quantities at once: which is shown where there is room for "
        "one.",
        "view", minimum=1, maximum=MAX_DIMENSIONS, step=1, omit_default=True,
    )
    against: int = control(
        "against", "Against", 2,
        "Which coordinate goes upwards where points are shown as such.",
        "view", minimum=1, maximum=MAX_DIMENSIONS, step=1, omit_default=True,
    )
    model_view: str = control(
        "view", "The model as", "picture",
        "How the Playground draws π and A. Picture: states are circles, and an arrow is as thick "
        "as its probability. Matrix: the row is where the chain is, the column where it goes next.",
        "view", choices={"picture": "Picture", "matrix": "Matrix"}, omit_default=True,
    )
    shown: str = control(
        "shown", "Show", "EM",
        "Whose model the figures show when both methods are trained.",
        "view", choices={"EM": "EM", "Gradient": "Gradient"},
    )
    posterior: str = control(
        "posterior", "Posterior", "smoothed",
        f"Filtered: {GLOSSARY['Filtered']} Smoothed: {GLOSSARY['Smoothed']}",
        "view", choices={"smoothed": "Smoothed", "filtered": "Filtered"},
    )
    best_paths: int = control(
        "best", "Best paths", 5,
        f"How many are listed. k best paths: {GLOSSARY['k best paths']}",
        "view", minimum=1, maximum=100, step=1, omit_default=True,
    )
    path_draws: int = control(
        "draws", "Drawn paths", 3,
        "How many paths are drawn from the posterior beside them: each path comes as often as it "
        "is probable, given the observations.",
        "view", minimum=0, maximum=20, step=1, omit_default=True,
    )
    draw_number: int = control(
        "draw", "Draw number", 0,
        "Which draw is shown. Another number draws other paths; the same gives the same again.",
        "view", minimum=0, maximum=999_999, step=1, omit_default=True,
    )
    truth: str = control(
        "truth", "Truth", "shown",
        "Whether the figures show what really made the data: the dotted line, the true parameters "
        "and the true path. Hide it to guess first, as one has to with data of one's own.",
        "view", choices={"shown": "Shown", "hidden": "Hidden"}, omit_default=True,
    )
    numbering: str = control(
        "numbered", "As numbered by the run", "matched",
        "Off: learned states are matched to the true ones before anything is drawn, so that one "
        "colour is one state. On: they keep the numbers that the run gave them, in every figure, "
        "table and export. Numbers mean nothing to the likelihood, so another start may number the "
        "same states otherwise. Accuracies count matched states either way.",
        "view", choices={"matched": "Off", "run": "On"}, omit_default=True,
    )
    progress_axis: str = control(
        "along", "Compare along", "iterations",
        "What the runs are compared along. Iterations: steps taken. Sweeps: passes over all data; "
        "EM and gradient need one for each step, and one for the start. Seconds: computing time on "
        "this server, which other work on it disturbs.",
        "view",
        choices={"iterations": "Iterations", "sweeps": "Sweeps", "seconds": "Seconds"},
    )
    distance_to: str = control(
        "distance", "Distance to", "best",
        "Where the distance is measured from. The best: the highest log-likelihood that any run "
        "shown has reached so far. The true model: its log-likelihood on the same data; where a "
        "run does better, its curve ends, for a logarithm has no room for that.",
        "view", choices={"best": "The best so far", "truth": "The true model"},
    )
    component: int = control(
        "component", "Component", 1,
        "Of which dimension, or of which symbol, the parameters are drawn.",
        "view", minimum=1, maximum=1_000, step=1,
    )
    message_pass: str = control(
        "pass", "Pass", "forward",
        "Which numbers the Messages page shows. Forward: what is known of each state so far. "
        "Backward: what the observations that come later say of it. Together: both multiplied. "
        "Pairs: how probable each step is. Viterbi: the best way to each state. Prediction: what "
        "is expected before the observation is seen.",
        "view",
        choices={
            "forward": "Forward",
            "backward": "Backward",
            "together": "Together",
            "pairs": "Pairs",
            "viterbi": "Viterbi",
            "prediction": "Prediction",
        },
        omit_default=True,
    )
    first_time: int = control(
        "from_t", "From t", 1,
        "The first time that the Messages page shows.",
        "view", minimum=1, maximum=999_999, step=1, omit_default=True,
    )
    window: int = control(
        "window", "Steps", 9,
        "How many times the Messages page shows beside each other.",
        "view", minimum=1, maximum=MAX_WINDOW, step=1, omit_default=True,
    )
    message_model: str = control(
        "of", "Model", "learned",
        "Whose messages they are: those of the model that learns, or of the one that made the "
        "data.",
        "view", choices={"learned": "Learned", "true": "True"}, omit_default=True,
    )
    cell: str = control(
        "cell", "Chosen circle or arrow", "",
        "Which circle or arrow the Messages page explains: 53.2 is state 2 at t = 53, and 53.1.2 "
        "the step from state 1 that leads there.",
        "view", pattern=r"\d{1,7}(\.\d{1,3}){1,2}", omit_default=True,
    )
    what_if: str = control(
        "whatif", "What if", "",
        "An observation that the Messages page takes to be another one: 5_2.1 is 2.1 at t = 5.",
        "view", pattern=rf"\d{{1,7}}_(missing|{NUMBER}(_{NUMBER}){{0,7}})", omit_default=True,
    )
    across: str = control(
        "across", "Across", AUTO,
        "Which number of the model goes from left to right on the map. The rest is as in the model "
        "that is shown, or, where starts are compared, as in the starting point.",
        "view", coordinates=1, words=(AUTO, MODELS), omit_default=True,
    )
    up: str = control(
        "up", "Up", AUTO,
        "Which number of the model goes upwards on the map. Spreads and rates have a logarithmic "
        "scale; the other probabilities of a row share what one of them leaves.",
        "view", coordinates=1, words=(AUTO, MODELS), omit_default=True,
    )
    map_shows: str = control(
        "map", "What the map shows", "ends",
        "Each pixel is a starting point, from which training climbs until it rests. Its colour "
        "says which optimum it reaches, how high that is, or how many steps it takes. Along a "
        "line: how the likelihood changes on the straight way from one model to another.",
        "view",
        choices={
            "ends": "Where it ends",
            "height": "How high",
            "steps": "How long it takes",
            "line": "Along a line",
        },
        omit_default=True,
    )
    relief: str = control(
        "relief", "Surface", "flat",
        "Flat: colours and contours, as on a map. 3-D: a landscape that can be turned.",
        "view", choices={"flat": "Flat", "solid": "3-D"}, omit_default=True,
    )
    map_size: str = control(
        "starts", "Starts", "64",
        "How many starting points are trained for the map, across and up. More show finer borders "
        "and take longer; how long is said first.",
        "view", choices={"64": "64 × 64", "96": "96 × 96", "256": "256 × 256"}, omit_default=True,
    )
    line_from: str = control(
        "from", "From", "start",
        "The model at the left end of the line. Optima are those of the map, the best first.",
        "view", choices=LINE_ENDS, omit_default=True,
    )
    line_to: str = control(
        "to", "To", "learned",
        "The model at the right end of the line, its states in the order that fits the other best.",
        "view", choices=LINE_ENDS, omit_default=True,
    )
    sweep_starts: int = control(
        "restarts", "Starts", 20,
        "From how many starting points the model is trained. The more there are, the less likely "
        "all of them miss the best optimum.",
        "view", minimum=1, maximum=10_000, step=10, omit_default=True,
    )
    sweep_from: str = control(
        "restart_by", "Starts by", "random",
        "How starting points are made. Random: means are points of the data, π and A are drawn. "
        "k-means: from clusters of the observations, which find the same optimum more often and "
        "others more seldom.",
        "view", choices={"random": "Random", "kmeans": "k-means"}, omit_default=True,
    )
    most_states: int = control(
        "upto", "Up to K", 8,
        "Models with 1, 2, … states up to this number are trained.",
        "view", minimum=2, maximum=MAX_STATES, step=1, omit_default=True,
    )
    starts_each: int = control(
        "each", "Starts for each K", 10,
        "From how many starting points each number of states is trained; the best of them counts.",
        "view", minimum=1, maximum=1_000, step=1, omit_default=True,
    )
    hold_out: str = control(
        "unseen", "Hold out", "sequences",
        f"Held out: {GLOSSARY['Held out']} Sequences: a quarter of them, whole. Ends: the last "
        "quarter of each sequence, foretold from what came before it.",
        "view", choices={"sequences": "Sequences", "ends": "Ends", "nothing": "Nothing"},
        omit_default=True,
    )
    level: str = control(
        "level", "Level", "95",
        "Of how many intervals in 100 the model's own account says that they hold what they are "
        "about: the true number, or the observation that comes. A higher level makes them wider.",
        "view", choices={"80": "80 %", "90": "90 %", "95": "95 %", "99": "99 %"},
        omit_default=True,
    )
    residual_kind: str = control(
        "residual", "Residuals", "forecast",
        "Forecast: where each observation stands among what was expected before it came; these "
        "are independent if the model is right. Ordinary: among what is expected when all other "
        "observations are known, before and after it; these show single odd values best.",
        "view", choices={"forecast": "Forecast", "ordinary": "Ordinary"}, omit_default=True,
    )
    num_simulations: int = control(
        "simulations", "Simulated sets", 100,
        "How many data sets are drawn from the model to be compared with the observed one.",
        "view", minimum=20, maximum=2_000, step=20, omit_default=True,
    )
    horizon: int = control(
        "ahead", "Steps ahead", 10,
        "How many steps after the last observation are foretold.",
        "view", minimum=1, maximum=500, step=1, omit_default=True,
    )
    num_data_sets: int = control(
        "datasets", "Data sets", 200,
        "How many data sets are drawn and fitted. With four times as many the count is twice as "
        "exact.",
        "view", minimum=10, maximum=5_000, step=50, omit_default=True,
    )
    num_resamples: int = control(
        "resamples", "Bootstrap samples", 200,
        f"{GLOSSARY['Bootstrap']} A standard error needs about a hundred data sets, an interval "
        "some hundreds.",
        "view", minimum=10, maximum=5_000, step=50, omit_default=True,
    )
    interval_kind: str = control(
        "interval", "Intervals", "wald",
        f"Wald: {GLOSSARY['Wald interval']} Profile: {GLOSSARY['Profile interval']}",
        "view", choices={"wald": "Wald", "profile": "Profile"}, omit_default=True,
    )
    interval_axis: str = control(
        "around", "Drawn", "values",
        "Values: where each number lies. Around the estimates: how far each interval, and the "
        "truth, lies from what was learned, which shows narrow intervals large.",
        "view", choices={"values": "Values", "estimates": "Around the estimates"},
        omit_default=True,
    )
    whiskers: str = control(
        "whiskers", "Intervals on the Playground", "off",
        "Whether the Playground draws the interval of each mean or rate, and names those of the "
        "matrix where one points at it. They are computed while nothing plays.",
        "view", choices={"off": "Off", "on": "On"}, omit_default=True,
    )
    variants: tuple[str, ...] = control(
        "side", "Side by side", ("plain", "tied", "full", "sticky", "left-right", "cyclic"),
        "Which models are trained beside each other, all with K states. Each differs from the "
        "first in one thing; what else is set under Constraints and priors does not count here.",
        "view",
        choices={
            "plain": "Nothing held",
            "spherical": "Spherical",
            "diag": "Diagonal",
            "full": "Full",
            "tied": "Tied spread",
            "sticky": "Sticky prior",
            "stays": "One staying",
            "left-right": "Left to right",
            "cyclic": "Cyclic",
            "true": "True means held",
            "network": "Network",
        },
        multiple=True, omit_default=True,
    )
    variant_starts: int = control(
        "side_each", "Starts for each", 10,
        "From how many starting points each of them is trained; the best counts.",
        "view", minimum=1, maximum=1_000, step=1, omit_default=True,
    )
    variant_sticky: float = control(
        "side_sticky", "Steps of staying", 100.0,
        "How strong the sticky prior is here: the steps of staying that each state is thought to "
        "have made before any data.",
        "view", minimum=1.0, maximum=100_000.0, step=10.0, omit_default=True,
    )
    lecture: str = control(
        "lecture", "Lecture", "off",
        "Large text, lines and controls, and no sidebar: a page for a projector, to be read from "
        "the last row.",
        "page", choices={"off": "Off", "on": "On"}, omit_default=True,
    )
    lesson: Lesson | None = control(
        "lesson", "Lesson", None,
        "What a teacher put above the page: a question, what to press, and an answer to look at.",
        "page", lesson=True,
    )
    # fmt: on

    @property
    def data_states(self) -> int:
        """The number of states of the model that generates the data."""
        return self.true_states or self.num_states

    @property
    def interval_level(self) -> float:
        """The level of intervals as a share."""
        return int(self.level) / 100

    def changed(self, group: str, other: Config) -> bool:
        """Whether this and another Config differ in a field of `group`."""
        return any(
            getattr(self, field.name) != getattr(other, field.name)
            for field in FIELDS
            if field.group == group
        )


FIELDS: tuple[Field, ...] = fields_of(Config)
"""The controls, in the order of the attributes of `Config`."""

FIELD_OF: Mapping[str, Field] = {field.name: field for field in FIELDS}

PAGE_FIELDS: frozenset[str] = frozenset(field.name for field in FIELDS if field.group == "page")
"""Names of the fields that no experiment has a value for."""

NOTEBOOK: Mapping[str, Any] = {
    "family": "numbers",
    "num_states": 5,
    "true_states": 0,
    "length": 10,
    "num_sequences": 2,
    "noise_sd": 1.0,
    "structure": "softmax",
    "mean_law": "log",
}
"""The settings that the notebook's own data were made with. While those data are chosen, these
fields have these values."""
