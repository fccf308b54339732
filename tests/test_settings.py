"""Settings that other parts of the project rely on."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import hmmcore
from pages.ui.figures.theme import STATE_COLOURS, contrast

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


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_of_the_theme_can_be_read(settings: dict[str, Any], mode: str) -> None:
    """As WCAG 2.2 AA asks for: 4.5 to 1 for text, 3 to 1 for what is no text."""
    colours = settings["theme"][mode]
    sidebar = colours["sidebar"]
    grounds = [part[name] for part in (colours, sidebar) for name in part if "ackground" in name]
    for ground in grounds:
        assert contrast(colours["textColor"], ground) >= 4.5
        assert contrast(colours["primaryColor"], ground) >= 3
    assert contrast(colours["linkColor"], colours["backgroundColor"]) >= 4.5
    assert contrast("#ffffff", colours["primaryColor"]) >= 4.5


def test_every_place_that_names_the_version_names_the_same_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == hmmcore.__version__
    assert f"\nversion: {hmmcore.__version__}\n" in (ROOT / "CITATION.cff").read_text(
        encoding="utf-8"
    )
    assert f"\n## {hmmcore.__version__} – " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_picture_of_the_readme_is_there() -> None:
    pictures = re.findall(r"]\((docs/.*?\.png)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(pictures) == 4
    assert all((ROOT / name).is_file() for name in pictures)
