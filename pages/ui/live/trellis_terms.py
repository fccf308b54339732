"""How a number of the trellis comes about: in words, as a formula, and by its very terms."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.model import log_parameters
from pages.ui.live.trellis_explanation import ROUNDED, Explanation, Moment, Row, explained
from pages.ui.live.trellis_numbers import from_log, log_sum_of, percent, sum_of
from pages.ui.live.trellis_sums import backward, forward, predicted
from pages.ui.session.message_view import Cell, MessageView


def explanation(shown: MessageView, which: str) -> Explanation:
    """How the number of the chosen circle or arrow comes about in a pass."""
    return PASSES[which](shown)


def _together(shown: MessageView) -> Explanation:
    if shown.cell.origin is not None:
        return _pair(shown)
    passed, cell, t = shown.shown, shown.cell, Moment(shown)
    factors = np.column_stack([passed.log_filtered[cell.time], passed.log_backward[cell.time]])
    name = shown.names.plain(cell.state)
    past, future = np.exp(passed.log_filtered[cell.time, cell.state]), float(
        passed.log_backward[cell.time, cell.state]
    )  # fmt: skip
    result = float(passed.smoothed_probs[cell.time, cell.state])
    turn = "speaks for it" if future > 0 else "speaks against it" if future < 0 else "adds nothing"
    words = (
        f"The past says {percent(float(past))} for {name}; the future {turn}, by the factor "
        f"{from_log(future)}. Together {percent(result)}. Both factors are scaled so that the "
        "products of all states add up to 1."
    )
    formula = f"γ_{{{t}}}({name}) = α̂_{{{t}}}({name}) · β̂_{{{t}}}({name})"
    head = ("state", "α̂, the past", "× β̂, the future", "= γ")
    totals = (("sum", "", "one of the states it is"),)
    return explained(
        shown, f"{name} at t = {t}", words, formula, head, factors,
        range(shown.hmm.num_states), totals, circles=True,
    )  # fmt: skip


def _pairs(shown: MessageView) -> Explanation:
    if shown.cell.origin is not None:
        return _pair(shown)
    passed, cell, t = shown.shown, shown.cell, Moment(shown)
    name = shown.names.plain(cell.state)
    if cell.time == 0:
        log_gamma = passed.log_filtered[0, cell.state] + passed.log_backward[0, cell.state]
        if passed.length == 1:
            return Explanation(
                f"{name} at t = 1",
                "One observation has no step to another, so there are no pairs.",
                f"γ_{{1}}({name})", (), (),
                ((f"γ of {name}", from_log(float(log_gamma)), ""),),
            )  # fmt: skip
        pairs = _log_pairs(shown, 1)[cell.state]
        head, way, formula = (
            ("to", "ξ"),
            "leave",
            f"γ_{{1}}({name}) = Σ_{{j}} ξ_{{1}}({name}, j)",
        )
    else:
        pairs = _log_pairs(shown, cell.time)[:, cell.state]
        head, way, formula = (
            ("from", "ξ"),
            "lead to",
            f"γ_{{{t}}}({name}) = Σ_{{i}} ξ_{{{t.before}}}(i, {name})",
        )
    words = (
        f"The steps that {way} {name} at t = {t}, each with its probability once everything is "
        f"known. They add up to γ, the probability of {name} then. Choose an arrow to see how its "
        "ξ comes about."
    )
    totals = ((f"sum = γ of {name} at t = {t}", "", ""),)
    return explained(
        shown, f"{name} at t = {t}", words, formula, head, pairs[:, np.newaxis],
        range(shown.hmm.num_states), totals, leaving=0 if cell.time == 0 else None,
    )  # fmt: skip


def _pair(shown: MessageView) -> Explanation:
    """ξ of the chosen arrow, and of all others of its step."""
    passed, cell, t = shown.shown, shown.cell, Moment(shown)
    assert cell.origin is not None
    origin, name = shown.names.plain(cell.origin), shown.names.plain(cell.state)
    factors = (
        (f"α̂ of {origin} at t = {t.before}", passed.log_filtered[cell.time - 1, cell.origin]),
        ("× step A", log_parameters(shown.hmm)[1][cell.origin, cell.state]),
        (f"× likelihood of {t.x}", passed.log_emissions[cell.time, cell.state]),
        (f"× β̂ of {name} at t = {t}", passed.log_backward[cell.time, cell.state]),
        (f"÷ c = p({t.x} | before)", passed.log_scales[cell.time]),
    )
    pairs = _log_pairs(shown, cell.time)
    chosen = float(pairs[cell.origin, cell.state])
    table = sum_of(pairs.ravel()).terms
    size = shown.hmm.num_states
    return Explanation(
        f"{origin} to {name}, t = {t.before} to {t}",
        f"How probable it is that the chain was in {origin} at t = {t.before} and in {name} at "
        f"t = {t}, once everything is known: what the past says of {origin}, times the step, times "
        f"how likely {name} makes {t.value}, times what the future says of {name}. The table has "
        "all steps from t = "
        f"{t.before} to {t}; it adds up to 1.",
        f"ξ_{{{t.before}}}({origin}, {name}) = α̂_{{{t.before}}}({origin}) · A({origin} → {name}) · "
        f"p({t.x} | {name}) · β̂_{{{t}}}({name}) ÷ c_{{{t}}}",
        (), (),
        (*((what, from_log(float(value)), "") for what, value in factors),
         ("ξ", from_log(chosen), f"{percent(float(np.exp(chosen)))} of all steps there")),
        (),
        tuple(table[row * size : (row + 1) * size] for row in range(size)),
    )  # fmt: skip


def _viterbi(shown: MessageView) -> Explanation:
    passed, cell, t = shown.shown, shown.cell, Moment(shown)
    log_initial, log_transition = log_parameters(shown.hmm)
    log_b = float(passed.log_emissions[cell.time, cell.state])
    name = shown.names.plain(cell.state)
    result = float(passed.viterbi_scores[cell.time, cell.state])
    title = f"{name} at t = {t}"
    if cell.time == 0:
        added = log_sum_of(np.array([log_initial[cell.state], log_b]))
        row = Row("start", None, (*added.terms, added.total), 1.0)
        return Explanation(
            title,
            f"A path that begins in {name} has this log-probability with {t.value}.",
            f"δ_{{1}}({name}) = log π({name}) + log p({t.x} | {name})",
            ("", "log π", f"+ log likelihood of {t.x}", "= δ"), (row,), (),
        )  # fmt: skip
    before = passed.viterbi_scores[cell.time - 1]
    kept = passed.back_pointers[cell.time - 1, :, cell.state]
    candidates = before + log_transition[:, cell.state] + log_b
    rows = []
    for state, candidate in enumerate(candidates):
        added = log_sum_of(np.array([before[state], log_transition[state, cell.state], log_b]))
        lost = result - float(candidate) if np.isfinite(candidate) else np.inf
        fate = "kept" if kept[state] else "impossible" if np.isinf(lost) else f"−{lost:.3f}"
        rows.append(
            Row(
                shown.names.plain(state), state, (*added.terms, added.total, fate),
                float(np.exp(-lost)) if np.isfinite(lost) else 0.0,
                state == cell.origin, Cell(cell.time, cell.state, state).text,
            )
        )  # fmt: skip
    winners = [shown.names.plain(int(state)) for state in np.flatnonzero(kept)]
    if len(winners) > 1:
        won = f"{' and '.join(winners)} tie: their ways are exactly as probable, and both are kept."
        won = won.replace("both", "all") if len(winners) > 2 else won
    elif winners:
        others = ("and there is no other", "the other is dropped for good")
        rest = (*others, "all others are dropped for good")[min(len(candidates) - 1, 2)]
        won = f"The way from {winners[0]} is kept, {rest}."
    else:
        won = "No way leads there."
    return Explanation(
        title,
        f"Of all paths that end in {name} at t = {t} only the best is kept. Each candidate is the "
        f"best path to the state before, the step, and how likely {name} makes {t.value}: in "
        f"logarithms they are added. {won}",
        f"δ_{{{t}}}({name}) = max_{{i}} [δ_{{{t.before}}}(i) + log A(i → {name})] + "
        f"log p({t.x} | {name})",
        ("from", f"δ at t = {t.before}", "+ log step", "+ log likelihood", "= candidate", "behind"),
        tuple(rows),
        ((f"δ of {name} at t = {t}, the largest", log_sum_of(np.array([result])).total, "nats"),),
        (ROUNDED,),
    )


PASSES = {
    "forward": forward,
    "backward": backward,
    "together": _together,
    "pairs": _pairs,
    "viterbi": _viterbi,
    "prediction": predicted,
}
"""Pass to what explains its numbers."""


def _log_pairs(shown: MessageView, time: int) -> FloatArray:
    """(K, K) log ξ of the step that leads to a time."""
    passed = shown.shown
    future = passed.log_gains[time] + passed.log_backward[time]
    pairs: FloatArray = (
        passed.log_filtered[time - 1][:, np.newaxis] + log_parameters(shown.hmm)[1] + future
    )
    return pairs
