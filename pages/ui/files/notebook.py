"""A run as a notebook that takes the same steps with `hmmcore` alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from hmmcore import EM, HMM, Sequences, sample
from hmmcore.arrays import FloatArray
from hmmcore.io import to_json
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.generated import DATA_STREAM
from pages.ui.experiment.player import Run
from pages.ui.settings.config import Config
from pages.ui.text import many, missing

INSTALL = """\
This notebook rebuilds an experiment of HMM Playground: the same data, the same starting model, the
same steps. It needs Python 3.11 or newer and the package `hmmcore`, which is a folder of the HMM
Playground project: start the notebook from the project's folder, or `pip install` that folder.
"""


def notebook(experiment: Experiment) -> bytes:
    """The runs of an experiment as a notebook (nbformat 4.5), each as far as it has got.

    Raises:
        ValueError: when there is nothing that trains.
    """
    runs = [
        run for run in experiment.runs.values() if run.state.iteration
    ] or experiment.active_runs
    if not runs:
        raise ValueError("there is no run to write down.")
    sequences = experiment.data.sequences
    cells = [
        ("markdown", f"# {experiment.config.num_states} hidden states\n\n{INSTALL}"),
        ("code", _imports(runs)),
        ("markdown", f"## Data\n\n{_about(sequences)}"),
        ("code", _data(experiment)),
        ("markdown", "## Start\n\nThe model before the first step."),
        ("code", f"start = {_model(runs[0].start)}"),
    ]
    for run in runs:
        cells += [
            ("markdown", f"## {run.name}\n\n{many(run.state.iteration, 'step')}."),
            ("code", _training(run)),
        ]
    cells += [
        ("markdown", "## Decoding\n\nState probabilities and the most probable path."),
        ("code", "decoded_frame(state.hmm, sequences).head(20)"),
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


def _imports(runs: list[Run]) -> str:
    trainers = sorted({type(run.trainer).__name__ for run in runs})
    return (
        "import numpy as np\n\n"
        f"from hmmcore import {', '.join(trainers)}, Sequences, preset, sample\n"
        "from hmmcore.io import decoded_frame, from_json"
    )


def _about(sequences: Sequences) -> str:
    return (
        f"{many(sequences.num_sequences, 'sequence')} with "
        f"{many(sequences.num_observations, 'observation')} in all."
        + (f" {missing(sequences)}: `np.nan`." if sequences.has_missing else "")
    )


def _data(experiment: Experiment) -> str:
    data = experiment.data
    lines = [_sequences(experiment)]
    if data.labels:
        lines.append(f"labels = {list(data.labels)!r}  # of the symbols 0, 1, … in sequences")
    if data.columns:
        lines.append(f"columns = {list(data.columns)!r}  # of sequences.observations, by name")
    return "\n".join(lines)


def _sequences(experiment: Experiment) -> str:
    data, config = experiment.data, experiment.config
    if config.source == "notebook":
        return 'sequences = preset("notebook").sequences'
    if data.truth is not None and _drawn(data.truth, config) == data.sequences:
        return (
            f"truth = {_model(data.truth)}\n"
            f"rng = np.random.default_rng([{config.seed}, {DATA_STREAM}])\n"
            f"simulation = sample(truth, num_sequences={config.num_sequences}, "
            f"length={config.length}, rng=rng)\n"
            "sequences = simulation.sequences"
        )
    values = data.sequences.observations
    return (
        f"observations = np.array([{_numbers(values)}]).reshape(-1, {values.shape[1]})\n"
        f"lengths = {data.sequences.lengths.tolist()!r}\n"
        "sequences = Sequences(observations, lengths)"
    )


def _numbers(values: FloatArray) -> str:
    """Values (T, D) as Python writes them, row by row; a missing one is np.nan."""
    return ", ".join(
        "np.nan" if value != value else repr(value) for value in values.ravel().tolist()
    )


def _drawn(truth: HMM, config: Config) -> Sequences:
    rng = np.random.default_rng([config.seed, DATA_STREAM])
    return sample(truth, config.num_sequences, config.length, rng).sequences


def _model(hmm: HMM) -> str:
    return f'from_json("""\n{to_json(hmm)}\n""")'


def _training(run: Run) -> str:
    trainer, last = run.trainer, run.state.iteration
    trainable = f"trainable={sorted(trainer.trainable)!r}" if trainer.trainable is not None else ""  # type: ignore[attr-defined]
    end = "print(state.iteration, state.log_likelihood)"
    if isinstance(trainer, EM):
        return (
            f"trainer = EM(sequences, {trainable})\n"
            "state = trainer.init(start)\n"
            f"while state.iteration < {last}:\n    state = trainer.step(state)\n{end}"
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
        lines.append(f"trainer = {kind}(sequences, {controls}, {trainable})")
        if number == 0:
            lines.append("state = trainer.init(start)")
        lines += [f"while state.iteration < {until}:", "    state = trainer.step(state)"]
    return "\n".join([*lines, end])
