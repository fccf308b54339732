"""What the comparison of runs shows of a session: runs, their parameters, and who is ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hmmcore import align_parameters
from hmmcore.arrays import IntArray
from hmmcore.comparison import (
    Contender,
    best_log_likelihood,
    compare,
    num_components,
    parameter_paths,
    progress,
)
from pages.ui.experiment import learning_rate_sweep
from pages.ui.experiment.player import Run
from pages.ui.figures import theme
from pages.ui.live import run_comparison_words
from pages.ui.live.run_comparison import MAX_PATH_POINTS, ComparedRun, ComparisonFrame, Path, Track
from pages.ui.session.session import Session
from pages.ui.session.view import matching

LOWER_LOOKS = (("#7048e8", "dot"), ("#9c36b5", "dashdot"))
HIGHER_LOOKS = (("#e8590c", "longdash"), ("#b08900", "dot"))
"""Colours and dashes of a sweep's runs, by how far their rates lie from the chosen one."""

LOCATIONS: Mapping[str, tuple[str, str, tuple[float, float] | None]] = {
    "means": ("Means", "μ", None),
    "rates": ("Rates", "λ", None),
    "probs": ("Symbol probabilities", "B", (0.0, 1.0)),
}
SPREADS: Mapping[str, tuple[str, str, tuple[float, float] | None]] = {
    "standard_deviations": ("Standard deviations", "σ", None),
    "initial_probs": ("Initial probabilities", "π", (0.0, 1.0)),
}


def run_comparison_frame(session: Session) -> ComparisonFrame | None:
    """The comparison of runs as it stands, at the iteration travelled to; None without a run."""
    if not session.main_runs:
        return None
    config = session.config
    main = session.main_runs
    every = session.active_runs
    runs = _looked_at(session, every)
    true_value = session.true_log_likelihood()
    to_truth = config.distance_to == "truth" and true_value is not None
    reference = true_value if to_truth else best_log_likelihood([r.log_likelihoods for r in runs])
    tracks = _tracks(session, main)
    return ComparisonFrame(
        data_key=f"{session.data_number}-{config.progress_axis}-{config.num_states}",
        axis=config.progress_axis,
        num_states=main[0].state.hmm.num_states,
        runs=tuple(runs),
        num_main=len(main),
        tracks=tracks,
        reference=reference,
        reference_name="the true model" if to_truth else "the best so far",
        verdict=_verdict(session, main, runs),
        sweep=_about_sweep(session, every, runs),
        true_log_likelihood=true_value,
        marks=session.marks,
    )


def _looked_at(session: Session, every: Sequence[Run]) -> list[ComparedRun]:
    looks = _looks(session)
    found = []
    for run in every:
        curve = run.history.log_likelihoods / run.num_observations
        shown = _shown(session, run)
        ended = "failed" if run.failed else "at rest" if run.ended else ""
        found.append(
            ComparedRun(
                run.name, curve, run.history.seconds, shown, ended, *looks[run.name],
                progress(curve[: shown + 1]),
            )
        )  # fmt: skip
    return found


def _looks(session: Session) -> dict[str, tuple[str, str]]:
    looks = {name: (theme.RUN_COLOURS[name], theme.RUN_DASHES[name]) for name in ("EM", "Gradient")}
    chosen, rates = session.config.learning_rate, learning_rate_sweep.rates(session.config)
    lower = [rate for rate in rates if rate < chosen][::-1]
    higher = [rate for rate in rates if rate > chosen]
    for beside, kinds in ((lower, LOWER_LOOKS), (higher, HIGHER_LOOKS)):
        looks |= {
            learning_rate_sweep.run_name(r): look for r, look in zip(beside, kinds, strict=False)
        }
    return looks


def _shown(session: Session, run: Run) -> int:
    """The iteration of a run that is shown: the last kept one up to where the visitor travelled."""
    latest = run.state.iteration
    if session.at is None or session.at >= latest:
        return latest
    return run.history.snapshot(session.at)[0]


def _verdict(session: Session, main: Sequence[Run], runs: Sequence[ComparedRun]) -> tuple[str, str]:
    config = session.config
    corners = [
        run_comparison_words.Corner(run.name, run.method, config.optimizer, config.learning_rate)
        for run in main
    ]
    if len(main) == 1:
        return run_comparison_words.alone(runs[0].progress, corners[0])
    first, second = (
        _contender(run, one, config.progress_axis) for run, one in zip(main, runs, strict=False)
    )
    told = compare(first, second)
    return run_comparison_words.verdict(
        told, corners, main[0].num_observations, config.progress_axis
    )


def _contender(run: Run, one: ComparedRun, axis: str) -> Contender:
    """A run up to the iteration that is shown."""
    at_end = one.shown == run.state.iteration
    return Contender(
        one.log_likelihoods[: one.shown + 1],
        one.places(axis)[: one.shown + 1],
        run.state.hmm if at_end else run.history.snapshot(one.shown)[1],
        finished=bool(run.ended) and at_end,
        failed=run.failed and at_end,
    )


def _about_sweep(session: Session, every: Sequence[Run], runs: Sequence[ComparedRun]) -> str:
    if session.config.learning_rate_sweep == "off":
        return ""
    told, failed = {}, []
    for run, one in zip(every, runs, strict=True):
        if run.method == "Gradient":
            rate = run.trainer.learning_rate  # type: ignore[attr-defined]
            told[rate] = one.progress
            failed += [rate] if run.failed and one.shown == run.state.iteration else []
    return run_comparison_words.about_sweep(told, failed)


def _tracks(session: Session, main: Sequence[Run]) -> tuple[Track, ...]:
    component = session.config.component - 1
    truth = session.seen.truth
    true_values = {} if truth is None else parameter_paths(
        [truth], np.arange(truth.num_states), component
    )  # fmt: skip
    paths: dict[str, list[Path]] = {}
    for number, run in enumerate(main):
        permutation = _labels(session, run)
        iterations, hmms = run.history.path(MAX_PATH_POINTS)
        if iterations[-1] != run.state.iteration:
            iterations, hmms = [*iterations, run.state.iteration], [*hmms, run.state.hmm]
        for name, values in parameter_paths(hmms, permutation, component).items():
            paths.setdefault(name, []).append(Path(number, np.array(iterations), values))

    def track(name: str, title: str, unit: str, bounds: tuple[float, float] | None) -> Track:
        true = true_values.get(name)
        return Track(title, unit, tuple(paths[name]), bounds, None if true is None else true[0])

    location = next(name for name in LOCATIONS if name in paths)
    spread = next(name for name in SPREADS if name in paths)
    title, unit, bounds = LOCATIONS[location]
    several = num_components(main[0].state.hmm) > 1
    if several:
        title += f", {'symbol' if location == 'probs' else 'dimension'} {component + 1}"
    return (
        track(location, title, unit, bounds),
        track(spread, *SPREADS[spread]),
        track("self_transition_probs", "Probability of staying, diagonal of A", "p", (0.0, 1.0)),
    )


def _labels(session: Session, run: Run) -> IntArray:
    """The permutation (K,) that gives a run's states one name on all charts.

    It follows from the latest model, so that a path keeps its colour while the visitor travels.
    Without a truth a second run takes the names of the first.
    """

    def found() -> IntArray:
        first = session.main_runs[0]
        if session.data.truth is None and run is not first:
            return align_parameters(first.state.hmm, run.state.hmm)
        return matching(run.state.hmm, session)

    return session.remember(  # type: ignore[no-any-return]
        f"labels of {run.name}", (run.state, session.main_runs[0].state, session.data), found
    )
