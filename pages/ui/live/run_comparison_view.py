"""The comparison's frame, built from a session: its runs, their parameters, and the verdict."""

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
from pages.ui.session.checkups import checkups
from pages.ui.session.session import Session
from pages.ui.session.standing_words import ENDINGS
from pages.ui.session.view import shown_order, state_names
from pages.ui.text import shortened

LOWER_STYLES = tuple(zip(("#7048e8", "#9c36b5"), theme.SWEEP_DASHES[:2], strict=True))
HIGHER_STYLES = tuple(zip(("#e8590c", "#b08900"), theme.SWEEP_DASHES[2:], strict=True))
"""Colour and dash of the sweep's runs below and above the chosen learning rate, nearest first."""

LOCATIONS: Mapping[str, tuple[str, str, tuple[float, float] | None]] = {
    "means": ("Means", "μ", None),
    "rates": ("Rates", "λ", None),
    "probs": ("Symbol probabilities", "B", (0.0, 1.0)),
}
SPREADS: Mapping[str, tuple[str, str, tuple[float, float] | None]] = {
    "standard_deviations": ("Standard deviations", "σ", None),
    "initial_probs": ("Initial probabilities", "π", (0.0, 1.0)),
}
"""Parameter to title, unit and bounds of its track; the first that the model has is drawn."""


def run_comparison_frame(session: Session) -> ComparisonFrame | None:
    """The comparison of the session's runs at the shown iteration; None without a run."""
    if not session.main_runs:
        return None
    config = session.config
    main_runs = session.main_runs
    all_runs = session.active_runs
    runs = _compared_runs(session, all_runs)
    true_value = session.true_log_likelihood()
    to_truth = config.distance_to == "truth" and true_value is not None
    reference = true_value if to_truth else best_log_likelihood([r.log_likelihoods for r in runs])
    tracks = _tracks(session, main_runs)
    return ComparisonFrame(
        data_key=f"{session.data_number}-{config.progress_axis}-{config.num_states}",
        axis=config.progress_axis,
        num_states=main_runs[0].state.hmm.num_states,
        runs=tuple(runs),
        num_main=len(main_runs),
        tracks=tracks,
        reference=reference,
        reference_name="the true model" if to_truth else "the best so far",
        verdict=_verdict(session, main_runs, runs),
        sweep=_about_sweep(session, all_runs, runs),
        true_log_likelihood=true_value,
        marks=session.marks,
        state_names=state_names(session),
    )


def _compared_runs(session: Session, all_runs: Sequence[Run]) -> list[ComparedRun]:
    styles = _line_styles(session)
    compared_runs = []
    for run in all_runs:
        curve = run.curve
        shown = _shown(session, run)
        at_end = bool(run.ended) and shown == run.state.iteration
        ended = ENDINGS[checkups(session).standing(run)] if at_end else ""
        compared_runs.append(
            ComparedRun(
                run.name, curve, run.history.seconds, shown, ended, *styles[run.name],
                progress(curve[: shown + 1]),
            )
        )  # fmt: skip
    return compared_runs


def _line_styles(session: Session) -> dict[str, tuple[str, str]]:
    styles = {
        name: (theme.RUN_COLOURS[name], theme.RUN_DASHES[name]) for name in ("EM", "Gradient")
    }
    chosen, rates = session.config.learning_rate, learning_rate_sweep.rates(session.config)
    lower = [rate for rate in rates if rate < chosen][::-1]
    higher = [rate for rate in rates if rate > chosen]
    for sweep_rates, sweep_styles in ((lower, LOWER_STYLES), (higher, HIGHER_STYLES)):
        styles |= {
            learning_rate_sweep.run_name(rate): style
            for rate, style in zip(sweep_rates, sweep_styles, strict=False)
        }
    return styles


def _shown(session: Session, run: Run) -> int:
    """The shown iteration of a run: the last kept one up to the iteration travelled to."""
    latest = run.state.iteration
    if session.at is None or session.at >= latest:
        return latest
    return run.history.snapshot(session.at)[0]


def _verdict(
    session: Session, main_runs: Sequence[Run], runs: Sequence[ComparedRun]
) -> tuple[str, str]:
    config = session.config
    methods = [
        run_comparison_words.MethodSettings(
            run.name,
            run.method,
            config.optimizer,
            config.learning_rate,
            checkups(session).standing(run),
        )
        for run in main_runs
    ]
    if len(main_runs) == 1:
        return run_comparison_words.about_single_run(runs[0].progress, methods[0])
    first, second = (
        _contender(run, compared, config.progress_axis)
        for run, compared in zip(main_runs, runs, strict=False)
    )
    return run_comparison_words.about_verdict(
        compare(first, second), methods, session.data.sequences.num_observed, config.progress_axis
    )


def _contender(run: Run, compared: ComparedRun, axis: str) -> Contender:
    """A run up to its shown iteration, on `axis`, as `compare` takes it."""
    at_end = compared.shown == run.state.iteration
    return Contender(
        compared.log_likelihoods[: compared.shown + 1],
        compared.axis_values(axis)[: compared.shown + 1],
        run.state.hmm if at_end else run.history.snapshot(compared.shown)[1],
        finished=bool(run.ended) and at_end,
        failed=run.failed and at_end,
    )


def _about_sweep(session: Session, all_runs: Sequence[Run], runs: Sequence[ComparedRun]) -> str:
    if session.config.learning_rate_sweep == "off":
        return ""
    progress_by_rate, failed = {}, []
    for run, compared in zip(all_runs, runs, strict=True):
        if run.method == "Gradient":
            rate = run.trainer.learning_rate  # type: ignore[attr-defined]
            progress_by_rate[rate] = compared.progress
            failed += [rate] if run.failed and compared.shown == run.state.iteration else []
    return run_comparison_words.about_sweep(progress_by_rate, failed)


def _tracks(session: Session, main_runs: Sequence[Run]) -> tuple[Track, ...]:
    component = session.config.component - 1
    truth = session.shown_data.truth
    true_values = {} if truth is None else parameter_paths(
        [truth], np.arange(truth.num_states), component
    )  # fmt: skip
    paths: dict[str, list[Path]] = {}
    for number, run in enumerate(main_runs):
        permutation = _permutation(session, run)
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
    several = num_components(main_runs[0].state.hmm) > 1
    if several:
        names = session.data.component_names
        name = f"“{shortened(names[component], 20)}”" if names else str(component + 1)
        of = "" if session.data.kinds else "symbol " if location == "probs" else "dimension "
        title += f", {of}{name}"
    return (
        track(location, title, unit, bounds),
        track(spread, *SPREADS[spread]),
        track("self_transition_probs", "Probability of staying, diagonal of A", "p", (0.0, 1.0)),
    )


def _permutation(session: Session, run: Run) -> IntArray:
    """The permutation (K,) that puts a run's states in the order in which they are drawn.

    It follows from the run's latest model, so that a path keeps its colour while the visitor
    travels. Without a truth, the second run's states are matched to those of the first.
    """

    def computed() -> IntArray:
        first = session.main_runs[0]
        if session.data.states is None and run is not first:
            return align_parameters(first.state.hmm, run.state.hmm)
        return shown_order(run.state.hmm, session)

    return session.remember(  # type: ignore[no-any-return]
        f"permutation of {run.name}",
        (run.state, session.main_runs[0].state, session.data, session.config.numbering),
        computed,
    )
