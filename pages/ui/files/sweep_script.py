"""Export a sweep of the Models page as a script that runs it elsewhere and prints its table.

It uses `hmmcore`, and nothing of the pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from hmmcore import Sequences
from hmmcore.io import to_content
from pages.ui.experiment import model_choice, starts
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.model_choice import RULES, SPLIT_STREAM, TEST_SHARE, Plan
from pages.ui.experiment.naming import parameter_symbols
from pages.ui.files.sources import sequences_source, trainer_source

MOST_BYTES = 20_000_000
"""Of starting models in a script."""

HEAD = '''\
"""{title}: a sweep of HMM Playground, with the same starts and so the same table.

    python {file}                                   on this machine
    python {file} --scheduler tcp://127.0.0.1:8786  on a Dask cluster of your own
    python {file} --csv table.csv                   also writes the table with all digits

It needs Python 3.11 or newer and the package hmmcore, which is a folder of the HMM Playground
project: run it from the project's folder, or pip install that folder. On a cluster the workers
need the same, and all sides the package distributed.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

{imports}

'''

COMMON = '''

def make_start(sequences, num_states, rng):
    """The start that the page made: the seed of its generator is its number."""
    number = rng.bit_generator.seed_seq.entropy
    start = STARTS[sequences.num_observations, num_states].splitlines()[number]
    if start.startswith("{"):
        return from_json(start)
    raise ValueError(start)


def say(done, total):
    print(f"\\r{done} of {total} fits done", end="", file=sys.stderr, flush=True)


def run(sweep, scheduler):
    """The table of a sweep on this machine or, if there is a scheduler, on its cluster."""
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        if not scheduler:
            return sweep(pool, threads)
        with Cluster(scheduler, pool, threads) as cluster:
            if not cluster.is_there(60):
                why = cluster.away or "it has not answered"
                print(f"The cluster is away: {why}. This machine computes.", file=sys.stderr)
            return sweep(cluster, lambda: cluster.num_threads)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    parser.add_argument("--csv", help="where to write the table")
    arguments = parser.parse_args()
    table = run(sweep, arguments.scheduler)
    print(file=sys.stderr)
    print(table.to_string(index=False, na_rep="", formatters=FORMATS))
    if arguments.csv:
        table.to_csv(arguments.csv, index=False)
'''

STATES = '''

def sweep(executor, at_once):
    """Fit models with each number of states, and what they are held out from."""
    for found in sweep_states(
        sequences, range(1, {most} + 1), make_trainer, make_start, GENERATORS, {split},
        *{rule}, executor, None, at_once,
    ):
        say(found.done, found.total)
    return states_frame(found.rows, {symbols})
'''

STARTS = '''

def sweep(executor, at_once):
    """Fit from all starts, by each method."""
    tasks = {{
        name: Task(trainer, make_start, {num_states}, GENERATORS, *RULES[name])
        for name, trainer in TRAINERS.items()
    }}
    methods, runs = list(tasks), {{}}
    for ended in as_they_end(tasks, executor, None, at_once):
        if ended.failure:
            raise SystemExit(ended.failure)
        for number, fit in ended.runs.items():
            runs[methods.index(ended.key) * len(GENERATORS) + number] = fit
        say(len(runs), len(tasks) * len(GENERATORS))
    found = optima(runs, TRAINERS[methods[0]], {steps})
    return optima_frame(found, methods, len(GENERATORS))
'''

IMPORTS: Mapping[str, tuple[str, ...]] = {
    "hmmcore": (
        "EM", "GradientAscent", "Priors", "Sequences", "Ties", "preset", "sample",
        "split_by_sequence", "split_by_time",
    ),
    "hmmcore.io": ("from_json",),
    "hmmcore.landscape": ("optima", "optima_frame"),
    "hmmcore.selection": ("Cluster", "Task", "as_they_end", "states_frame", "sweep_states"),
}  # fmt: skip


def states_script(plan: Plan, data: Dataset) -> bytes:
    """A script of a sweep over numbers of states."""
    config, (method,) = plan.config, plan.methods
    split = model_choice.split(plan, data)
    numbers = range(1, config.most_states + 1)
    parts = [data.sequences] if split is None else [data.sequences, split.train]
    made = {
        (part.num_observations, k): _starts(plan, data, part, k, config.starts_each)
        for k in numbers
        for part in parts
    }
    held_out = {
        "sequences": f"split_by_sequence(\n    sequences, {TEST_SHARE}, "
        f"np.random.default_rng([{config.seed}, {SPLIT_STREAM}])\n)",
        "ends": f"split_by_time(sequences, {TEST_SHARE})",
    }.get(config.hold_out, "None")
    trainers = [
        trainer_source(
            model_choice.trainer(method, replace(config, num_states=k), data, data.sequences)
        )
        for k in numbers
    ]
    symbols = parameter_symbols(data)
    body = [
        sequences_source(data, config),
        f"split = {held_out}",
        _starts_source(made, config.starts_each),
        "FORMATS = dict.fromkeys(\n"
        '    ["Log-likelihood", "AIC", "AICc", "BIC", "ICL", "Held out"], "{:.2f}".format\n)',
        "\n\ndef make_trainer(sequences, num_states):\n"
        + "".join(
            f"    if num_states == {k}:\n        return {own}\n"
            for k, own in zip(numbers, trainers, strict=True)
            if own != trainers[-1]
        )
        + f"    return {trainers[-1]}",
        STATES.format(most=numbers[-1], split="split", rule=RULES[method], symbols=symbols),
    ]
    return _script("How many states", "hmm-states-sweep.py", body)


def starts_script(plan: Plan, data: Dataset, steps_closer: int) -> bytes:
    """A script of a sweep over starts.

    Args:
        steps_closer: as `most_steps` of `optima`.
    """
    config, sequences = plan.config, data.sequences
    own = _starts(plan, data, sequences, config.num_states, plan.num_starts)
    trainers = (
        f"    {method!r}: {trainer_source(model_choice.trainer(method, config, data, sequences))},"
        for method in plan.methods
    )
    body = [
        sequences_source(data, config),
        _starts_source({(sequences.num_observations, config.num_states): own}, plan.num_starts),
        "\n".join(["TRAINERS = {", *trainers, "}"]),
        f"RULES = { {method: RULES[method] for method in plan.methods} }",
        'FORMATS = {\n    "Log-likelihood": "{:.3f}".format, "Below the best": "{:.3f}".format,\n'
        '    "Share": "{:.2%}".format,\n}',
        STARTS.format(num_states=config.num_states, steps=steps_closer),
    ]
    return _script("From which start", "hmm-starts-sweep.py", body)


def too_large(plan: Plan, data: Dataset, num_states: int, num_models: int) -> bool:
    """Whether so many starts, with at most so many states, are too many for a script."""
    return num_models * len(_line(plan, data, data.sequences, num_states, 0)) > MOST_BYTES


def _starts(
    plan: Plan, data: Dataset, sequences: Sequences, num_states: int, count: int
) -> list[str]:
    return [_line(plan, data, sequences, num_states, number) for number in range(count)]


def _line(plan: Plan, data: Dataset, sequences: Sequences, num_states: int, number: int) -> str:
    """A start as JSON on one line, or why it cannot be made."""
    rng = starts.generator(plan.config, number)
    try:
        hmm = model_choice.make_start(plan.config, data)(sequences, num_states, rng)
    except (ValueError, ArithmeticError) as error:
        return str(error)
    return json.dumps(to_content(hmm), separators=(",", ":"))


def _starts_source(made: Mapping[tuple[int, int], list[str]], count: int) -> str:
    lines = [
        "# By the number of observations trained on and of states: a start on each line.",
        "STARTS = {",
    ]
    for key, models in made.items():
        lines += [f'    {key}: """\\', *models, '""",']
    lines += ["}", f"GENERATORS = [np.random.default_rng(number) for number in range({count})]"]
    return "\n".join(lines)


def _script(title: str, file: str, body: Iterable[str]) -> bytes:
    text = "\n".join(body) + COMMON
    imports = "\n".join(
        f"from {module} import {', '.join(found)}"
        for module, names in IMPORTS.items()
        if (found := [name for name in names if re.search(rf"\b{name}\(", text)])
    )
    return (HEAD.format(title=title, file=file, imports=imports) + text).encode()
