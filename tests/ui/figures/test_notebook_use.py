"""Figures know nothing of the page: every builder works where Streamlit is not loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

EVERY_FIGURE = """
import sys
import numpy as np
from pages.ui.figures import charts, charts_data, distribution_charts, time_charts, truth_charts
from pages.ui.figures.observed_variable import PLAIN, ObservedVariable
from pages.ui.figures.theme import DARK, LIGHT

table, states, values = np.eye(3), np.array([0, 1, 2, 1]), np.array([0.0, 1.0, np.nan, 2.0])
probs, shares = np.full((4, 3), 1 / 3), np.full(3, 1 / 3)
faces = ObservedVariable("face", "symbol", ("a", "b", "c"))
for colours in (LIGHT, DARK):
    figures = [
        charts.transition_counts_figure(table, shares, "r", colours),
        charts.transition_matrix_figure(table, shares, "r", colours),
        charts.confusion_figure(np.eye(3, dtype=int), "r", colours),
        charts_data.sequence_figure(values, states, PLAIN, "r", colours),
        charts_data.overview_figure([values, values], [states, states], PLAIN, "r", colours),
        distribution_charts.histogram_figure(
            values, PLAIN, "r", colours, (np.arange(3.0), np.ones(3), shares)
        ),
        distribution_charts.counts_figure(
            values, ObservedVariable("n", "count"), "r", colours,
            (np.arange(4.0), probs.T, np.arange(3.0), shares),
        ),
        distribution_charts.symbols_figure(shares, faces, "r", colours, (table, shares)),
        distribution_charts.points_figure(
            np.column_stack([values, values]), states, (PLAIN, PLAIN), "r", colours,
            (np.zeros((3, 2)), np.stack([np.eye(2)] * 3)),
        ),
        time_charts.posterior_figure(
            probs, values, colours, kind="smoothed", revision="r", true_states=states,
            true_model_probs=probs, true_model_entropy=values,
        ),
        time_charts.paths_figure(
            values, states, states, 3, colours, revision="r", true_states=states
        ),
        time_charts.tied_paths_figure(states[None, :], 3, colours, revision="r"),
        truth_charts.parameter_errors_figure({"A": ("to state", table)}, "r", colours),
    ]
    for figure in figures:
        assert figure.layout.paper_bgcolor == colours.background
        assert figure.layout.template.layout == type(figure.layout.template.layout)()
        assert "NaN" not in figure.to_json()
        assert "var(" not in figure.to_json()
assert "streamlit" not in sys.modules
print("\\n".join(
    name for module in (charts, charts_data, distribution_charts, time_charts, truth_charts)
    for name in vars(module) if name.endswith("_figure")
))
"""


def test_every_figure_is_made_without_streamlit() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EVERY_FIGURE],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    builders = [name for name in done.stdout.split() if not name.startswith("_")]
    assert builders
    assert all(f".{name}(" in EVERY_FIGURE for name in builders)
