"""The passes whose numbers are sums over the ways to a state: forward, backward and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hmmcore import messages
from hmmcore.arrays import FloatArray
from hmmcore.inference import prediction, transition_first
from hmmcore.model import log_parameters
from pages.ui.live.trellis_explanation import (
    Explanation,
    Moment,
    explained,
    largest,
    ways,
)
from pages.ui.live.trellis_numbers import from_log, percent, readable
from pages.ui.session.message_view import Cell, MessageView
from pages.ui.text import uncapitalised, with_spread

NOTHING_AFTER = (
    "Nothing comes after the last observation, so the future says nothing: β̂ is 1 for every state."
)


def forward(shown: MessageView) -> Explanation:
    """α̂ of the chosen state: the ways that lead to it."""
    passed, cell, t = shown.shown, shown.cell, Moment(shown)
    log_b = float(passed.log_emissions[cell.time, cell.state])
    log_scale = float(passed.log_scales[cell.time])
    log_initial, log_transition = log_parameters(shown.hmm)
    name = shown.names.plain(cell.state)
    if cell.time == 0:
        factors = np.array([[log_initial[cell.state], log_b]])
        head = ("", "π", f"× likelihood of {t.x}", "= term")
        formula = f"α̂_{{1}}({name}) = π({name}) · p({t.x} | {name}) ÷ c_{{1}}"
        words = (
            f"At the first time no way leads to {name}: it is how probable {name} is at the "
            f"beginning, π, times how likely {name} makes {t.value}."
        )
        rows: Sequence[int] | None = None
    else:
        factors = np.column_stack(
            [
                passed.log_filtered[cell.time - 1],
                log_transition[:, cell.state],
                np.full(shown.hmm.num_states, log_b),
            ]
        )
        head = ("from", f"α̂ at t = {t.before}", "× step A", f"× likelihood of {t.x}", "= term")
        formula = (
            f"α̂_{{{t}}}({name}) = Σ_{{i}} α̂_{{{t.before}}}(i) · A(i → {name}) · "
            f"p({t.x} | {name}) ÷ c_{{{t}}}"
        )
        words = (
            f"{ways(factors)} to {name} at t = {t}. Each is: how probable the state before was, "
            f"times the step to {name}, times how likely {name} makes {t.value}. "
            f"{largest(shown, factors.sum(axis=1), 'comes from')}"
        )
        rows = range(shown.hmm.num_states)
    result = float(passed.log_filtered[cell.time, cell.state])
    totals = (
        ("sum", "", ""),
        (f"÷ c = p({t.given})", from_log(log_scale), t.likely),
        (f"α̂ of {name} at t = {t}", from_log(result), "what is known of the state so far"),
    )
    found = explained(shown, f"{name} at t = {t}", words, formula, head, factors, rows, totals)
    return replace(found, other=_transition_first(shown)) if cell.time == 0 else found


def _transition_first(shown: MessageView) -> Explanation:
    """The first α̂ of a pass that moves before the first observation, as the notebook's does."""
    passed = messages(transition_first(shown.hmm), shown.shown.sequence)
    state, name = shown.cell.state, shown.names.plain(shown.cell.state)
    log_initial, log_transition = log_parameters(shown.hmm)
    log_b = float(passed.log_emissions[0, state])
    factors = np.column_stack(
        [log_initial, log_transition[:, state], np.full(shown.hmm.num_states, log_b)]
    )
    right, wrong = shown.shown.log_likelihood, passed.log_likelihood
    found = explained(
        shown, "The notebook's way: a transition before the first observation",
        f"A fault that is easily made: π is taken for a state before the first observation, so "
        f"{uncapitalised(ways(factors))} to {name} where only π should. That is another model, "
        f"with π · A in place of π; the sequence has the log-likelihood {wrong:.4f} under it, not "
        f"{right:.4f}.".replace("-", "−"),
        f"α̂_{{1}}({name}) = Σ_{{i}} π(i) · A(i → {name}) · p(x_{{1}} | {name}) ÷ c_{{1}}",
        ("from", "π", "× step A", "× likelihood of x_{1}", "= term"), factors,
        range(shown.hmm.num_states),
        (
            ("sum", "", ""),
            ("÷ c, of this way", from_log(float(passed.log_scales[0])), ""),
            (
                f"its α̂ of {name}", from_log(float(passed.log_filtered[0, state])),
                f"and not {from_log(float(shown.shown.log_filtered[0, state]))}",
            ),
        ),
    )  # fmt: skip
    return replace(found, rows=tuple(replace(row, cell="", chosen=False) for row in found.rows))


def backward(shown: MessageView) -> Explanation:
    """β̂ of the chosen state: the ways that lead on from it."""
    passed, t = shown.shown, Moment(shown)
    # An arrow is a term of the circle that it leaves, one step earlier.
    cell = shown.cell
    if cell.origin is not None:
        cell, t = Cell(cell.time - 1, cell.origin), Moment(shown, cell.time - 1)
    name = shown.names.plain(cell.state)
    title, formula = f"{name} at t = {t}", f"β̂_{{{t}}}({name}) = 1"
    if cell.time == passed.length - 1:
        return Explanation(title, NOTHING_AFTER, formula, (), (), (("β̂", "1", ""),))
    after = Moment(shown, cell.time + 1)
    factors = np.column_stack(
        [
            log_parameters(shown.hmm)[1][cell.state],
            passed.log_emissions[cell.time + 1],
            passed.log_backward[cell.time + 1],
        ]
    )
    words = (
        f"{ways(factors)} from {name} at t = {t} onwards. Each is: the step, times how likely the "
        f"state after it makes {after.value}, times what the rest of the future says of that "
        f"state. {largest(shown, factors.sum(axis=1), 'goes to')} Above 1, the future speaks for "
        f"{name}; below 1, against it."
    )
    formula = (
        f"β̂_{{{t}}}({name}) = Σ_{{j}} A({name} → j) · p({after.x} | j) · β̂_{{{after}}}(j) "
        f"÷ c_{{{after}}}"
    )
    head = ("to", "step A", f"× likelihood of {after.x}", f"× β̂ at t = {after}", "= term")
    totals = (
        ("sum", "", ""),
        (
            f"÷ c = p({after.x} | before)",
            from_log(float(passed.log_scales[cell.time + 1])),
            after.likely,
        ),
        (
            f"β̂ of {name} at t = {t}",
            from_log(float(passed.log_backward[cell.time, cell.state])),
            "what the future says of the state",
        ),
    )
    return explained(
        shown, title, words, formula, head, factors, range(shown.hmm.num_states), totals,
        leaving=cell.time,
    )  # fmt: skip


def predicted(shown: MessageView) -> Explanation:
    """How probable the chosen state is before its observation is seen, and after it."""
    passed, cell, t = shown.shown, shown.cell, Moment(shown)
    log_initial, log_transition = log_parameters(shown.hmm)
    name = shown.names.plain(cell.state)
    if cell.time == 0:
        factors, rows = np.array([[log_initial[cell.state]]]), None
        head: tuple[str, ...] = ("", "π")
        words = f"Before anything is seen, {name} is as probable as π says."
        formula = f"p(z_{{1}} = {name}) = π({name})"
    else:
        factors = np.column_stack(
            [passed.log_filtered[cell.time - 1], log_transition[:, cell.state]]
        )
        rows = range(shown.hmm.num_states)
        head = ("from", f"α̂ at t = {t.before}", "× step A", "= term")
        words = (
            f"What the model expects of t = {t} before it sees {t.x}. {ways(factors)} to {name}; "
            f"{uncapitalised(largest(shown, factors.sum(axis=1), 'comes from'))}"
        )
        formula = (
            f"p(z_{{{t}}} = {name} | x_{{1}}…x_{{{t.before}}}) = Σ_{{i}} α̂_{{{t.before}}}(i) · "
            f"A(i → {name})"
        )
    totals = ((f"sum, expected of {name} at t = {t}", "", ""),)
    return explained(
        shown, f"{name} at t = {t}, expected", words, formula, head, factors, rows, totals,
        after=_what_came(shown, t),
    )  # fmt: skip


def _what_came(shown: MessageView, t: Moment) -> tuple[str, ...]:
    """What the observation makes of what was expected of the chosen state."""
    passed, cell = shown.shown, shown.cell
    predicted, gain, filtered = (
        from_log(float(logs[cell.time, cell.state]))
        for logs in (passed.log_predicted, passed.log_gains, passed.log_filtered)
    )
    if t.missing:
        return (f"Nothing is observed at t = {t}, so what was expected stays: {predicted}.",)
    return (
        _expected(shown, t),
        f"Then {t.x} comes. Its likelihood under {shown.names.plain(cell.state)}, compared with "
        f"that under all states, multiplies {predicted} by {gain} and makes it {filtered}.",
    )


def _expected(shown: MessageView, t: Moment) -> str:
    """What the model expects of the observation before it sees it."""
    found = prediction(shown.shown, t.time)
    if found.symbol_probs is not None:
        prob = float(found.symbol_probs[int(found.observation[0])])
        return f"What came at t = {t} had a probability of {percent(prob)} beforehand."
    assert found.means is not None
    assert found.standard_deviations is not None
    of_parts = found.part_symbol_probs or (None,) * len(found.means)
    each = zip(found.means, found.standard_deviations, found.observation, of_parts, strict=True)
    expected, came = zip(*(_beside(*one) for one in each), strict=True)
    expected, came = ", ".join(expected), ", ".join(came)
    return f"It expects {t.x} = {expected}; {came} came."


def _beside(
    mean: float, deviation: float, came: float, symbol_probs: FloatArray | None
) -> tuple[str, str]:
    """What is expected of one number or symbol, and what came."""
    if symbol_probs is None:
        return with_spread(mean, deviation), "nothing" if np.isnan(came) else readable(float(came))
    if np.isnan(came):
        return "a symbol", "nothing"
    return "a symbol", f"one with a probability of {percent(float(symbol_probs[int(came)]))}"
