"""Export an experiment as a Jupyter notebook that repeats its runs and draws what came of them.

It uses `hmmcore` and Plotly, and nothing of the pages.
"""

from __future__ import annotations

import json
from typing import Any

from hmmcore import EM, Sequences, Trainer
from hmmcore.scripts import array_source
from pages.ui.experiment import starts
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.player import Run
from pages.ui.files.notebook_figures import figure_cells
from pages.ui.files.notebook_map import MapSource, map_cells
from pages.ui.files.notebook_trust import trust_cells
from pages.ui.files.sources import model_source, sequences_source, value_source
from pages.ui.text import many, missing

INSTALL = """\
This notebook rebuilds an experiment of HMM Playground: the same data, the same starting model, the
same steps. It needs Python 3.11 or newer, Plotly, and the package `hmmcore`, which is a folder of
the HMM Playground project: start the notebook from the project's folder, or `pip install` that
folder.
"""


def notebook(
    experiment: Experiment, landscape: MapSource | None = None, *, trust: bool = False
) -> bytes:
    """A notebook (nbformat 4.5) that repeats the runs of an experiment up to where they are.

    Args:
        landscape: the map that it computes as well; None for none.
        trust: whether it says how sure each number is.

    Raises:
        ValueError: if there is no run.
    """
    runs = [
        run for run in experiment.runs.values() if run.state.iteration
    ] or experiment.active_runs
    if not runs:
        raise ValueError("there is no run to write down.")
    sequences = experiment.data.sequences
    # The run on the page may have no step yet, while another has.
    shown = next((run for run in runs if run is experiment.shown_run), runs[-1])
    cells = [
        ("markdown", f"## Data\n\n{_about(sequences)}"),
        ("code", _data(experiment)),
        ("markdown", "## Start\n\nThe model before the first step."),
        ("code", f"start = {model_source(runs[0].start)}\nruns = {{}}"),
    ]
    for run in runs:
        cells += [
            ("markdown", f"## {run.name}\n\n{many(run.state.iteration, 'step')}."),
            ("code", _training(run)),
        ]
    cells += figure_cells(experiment, shown)
    if landscape is not None:
        trainers = {name: _trainer(experiment.runs[name]) for name in landscape.methods}
        cells += map_cells(landscape, trainers)
    if trust:
        trainable = starts.trained_parameters(experiment.config, experiment.data)
        cells += trust_cells(shown.name, trainable, experiment.config)
    cells = [
        ("markdown", f"# {experiment.config.num_states} hidden states\n\n{INSTALL}"),
        ("code", _imports("\n".join(source for kind, source in cells if kind == "code"))),
        *cells,
    ]
    content = {
        "cells": [_cell(number, *cell) for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode()


def _cell(number: int, kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _imports(code: str) -> str:
    names = (
        "EM", "GradientAscent", "Priors", "Sequences", "Ties", "align", "k_best_paths",
        "log_likelihood",
        "path_log_posteriors", "preset", "sample", "sample_posterior_paths", "smooth", "viterbi",
    )  # fmt: skip
    return (
        "import numpy as np\n"
        "import plotly.graph_objects as go\n"
        "from plotly.subplots import make_subplots\n\n"
        f"from hmmcore import {', '.join(name for name in names if f'{name}(' in code)}\n"
        "from hmmcore.io import decoded_frame, from_json"
    )


def _about(sequences: Sequences) -> str:
    return (
        f"{many(sequences.num_sequences, 'sequence')} with "
        f"{many(sequences.num_observations, 'observation')} in all."
        + (f" {missing(sequences)}: `nan`." if sequences.has_missing else "")
    )


def _data(experiment: Experiment) -> str:
    data = experiment.data
    lines = [sequences_source(data, experiment.config)]
    if data.labels:
        lines.append(f"labels = {list(data.labels)!r}  # of the symbols 0, 1, …")
    else:
        lines.append(f"columns = {list(data.columns or (data.name,))!r}")
    if data.kinds:
        each = [list(labels) for labels in data.part_labels]
        lines.append(
            f"labels = {each!r}  # of the symbols 0, 1, … of each column; others have none"
        )
    if data.sequence_names:
        lines.append(f"sequence_names = {list(data.sequence_names)!r}")
    if data.times is not None:
        lines.append(f"times = {array_source(data.times)}")
    return "\n".join(lines)


def _trained(trainer: Trainer) -> str:
    """The arguments that say what is trained, and under which priors and ties."""
    trainable = sorted(trainer.trainable) if trainer.trainable is not None else None  # type: ignore[attr-defined]
    alone = trainer.coordinates  # type: ignore[attr-defined]
    priors, ties = (getattr(trainer, name, None) for name in ("priors", "transition_ties"))
    given = {
        "trainable": trainable, "coordinates": alone, "priors": priors, "transition_ties": ties,
    }  # fmt: skip
    found = [f"{name}={value_source(one)}" for name, one in given.items() if one is not None]
    return ", ".join(found)


def _trainer(run: Run) -> str:
    """The trainer of a run as it is now."""
    trainer = run.trainer
    if isinstance(trainer, EM):
        return f"EM(sequences, {_trained(trainer)})"
    learning_rate, optimizer = run.revisions[-1].controls
    return (
        f"{type(trainer).__name__}(sequences, learning_rate={learning_rate!r}, "
        f"optimizer={optimizer!r}, {_trained(trainer)})"
    )


def _training(run: Run) -> str:
    trainer, last = run.trainer, run.state.iteration
    trained = _trained(trainer)
    step = "    state = trainer.step(state)\n    curve.append(state.log_likelihood)"
    end = f"runs[{run.name!r}] = state, curve\nprint(state.iteration, state.log_likelihood)"
    if isinstance(trainer, EM):
        return (
            f"trainer = EM(sequences, {trained})\n"
            "state = trainer.init(start)\n"
            "curve = [state.log_likelihood]\n"
            f"while state.iteration < {last}:\n{step}\n{end}"
        )
    kind = type(trainer).__name__
    stages = [
        (f"learning_rate={revision.learning_rate!r}, optimizer={revision.optimizer!r}", until)
        for revision, until in zip(
            run.revisions, [*(r.iteration for r in run.revisions[1:]), last], strict=True
        )
    ]
    lines = []
    for number, (controls, until) in enumerate(stages):
        lines.append(f"trainer = {kind}(sequences, {controls}, {trained})")
        if number == 0:
            lines += ["state = trainer.init(start)", "curve = [state.log_likelihood]"]
        lines += [f"while state.iteration < {until}:", step]
    return "\n".join([*lines, end])
