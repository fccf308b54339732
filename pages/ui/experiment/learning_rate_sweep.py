"""a sweep of learning rates: further gradient runs beside the chosen one, from the same start."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hmmcore import Trainer
from pages.ui.experiment.player import METHODS, Run
from pages.ui.settings.config import FIELD_OF, Config

FACTORS: Mapping[str, tuple[float, ...]] = {
    "off": (),
    "3": (1 / 3, 3.0),
    "5": (1 / 10, 1 / 3, 3.0, 10.0),
}
"""Rates beside the chosen one, as multiples of it: with it, five at the most."""


def rates(config: Config) -> tuple[float, ...]:
    """The learning rates beside the chosen one, rising, to three digits and within its bounds."""
    field = FIELD_OF["learning_rate"]
    found = []
    for factor in FACTORS[config.learning_rate_sweep]:
        rate = float(f"{field.nearest(factor * config.learning_rate):.3g}")
        if rate not in (config.learning_rate, *found):
            found.append(rate)
    return tuple(found)


def run_name(rate: float) -> str:
    """The name of the run beside the gradient's own that has this learning rate."""
    return f"Gradient {rate:g}"


def runs(all_runs: Mapping[str, Run]) -> list[Run]:
    """Those among all runs that are a sweep's, by rising rate."""
    return [run for name, run in all_runs.items() if name not in METHODS]


def spread(
    all_runs: Mapping[str, Run], config: Config, trainer: Callable[[float], Trainer]
) -> dict[str, Run]:
    """EM and Gradient as they are, and a run for each further rate of the Config.

    Where there are as many as before, each goes on from where it is with its new rate, as the
    chosen one does. Otherwise those that are wanted still go on, and others begin at the start.
    """
    kept = {name: all_runs[name] for name in METHODS}
    wanted, before = rates(config), runs(all_runs)
    if len(wanted) != len(before):
        found = [all_runs.get(run_name(rate)) for rate in wanted]
    else:
        found = list(before)
    for rate, run in zip(wanted, found, strict=True):
        if run is None:
            run = Run(run_name(rate), trainer(rate), kept["Gradient"].start)
        else:
            run.name = run_name(rate)
            run.revise(trainer(rate))
        kept[run.name] = run
    return kept
