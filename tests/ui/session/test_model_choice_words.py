"""Sentences of the Models page say what was found, and what should not be believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hmmcore import EM, HMM, InformationCriteria, Poisson, Sequences, restarts
from hmmcore.batch.many_starts import Restart
from hmmcore.emissions.base import Remedy
from hmmcore.landscape import Optima, Optimum
from hmmcore.selection import StatesSweep, TriedStates
from pages.ui.session import model_choice_words as words
from pages.ui.session.sweeps import EndedStarts

ONE = HMM([1.0], [[1.0]], Poisson([2.0]))


def row(num_states: int, log_likelihood: float, held_out=None) -> TriedStates:
    criteria = InformationCriteria(log_likelihood, {"rates": num_states}, 100, 0.0)
    held_out = None if held_out is None else np.array(held_out)
    return TriedStates(num_states, criteria=criteria, held_out=held_out)


def sweep(*rows: TriedStates) -> StatesSweep:
    return StatesSweep(rows, 1, 1)


def starts(starts_at_best: int, still_open: int = 0, failed: int = 0, ends=None) -> EndedStarts:
    total = starts_at_best + still_open + failed
    best = Optimum(ONE, -10.0, tuple(range(starts_at_best)), 0, starts_at_best / total)
    found = Optima(
        (best,) if starts_at_best else (),
        tuple(range(starts_at_best, starts_at_best + still_open)),
        dict.fromkeys(range(total - failed, total), "it is impossible."),
    )
    values = np.full(total, -10.0) if ends is None else np.array(ends)
    iterations = np.zeros(total, dtype=np.int64)
    return EndedStarts(total, total, ("EM",), found, {"EM": values}, {"EM": iterations}, {})


def test_it_says_how_likely_so_many_starts_miss_the_best():
    said = words.about_starts(starts(5, still_open=5))
    assert "1 optimum found; 50\u202f% of the starts reached the best." in said
    # One half to the tenth power is one in 1024.
    assert "Ten such starts all miss it with probability less than 0.1%" in said
    assert "5 starts had not come to rest." in said
    assert "stands above" not in said
    said = words.about_starts(starts(1, failed=9))
    assert "Ten such starts all miss it with probability 34.9%, thirty with 4.2%." in said
    assert "One start alone came there" in said
    assert "9 starts could not be trained: it is impossible." in said
    assert "with probability" not in words.about_starts(starts(4))
    assert "; 99\u202f% of the starts" in words.about_starts(starts(299, failed=1))
    assert "; 1\u202f% of the starts" in words.about_starts(starts(1, failed=299))


def test_it_says_where_an_open_start_is_higher_than_every_optimum():
    assert "stands above" in words.about_starts(starts(1, still_open=1, ends=[-10.0, -9.0]))
    assert "stands above" in words.about_starts(starts(0, still_open=1))


def test_each_criterion_says_what_it_prefers_and_how_clearly():
    said = words.preferences(sweep(row(1, -50.0), row(2, -20.0), row(3, -19.5)))
    assert said[0].startswith("**AIC** prefers **K = 2**, but K = 3 is not clearly worse")
    assert "**BIC** prefers **K = 2**; K = 3, the next best, is 3.605 worse." in said[2]
    assert len(said) == 4
    only = words.preferences(sweep(row(1, -50.0), TriedStates(2)))
    assert only[0].startswith("**AIC** prefers **K = 1**, the only one known.")


def test_held_out_data_say_when_noise_is_not_known_or_a_model_rules_them_out():
    one = words.preferences(sweep(row(1, -50.0, [-9.0]), row(2, -20.0, [-5.0])))[-1]
    assert one.startswith(
        "**Held-out data** prefer **K = 2**; K = 1 is 4\u202fnats worse, and with"
    )
    ruled_out = words.preferences(sweep(row(1, -50.0, [-9.0]), row(2, -20.0, [-np.inf])))[-1]
    assert "K = 2 finds some of them impossible" in ruled_out
    clear = words.preferences(
        sweep(row(1, -50.0, [-9.0, -9.1, -9.0]), row(2, -20.0, [-5.0, -5.0, -5.1]))
    )[-1]
    assert "K = 1, the next best, is 12\u202fnats worse." in clear


def test_what_should_not_be_believed_is_said():
    counts = Sequences([1.0, 2.0, 3.0])
    (run,) = restarts(EM(counts), [ONE], max_iterations=1).runs
    assert run.result is not None
    held = replace(run, result=replace(run.result, remedies=(Remedy(0, "variance_floor"),)))
    assert isinstance(held, Restart)
    said = words.doubts(
        sweep(
            row(1, -50.0), replace(row(2, -60.0), best=held), row(3, -70.0),
            TriedStates(4, failure="none of 3 starts could be trained."),
        ),
        True,
    )  # fmt: skip
    assert said[0] == "K = 4: none of 3 starts could be trained."
    assert said[1].startswith("K = 2 and 3 reached less than fewer states did: their starts missed")
    assert said[2].startswith("K = 2: a state shrank")
    assert words.doubts(sweep(row(1, -50.0), row(2, -40.0)), True) == []
    assert words.doubts(sweep(row(1, -50.0), row(2, -60.0)), False) == [], "as of a cyclic chain"
    with_priors = [replace(row(k, -50.0 - k), has_priors=True) for k in (1, 2)]
    (said,) = words.doubts(sweep(*with_priors, TriedStates(3, has_priors=True)), True)
    assert said.startswith("K = 1 and 2: fitted to the log-posterior, while its criteria take")


def test_figures_are_told_to_readers_who_cannot_see_them():
    label = words.states_label(sweep(row(1, -50.0), row(2, -20.0)))
    assert "BIC prefers K = 2" in label
    assert "Nothing is known yet" in words.states_label(sweep(TriedStates(1)))
    assert "5 starts" in words.starts_label(starts(5))
