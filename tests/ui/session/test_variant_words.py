"""Sentences on families and constraints side by side say what was found and what not to believe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hmmcore import EM, HMM, InformationCriteria, Poisson, Sequences, restarts
from hmmcore.emissions.base import Remedy
from hmmcore.selection import TriedVariant, Variant, VariantsSweep
from pages.ui.session import variant_words as words

LABELS = {"plain": "Nothing held", "tied": "Tied spread", "sticky": "Sticky prior", "true": "Held"}


def row(name: str, log_likelihood: float, held_out=None, parameters: int = 2) -> TriedVariant:
    criteria = InformationCriteria(log_likelihood, {"means": parameters}, 100, 0.0)
    held_out = None if held_out is None else np.array(held_out)
    return TriedVariant(name, has_priors=name == "sticky", criteria=criteria, held_out=held_out)


def sweep(*rows: TriedVariant) -> VariantsSweep:
    return VariantsSweep(rows, 1, 1)


def test_each_criterion_says_what_it_prefers_and_how_clearly():
    said = words.preferences(
        sweep(row("plain", -20.0), row("tied", -20.5), row("true", -50.0)), LABELS
    )
    assert said[0] == (
        "**AIC** prefers **Nothing held**; Tied spread differs from it by less than the noise."
    )
    clear = words.preferences(sweep(row("plain", -50.0), row("tied", -20.0)), LABELS)
    assert "**BIC** prefers **Tied spread**; Nothing held, the next best, is 60 worse." in clear
    alone = words.preferences(sweep(row("plain", -50.0)), LABELS)
    assert alone[0] == "**AIC** prefers **Nothing held**, the only one known."
    four = [row(name, -20.0 - n) for n, name in enumerate(LABELS)]
    close = [replace(one, held_out=np.array([-1.0, -2.0 - 0.1 * n])) for n, one in enumerate(four)]
    held = words.preferences(sweep(*close), LABELS)[-1]
    assert held.endswith("; the others differ from it by less than the noise.")


def test_held_out_data_say_when_noise_is_not_known_or_a_model_rules_them_out():
    one = words.preferences(sweep(row("plain", -9.0, [-9.0]), row("tied", -9.0, [-5.0])), LABELS)
    assert "Nothing held is 4\u202fnats worse, and with one held-out sequence nobody" in one[-1]
    out = words.preferences(sweep(row("plain", -9.0, [-9.0]), row("tied", -9.0, [-np.inf])), LABELS)
    assert "Tied spread finds some of them impossible" in out[-1]


def test_what_should_not_be_believed_is_said():
    variants = {
        "plain": Variant(EM, lambda *_: HMM([1.0], [[1.0]], Poisson([2.0]))),
        "tied": Variant(EM, lambda *_: HMM([1.0], [[1.0]], Poisson([2.0])), ("plain",)),
    }
    (run,) = restarts(
        EM(Sequences([1.0, 2.0, 3.0])), [HMM([1.0], [[1.0]], Poisson([2.0]))], max_iterations=1
    ).runs
    held = replace(run, result=replace(run.result, remedies=(Remedy(0, "variance_floor"),)))
    said = words.doubts(
        sweep(
            row("plain", -30.0), replace(row("tied", -20.0), best=held), row("sticky", -21.0),
            TriedVariant("true", failure="none of 3 starts could be trained."),
        ),
        variants, LABELS,
    )  # fmt: skip
    assert said[0] == "Held: none of 3 starts could be trained."
    assert said[1].startswith("Nothing held reached less than a model that it contains")
    assert said[2].startswith("Tied spread: a state shrank")
    assert said[3].startswith("Sticky prior: fitted to the log-posterior")
    assert len(said) == 4
    label = words.variants_label(sweep(row("plain", -20.0), row("tied", -50.0)), LABELS)
    assert "BIC prefers Nothing held" in label
    assert "Nothing is known yet" in words.variants_label(sweep(TriedVariant("plain")), LABELS)
