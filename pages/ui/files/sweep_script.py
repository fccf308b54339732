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
from pages.ui.experiment import model_choice, starts, variants
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.model_choice import RULES, SPLIT_STREAM, TEST_SHARE, Plan
from pages.ui.experiment.naming import parameter_symbols
from pages.ui.files.sources import sequences_source, trainer_source
from pages.ui.settings.config import Config

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
{partial}
import numpy as np

{imports}

'''

COMMON = '''

def made(line):
    """The start that the page made."""
    if line.startswith("{"):
        return from_json(line)
    raise ValueError(line)


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

TWO_DECIMALS = (
    "FORMATS = dict.fromkeys(\n"
    '    ["Log-likelihood", "AIC", "AICc", "BIC", "ICL", "Held out"], "{:.2f}".format\n)'
)

BY_STATES = """

def make_start(sequences, num_states, lines):
    return made(lines[sequences.num_observations, num_states])
"""

STATES = '''

def sweep(executor, at_once):
    """Fit models with each number of states, and what they are held out from."""
    for found in sweep_states(
        sequences, range(1, {most} + 1), make_trainer, make_start, LINES, {split},
        *{rule}, executor, None, at_once,
    ):
        say(found.done, found.total)
    return states_frame(found.rows, {symbols})
'''

STARTS = '''

def sweep(executor, at_once):
    """Fit from all starts, by each method."""
    tasks = {{
        name: Task(trainer, make_start, {num_states}, LINES, *RULES[name])
        for name, trainer in TRAINERS.items()
    }}
    methods, runs = list(tasks), {{}}
    for ended in as_they_end(tasks, executor, None, at_once):
        if ended.failure:
            raise SystemExit(ended.failure)
        for number, fit in ended.runs.items():
            runs[methods.index(ended.key) * len(LINES) + number] = fit
        say(len(runs), len(tasks) * len(LINES))
    found = optima(runs, TRAINERS[methods[0]], {steps})
    return optima_frame(found, methods, len(LINES))
'''

VARIANTS = '''

def sweep(executor, at_once):
    """Fit models of each family and under each constraint, and what they are held out from."""
    variants = {{
        name: Variant(maker, partial(make_start, name), WITHIN[name])
        for name, maker in TRAINERS.items()
    }}
    for found in sweep_variants(
        sequences, {num_states}, variants, LINES, split, *{rule}, executor, None, at_once
    ):
        say(found.done, found.total)
    return variants_frame(found.rows, LABELS, {symbols})


def make_start(name, sequences, num_states, lines):
    return made(lines[name, sequences.num_observations])
'''

IMPORTS: Mapping[str, tuple[str, ...]] = {
    "hmmcore": (
        "EM", "GradientAscent", "Priors", "Sequences", "Ties", "preset", "sample",
        "split_by_sequence", "split_by_time",
    ),
    "hmmcore.io": ("from_json",),
    "hmmcore.landscape": ("optima", "optima_frame"),
    "hmmcore.selection": (
        "Cluster", "Task", "Variant", "as_they_end", "states_frame", "sweep_states",
        "sweep_variants", "variants_frame",
    ),
}  # fmt: skip


def states_script(plan: Plan, data: Dataset) -> bytes:
    """A script of a sweep over numbers of states."""
    config, (method,) = plan.config, plan.methods
    split = model_choice.split(plan, data)
    numbers = range(1, config.most_states + 1)
    parts = [data.sequences] if split is None else [data.sequences, split.train]
    made = {
        (part.num_observations, k): _starts(config, data, part, k, config.starts_each)
        for k in numbers
        for part in parts
    }
    trainers = [
        trainer_source(
            model_choice.trainer(method, replace(config, num_states=k), data, data.sequences)
        )
        for k in numbers
    ]
    symbols = parameter_symbols(data)
    body = [
        sequences_source(data, config),
        _split_source(config),
        _starts_source(made, "observations trained on, states"),
        TWO_DECIMALS,
        "\n\ndef make_trainer(sequences, num_states):\n"
        + "".join(
            f"    if num_states == {k}:\n        return {own}\n"
            for k, own in zip(numbers, trainers, strict=True)
            if own != trainers[-1]
        )
        + f"    return {trainers[-1]}",
        BY_STATES,
        STATES.format(most=numbers[-1], split="split", rule=RULES[method], symbols=symbols),
    ]
    return _script("How many states", "hmm-states-sweep.py", body)


def starts_script(plan: Plan, data: Dataset, steps_closer: int) -> bytes:
    """A script of a sweep over starts.

    Args:
        steps_closer: as `most_steps` of `optima`.
    """
    config, sequences = plan.config, data.sequences
    own = _starts(config, data, sequences, config.num_states, plan.num_starts)
    trainers = (
        f"    {method!r}: {trainer_source(model_choice.trainer(method, config, data, sequences))},"
        for method in plan.methods
    )
    body = [
        sequences_source(data, config),
        _starts_source(
            {(sequences.num_observations, config.num_states): own},
            "observations trained on, states",
        ),
        "\n".join(["TRAINERS = {", *trainers, "}"]),
        f"RULES = { {method: RULES[method] for method in plan.methods} }",
        'FORMATS = {\n    "Log-likelihood": "{:.3f}".format, "Below the best": "{:.3f}".format,\n'
        '    "Share": "{:.2%}".format,\n}',
        BY_STATES,
        STARTS.format(num_states=config.num_states, steps=steps_closer),
    ]
    return _script("From which start", "hmm-starts-sweep.py", body)


def variants_script(plan: Plan, data: Dataset) -> bytes:
    """A script of a comparison of families and constraints."""
    config, (method,) = plan.config, plan.methods
    split, compared = model_choice.split(plan, data), variants.variants(plan, data)
    parts = [data.sequences] if split is None else [data.sequences, split.train]
    made = {
        (name, part.num_observations): _starts(
            variants.with_own_settings(config, name), data, part, config.num_states,
            config.variant_starts,
        )
        for name in compared
        for part in parts
    }  # fmt: skip
    labels = variants.available(config, data)
    trainers = (
        f"    {name!r}: lambda sequences: {trainer_source(one.make_trainer(data.sequences))},"
        for name, one in compared.items()
    )
    body = [
        sequences_source(data, config),
        _split_source(config),
        _starts_source(made, "variant, observations trained on"),
        TWO_DECIMALS,
        f"LABELS = { {name: labels[name] for name in compared} }",
        f"WITHIN = { {name: one.within for name, one in compared.items()} }",
        "\n".join(["TRAINERS = {", *trainers, "}"]),
        VARIANTS.format(
            num_states=config.num_states, rule=RULES[method], symbols=parameter_symbols(data)
        ),
    ]
    return _script("Families and constraints side by side", "hmm-variants-sweep.py", body)


def too_large(config: Config, data: Dataset, num_states: int, num_models: int) -> bool:
    """Whether so many starts, with at most so many states, are too many for a script."""
    return num_models * len(_line(config, data, data.sequences, num_states, 0)) > MOST_BYTES


def _split_source(config: Config) -> str:
    held_out = {
        "sequences": f"split_by_sequence(\n    sequences, {TEST_SHARE}, "
        f"np.random.default_rng([{config.seed}, {SPLIT_STREAM}])\n)",
        "ends": f"split_by_time(sequences, {TEST_SHARE})",
    }.get(config.hold_out, "None")
    return f"split = {held_out}"


def _starts(
    config: Config, data: Dataset, sequences: Sequences, num_states: int, count: int
) -> list[str]:
    return [_line(config, data, sequences, num_states, number) for number in range(count)]


def _line(config: Config, data: Dataset, sequences: Sequences, num_states: int, number: int) -> str:
    """A start as JSON on one line, or why it cannot be made."""
    rng = starts.generator(config, number)
    try:
        hmm = model_choice.make_start(config, data)(sequences, num_states, rng)
    except (ValueError, ArithmeticError) as error:
        return str(error)
    return json.dumps(to_content(hmm), separators=(",", ":"))


def _starts_source(made: Mapping[tuple[object, int], list[str]], what: str) -> str:
    lines = [f"# By ({what}): a start on each line.", "STARTS = {"]
    for key, models in made.items():
        lines += [f'    {key}: """\\', *models, '""",']
    lines += [
        "}",
        "# Those of each number, in place of its generator: a job is sent no others.",
        "LINES = [\n    dict(zip(STARTS, own))\n"
        "    for own in zip(*(text.splitlines() for text in STARTS.values()))\n]",
    ]
    return "\n".join(lines)


def _script(title: str, file: str, body: Iterable[str]) -> bytes:
    text = "\n".join(body) + COMMON
    imports = "\n".join(
        f"from {module} import {', '.join(found)}"
        for module, names in IMPORTS.items()
        if (found := [name for name in names if re.search(rf"\b{name}\(", text)])
    )
    partial = "from functools import partial\n" if "partial(" in text else ""
    return (HEAD.format(title=title, file=file, partial=partial, imports=imports) + text).encode()
