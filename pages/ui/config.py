"""Every control in one table: its type, default, bounds, label, help and name in the URL.

Widgets, `Config` and the URL (`address.py`) are all read off `FIELDS`, so that a control cannot
be in one and not in the others. A `Config` is a value: the same one always means the same
experiment. What holds between several fields is in `config_rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pages.ui.families import FAMILIES, MAX_DIMENSIONS, MAX_SYMBOLS
from pages.ui.table_rules import STATES, SYMBOLS, Table

MAX_CELLS = 2_000_000
"""Bound on K × M × N, the cells of a posterior: one training step then stays well under the
time in which a page has to answer, and its arrays within some tens of megabytes."""

MAX_STATES = 20


@dataclass(frozen=True)
class Field:
    """One control.

    Attributes:
        name: of the attribute of `Config`.
        url: its name in the URL.
        label: what stands beside the control.
        default: its value when nobody chose one.
        help: what a newcomer would ask of it, answered.
        group: "data" (a change makes new data), "start" (a change starts training anew),
            "training" (a change goes on from where training is) or "view".
        minimum, maximum, step: bounds of a number.
        zero: what 0 means, of a whole number that is chosen from a list.
        choices: value to label, of a choice.
        many: True when any number of the choices may be taken together.
        table: (rows, columns) of an edited table, where `STATES` and `SYMBOLS` stand for K and C.
        quiet: True when the URL leaves out its default.
    """

    name: str
    url: str
    label: str
    default: Any
    help: str
    group: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    zero: str = ""
    choices: Mapping[str, str] | None = None
    many: bool = False
    table: tuple[int, int] | None = None
    quiet: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Minimum and maximum of a number."""
        assert self.minimum is not None
        assert self.maximum is not None
        return self.minimum, self.maximum

    def nearest(self, value: float) -> float:
        """The number within the bounds that is nearest to a value."""
        minimum, maximum = self.bounds
        return min(max(value, minimum), maximum)

    def following(self, value: int, first: int | None = None) -> int:
        """The whole number after a value; after the maximum comes `first`, by default the minimum.

        For numbers that only tell one random choice from the next.
        """
        minimum, maximum = self.bounds
        if value >= maximum:
            return int(minimum) if first is None else first
        return value + 1


FIELDS: tuple[Field, ...] = (
    Field(
        "source", "data", "Data", "generated",
        "Where the data come from: drawn from a model that you set up here, the teaching "
        "notebook's own two sequences, or a file of yours.",
        "data",
        choices={
            "generated": "Generated",
            "notebook": "The notebook's own data",
            "upload": "Your CSV file",
        },
    ),
    Field(
        "family", "family", "Observations", "numbers",
        "What is observed at each step. Numbers: any value, spread around a mean. Counts: 0, 1, "
        "2, …, such as events in a day. Symbols: one of a few kinds, such as the faces of a die. "
        "Points: two numbers at a time.",
        "data", choices={name: family.label for name, family in FAMILIES.items()}, quiet=True,
    ),
    Field(
        "num_states", "K", "States K", 5,
        "How many hidden states there are. Each makes observations of its own kind, which do not "
        "say which state made them. Finding that out is what the model learns.",
        "data", minimum=1, maximum=MAX_STATES, step=1,
    ),
    Field(
        "length", "M", "Length M", 200,
        "How many observations each sequence has. Longer sequences show each transition more "
        "often, so the transition matrix is learned better.",
        "data", minimum=2, maximum=100_000, step=10,
    ),
    Field(
        "num_sequences", "N", "Sequences N", 20,
        "How many independent sequences there are. Each one starts afresh, so the initial "
        "probabilities π can only be learned from several.",
        "data", minimum=1, maximum=1_000, step=1,
    ),
    Field(
        "noise_sd", "noise", "Noise σ", 0.5,
        "Standard deviation of the observations around the mean of their state. When it is large "
        "against the distance between the means, states overlap and are hard to tell apart.",
        "data", minimum=0.05, maximum=5.0, step=0.05,
    ),
    Field(
        "covariance_type", "cov", "Covariances Σ", "diag",
        "The shape of a state's cloud of points. Diagonal: its coordinates vary independently, so "
        "its ellipse stands upright. Full: they vary together, so it may lean to one side. It "
        "holds for the true model and for the one that learns.",
        "data", choices={"diag": "Diagonal", "full": "Full"}, quiet=True,
    ),
    Field(
        "num_symbols", "C", "Symbols C", 6,
        "How many different symbols there are. With few of them a single one says little about "
        "its state, and the model depends more on their order in time.",
        "data", minimum=2, maximum=MAX_SYMBOLS, step=1, quiet=True,
    ),
    Field(
        "sharpness", "sharp", "Sharpness", 1.0,
        "How much each state prefers its own symbol, its favourite: every symbol further away is "
        "rarer by the factor e to this power. At 0 all states make all symbols alike, and nothing "
        "can be learned about them.",
        "data", minimum=0.0, maximum=5.0, step=0.1, quiet=True,
    ),
    Field(
        "seed", "seed", "Seed", 8,
        "Number that fixes every random draw. The same seed and settings always give the same "
        "data; another seed gives other data of the same kind.",
        "data", minimum=0, maximum=999_999, step=1,
    ),
    Field(
        "true_states", "true_K", "True states", 0,
        "How many states really make the data. As many as K: each learned state has a true one to "
        "be compared with. Another number shows what a model with too many or too few states does.",
        "data", minimum=0, maximum=MAX_STATES, step=1, zero="same as K", quiet=True,
    ),
    Field(
        "structure", "structure", "Transitions", "sticky",
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
    ),
    Field(
        "persistence", "stay", "Persistence", 0.9,
        "Probability of staying in the same state from one step to the next. At 0.9 a visit lasts "
        "ten steps on average.",
        "data", minimum=0.0, maximum=0.99, step=0.01,
    ),
    Field(
        "mean_law", "means", "Means", "spaced",
        "Where the means of the states lie. Logarithmic: log(z + 1) for states z = 0, 1, …, as in "
        "the notebook; they crowd together. Evenly spaced: the same distance between neighbours. "
        "Edited: your own table from the Data page.",
        "data",
        choices={"log": "Logarithmic", "spaced": "Evenly spaced", "edited": "Edited table"},
    ),
    Field(
        "separation", "apart", "Separation", 1.5,
        "Distance between neighbouring states. For numbers and points, between their means: "
        "compare it with the noise, at four times σ states hardly overlap. For counts, between "
        "their rates, in standard deviations: the larger the counts, the further apart.",
        "data", minimum=0.1, maximum=10.0, step=0.1,
    ),
    Field(
        "initial_table", "pi", "Initial probabilities π", None,
        "Your own π, from the Data page.", "data", table=(1, STATES),
    ),
    Field(
        "transition_table", "A", "Transition matrix A", None,
        "Your own A, from the Data page.", "data", table=(STATES, STATES),
    ),
    Field(
        "means_table", "mu", "Means μ", None,
        "Your own means, from the Data page.", "data", table=(1, STATES),
    ),
    Field(
        "rates_table", "lambda", "Rates λ", None,
        "Your own rates, from the Data page.", "data", table=(1, STATES),
    ),
    Field(
        "symbols_table", "B", "Symbol probabilities B", None,
        "Your own symbol probabilities, from the Data page.", "data", table=(STATES, SYMBOLS),
    ),
    Field(
        "points_table", "centres", "Means μ", None,
        "Your own means in two dimensions, from the Data page.", "data", table=(2, STATES),
    ),
    Field(
        "start", "start", "Starting point", "random",
        "The model that training starts from; it decides which optimum is reached. Symmetric: all "
        "states alike, as in the notebook; nothing can tell them apart, so training is stuck. "
        "Random: drawn from the data. k-means and quantiles: from the shape of the data. Near the "
        "truth: the true model, shaken.",
        "start",
        choices={
            "random": "Random",
            "kmeans": "k-means",
            "quantiles": "Quantiles",
            "near-truth": "Near the truth",
            "symmetric": "Symmetric (stuck)",
        },
    ),
    Field(
        "start_seed", "start_seed", "Start number", 0,
        "Which of the random starting points is taken. The button New start goes to the next.",
        "start", minimum=0, maximum=999_999, step=1,
    ),
    Field(
        "mean_model", "model", "Model of the means", "free",
        "Where the means of the learned model come from. Free: each state has a mean of its own. "
        "Network: a small neural network turns a state's few numbers into its mean, as in the "
        "notebook's sketch, and training moves its weights.",
        "start", choices={"free": "Free", "network": "A small network"}, quiet=True,
    ),
    Field(
        "nudge", "nudge", "Nudge", 0,
        "0 takes the starting point as it is. Any other number moves every state a little, each "
        "its own way, so that states which were alike no longer are; another number is another "
        "way.",
        "start", minimum=0, maximum=999, step=1, quiet=True,
    ),
    Field(
        "method", "method", "Method", "EM",
        "How the model learns. EM weighs every observation by how likely each state made it and "
        "takes the weighted averages; the likelihood never falls. Gradient follows the slope of "
        "the likelihood; it may dip. Both start from the same model.",
        "training", choices={"EM": "EM", "Gradient": "Gradient", "Both": "Both"},
    ),
    Field(
        "learning_rate", "rate", "Learning rate", 0.05,
        "How far each gradient step goes; EM has none. Too small crawls, too large jumps over the "
        "optimum. It can be changed while training runs.",
        "training", minimum=0.0001, maximum=10.0, step=0.01,
    ),
    Field(
        "optimizer", "optimizer", "Optimizer", "adam",
        "Adam adapts the step of each parameter to its recent slopes. Momentum rolls like a heavy "
        "ball: nine tenths of its last step, and the slope on top. Plain takes the slope as it is, "
        "and needs a larger learning rate.",
        "training", choices={"adam": "Adam", "momentum": "Momentum", "plain": "Plain"},
    ),
    Field(
        "fan", "fan", "Learning-rate fan", "off",
        "Trains further gradient runs from the same start, with learning rates around the chosen "
        "one; five rates at most. The Training page draws them all; other pages show the chosen "
        "rate. When the rate or the optimizer changes, each goes on from where it is.",
        "training",
        choices={
            "off": "Off",
            "3": "3 rates: ÷3 to ×3",
            "5": "5 rates: ÷10 to ×10",
        },
    ),
    Field(
        "trainable", "train", "What is trained",
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
        many=True,
    ),
    Field(
        "speed", "speed", "Speed", "10",
        "How many training steps a second while playing. Full speed takes as many as the page can "
        "spare time for.",
        "view", choices={"2": "2 / s", "10": "10 / s", "50": "50 / s", "max": "Full speed"},
    ),
    Field(
        "sequence", "sequence", "Sequence", 1,
        "Which sequence the figures along time show.",
        "view", minimum=1, maximum=1_000, step=1,
    ),
    Field(
        "dimension", "dim", "Dimension", 1,
        "Which coordinate of the points is shown along time, and from left to right where points "
        "are shown as such.",
        "view", minimum=1, maximum=MAX_DIMENSIONS, step=1, quiet=True,
    ),
    Field(
        "against", "against", "Against", 2,
        "Which coordinate goes upwards where points are shown as such.",
        "view", minimum=1, maximum=MAX_DIMENSIONS, step=1, quiet=True,
    ),
    Field(
        "shown", "shown", "Show", "EM",
        "Whose model the figures show when both methods are trained.",
        "view", choices={"EM": "EM", "Gradient": "Gradient"},
    ),
    Field(
        "posterior", "posterior", "Posterior", "smoothed",
        "Filtered uses the observations up to each time: what could be known then. Smoothed uses "
        "all of them, those that came later too.",
        "view", choices={"smoothed": "Smoothed", "filtered": "Filtered"},
    ),
    Field(
        "truth", "truth", "Truth", "shown",
        "Whether the figures show what really made the data: the dotted line, the true parameters "
        "and the true path. Hide it to guess first, as one has to with data of one's own.",
        "view", choices={"shown": "Shown", "hidden": "Hidden"}, quiet=True,
    ),
    Field(
        "progress_axis", "along", "Compare along", "iterations",
        "What the runs are compared along. Iterations: steps taken. Sweeps: passes over all data; "
        "EM and gradient need one for each step, and one for the start. Seconds: computing time on "
        "this server, which other work on it disturbs.",
        "view",
        choices={"iterations": "Iterations", "sweeps": "Sweeps", "seconds": "Seconds"},
    ),
    Field(
        "distance_to", "distance", "Distance to", "best",
        "Where the distance is measured from. The best: the highest log-likelihood that any run "
        "shown has reached so far. The true model: its log-likelihood on the same data; where a "
        "run does better, its curve ends, for a logarithm has no room for that.",
        "view", choices={"best": "The best so far", "truth": "The true model"},
    ),
    Field(
        "component", "component", "Component", 1,
        "Of which dimension, or of which symbol, the parameters are drawn.",
        "view", minimum=1, maximum=1_000, step=1,
    ),
)  # fmt: skip

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
"""What the notebook's own data were made from: with them these fields cannot differ."""

FIELD_OF: Mapping[str, Field] = {field.name: field for field in FIELDS}


@dataclass(frozen=True)
class Config:
    """What a person has chosen. The attributes are those of `FIELDS`, in that order."""

    source: str = FIELD_OF["source"].default
    family: str = FIELD_OF["family"].default
    num_states: int = FIELD_OF["num_states"].default
    length: int = FIELD_OF["length"].default
    num_sequences: int = FIELD_OF["num_sequences"].default
    noise_sd: float = FIELD_OF["noise_sd"].default
    covariance_type: str = FIELD_OF["covariance_type"].default
    num_symbols: int = FIELD_OF["num_symbols"].default
    sharpness: float = FIELD_OF["sharpness"].default
    seed: int = FIELD_OF["seed"].default
    true_states: int = FIELD_OF["true_states"].default
    structure: str = FIELD_OF["structure"].default
    persistence: float = FIELD_OF["persistence"].default
    mean_law: str = FIELD_OF["mean_law"].default
    separation: float = FIELD_OF["separation"].default
    initial_table: Table | None = None
    transition_table: Table | None = None
    means_table: Table | None = None
    rates_table: Table | None = None
    symbols_table: Table | None = None
    points_table: Table | None = None
    start: str = FIELD_OF["start"].default
    start_seed: int = FIELD_OF["start_seed"].default
    mean_model: str = FIELD_OF["mean_model"].default
    nudge: int = FIELD_OF["nudge"].default
    method: str = FIELD_OF["method"].default
    learning_rate: float = FIELD_OF["learning_rate"].default
    optimizer: str = FIELD_OF["optimizer"].default
    fan: str = FIELD_OF["fan"].default
    trainable: tuple[str, ...] = FIELD_OF["trainable"].default
    speed: str = FIELD_OF["speed"].default
    sequence: int = FIELD_OF["sequence"].default
    dimension: int = FIELD_OF["dimension"].default
    against: int = FIELD_OF["against"].default
    shown: str = FIELD_OF["shown"].default
    posterior: str = FIELD_OF["posterior"].default
    truth: str = FIELD_OF["truth"].default
    progress_axis: str = FIELD_OF["progress_axis"].default
    distance_to: str = FIELD_OF["distance_to"].default
    component: int = FIELD_OF["component"].default

    @property
    def data_states(self) -> int:
        """How many states the model has that the data are drawn from."""
        return self.true_states or self.num_states

    def changed(self, group: str, other: Config) -> bool:
        """Whether the two differ in a field of `group`."""
        return any(
            getattr(self, field.name) != getattr(other, field.name)
            for field in FIELDS
            if field.group == group
        )


assert [f.name for f in fields(Config)] == [f.name for f in FIELDS]
