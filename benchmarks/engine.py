"""The engine against its peers: EM, likelihood, Viterbi and gradient, in one run.

    python -m benchmarks.engine [--quick] [--only batch,long] [--output docs/benchmarks.md]

Every measurement is a process of its own (benchmarks/engine_worker.py) with the same data, the
same start and a time limit, one after the other, so that no library's threads disturb another's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import processor
from benchmarks.workloads import MANY, WORKLOADS

PACKAGES = ("numpy", "numba", "hmmlearn", "jax", "dynamax", "torch", "pomegranate")
PEERS = ("hmmlearn log", "hmmlearn scaling", "dynamax", "pomegranate")
GOALS = {"notebook": 5.0, "playground": 3.0, "batch": 5.0, "long": 3.0, "wide": 7.0}
"""How many times faster than the fastest peer one EM iteration should be, by workload."""
LIKELIHOOD_RTOL = 1e-8
"""How closely every library must agree on the log-likelihood before its time counts."""
MANY_HEAD = [
    "| operation | K, M, N | models × steps | hmmcore.batch µs | one by one µs | dynamax, vmap µs "
    "| C, one thread µs |",
    "|---|---|---|---|---|---|---|",
]
MANY_WORDS = "Many models on the same data (`hmmcore.batch`), a step of one of them:"
BEGIN, END = "<!-- figures of make bench -->", "<!-- end of figures -->"
LARGEST = "5,10000000,1"
MANY_GOALS = {"notebook": (20.0, 20.0), "2,100,1": (4.0, 8.0), "playground": (1.2, 8.0)}
"""How many times faster many models should be together: than one by one, and than dynamax."""
LANDSCAPE_HEAD = [
    "| operation | K, M, N | hmmcore.landscape s | one by one s |",
    "|---|---|---|---|",
]
LANDSCAPE_GOALS = {
    ("surface 61", "playground"): 0.3, ("surface 31", "playground"): 0.2,
    ("first 64", "playground"): 1.0, ("basins 64", "playground"): None,
    ("basins 96", "notebook"): 1.0,
}  # fmt: skip
"""How many seconds each may take, by operation and workload."""
LANDSCAPE_WORDS = {
    "surface": "surface, {0} × {0}",
    "first": "first picture of the basins, {0} × {0}",
    "basins": "basins, {0} × {0}",
}
TRUST_HEAD = ["| operation | K, M, N | s |", "|---|---|---|"]
TRUST_GOALS = {
    ("information", "playground"): 0.3, ("profile", "playground"): 1.0,
    ("profiles", "playground"): None, ("bootstrap 20", "playground"): None,
    ("coverage 20", "playground"): None, ("simulated 100", "playground"): None,
    ("zeros", "playground"): None,
}  # fmt: skip
"""How many seconds each may take, by operation and workload."""
TRUST_WORDS = {
    "information": "observed information",
    "profile": "profile interval of one mean",
    "profiles": "profile intervals of all numbers",
    "bootstrap": "bootstrap, {0} data sets",
    "coverage": "coverage of Wald's intervals, {0} data sets",
    "simulated": "simulated beside observed, {0} data sets",
    "zeros": "which zeros should rise",
}
PRODUCT_HEAD = [
    "| K, M, N | Gaussian ms | product of Gaussians ms | of counts ms | of all kinds ms |",
    "|---|---|---|---|---|",
]
PRODUCT_GOAL = 3.0
"""How many times as long as one diagonal Gaussian a product of Gaussians may take, at the most."""
GROWTH = {
    "K": [(k, 1000, 100) for k in (2, 4, 8, 16, 32)],
    "M": [(5, m, 100) for m in (10, 100, 1000, 10_000)],
    "N": [(5, 1000, n) for n in (1, 10, 100, 1000)],
}


def measure(
    tool: str,
    operation: str,
    size: str,
    seconds: float,
    limit: float,
    worker: str = "engine_worker",
) -> dict[str, Any]:
    """Run one worker; the result has "error" if it failed or took too long."""
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{worker}"]
    command += [tool, operation, size, str(seconds)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"error": f"over {limit:.0f} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        error = lines[-1] if lines else f"ended with {done.returncode}"
        return {"error": error.removeprefix("NotImplementedError: ")[:60]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def comparison(operation: str, names: list[str], seconds: float, limit: float) -> list[str]:
    """Table rows of one operation: our median, each peer's, and the ratio of the two."""
    rows = []
    for name in names:
        ours = measure("hmmcore", operation, name, seconds, limit)
        cells, ratios = [], []
        for peer in PEERS:
            result = measure(peer, operation, name, seconds, limit)
            cells.append(describe(result, ours, ratios))
        best = f"**{min(ratios):.1f}×**" if ratios else "none ran"
        if operation == "em":
            best += f" (goal {GOALS[name]:g}×)"
        elif operation in ("log_likelihood", "viterbi"):
            best += " (goal 3×)"
        k, m, n = WORKLOADS[name]
        row = [operation, f"{name} ({k}, {m}, {n})", milliseconds(ours), *cells, best]
        rows.append("| " + " | ".join(row) + " |")
        print(rows[-1], flush=True)
    return rows


def describe(result: dict[str, Any], ours: dict[str, Any], ratios: list[float]) -> str:
    """One peer's cell; appends its ratio to `ratios` if both computed the same value."""
    if "error" in result or "error" in ours:
        return str(result.get("error", milliseconds(result)))
    value, expected = result["value"], ours["value"]
    if not abs(value - expected) <= LIKELIHOOD_RTOL * abs(expected):
        return f"{milliseconds(result)}, but another value ({value:.8g}, not {expected:.8g})"
    ratios.append(result["median"] / ours["median"])
    return f"{milliseconds(result)} ({ratios[-1]:.1f}×)"


def milliseconds(result: dict[str, Any]) -> str:
    """A median in ms, or why there is none."""
    return str(result["error"]) if "error" in result else f"{result['median'] * 1e3:.4g}"


def growth(seconds: float, limit: float) -> list[str]:
    """Table rows of the time of one EM step as one of K, M and N grows."""
    rows = []
    for letter, sizes in GROWTH.items():
        for k, m, n in sizes:
            result = measure("hmmcore", "em", f"{k},{m},{n}", seconds, limit)
            each = "" if "error" in result else f"{result['median'] / (m * n) * 1e9:.1f}"
            rows.append(f"| {letter} | {k}, {m}, {n} | {milliseconds(result)} | {each} |")
            print(rows[-1], flush=True)
    return rows


def memory(limit: float, quick: bool) -> list[str]:
    """Table rows of the peak memory of training beyond the data, in arrays of T×K doubles."""
    rows = []
    sizes = ["batch", "wide", "long"] + ([] if quick else [LARGEST])
    for name in sizes:
        result = measure("hmmcore", "memory", name, 0.0, max(limit, 180.0))
        if "error" in result:
            rows.append(f"| {name} | {result['error']} | |")
        else:
            arrays = result["extra"] / result["array"]
            rows.append(
                f"| {name} | {result['peak'] / 2**20:.0f}"
                f"{' (goal 2048)' if name == LARGEST else ''} | {result['extra'] / 2**20:.0f} | "
                f"{arrays:.2f} (goal 3) |"
            )
        print(rows[-1], flush=True)
    return rows


def compile_plain_loop(folder: Path) -> None:
    """Compile the loop in C, if there is a compiler, for the workers that measure it."""
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if compiler is None:
        print("No C compiler on this machine.", flush=True)
        return
    library, source = folder / "plain.so", Path(__file__).with_name("plain_loop.c")
    flags = ["-O3", "-march=native", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, source, "-o", library, "-lm"], check=True)
    os.environ["HMM_PLAIN_LOOP"] = str(library)


def against_c(seconds: float, limit: float) -> list[str]:
    """Table rows of our E-step on one thread and of a plain loop in C."""
    rows = []
    for name in ("playground", "batch", "long", "wide"):
        ours = measure("hmmcore", "sweep one thread", name, seconds, limit)
        plain = measure("c", "sweep one thread", name, seconds, limit)
        ratio = ""
        if "error" not in ours and "error" not in plain:
            same = abs(ours["value"] - plain["value"]) <= LIKELIHOOD_RTOL * abs(plain["value"])
            ratio = f"{ours['median'] / plain['median']:.2f}" if same else "other value"
        rows.append(f"| {name} | {milliseconds(ours)} | {milliseconds(plain)} | {ratio} |")
        print(rows[-1], flush=True)
    return rows


def many_models(seconds: float, limit: float) -> list[str]:
    """Table rows of a step of one of many models: ours together and one by one, and others'."""
    rows = []
    for operation in ("em", "gradient"):
        for name, goals in MANY_GOALS.items():
            ours = measure("hmmcore", operation, name, seconds, limit, "many_worker")
            cells = []
            others = ("hmmcore loop", "dynamax") + (("c",) if operation == "em" else ())
            for other, goal in zip(others, (*goals, None), strict=False):
                result = measure(other, operation, name, seconds, 4 * limit, "many_worker")
                cells.append(times_slower(result, ours, goal if operation == "em" else None))
            size = ", ".join(str(n) for n in WORKLOADS.get(name, name.split(",")))
            count, steps = MANY[name]
            row = [operation, size, f"{count} × {steps}", microseconds(ours), *cells]
            rows.append("| " + " | ".join(row + [""] * (7 - len(row))) + " |")
            print(rows[-1], flush=True)
    return rows


def products(seconds: float, limit: float) -> list[str]:
    """Table rows of an EM step on four columns: as one Gaussian, and as products."""
    rows = []
    for name in ("2,100,1", "playground", "batch"):
        cells, gaussian = [], None
        for kind in ("gaussian", "numbers", "counts", "mixed"):
            result = measure(kind, "em", name, seconds, limit, "product_worker")
            cell = milliseconds(result)
            if "error" not in result and gaussian is not None:
                cell += f" ({result['median'] / gaussian:.1f}×"
                cell += f", goal {PRODUCT_GOAL:g}×)" if kind == "numbers" else ")"
            elif "error" not in result:
                gaussian = result["median"]
            cells.append(cell)
        size = ", ".join(str(n) for n in WORKLOADS.get(name, name.split(",")))
        rows.append(f"| {size} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return rows


def landscape(seconds: float, limit: float, quick: bool) -> list[str]:
    """Table rows of surfaces and basins, ours together and one by one."""
    rows = []
    for (operation, name), goal in LANDSCAPE_GOALS.items():
        if quick and goal is None:
            continue
        results = [
            measure(tool, operation, name, seconds, 10 * limit, "landscape_worker")
            for tool in ("hmmcore", "hmmcore loop")
        ]
        ours, loop = (("error" in r and str(r["error"])) or f"{r['median']:.3g}" for r in results)
        if goal is not None:
            ours += f" (goal {goal:g})"
        if not any("error" in r for r in results):
            value, expected = (r["value"] for r in results)
            same = abs(value - expected) <= LIKELIHOOD_RTOL * abs(expected)
            ratio = results[1]["median"] / results[0]["median"]
            loop += f" ({ratio:.1f}×)" if same else ", but another value"
        kind, count = operation.split()
        size = ", ".join(str(n) for n in WORKLOADS[name])
        rows.append(f"| {LANDSCAPE_WORDS[kind].format(count)} | {size} | {ours} | {loop} |")
        print(rows[-1], flush=True)
    return rows


def trust(seconds: float, limit: float) -> list[str]:
    """Table rows of how long it takes to say how far to believe a model."""
    rows = []
    for (operation, name), goal in TRUST_GOALS.items():
        result = measure("hmmcore", operation, name, seconds, 10 * limit, "trust_worker")
        took = str(result["error"]) if "error" in result else f"{result['median']:.3g}"
        if goal is not None:
            took += f" (goal {goal:g})"
        kind, *count = operation.split()
        size = ", ".join(str(n) for n in WORKLOADS[name])
        rows.append(f"| {TRUST_WORDS[kind].format(*count)} | {size} | {took} |")
        print(rows[-1], flush=True)
    return rows


def times_slower(result: dict[str, Any], ours: dict[str, Any], goal: float | None) -> str:
    """A cell of another way to train many models: its time, and how many times ours that is."""
    if "error" in result or "error" in ours:
        return microseconds(result)
    if not abs(result["value"] - ours["value"]) <= LIKELIHOOD_RTOL * abs(ours["value"]):
        return f"{microseconds(result)}, but another value"
    ratio = result["median"] / ours["median"]
    return f"{microseconds(result)} ({ratio:.1f}×{f', goal {goal:g}×' if goal else ''})"


def microseconds(result: dict[str, Any]) -> str:
    """A median in µs, or why there is none."""
    return str(result["error"]) if "error" in result else f"{result['median'] * 1e6:.3g}"


def cold_starts(repeats: int) -> list[str]:
    """Table rows of processes that import the engine and warm it up, with and without a cache."""
    code = "import hmmcore; hmmcore.warm_up()"
    spent: dict[str, list[float]] = {"import alone": [], "on disk": [], "to be compiled": []}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        for name, command, count in (
            ("to be compiled", code, 1),
            ("on disk", code, repeats),
            ("import alone", "import hmmcore", repeats),
        ):
            for _ in range(count):
                started = time.perf_counter()
                subprocess.run([sys.executable, "-c", command], check=True, env=environment)
                spent[name].append(time.perf_counter() - started)
    rows = [f"| {name} | {median(seconds):.2f} |" for name, seconds in spent.items()]
    print("\n".join(rows), flush=True)
    return rows


def show_in_readme(readme: Path, text: str) -> None:
    """Replace what is between the README's two markers with `text`."""
    whole = readme.read_text(encoding="utf-8")
    head, begin, rest = whole.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme} has no markers {BEGIN} and {END}.")
    readme.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")


def versions() -> str:
    """Packages and their versions."""
    names = []
    for name in PACKAGES:
        try:
            names.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            names.append(f"{name} not installed")
    return ", ".join(names)


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats; under two minutes")
    parser.add_argument("--only", default="", help="workloads to compare, separated by commas")
    parser.add_argument("--output", default="docs/benchmarks.md")
    options = parser.parse_args()
    started, load = time.monotonic(), os.getloadavg()[0]
    seconds, limit = (0.3, 20.0) if options.quick else (1.0, 30.0)
    names = options.only.split(",") if options.only else list(WORKLOADS)
    if options.quick and not options.only:
        # The peers take minutes for the larger ones.
        names = ["notebook", "playground", "batch"]
    head = "| operation | workload (K, M, N) | hmmcore ms | " + " | ".join(
        f"{peer} ms" for peer in PEERS
    )
    table = [head + " | faster than the fastest |", "|" + "---|" * (len(PEERS) + 4)]
    print("\n".join(table), flush=True)
    table += comparison("em", names, seconds, limit)
    batch = [name for name in names if name == "batch"]
    table += comparison("log_likelihood", batch, seconds, limit)
    table += comparison("viterbi", batch, seconds, limit)
    smaller = [name for name in names if name in ("notebook", "playground", "batch")]
    table += comparison("gradient", smaller, seconds, limit)
    with tempfile.TemporaryDirectory() as folder:
        compile_plain_loop(Path(folder))
        plain = against_c(seconds, limit)
        print("\n".join(MANY_HEAD), flush=True)
        many = [*MANY_HEAD, *many_models(seconds, limit)]
    print("\n".join(PRODUCT_HEAD), flush=True)
    columns = [*PRODUCT_HEAD, *products(seconds, limit)]
    print("\n".join(LANDSCAPE_HEAD), flush=True)
    land = [*LANDSCAPE_HEAD, *landscape(seconds, limit, options.quick)]
    print("\n".join(TRUST_HEAD), flush=True)
    trusted = [*TRUST_HEAD, *trust(seconds, limit)]
    used = memory(limit, options.quick)
    grown = [] if options.quick else growth(0.5, limit)
    started_cold = cold_starts(1 if options.quick else 5)
    where = f"""- {date.today():%Y-%m-%d}; {os.cpu_count()} cores, {processor()}
- {platform.system()}; load before the start {load:.1f}
- Python {platform.python_version()}, {versions()}"""
    report = f"""# Benchmarks of the engine

Written by `make bench`{" (`--quick`)" if options.quick else ""}. Medians of wall-clock time; data
are 1-D Gaussian, models dense, every library in double precision, from the same start, and held
to the same log-likelihood (rtol {LIKELIHOOD_RTOL:g}).

{where}

One EM iteration is the E-step and the M-step; ours also evaluates the result. The gradient step
is one step of Adam on all the data.

{chr(10).join(table)}

## One thread against a plain loop in C

The E-step alone: scores, forward, backward, expected statistics. `benchmarks/plain_loop.c`, -O3
-march=native.

| workload | hmmcore ms | C ms | hmmcore / C (goal 1.5) |
|---|---|---|---|
{chr(10).join(plain)}

## Many models on the same data

Microseconds of one step of one model, from random starts. dynamax is mapped over models and
sequences, all steps in one jitted call. The C loop trains one model after the other.

{chr(10).join(many)}

## Four columns at a time

One EM iteration. A product of Gaussians is one Gaussian with diagonal covariances; the product of
all kinds has two columns of numbers, one of counts and one of symbols.

{chr(10).join(columns)}

## The landscape

Seconds of a whole picture over the plane of two means, in numbers of points or starts. A start
takes at most 200 steps of EM, the notebook's 1000. One by one is a loop of `log_likelihood` or
`fit` over some of the points, as long as it would take for all. The first picture is every eighth
start of every eighth row.

{chr(10).join(land)}

## How far to believe a model

Seconds, of a model that was fitted to the workload. A data set of the bootstrap and of the coverage
is drawn and fitted on a thread of its own.

{chr(10).join(trusted)}

## Memory of training

| workload | peak MiB | beyond the data MiB | in arrays of T×K doubles |
|---|---|---|---|
{chr(10).join(used)}

## Cold start

The engine alone, a whole process that imports it and warms it up.

| kernels | s |
|---|---|
{chr(10).join(started_cold)}
"""
    if grown:
        report += f"""
## How an EM step grows

| along | K, M, N | ms | ns per observation |
|---|---|---|---|
{chr(10).join(grown)}
"""
    Path(options.output).write_text(report, encoding="utf-8")
    if not options.quick and not options.only:
        show_in_readme(Path("README.md"), "\n".join([where, "", *table, "", MANY_WORDS, "", *many]))
    print(f"{options.output} written after {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
