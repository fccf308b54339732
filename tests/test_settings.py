"""Settings that other parts of the project rely on."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from pages.ui.figures.theme import STATE_COLOURS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_charts_of_streamlit_and_our_own_share_ten_colours(
    settings: dict[str, Any], mode: str
) -> None:
    colours = settings["theme"][mode]["chartCategoricalColors"]
    assert tuple(colours) == STATE_COLOURS
    assert len(colours) == 10, "given fewer, Streamlit falls back to colours of its own"


def test_garbage_collection_stays_off_the_live_path(settings: dict[str, Any]) -> None:
    assert settings["runner"]["postScriptGC"] is False
