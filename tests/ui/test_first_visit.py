"""What the server does before anybody comes, so that the first visitor waits less."""

from __future__ import annotations

import asyncio

import pytest
from streamlit import delta_generator, env_util

from app import app, lifespan


def test_the_first_element_does_not_look_for_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[None] = []
    monkeypatch.setattr("app._warm_up", lambda: None)
    monkeypatch.setattr(env_util, "is_repl", lambda: looked.append(None))
    monkeypatch.setattr(delta_generator, "_use_warning_has_been_displayed", False)

    async def begin() -> None:
        async with lifespan(app):
            delta_generator._maybe_print_use_warning()

    asyncio.run(begin())
    assert not looked
