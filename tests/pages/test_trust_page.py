"""The Trust page as Streamlit runs it, without a browser."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.session.background import background
from pages.ui.session.trust import appraisal, estimates
from tests.pages.shown import figures, healthy, labels, opened, press, session, text, upload

SMALL = {"K": "2", "M": "60", "N": "10", "seed": "1"}


def at_trust(**query: str) -> AppTest:
    return answered(opened("trust.py", **{**SMALL, **query}))


def answered(app: AppTest) -> AppTest:
    """The page once its job has ended."""
    here = session(app)
    job = appraisal.appraisal(here, appraisal.question(here))
    background(here, appraisal.ROOM).join(job)
    return healthy(app.run())


def test_it():
    app = at_trust(runs="EM_40")
    print(text(app))
    print(labels(app))
    print(app.dataframe[0].value.to_string())
    assert 0
