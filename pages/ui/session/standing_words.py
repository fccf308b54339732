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

assert SENTENCES.keys() == ENDINGS.keys() == set(STANDINGS)


def about_standing(name: str, standing: str) -> str:
    """How the run of this name stands, as a sentence."""
    return SENTENCES[standing].format(name)
