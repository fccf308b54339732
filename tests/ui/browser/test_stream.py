"""The live panel's WebSocket, tested as a browser uses it but without a browser."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.websockets import WebSocketDisconnect
from streamlit import config, net_util

from pages.ui.browser import stream
from pages.ui.browser.stream import (
    LONGEST_MESSAGE,
    REPLACED,
    SHORTEST_INTERVAL,
    UNKNOWN,
    publish,
    stream_routes,
)
from pages.ui.live.frame_source import frame_source
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


@dataclass(eq=False)
class Counter:
    """A source whose frames are numbers; it plays until it has made `last`."""

    last: int = 1000
    made: int = 0
    paused: bool = False
    holds: int = 0
    budgets: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def playing(self) -> bool:
        return not self.paused and self.made < self.last

    def wait(self) -> float:
        return 0.0

    def handle(self, message: str) -> bytes | None:
        if self.holds:
            self.holds -= 1
            return None
        self.paused = message == "pause"
        return message.encode()

    def next_frame(self, budget: float) -> bytes | None:
        if not self.playing:
            return None
        time.sleep(self.seconds)
        self.budgets.append(budget)
        self.made += 1
        return str(self.made).encode()


class Connection:
    """The browser's end of a WebSocket; the application runs as a task."""

    def __init__(self, address: str, origin: str | None = "http://here") -> None:
        path = urljoin("/training", address)
        headers = [(b"host", b"here")] + ([(b"origin", origin.encode())] if origin else [])
        self.scope: dict[str, Any] = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": b"", "headers": headers, "subprotocols": [], "scheme": "ws",
            "client": ("127.0.0.1", 1), "server": ("here", 80), "asgi": {"version": "3.0"},
        }  # fmt: skip
        self.asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Connection:
        app = Starlette(routes=stream_routes())
        self.task = asyncio.create_task(app(self.scope, self.asked.get, self.answers.put))
        await self.asked.put({"type": "websocket.connect"})
        assert (await self.answer())["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.asked.put({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.task, 5)

    async def answer(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.answers.get(), 5)

    async def ask(self, text: str) -> None:
        await self.asked.put({"type": "websocket.receive", "text": text})

    async def frame(self) -> bytes:
        await self.ask("next")
        answer = await self.answer()
        assert answer["type"] == "websocket.send"
        return answer["bytes"]

    async def code(self) -> int:
        """The code with which the connection was closed."""
        answer = await self.answer()
        assert answer["type"] == "websocket.close"
        return int(answer["code"])


def run(talk: Callable[[], Awaitable[None]]) -> None:
    # A limiter belongs to the event loop it was made in.
    stream._frame_limiter.clear()
    asyncio.run(talk())
    assert not stream._connections


def test_each_request_gets_one_frame_and_nothing_else_is_sent():
    source = Counter(last=3)

    async def talk() -> None:
        async with Connection(publish(source, "t1")) as connection:
            assert [await connection.frame() for _ in range(5)] == [b"1", b"2", b"3", b"", b""]
            await asyncio.sleep(3 * SHORTEST_INTERVAL)
            assert connection.answers.empty()

    run(talk)
    assert source.made == 3


def test_frames_come_no_faster_than_the_shortest_interval():
    source = Counter()

    async def talk() -> None:
        async with Connection(publish(source, "t2")) as connection:
            begin = time.perf_counter()
            for _ in range(4):
                await connection.frame()
            # The first comes at once. A sleep may end early by the resolution of the clock.
            assert time.perf_counter() - begin >= 3 * SHORTEST_INTERVAL - 0.005

    run(talk)


def test_pause_stops_the_source():
    source = Counter()

    async def talk() -> None:
        async with Connection(publish(source, "t3")) as connection:
            assert await connection.frame() == b"1"
            await connection.ask("pause")
            assert (await connection.answer())["bytes"] == b"pause"
            assert await connection.frame() == b""

    run(talk)
    assert source.paused


def test_a_command_is_answered_while_a_frame_waits_until_it_is_due(monkeypatch):
    source = Counter()
    source.wait = lambda: 0.5

    async def talk() -> None:
        due = asyncio.Event()

        async def sleep(seconds: float) -> None:
            if seconds:
                await due.wait()

        monkeypatch.setattr(asyncio, "sleep", sleep)
        async with Connection(publish(source, "t10")) as connection:
            await connection.ask("next")
            await connection.ask("at 3")
            assert (await connection.answer())["bytes"] == b"at 3"
            due.set()
            assert (await connection.answer())["bytes"] == b"1"

    run(talk)


def test_a_command_waits_until_its_time_has_come_and_the_next_one_waits_for_it():
    source = Counter(holds=3)

    async def talk() -> None:
        async with Connection(publish(source, "t13")) as connection:
            await connection.ask("step")
            await connection.ask("pause")
            assert [(await connection.answer())["bytes"] for _ in range(2)] == [b"step", b"pause"]

    run(talk)
    assert source.holds == 0


def test_of_a_flood_of_requests_two_are_answered_and_others_have_their_turn():
    source, other = Counter(paused=True), Counter()

    async def talk() -> None:
        async with (
            Connection(publish(source, "t14")) as flooding,
            Connection(publish(other, "t15")) as connection,
        ):
            for _ in range(20_000):
                flooding.asked.put_nowait({"type": "websocket.receive", "text": "next"})
            # Nothing plays: even so, no answer comes sooner after another than a frame would.
            assert await connection.frame() == b"1"
            answered = flooding.answers.qsize()
            assert answered <= 3
            assert flooding.asked.qsize() > 0 or answered <= 3
            while flooding.asked.qsize():
                await asyncio.sleep(0)
        assert flooding.answers.qsize() < 100

    run(talk)


@pytest.mark.parametrize(
    "event",
    [{"bytes": b"next"}, {"bytes": b"", "text": None}, {"text": ""}, {}],
    ids=["binary", "nothing in binary", "nothing", "neither"],
)
def test_what_no_page_says_ends_the_connection(event):
    source = Counter()

    async def talk() -> None:
        async with Connection(publish(source, "t16")) as connection:
            await connection.asked.put({"type": "websocket.receive", **event})
            assert await connection.code() == UNKNOWN

    run(talk)
    assert source.made == 0


def test_a_new_line_outlives_the_dead_one_that_it_replaces():
    source = Counter()

    async def gone(*_: object) -> None:
        raise RuntimeError("Unexpected ASGI message 'websocket.close'")

    async def talk() -> None:
        address = publish(source, "t17")
        async with Connection(address) as old:
            assert await old.frame() == b"1"
            stream._connections["t17"].socket.close = gone
            async with Connection(address) as new:
                assert await new.frame() == b"2"
                assert await new.frame() == b"3"

    run(talk)


def test_visitors_who_train_at_once_share_the_budget_equally():
    sources = [Counter(seconds=0.01) for _ in range(8)]

    async def visit(number: int) -> None:
        async with Connection(publish(sources[number], f"v{number}")) as connection:
            for _ in range(6):
                await connection.frame()

    async def talk() -> None:
        await asyncio.gather(*(visit(number) for number in range(len(sources))))

    run(talk)
    assert [source.made for source in sources] == [6] * 8
    together = min(budget for source in sources for budget in source.budgets)
    assert together == pytest.approx(
        max(stream.SHORTEST_BUDGET, stream.LONGEST_BUDGET / 8), rel=0.2
    )


@pytest.mark.parametrize("path", ["nobody", "", "../t4"])
def test_an_unknown_address_is_refused(path):
    source = Counter()
    address = publish(source, "t4")

    async def talk() -> None:
        async with Connection(address.replace("t4", path or "t5")) as connection:
            await connection.ask("next")
            assert await connection.code() == UNKNOWN

    if "/" in path:
        # There is no such route: the server refuses before it accepts the connection.
        with pytest.raises(AssertionError):
            run(talk)
    else:
        run(talk)
    assert source.made == 0


@pytest.mark.parametrize("origin", ["http://elsewhere", "null", "http://[", "http://here:81"])
def test_a_page_of_another_site_is_refused(origin, monkeypatch):
    # Streamlit would ask the internet for it.
    monkeypatch.setattr(net_util, "get_external_ip", lambda: None)
    source = Counter()

    async def talk() -> None:
        async with Connection(publish(source, "t6"), origin) as connection:
            assert await connection.code() == stream.FORBIDDEN

    run(talk)
    assert source.made == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("server.corsAllowedOrigins", ["https://elsewhere"]),
        ("browser.serverAddress", "elsewhere"),
        ("server.enableCORS", False),
    ],
)
def test_a_page_that_streamlit_accepts_is_accepted(option, value, monkeypatch):
    # As behind a proxy that changes the Host of requests.
    monkeypatch.setattr(net_util, "get_external_ip", lambda: None)
    before = config.get_option(option)
    config.set_option(option, value)
    try:

        async def talk() -> None:
            address = publish(source := Counter(), "t18")
            async with Connection(address, "https://elsewhere") as connection:
                assert await connection.frame() == b"1"
            assert source.made == 1

        run(talk)
    finally:
        config.set_option(option, before)


@pytest.mark.parametrize("asked", ["x" * (LONGEST_MESSAGE + 1), "next" * 1000])
def test_a_message_that_is_too_long_ends_the_connection(asked):
    source = Counter()

    async def talk() -> None:
        async with Connection(publish(source, "t7")) as connection:
            await connection.ask(asked)
            assert await connection.code() == UNKNOWN

    run(talk)
    assert source.made == 0


def test_a_frame_sent_ahead_reaches_a_connected_page():
    source = Counter()
    made = []

    def frame(text: bytes | None) -> Callable[[], bytes | None]:
        return lambda: made.append(text) or text

    async def talk() -> None:
        address = publish(source, "t11")
        stream.send_ahead("t11", frame(b"too early"))
        async with Connection(address) as connection:
            await asyncio.to_thread(stream.send_ahead, "t11", frame(b"soon"))
            assert (await connection.answer())["bytes"] == b"soon"
            stream.send_ahead("t11", frame(None))
            stream.send_ahead("somebody else", frame(b"not theirs"))
            # The connection still answers requests.
            assert await connection.frame() == b"1"
        stream.send_ahead("t11", frame(b"too late"))

    run(talk)
    # Frames that nobody would see were not made.
    assert made == [b"soon", None]
    assert not stream._sending


def test_a_frame_sent_ahead_to_a_closed_page_is_dropped_silently():
    source = Counter()

    async def gone(_: bytes) -> None:
        raise WebSocketDisconnect

    async def talk() -> None:
        async with Connection(publish(source, "t12")) as connection:
            held = stream._connections["t12"]
            held.socket.send_bytes = gone
            await asyncio.to_thread(stream.send_ahead, "t12", lambda: b"late")
            assert not await held.send(b"late")
            assert connection.answers.empty()

    run(talk)


def test_a_page_that_is_opened_again_takes_over():
    source = Counter()

    async def talk() -> None:
        address = publish(source, "t8")
        async with Connection(address) as old:
            assert await old.frame() == b"1"
            async with Connection(address) as new:
                assert await new.frame() == b"2"
                assert await old.code() == REPLACED

    run(talk)


def test_a_closed_page_stops_the_work_while_a_frame_is_made():
    source = Counter(seconds=0.05)

    async def talk() -> None:
        async with Connection(publish(source, "t9")) as connection:
            await connection.ask("next")
            await connection.ask("next")
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)

    run(talk)
    assert source.made <= 2


def test_a_waiting_connection_keeps_no_session_alive():
    async def talk() -> None:
        session = Session(Config(length=10, num_sequences=1))
        async with Connection(
            frame_source(session).frame() and publish(frame_source(session), session.token)
        ) as connection:
            token = session.token
            assert await connection.frame() == b""
            del session
            gc.collect()
            assert token not in stream._sources
            await connection.ask("next")
            assert await connection.code() == UNKNOWN

    run(talk)
