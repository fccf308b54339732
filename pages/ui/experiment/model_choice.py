"""What the Models page trains: starts of one number of states, and models with several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.random import Generator

from hmmcore import HMM, Gaussian, Sequences, Split, Trainer, split_by_sequence, split_by_time
from hmmcore.selection import Task
from pages.ui.experiment import constraints, starts, training_runs
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.player import METHODS
from pages.ui.settings.config import FIELD_OF, MAX_CELLS, Config
from pages.ui.settings.families import FAMILIES
from pages.ui.text import count

SPLIT_STREAM = 4
"""Key of the random stream that holds sequences out, which no other random choice shares."""

TEST_SHARE = 0.25

MAX_WORK = 200_000_000
"""Bound on starts × K × T: what is trained stays within some minutes, and what is kept of it within
some tens of megabytes."""

RULES = {"EM": (1000, 1e-8, 1), "Gradient": (2000, 1e-7, 10)}
"""Most iterations, tolerance in nats per observation, and patience of each method. A gradient
passes turning points, at which it nearly stands still."""

SHARED = ("family", "covariance_type", "mean_model", "trainable", "only", "seed", "sweep_from")
CONTROLS = ("learning_rate", "optimizer")


@dataclass(frozen=True)
class Plan:
    """What is to be trained.

    Attributes:
        key: the kind of sweep, and what the results depend on; equal for equal results.
        config: the settings, with bounds applied.
        methods: "EM", "Gradient", or both.
        notes: sentences on what was lowered or left out.
    """

    key: tuple[object, ...]
    config: Config
    methods: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def num_starts(self) -> int:
        """Starts by each method, of one number of states."""
        return self.config.sweep_starts


def plan_of_starts(config: Config, data: Dataset) -> Plan:
    """Starts with K as chosen, by each method that is trained."""
    methods = METHODS if config.method == "Both" else (config.method,)
    most = most_starts(config.num_states * data.sequences.num_observations * len(methods))
    notes = ()
    if config.sweep_starts > most:
        notes = (f"With these data at most {count(most)} starts are trained; took so many.",)
        config = replace(config, sweep_starts=most)
    key = ("starts", config.sweep_starts, config.num_states, *shared_key(config, data, methods))
    return Plan(key, config, methods, notes)


def plan_of_states(config: Config, data: Dataset) -> Plan:
    """Models with 1 to as many states as chosen, by one method."""
    methods = ("Gradient",) if config.method == "Gradient" else ("EM",)
    notes: list[str] = []
    total = data.sequences.num_observations
    largest = max(1, min(config.most_states, MAX_CELLS // total))
    if largest < config.most_states:
        notes.append(f"With so many observations K goes up to {largest} only.")
    held = hold_out(config, data)
    if held != config.hold_out:
        notes.append(
            "There is one sequence, so its end is held out instead of a sequence."
            if held == "ends"
            else "Nothing is held out: a sequence of one observation has no end to foretell."
        )
    if config.only:
        notes.append(
            "Numbers that are trained alone belong to one K; here everything chosen under What is "
            "trained is trained."
        )
    if constraints.holds_truth(config, data):
        notes.append(
            f"The true values are held where K = {config.num_states} only. In the other rows they "
            "come from the data and are not counted, so criteria favour those."
        )
    # Twice, for the part without what is held out is trained on as well.
    most = most_starts(total * largest * (largest + 1))
    if config.starts_each > most:
        notes.append(f"With these data at most {count(most)} starts are trained for each K.")
    # Whatever the field's bounds say: these are sizes of this page's own.
    config = replace(
        config, most_states=largest, starts_each=min(config.starts_each, most), hold_out=held,
        only="",
    )  # fmt: skip
    key = (
        "states", config.most_states, config.starts_each, held, *shared_key(config, data, methods),
    )  # fmt: skip
    return Plan(key, config, methods, tuple(notes))


def contain_fewer(config: Config, data: Dataset) -> bool:
    """Whether models can do whatever those of fewer states can, so that they reach as much.

    A round of a cyclic chain passes all its states, and states that share out alike what they do
    not stay share it with the added one. What is held must not differ with K either, as noise that
    is known and alike does not, nor the first state of a left-right chain.
    """
    left_right = config.chain == "left-right"
    if config.chain == "cyclic" or (config.stays != "own" and not left_right):
        return False
    held = set(FAMILIES[data.family].trainable) - set(config.trainable)
    if left_right:
        held.discard("initial_probs")
    known = data.generating_model
    if held == {"covariances"} and known is not None and isinstance(known.emissions, Gaussian):
        emissions = known.emissions
        alike = emissions.covariances == emissions.covariances[0]
        return emissions.covariance_type != "tied" and bool(alike.all())
    return not held


def most_starts(cells: int) -> int:
    """How many starts may be trained on so many cells K × T."""
    return max(1, min(int(FIELD_OF["sweep_starts"].bounds[1]), MAX_WORK // cells))


def hold_out(config: Config, data: Dataset) -> str:
    """What can be held out of these data: what was chosen, or what comes nearest."""
    lengths = data.sequences.lengths
    if config.hold_out == "sequences" and len(lengths) > 1:
        return "sequences"
    if config.hold_out == "nothing" or lengths.min() < 2:
        return "nothing"
    return "ends"


def tasks_of_starts(plan: Plan, data: Dataset) -> dict[str, Task]:
    """By method, the fits from all starts; the same starts for both methods."""
    config = plan.config
    generators = [starts.generator(config, number) for number in range(config.sweep_starts)]
    return {
        method: Task(
            trainer(method, config, data, data.sequences),
            make_start(config, data), config.num_states, generators, *RULES[method],
        )
        for method in plan.methods
    }  # fmt: skip


def make_start(config: Config, data: Dataset) -> partial[HMM]:
    """The function that makes a start, as `Task` calls it; it can be pickled."""
    return partial(_start, replace(config, start=config.sweep_from), data)


def _start(
    config: Config, data: Dataset, sequences: Sequences, num_states: int, rng: Generator
) -> HMM:
    own = replace(data, sequences=sequences)
    return starts.drawn(replace(config, num_states=num_states), own, rng)


def trainer(method: str, config: Config, data: Dataset, sequences: Sequences) -> Trainer:
    """The trainer of some of the data for a Config."""
    return training_runs.trainer(method, config, replace(data, sequences=sequences))


def split(plan: Plan, data: Dataset) -> Split | None:
    """What is held out of the data; None where nothing is."""
    config, sequences = plan.config, data.sequences
    if config.hold_out == "sequences":
        rng = np.random.default_rng([config.seed, SPLIT_STREAM])
        return split_by_sequence(sequences, TEST_SHARE, rng)
    return split_by_time(sequences, TEST_SHARE) if config.hold_out == "ends" else None


def shared_key(config: Config, data: Dataset, methods: tuple[str, ...]) -> tuple[object, ...]:
    """What every sweep depends on."""
    names = SHARED + (CONTROLS if "Gradient" in methods else ())
    # Noise that is not trained is that of the model which made the data.
    known = "covariances" in config.trainable or data.generating_model
    held = constraints.holds_truth(config, data) and data.truth
    return (
        data.fingerprint, known, held, methods, *constraints.settings(config),
        *(getattr(config, name) for name in names),
    )  # fmt: skip
