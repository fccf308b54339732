"""How a run stands, in the same words on every page."""

from __future__ import annotations

from collections.abc import Mapping

from hmmcore.diagnostics import STANDINGS

SENTENCES: Mapping[str, str] = {
    "start": "{} stands at its start.",
    "learning": "{} is still learning.",
    "stopped": "{} has taken as many steps as a run may, and was still learning.",
    "at_rest": "{} has come to rest.",
    "all_alike": "{} has come to rest because its states are all alike.",
    "below_truth": "{} has come to rest below the true model.",
    "diverged": "{} has diverged.",
}
ENDINGS: Mapping[str, str] = {
    "start": "",
    "learning": "",
    "stopped": "stopped",
    "at_rest": "at rest",
    "all_alike": "at rest",
    "below_truth": "at rest",
    "diverged": "diverged",
}
"""The same beside the iteration in a table; empty while a run can go on."""

PILLS: Mapping[str, tuple[str, str]] = {
    "start": ("not started", "calm"),
    "learning": ("learning", "busy"),
    "stopped": ("stopped", "warning"),
    "at_rest": ("at rest", "good"),
    "all_alike": ("stuck: all states alike", "warning"),
    "below_truth": ("below the true model", "warning"),
    "diverged": ("diverged", "error"),
}
"""The same beside Play: at most four words, and their tone."""

LOWER_HILL = "at a lower hill"
"""A run at rest below a true model that it could have reached."""

assert SENTENCES.keys() == ENDINGS.keys() == PILLS.keys() == set(STANDINGS)


def about_standing(name: str, standing: str) -> str:
    """How the run of this name stands, as a sentence."""
    return SENTENCES[standing].format(name)


def pill(standing: str, all_alike: bool, contains_truth: bool) -> tuple[str, str]:
    """How a run stands, in a few words and their tone.

    Args:
        all_alike: whether no step can tell its states apart, which is so from the start on.
        contains_truth: whether training could reach the true model.
    """
    if standing == "start" and all_alike:
        standing = "all_alike"
    word, tone = PILLS[standing]
    return (LOWER_HILL if standing == "below_truth" and contains_truth else word), tone
