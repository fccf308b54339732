"""What a run says early, and what it shows first: on a line as the server gives it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.ui import together
from pages.ui.together import LARGEST, Together

Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Send], Awaitable[None]]

PATH = "/_stcore/stream"
RUN = ("session_event", "new_session", "session_status_changed", "page_config_changed",
       "navigation", "delta", "delta", "page_info_changed", "script_finished",
       "session_status_changed")  # fmt: skip
"""What a run of the page says, in its order."""
SHOWN_AT = RUN.index("delta")


def of_kind(kind: str, size: int = 0) -> dict[str, Any]:
    """A message of Streamlit's, of at least so many bytes."""
    message = ForwardMsg()
    if kind == "script_finished":
        message.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    else:
        getattr(message, kind).SetInParent()
    message.hash = "x" * size
    return {"type": "websocket.send", "bytes": message.SerializeToString()}


def kinds(sent: list[dict[str, Any]]) -> list[str]:
    return [ForwardMsg.FromString(message["bytes"]).WhichOneof("type") for message in sent]


class Browser:
    """The far end of a line, and what has arrived there."""

    def __init__(self) -> None:
        self.arrived: list[dict[str, Any]] = []

    async def take(self, message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        self.arrived.append(message)


def serve(app: App, browser: Browser, path: str = PATH, kind: str = "websocket") -> None:
    async def nothing() -> dict[str, Any]:
        return {}

    asyncio.run(Together(app)({"type": kind, "path": path}, nothing, browser.take))


@pytest.mark.parametrize("path", [PATH, f"/base{PATH}"])
def test_what_is_early_arrives_with_the_first_thing_that_is_shown(path):
    browser = Browser()
    seen = []

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        for kind in RUN * 2:
            await send(of_kind(kind))
            seen.append(len(browser.arrived))

    serve(app, browser, path)
    assert kinds(browser.arrived) == [*RUN, *RUN]
    once = [1, *[1] * (SHOWN_AT - 1), *range(SHOWN_AT + 1, len(RUN) + 1)]
    assert seen == [*once, *(len(RUN) + count for count in once)]


def test_what_waits_comes_after_a_moment_where_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(together, "LONGEST", 0.02)
    browser = Browser()

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        await send(of_kind("new_session"))
        await send(of_kind("navigation"))
        assert browser.arrived == []
        await asyncio.sleep(0.2)
        assert kinds(browser.arrived) == ["new_session", "navigation"]
        # The run goes on, and is over: nothing more waits for anything.
        for kind in ("page_config_changed", "script_finished", "session_status_changed"):
            await send(of_kind(kind))
        assert len(browser.arrived) == 5

    serve(app, browser)


def test_a_moment_that_comes_due_while_messages_are_sent_keeps_their_order(monkeypatch):
    monkeypatch.setattr(together, "LONGEST", 0.0)
    browser = Browser()

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        for _ in range(20):
            for kind in RUN:
                await send(of_kind(kind))
                await asyncio.sleep(0)

    serve(app, browser)
    assert kinds(browser.arrived) == list(RUN) * 20


def test_a_run_that_is_overtaken_loses_nothing():
    browser = Browser()
    overtaken = ["new_session", "session_status_changed", "new_session", "navigation", "delta"]

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        for kind in overtaken:
            await send(of_kind(kind))

    serve(app, browser)
    assert kinds(browser.arrived) == overtaken


def test_what_is_large_or_no_message_of_streamlits_is_passed_on():
    browser = Browser()
    others = [
        of_kind("new_session", size=LARGEST),
        {"type": "websocket.send", "bytes": b"\xff\xff no message"},
        {"type": "websocket.send", "text": "hello"},
        {"type": "websocket.close", "code": 1000},
    ]

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        for number, message in enumerate(others, 1):
            await send(message)
            assert len(browser.arrived) == number

    serve(app, browser)
    assert browser.arrived == others


@pytest.mark.parametrize(
    ("path", "kind"), [("/live-hmm/token", "websocket"), (PATH, "http"), ("/", "http")]
)
def test_other_lines_are_left_alone(path, kind):
    browser = Browser()

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        await send(of_kind("new_session"))
        assert len(browser.arrived) == 1

    serve(app, browser, path, kind)


def test_a_page_that_closed_meanwhile_is_told_with_the_next_message(monkeypatch):
    monkeypatch.setattr(together, "LONGEST", 0.0)
    tried = []

    async def gone(message: dict[str, Any]) -> None:
        tried.append(message)
        raise WebSocketDisconnect(1006)

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        await send(of_kind("new_session"))
        await asyncio.sleep(0.05)
        assert len(tried) == 1
        with pytest.raises(WebSocketDisconnect):
            await send(of_kind("delta"))

    browser = Browser()
    monkeypatch.setattr(browser, "take", gone)
    serve(app, browser)


def test_a_line_that_ends_leaves_nothing_behind():
    browser = Browser()

    async def app(_scope: Any, _receive: Any, send: Send) -> None:
        await send(of_kind("new_session"))

    async def talk() -> None:
        async def nothing() -> dict[str, Any]:
            return {}

        await Together(app)({"type": "websocket", "path": PATH}, nothing, browser.take)
        await asyncio.sleep(2 * together.LONGEST)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(talk())
    assert browser.arrived == []
