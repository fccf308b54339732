"""What stands at the top of every page, as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.link import NO_FILE
from tests.pages.shown import healthy, opened, session, upload

PAGES = ["playground.py", "data.py", "posterior.py", "decoding.py"]
EXPORTS = [
    "Experiment file", "Learned model (JSON)", "Decoded data (CSV)", "Decoded data (Parquet)",
    "Notebook (.ipynb)",
]  # fmt: skip


def told(app: AppTest) -> dict[str, Any]:
    """What the browser is told of the link."""
    (frame,) = (one for one in app.get("bidi_component") if "page_link" in one.proto.id)
    found: dict[str, Any] = json.loads(frame.proto.json)
    return found


@pytest.mark.parametrize("script", PAGES)
def test_every_page_has_the_link_and_the_exports(script: str) -> None:
    app = opened(script, method="Both")
    session(app).step()
    said = told(healthy(app.run()))
    assert said["place"] == {"runs": "EM_1~Gradient_1"}
    assert said["unsaid"] == ""
    assert "method=Both" in said["query"]
    labels = [button.proto.label for button in app.get("download_button")]
    assert [label for label in labels if label in EXPORTS] == EXPORTS


def test_of_own_data_the_link_says_what_it_cannot_carry() -> None:
    import numpy as np

    app = upload(opened("playground.py"), [np.arange(9.0), np.arange(7.0)])
    said = told(app)
    assert said["unsaid"] == NO_FILE
    assert said["own"] == session(app).upload_key
    # The key is for this tab alone.
    assert session(app).upload_key not in said["query"]


def test_a_later_word_has_a_higher_number() -> None:
    app = opened("playground.py")
    first = told(app)
    second = told(healthy(app.run()))
    assert second["number"] > first["number"]
    assert second["settings"] == first["settings"]
    session(app).change(num_states=3)
    assert told(healthy(app.run()))["settings"] != first["settings"]
