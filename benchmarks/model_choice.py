"""How long the Models page takes for K = 1 to 8 with 10 starts each, at the defaults.

    python -m benchmarks.model_choice

Prints when the first row was known, when all were, and the computing time of all cores.
"""

from __future__ import annotations

import time

from hmmcore import warm_up
from hmmcore.selection import sweep_states
from pages.ui.experiment import generated, model_choice, starts
from pages.ui.settings.config import Config

FIRST_ROW, ALL_ROWS = 2.0, 20.0
"""Seconds that they may take on two cores."""


def main() -> None:
    """Measure once, after kernels are compiled."""
    warm_up()
    config = Config()
    data = generated.dataset(config)
    plan = model_choice.plan_of_states(config, data)
    begun, computing, first = time.perf_counter(), time.process_time(), None
    for sweep in sweep_states(
        data.sequences,
        range(1, plan.config.most_states + 1),
        lambda sequences, num_states: model_choice.trainer("EM", plan.config, data, sequences),
        model_choice.make_start(plan.config, data),
        [starts.generator(config, number) for number in range(plan.config.starts_each)],
        model_choice.split(plan, data),
    ):
        if first is None and any(row.criteria is not None for row in sweep.rows):
            first = time.perf_counter() - begun
    took = time.perf_counter() - begun
    assert first is not None
    print(f"first row after {first:.2f} s (goal {FIRST_ROW:.0f} s)")
    print(f"{sweep.done} fits after {took:.1f} s (goal {ALL_ROWS:.0f} s)")
    print(f"computing time {time.process_time() - computing:.1f} s")


if __name__ == "__main__":
    main()
