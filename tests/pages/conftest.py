"""Fixtures of the tests of pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from pages.ui.experiment import experiment


@pytest.fixture(autouse=True, scope="session")
def components_are_looked_for_once() -> Iterator[None]:
    """Search the installed packages once: Streamlit does it for each `AppTest`, in 0.13 s."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(autouse=True)
def runs_arrive_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link's runs are taken to where it says however slow the machine is."""
    monkeypatch.setattr(experiment, "OPENING_BUDGET", math.inf)
