"""A sweep of learning rates: further gradient runs from the same starting model."""

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
"""The further learning rates, as multiples of the chosen one."""


def rates(config: Config) -> tuple[float, ...]:
    """The further learning rates, ascending: rounded to three digits, within the field's bounds."""
    field = FIELD_OF["learning_rate"]
    found = []
    for factor in FACTORS[config.learning_rate_sweep]:
        rate = float(f"{field.nearest(factor * config.learning_rate):.3g}")
        if rate not in (config.learning_rate, *found):
            found.append(rate)
    return tuple(found)


def run_name(rate: float) -> str:
    """The name of the sweep's run that has this learning rate."""
    return f"Gradient {rate:g}"


def runs(all_runs: Mapping[str, Run]) -> list[Run]:
    """The runs of the sweep among all runs, by ascending rate."""
    return [run for name, run in all_runs.items() if name not in METHODS]


def with_sweep(
    all_runs: Mapping[str, Run], config: Config, trainer: Callable[[float], Trainer]
) -> dict[str, Run]:
    """EM and Gradient unchanged, and one run for each further learning rate of the Config.

    If the number of rates is the same as before, each run continues with its new rate, as the
    chosen one does. Otherwise runs whose rate is still wanted continue, and new rates start anew.
    """
    result = {name: all_runs[name] for name in METHODS}
    new_rates, old_runs = rates(config), runs(all_runs)
    if len(new_rates) != len(old_runs):
        found = [all_runs.get(run_name(rate)) for rate in new_rates]
    else:
        found = list(old_runs)
    for rate, run in zip(new_rates, found, strict=True):
        if run is None:
            run = Run(run_name(rate), trainer(rate), result["Gradient"].start)
        else:
            run.name = run_name(rate)
            run.revise(trainer(rate))
        result[run.name] = run
    return result
