"""The glossary: what it explains, how, and that nobody explains the same word elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.ui.glossary import GLOSSARY
from pages.ui.settings.config import FIELD_OF

ASKED = (
    "Nat", "EM", "Viterbi path", "Posterior", "Σξ", "BIC", "AIC", "Film", "Mark", "Likelihood",
    "Prior", "π", "A", "State", "Emission", "Smoothed", "Filtered",
)  # fmt: skip


def test_whatever_a_newcomer_asks_about_has_its_sentence() -> None:
    assert set(ASKED) <= set(GLOSSARY)


@pytest.mark.parametrize("word", GLOSSARY)
def test_a_word_is_explained_in_one_plain_sentence(word: str) -> None:
    meaning = GLOSSARY[word]
    assert meaning.endswith(".")
    assert 20 < len(meaning) < 180
    assert ". " not in meaning, "one sentence"
    assert not set(meaning) & set("*_`<>$[]\\"), "plain text"


def test_words_stand_in_order() -> None:
    words = list(GLOSSARY)
    assert words == sorted(words, key=str.casefold)


def test_helps_say_what_the_glossary_says() -> None:
    for field, words in {
        "posterior": ("Filtered", "Smoothed"),
        "method": ("EM", "Gradient ascent"),
        "learning_rate": ("Learning rate",),
        "seed": ("Seed",),
    }.items():
        for word in words:
            assert GLOSSARY[word] in FIELD_OF[field].help


def test_buttons_of_the_time_line_say_what_the_glossary_says() -> None:
    assets = Path(__file__).parents[2] / "pages" / "ui" / "browser" / "assets"
    source = (assets / "scrubber.js").read_text(encoding="utf-8")
    for word in ("Film", "Mark"):
        assert f'button("{word}", "{GLOSSARY[word]}"' in source
