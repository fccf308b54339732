"""The runs of an experiment by name: EM, Gradient, and those of a sweep of learning rates.

The Config and the data determine their trainers. The functions here change the dictionary of runs
in place while training continues; a new dictionary means that all runs were replaced.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from hmmcore import EM, HMM, GradientAscent, Trainer
from hmmcore.training.held import checked_coordinates, chosen_numbers
from pages.ui.experiment import constraints, learning_rate_sweep, starts
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.nudging import nudged
from pages.ui.experiment.player import METHODS, Run
from pages.ui.experiment.replay import Ending
from pages.ui.experiment.run_position import Revision, RunProgress, revised
from pages.ui.settings.config import Config
from pages.ui.settings.coordinates import coordinates_of

MODEL_DIFFERS = (
    "{name} took the same steps as in the file and came to another model here: machines round "
    "differently, and long runs can amplify that. Shown is the model of the file."
)


def new_runs(config: Config, data: Dataset, start: HMM) -> dict[str, Run]:
    """All runs from a starting model, at iteration 0.

    Raises:
        ValueError, ImpossibleDataError: if training cannot start from this model on these data.
    """
    if config.nudge:
        # A nudge moves what is tied apart, and what is held.
        start = constraints.with_true_locations(nudged(start, config), config, data)
        start = constraints.imposed(start, config)
    runs = {
        name: Run(name, trainer(name, config, data), start, (_revision(config, 0),))
        for name in METHODS
    }
    _update_sweep(runs, config, data)
    return runs


def revise(runs: dict[str, Run], config: Config, data: Dataset) -> None:
    """Continue each run from its current state with the Config's trainer, and update the sweep."""
    for name in METHODS:
        if (run := runs.get(name)) is not None:
            run.revise(trainer(name, config, data), _revision(config, run.state.iteration))
    _update_sweep(runs, config, data)


def revise_where_needed(runs: dict[str, Run], config: Config, data: Dataset) -> None:
    """`revise`, except for runs that already have the controls of the Config."""
    for name in METHODS:
        if (run := runs.get(name)) is not None:
            revision = _revision(config, run.state.iteration)
            if run.revisions[-1].controls != revision.controls:
                run.revise(trainer(name, config, data), revision)
    expected = _sweep_controls(config)
    if any(
        run.revisions[-1].controls != expected[run.name] for run in learning_rate_sweep.runs(runs)
    ):
        _update_sweep(runs, config, data)


def progress_by_name(runs: Mapping[str, Run]) -> dict[str, RunProgress]:
    """The progress of each run that has taken a step or failed."""
    return {
        name: RunProgress(
            run.state.iteration, run.revisions if _is_revised(run) else (), run.failed
        )
        for name, run in runs.items()
        if run.state.iteration or run.failed
    }  # fmt: skip


def replace_models(runs: Mapping[str, Run], endings: Mapping[str, Ending]) -> tuple[str, ...]:
    """Give runs that reached another model than saved the saved one; a sentence on each of them."""
    notes = []
    for name, run in runs.items():
        if (ending := endings.get(name)) is None:
            continue
        reached = run.state.log_likelihood
        if not math.isclose(reached, ending.log_likelihood, rel_tol=1e-9, abs_tol=1e-9):
            run.replace_model(ending.hmm)
            notes.append(MODEL_DIFFERS.format(name=name))
    return tuple(notes)


def trainer(name: str, config: Config, data: Dataset) -> Trainer:
    """The trainer of a run for a Config."""
    trainable, alone = starts.trained_parameters(config, data), coordinates_of(config.only) or None
    if name == "EM":
        return EM(
            data.sequences,
            trainable=trainable,
            priors=constraints.priors(config, config.num_states, data.kinds),
            transition_ties=constraints.ties(config, config.num_states),
            coordinates=alone,
        )
    return GradientAscent(
        data.sequences,
        learning_rate=config.learning_rate,
        optimizer=config.optimizer,
        trainable=trainable,
        priors=constraints.priors(config, config.num_states, data.kinds),
        transition_ties=constraints.ties(config, config.num_states),
        coordinates=alone,
    )


def not_alone(config: Config, data: Dataset, start: HMM) -> str:
    """Why the numbers of the Config cannot be trained alone, in a sentence; empty if they can."""
    if not config.only:
        return ""
    ties = constraints.ties(config, start.num_states)
    try:
        alone = checked_coordinates(coordinates_of(config.only), ties)
        chosen_numbers(starts.trained_parameters(config, data), alone, start)
    except ValueError:
        return (
            f"“{config.only}” cannot be trained alone in this model; everything chosen under What "
            "is trained is trained."
        )
    return ""


def revised_trainer(name: str, revision: Revision, config: Config, data: Dataset) -> Trainer:
    """The trainer of a run with the learning rate and optimizer of a revision."""
    rate, optimizer = revision.controls
    return trainer(name, replace(config, learning_rate=rate, optimizer=optimizer), data)


def _update_sweep(runs: dict[str, Run], config: Config, data: Dataset) -> None:
    """Add, continue and remove runs so that the sweep has the learning rates of the Config."""
    if "Gradient" not in runs:
        return
    updated = learning_rate_sweep.with_sweep(
        runs,
        config,
        lambda rate: trainer("Gradient", replace(config, learning_rate=rate), data),
    )
    runs.clear()
    runs.update(updated)
    for run in learning_rate_sweep.runs(runs):
        rate, optimizer = _sweep_controls(config)[run.name]
        run.revisions = revised(run.revisions, Revision(run.state.iteration, rate, optimizer))


def _sweep_controls(config: Config) -> dict[str, tuple[float, str]]:
    """Learning rate and optimizer of each run of the sweep, by its name."""
    return {
        learning_rate_sweep.run_name(rate): (rate, config.optimizer)
        for rate in learning_rate_sweep.rates(config)
    }


def _revision(config: Config, iteration: int) -> Revision:
    """The learning rate and optimizer of the Config, valid from an iteration on."""
    return Revision(iteration, config.learning_rate, config.optimizer)


def _is_revised(run: Run) -> bool:
    """Whether the run was revised midway in a way that affects it. EM has no learning rate."""
    return len(run.revisions) > 1 and hasattr(run.trainer, "learning_rate")
