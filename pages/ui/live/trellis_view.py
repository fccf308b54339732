"""The trellis's frame, built from a visitor's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hmmcore import Messages
from hmmcore.arrays import FloatArray
from hmmcore.inference import unscaled_messages
from hmmcore.model import log_parameters
from pages.ui.figures.time_scale import TimeScale
from pages.ui.live import trellis
from pages.ui.live.trellis import Arrow, Column, TrellisFrame
from pages.ui.live.trellis_density import density
from pages.ui.live.trellis_learning import learning
from pages.ui.live.trellis_numbers import from_log
from pages.ui.live.trellis_terms import explanation
from pages.ui.live.trellis_what_if import change, observation_text
from pages.ui.session.message_view import MessageView, message_view
from pages.ui.session.session import Session
from pages.ui.session.view import View, shown_dimension, shown_scale, zoom_key
from pages.ui.text import count, decimal

MOST_ARROWS = 300
"""Arrows that are drawn at once; of more the strongest are."""

FAINTEST = 1e-3
"""A weaker arrow, compared with the strongest of its step, would be no line."""

MOST_PLAYED = 2_000
"""Steps of a sequence along which the pass is also made without scales in every frame."""

LAST_ONES = 3
"""Numbers of a pass without scales that are shown before they are lost."""

TOLD_STATES = 5
"""States that the words of one time name."""

TITLES: Mapping[str, tuple[str, str, str]] = {
    "forward": (
        "How the past leads to each state",
        "circle: α̂, p(z_{t} = k | x_{1}…x_{t}); arrow: what comes that way",
        "probability so far",
    ),
    "backward": (
        "What the future says of each state",
        "circle: β̂, above 1 where the future speaks for the state; filled against the largest of "
        "its time; arrow: what comes back that way",
        "message of the future",
    ),
    "together": (
        "Past and future together",
        "circle: γ = α̂ · β̂, p(z_{t} = k | x_{1}…x_{M}); arrow: ξ",
        "probability",
    ),
    "pairs": (
        "How probable each step is",
        "arrow: ξ, the probability of the step once everything is known; circle: γ, the sum of its "
        "arrows",
        "probability",
    ),
    "viterbi": (
        "The best way to each state",
        "circle: δ, the log-probability of the best path that ends there; line: the way that is "
        "kept; faint: dropped; thick: a most probable path",
        "best log-probability",
    ),
    "prediction": (
        "What is expected before the observation is seen",
        "circle: p(z_{t} = k | x_{1}…x_{t−1}); arrow: what comes that way",
        "expected probability",
    ),
}
"""Pass to its title, what is drawn, and what a circle is in words."""


def trellis_message(session: Session, view: View) -> Callable[[Mapping[str, Any]], bytes]:
    """What encodes the trellis of the shown model, given the value of "live" in its header."""
    shown = message_view(session, view)
    if isinstance(shown, str):
        problem = shown
        return lambda live: trellis.encode_problem(problem, live)
    frame = session.remember("trellis frame", shown, lambda: trellis_frame(session, view, shown))
    return lambda live: trellis.encode(frame, live)


def trellis_frame(session: Session, view: View, shown: MessageView) -> TrellisFrame:
    """What the trellis shows of messages."""
    config, data = session.config, session.shown_data
    which = config.message_pass
    title, note, quantity = TITLES[which]
    cell, first = shown.cell, shown.times[0]
    fills = _fills(shown.shown, which)[first : shown.times[-1] + 1]
    ghosts = None
    if shown.what_if is not None:
        ghosts = _fills(shown.given, which)[first : shown.times[-1] + 1]
    texts = tuple(tuple(_texts(shown.shown, which, time)) for time in shown.times)
    arrows, limited = _arrows(shown, which)
    return TrellisFrame(
        data_key=f"{zoom_key(session)}-{data.family}",
        iteration=view.state.iteration,
        which=which,
        title=title,
        note=note,
        where=_where(session, view, shown),
        quantity=quantity,
        backwards=which == "backward",
        num_states=shown.hmm.num_states,
        state_names=tuple(map(shown.names.plain, range(shown.hmm.num_states))),
        symbol="x",
        columns=tuple(
            Column(
                time + 1,
                _label(shown_scale(session), time),
                observation_text(data, shown.observations[time], short=True),
                shown.what_if is not None and shown.what_if.time == time,
                _story(shown, fills[column], texts[column], time),
            )
            for column, time in enumerate(shown.times)
        ),
        values=texts,
        fills=fills,
        ghosts=ghosts,
        arrows=arrows,
        cell=(cell.time - first, cell.state, cell.origin),
        explanation=explanation(shown, which),
        density=density(shown, data, shown_dimension(session), which),
        learning=learning(session, view, shown),
        change=change(shown, data, refused=bool(config.what_if) and shown.what_if is None),
        unscaled=_unscaled(session, shown) if which == "forward" else ("", ()),
        remarks=(*shown.notes, *limited),
    )  # fmt: skip


def _where(session: Session, view: View, shown: MessageView) -> str:
    """Which sequence and model the trellis is of."""
    run, sequence = session.shown_run, session.data.sequence_title(session.config.sequence)
    if shown.of_truth or run is None:
        return f"{sequence}, the true model"
    return f"{sequence}, {run.name} at iteration {count(view.state.iteration)}"


def _fills(passed: Messages, which: str) -> FloatArray:
    """(M, K) how full the circles are, 0 to 1."""
    if which == "forward":
        return passed.filtered_probs
    if which == "prediction":
        return passed.predicted_probs
    if which in ("together", "pairs"):
        return passed.smoothed_probs
    logs = passed.log_backward if which == "backward" else passed.viterbi_scores
    relative: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True))
    return relative


def _texts(passed: Messages, which: str, time: int) -> list[str]:
    """The numbers in the circles of one time."""
    if which == "viterbi":
        return [
            f"{value:.1f}".replace("-", "−") if np.isfinite(value) else "−∞"
            for value in passed.viterbi_scores[time]
        ]
    if which == "backward":
        return [
            from_log(float(value)) if not -4.6 < value < 6.9 else f"{np.exp(value):.3g}"
            for value in passed.log_backward[time]
        ]
    return [f"{prob:.2f}" if prob else "0" for prob in _fills(passed, which)[time]]


def _story(shown: MessageView, fills: FloatArray, texts: tuple[str, ...], time: int) -> str:
    """What the pass finds at one time, in words."""
    best = np.argsort(-fills, kind="stable")[:TOLD_STATES]
    told = ", ".join(f"{shown.names.plain(int(k))} {texts[k]}" for k in best)
    return f"t = {time + 1}: {told}{', …' if len(fills) > TOLD_STATES else ''}"


def _label(scale: TimeScale, time: int) -> str:
    """The own time or date of a step; empty where steps are counted."""
    if scale.times is None:
        return ""
    place = scale.chosen(np.array([time]))[0]
    return str(place).replace("T", " ") if scale.is_dates else decimal(float(place))


def _arrows(shown: MessageView, which: str) -> tuple[tuple[Arrow, ...], tuple[str, ...]]:
    """The strongest arrows of the window, all of those that lead to the chosen circle, and a note
    where some are left out."""
    passed, cell = shown.shown, shown.cell
    found = []
    for column, time in enumerate(shown.times[1:], 1):
        logs = _log_terms(passed, which, time)
        top = logs.max()
        kept = passed.back_pointers[time - 1]
        for origin, state in np.argwhere(np.isfinite(logs)).tolist():
            strength, kind = float(np.exp(logs[origin, state] - top)), "term"
            if which == "viterbi":
                # Of the ways into one state: the kept ones, and how near the others came.
                strength = float(np.exp(logs[origin, state] - logs[:, state].max()))
                on_best = passed.best_states[time - 1, origin] and passed.best_states[time, state]
                kind = "dropped"
                if kept[origin, state]:
                    kind, strength = ("best" if on_best else "kept"), 1.0
            here = time == cell.time and state == cell.state
            if strength >= FAINTEST or here or which == "viterbi":
                text = from_log(float(logs[origin, state]))
                if which == "viterbi":
                    text = f"{logs[origin, state]:.3f}".replace("-", "−")
                found.append((here, Arrow(column, origin, state, strength, kind, text)))
    order = {"best": 2.0, "kept": 1.0}
    found.sort(key=lambda one: (one[0], order.get(one[1].kind, 0.0), one[1].strength), reverse=True)
    note = ()
    if len(found) > MOST_ARROWS:
        note = (f"The {MOST_ARROWS} strongest of {len(found)} arrows are drawn.",)
    drawn = sorted((arrow for _, arrow in found[:MOST_ARROWS]), key=lambda one: one.strength)
    return tuple(drawn), note


def _log_terms(passed: Messages, which: str, time: int) -> FloatArray:
    """(K, K) logs of the terms of the step that leads to a time."""
    log_transition = log_parameters(passed.hmm)[1]
    if which == "viterbi":
        best: FloatArray = passed.viterbi_scores[time - 1][:, np.newaxis] + log_transition
        return best + passed.log_emissions[time]
    terms = log_transition.copy()
    if which != "backward":
        terms += passed.log_filtered[time - 1][:, np.newaxis]
    if which != "prediction":
        terms += passed.log_gains[time]
    if which in ("backward", "together", "pairs"):
        terms += passed.log_backward[time]
    return terms


def _unscaled(session: Session, shown: MessageView) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The forward pass without scales: what becomes of it, and its numbers in the window."""
    if session.player.playing and shown.shown.length > MOST_PLAYED:
        return "The pass without c is shown when the runs pause.", ()
    lost = unscaled_messages(shown.shown)
    passed = shown.shown
    last = passed.length - 1
    if lost.forward_lost is not None:
        vanished = bool((lost.forward[lost.forward_lost] == 0).all())
        text = (
            f"At t = {lost.forward_lost + 1} every α is "
            f"{'0: smaller than double precision can hold' if vanished else 'beyond all numbers'}. "
            "From there on nothing can be told apart, so the pass divides each time by c."
        )
    else:
        size = from_log(passed.log_likelihood)
        text = (
            f"This sequence is short enough: at its end, t = {last + 1}, the α add up to {size}. "
            "Double precision ends at about 10⁻³²³; a longer sequence passes that, so the pass "
            "divides each time by c."
        )
    state, times = shown.cell.state, list(shown.times)
    if lost.forward_lost is not None and lost.forward_lost not in shown.times:
        # The times at which the numbers are lost are shown beside those of the window.
        last_ones = range(max(lost.forward_lost - LAST_ONES, 0), lost.forward_lost + 1)
        times = sorted({*times, *last_ones})
    rows = tuple((f"t = {time + 1}", _plain(float(lost.forward[time, state]))) for time in times)
    return text, rows


def _plain(value: float) -> str:
    if value == 0.0:
        return "0"
    return from_log(float(np.log(value))) if np.isfinite(value) else "∞"
