"""The panel's frame, built from a visitor's session."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.experiment import earlier_runs
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.player import Run
from pages.ui.live.emission_view import emission_chart
from pages.ui.live.panel import EarlierCurve, PanelFrame, RunCurve
from pages.ui.session.session import Session
from pages.ui.session.trust.whiskers import intervals
from pages.ui.session.view import (
    View,
    shown_dimensions,
    shown_parts,
    shown_scale,
    state_names,
    zoom_key,
)
from pages.ui.settings.families import FAMILIES
from pages.ui.text import many


def panel_frame(session: Session, view: View) -> PanelFrame:
    """Everything that the live panel draws."""
    data = session.shown_data
    truth, family = data.truth, FAMILIES[data.family]
    run = session.shown_run
    assert run is not None
    (observations, variable), *further = shown_parts(session, view.sequence.observations)
    return PanelFrame(
        data_key=zoom_key(session),
        runs=tuple(_panel_run(run, session.at) for run in session.main_runs),
        earlier=_earlier_curves(session),
        marks=session.marks,
        shown_run=run.name,
        transition_matrix=view.hmm.transition_matrix,
        initial_probs=view.hmm.initial_probs,
        emissions=emission_chart(session, view),
        observations=observations,
        further=tuple(further),
        viterbi_states=view.path.states,
        smoothed_probs=view.posterior.smoothed_probs,
        true_log_likelihood=session.true_log_likelihood(),
        true_transition_matrix=None if truth is None else truth.transition_matrix,
        true_initial_probs=None if truth is None else truth.initial_probs,
        true_states=view.true_states,
        no_truth=panel_remark(data),
        numbering="states as numbered by the run" if view.own_numbers else "",
        sequence_name=data.sequence_title(session.config.sequence),
        variable=variable,
        scale=shown_scale(session),
        no_hand=session.no_hand,
        best=session.best_trained if session.grip is not None else None,
        state_names=state_names(session),
        card=(
            family.card,
            "a network makes the means: not to be dragged"
            if session.no_hand
            else family.marks[0 if truth is not None else 1],
        ),
        intervals=_intervals(session, view),
        level=session.config.level,
        model_view=session.config.model_view,
    )


def _intervals(session: Session, view: View) -> Mapping[str, FloatArray] | None:
    found = intervals(session, view)
    if found is not None and session.data.family == "points":
        return {**found, "means": found["means"][:, shown_dimensions(session)]}
    return found


def panel_remark(data: Dataset) -> str:
    """Why the panel shows no truth."""
    if data.hidden:
        return "the truth is hidden"
    if data.true_states is None:
        return "no truth: uploaded data"
    if data.states is not None:
        return "only the states are known"
    return f"made by {many(data.num_true_states, 'state')}: no counterparts"


def _earlier_curves(session: Session) -> tuple[EarlierCurve, ...]:
    """The curves of earlier runs; computed once for all frames of the same runs."""

    def computed() -> tuple[EarlierCurve, ...]:
        earlier = session.shown_earlier_runs
        names = earlier_runs.names(earlier, session.present_runs)
        return tuple(
            EarlierCurve(
                name, one.iterations, one.log_likelihoods, one.path.data == session.data.fingerprint
            )
            for name, one in zip(names, earlier, strict=True)
        )

    if not session.earlier_runs:
        return ()
    return session.remember(
        "curves of earlier runs",
        (session.earlier_runs, session.runs, session.config, session.replay),
        computed,
    )


def _panel_run(run: Run, at: int | None) -> RunCurve:
    shown = run.state_at(at).iteration
    curve = np.concatenate([run.curve_by_hand, run.curve]) if run.by_hand else run.curve
    return RunCurve(run.name, curve, shown, -len(run.by_hand), run.climbed)
