"""Helpers for tests of pages: open one, press a button, read its figures and its text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from hmmcore import HMM, Gaussian, Sequences
from pages.ui.experiment.dataset import Upload
from pages.ui.session.background import background
from pages.ui.session.commands import COMMANDS, carry_out
from pages.ui.session.map_search import searcher
from pages.ui.session.session import KEY, Session

MAIN_SCRIPT = Path(__file__).resolve().parents[2] / "pages" / "main.py"


def opened(script: str, **query: str) -> AppTest:
    """A page at its address with these parameters, after its first run."""
    app = AppTest.from_file(str(MAIN_SCRIPT), default_timeout=60)
    app.query_params.update({"M": "40", "N": "4", **query})
    if script == "decoding.py":
        # Its address is not named after its file, which only a run of the app tells of.
        healthy(app.run())
    return healthy((app if script == "playground.py" else app.switch_page(script)).run())


def healthy(app: AppTest) -> AppTest:
    """The same app, after checking that it shows no exception."""
    assert [error.message for error in app.exception] == []
    return app


def session(app: AppTest) -> Session:
    """The visitor's session."""
    found = app.session_state[KEY]
    assert isinstance(found, Session)
    return found


def press(app: AppTest, key: str) -> AppTest:
    """Press a button, or one of the run controls, which no run of the page knows of."""
    if key not in COMMANDS:
        return healthy(app.button(key=key).click().run())
    carry_out(session(app), key)
    return healthy(app.run())


def live(app: AppTest) -> dict[str, Any]:
    """What the run controls show."""
    for element in app.get("bidi_component"):
        if element.proto.json and "acknowledged" in element.proto.json:
            found: dict[str, Any] = json.loads(element.proto.json)[0]
            return found
    raise AssertionError("The page has no run controls.")


def comparison(app: AppTest) -> dict[str, Any]:
    """The header of the message to the comparison."""
    (component,) = (one for one in app.get("bidi_component") if one.proto.bytes)
    message = component.proto.bytes
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size])
    assert header["key"] == "run_comparison"
    return header


def trellis(app: AppTest) -> dict[str, Any]:
    """The header of the message to the trellis of the Messages page."""
    header, _ = _panel_message(app)
    assert header["key"] == "trellis"
    return header


def landscape(app: AppTest) -> dict[str, Any]:
    """The header of the message to the landscape."""
    header, _ = _panel_message(app)
    assert header["key"] == "landscape"
    return header


def searched(app: AppTest) -> AppTest:
    """The Landscape page once its map was searched to the end."""
    here = session(app)
    carry_out(here, "search_on")
    while not all(one.done for one in searcher(here).shown):
        healthy(app.run())
        searcher(here).join(1.0)
        assert not any(one.failed for one in searcher(here).shown)
    return healthy(app.run())


def waited(app: AppTest, *rooms: str) -> AppTest:
    """The page once everything that was begun in these rooms beside it is computed."""
    for room in rooms:
        jobs = background(session(app), room)
        for job in jobs.jobs:
            jobs.join(job)
            assert job.done
    return healthy(app.run())


def panel(app: AppTest) -> dict[str, Any]:
    """The header of the message to the live panel."""
    header, _ = _panel_message(app)
    return header


def panel_array(app: AppTest, name: str) -> np.ndarray:
    """An array of the message to the live panel, by its name."""
    header, block = _panel_message(app)
    kind, offset, shape = header["arrays"][name]
    count = int(np.prod(shape))
    return np.frombuffer(block, dtype=f"<{kind}", count=count, offset=offset).reshape(shape)


def _panel_message(app: AppTest) -> tuple[dict[str, Any], bytes]:
    (found,) = (one for one in app.get("bidi_component") if one.proto.bytes)
    message = found.proto.bytes
    end = 4 + int.from_bytes(message[:4], "little")
    return json.loads(message[4:end]), message[end:]


def upload(app: AppTest, values: list[np.ndarray], num_states: int = 2) -> AppTest:
    """Make these sequences the visitor's own data."""
    sequences = Sequences.from_list(values)
    session(app).replace_upload(Upload("mine.csv", "height", sequences), num_states)
    return healthy(app.run())


class Nowhere(Gaussian):
    """Emissions that give no observation a positive probability."""

    # Lanes would score by Gaussian's own lane kernel.
    works_in_lanes = False

    def log_likelihoods(self, observations: np.ndarray) -> np.ndarray:
        return np.full((len(observations), self.num_states), -np.inf)

    def permute(self, permutation: object) -> Nowhere:
        return self


def make_impossible(app: AppTest) -> AppTest:
    """Put a model into the shown run that cannot have produced any sequence of the data.

    Training refuses such a model, so no visitor gets there by training; pages do not rely on it.
    """
    here = session(app)
    run = here.shown_run
    assert run is not None
    hmm = HMM([0.5, 0.5], np.eye(2), Nowhere(np.array([0.0, 1.0]), np.ones((2, 1))))
    run.state = replace(run.state, hmm=hmm)
    return healthy(app.run())


def figures(app: AppTest) -> dict[str, dict[str, Any]]:
    """Every figure of the page by its key, as Plotly gets it."""
    return {header["key"]: json.loads(header["figure"]) for header in _figure_headers(app)}


def labels(app: AppTest) -> dict[str, str]:
    """What every figure says to readers who cannot see it, by its key."""
    return {header["key"]: header["label"] for header in _figure_headers(app)}


def _figure_headers(app: AppTest) -> list[dict[str, Any]]:
    found = []
    for element in app.get("bidi_component"):
        message = element.proto.bytes
        if not message:
            continue  # the top of the page, not a figure
        size = int.from_bytes(message[:4], "little")
        found.append(json.loads(message[4 : 4 + size]))
        assert found[-1]["label"]
    return found


def array(value: Any) -> np.ndarray:
    """An array of a figure, unpacked from Plotly's encoding."""
    if isinstance(value, dict):
        import base64

        flat = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
        shape = value.get("shape")
        return flat if shape is None else flat.reshape([int(n) for n in shape.split(",")])
    return np.array(value, dtype=float)


def text(app: AppTest) -> str:
    """All sentences of the page, without the list of words at its foot."""
    words = {m.value for area in app.expander if area.label == "Words" for m in area.markdown}
    kinds = (
        app.caption,
        app.info,
        app.success,
        app.warning,
        app.error,
        app.header,
        app.markdown,
    )
    return "\n".join(
        element.value for kind in kinds for element in kind if element.value not in words
    )
