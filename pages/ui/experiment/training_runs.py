"""The runs of an experiment by their names: EM, Gradient, and a sweep of learning rates beside it.

What trains them follows from a Config and its data. A dictionary of runs stays the same one while
they go on, so that who kept it knows whether they were replaced.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from hmmcore import EM, GradientAscent, Trainer
from pages.ui.experiment import learning_rate_sweep, starts
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.nudging import nudged
from pages.ui.experiment.player import METHODS, Run
from pages.ui.experiment.replay import Ending
from pages.ui.experiment.run_position import Revision, RunProgress, revised
from pages.ui.settings.config import Config

ELSEWHERE = (
    "{name} took the same steps as in the file and came to another model here: machines round "
    "differently, and long runs can amplify that. Shown is the model of the file."
)


def begun(config: Config, data: Dataset) -> dict[str, Run]:
    """All runs, at iteration 0.

    Raises:
        ValueError, ImpossibleDataError: where the data cannot be trained on from this start.
    """
    start = nudged(starts.starting_model(config, data), config)
    runs = {
        name: Run(name, trainer(name, config, data), start, (_revision(config, 0),))
        for name in METHODS
    }
    _spread(runs, config, data)
    return runs


def revise(runs: dict[str, Run], config: Config, data: Dataset) -> None:
    """Let each run go on from where it is as the Config says now, and spread the sweep anew."""
    for name in METHODS:
        if (run := runs.get(name)) is not None:
            run.revise(trainer(name, config, data), _revision(config, run.state.iteration))
    _spread(runs, config, data)


def revise_where_needed(runs: dict[str, Run], config: Config, data: Dataset) -> None:
    """`revise`, except for runs that went on as the Config says anyway."""
    for name in METHODS:
        if (run := runs.get(name)) is not None:
            revision = _revision(config, run.state.iteration)
            if run.revisions[-1].controls != revision.controls:
                run.revise(trainer(name, config, data), revision)
    wanted = _sweep_controls(config)
    if any(
        run.revisions[-1].controls != wanted[run.name] for run in learning_rate_sweep.runs(runs)
    ):
        _spread(runs, config, data)


def stands(runs: Mapping[str, Run]) -> dict[str, RunProgress]:
    """Where each run stands that has moved or failed."""
    return {
        name: RunProgress(
            run.state.iteration, run.revisions if _is_revised(run) else (), run.failed
        )
        for name, run in runs.items()
        if run.state.iteration or run.failed
    }  # fmt: skip


def replace_models(runs: Mapping[str, Run], endings: Mapping[str, Ending]) -> tuple[str, ...]:
    """Put in what runs had learned where they came to another model; a sentence on each such."""
    notes = []
    for name, run in runs.items():
        if (ending := endings.get(name)) is None:
            continue
        reached = run.state.log_likelihood
        if not math.isclose(reached, ending.log_likelihood, rel_tol=1e-9, abs_tol=1e-9):
            run.replace_model(ending.hmm)
            notes.append(ELSEWHERE.format(name=name))
    return tuple(notes)


def trainer(name: str, config: Config, data: Dataset) -> Trainer:
    """The trainer of a run as a Config says."""
    trainable = starts.trained_parameters(config)
    if name == "EM":
        return EM(data.sequences, trainable=trainable)
    return GradientAscent(
        data.sequences,
        learning_rate=config.learning_rate,
        optimizer=config.optimizer,
        trainable=trainable,
    )


def revised_trainer(name: str, revision: Revision, config: Config, data: Dataset) -> Trainer:
    """The trainer of a run as the controls were at a revision."""
    rate, optimizer = revision.controls
    return trainer(name, replace(config, learning_rate=rate, optimizer=optimizer), data)


def _spread(runs: dict[str, Run], config: Config, data: Dataset) -> None:
    """Let a run for each further learning rate stand beside the gradient's, or none."""
    if "Gradient" not in runs:
        return
    spread = learning_rate_sweep.spread(
        runs,
        config,
        lambda rate: trainer("Gradient", replace(config, learning_rate=rate), data),
    )
    runs.clear()
    runs.update(spread)
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
    """What the controls say, as what holds from an iteration on."""
    return Revision(iteration, config.learning_rate, config.optimizer)


def _is_revised(run: Run) -> bool:
    """Whether how the run went on was changed midway, and made a difference to it."""
    return len(run.revisions) > 1 and hasattr(run.trainer, "learning_rate")
