"""The page's own line: a WebSocket for the commands of its run controls, and the frames they show.

While a run plays, the page requests a frame, the server trains until the frame is due and sends it,
and the page requests the next one while it draws. So a slow browser is never flooded, and a closed
one costs nothing. A command is answered by a frame at once, unless it has to wait for settings.
`send_ahead` shows the effect of a control before Streamlit has rerun the page.

The address holds a secret token, known only to one visitor's page. A `Source` makes the frames;
nothing here knows of models or of Streamlit's scripts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import anyio
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.web.server.server_util import is_url_from_allowed_origins

from pages.ui.browser.assets import base_path

URL_PREFIX: Final = "live-hmm"
SHORTEST_INTERVAL: Final = 0.04
"""Seconds between two frames: nobody sees more than 25 a second."""
LONGEST_BUDGET: Final = 0.02
"""Seconds of training per frame while one visitor trains; several visitors share them."""
SHORTEST_BUDGET: Final = 0.002
MAX_CONCURRENT_FRAMES: Final = 2
"""Frames that are made at the same time; others queue, so all visitors get equal shares."""
LONGEST_WAIT: Final = 0.05
"""Seconds for which `send_ahead` may block its caller."""
LONGEST_MESSAGE: Final = 160
"""Characters of a message from the page."""
MOST_REQUESTS: Final = 2
"""Requests for a frame that wait at a time: one is answered while another is on its way."""
RETRY: Final = 0.02
"""Seconds until a source that could not answer is asked again, and between two commands."""

FORBIDDEN: Final = 4403
UNKNOWN: Final = 4404
REPLACED: Final = 4409
"""Codes for closing a connection: another site's page, no such session, opened elsewhere."""

GONE: Final = (WebSocketDisconnect, RuntimeError)
"""What Starlette raises when the page closes while something is sent to it."""

Result = TypeVar("Result")


class Source(Protocol):
    """What makes the frames for one connection."""

    @property
    def playing(self) -> bool:
        """Whether there is another frame to come."""
        ...

    def wait(self) -> float:
        """Seconds until the next frame is due."""
        ...

    def next_frame(self, budget: float) -> bytes | None:
        """Work for at most `budget` seconds; the next frame, or None when there is none yet."""
        ...

    def handle(self, message: str) -> bytes | None:
        """Carry out a command of the page; a frame of the result, or None while it has to wait."""
        ...


@dataclass(frozen=True)
class Connection:
    """An open WebSocket, and the event loop that serves it."""

    socket: WebSocket
    loop: asyncio.AbstractEventLoop

    async def send(self, frame: bytes) -> bool:
        """Send a frame; False when the page was closed meanwhile."""
        try:
            await self.socket.send_bytes(frame)
        except GONE:
            return False
        return True

    async def close(self, code: int) -> None:
        """Close it, unless the page has done so."""
        with suppress(*GONE):
            await self.socket.close(code)


# Weak: a source lives as long as its visitor's session.
_sources: WeakValueDictionary[str, Source] = WeakValueDictionary()
_connections: dict[str, Connection] = {}
# One limiter, made when it is first needed: it belongs to the event loop it was made in.
_frame_limiter: list[anyio.CapacityLimiter] = []
# Kept until they are done: the event loop holds only weak references to its tasks.
_sending: set[Future[bool]] = set()


def stream_routes() -> list[WebSocketRoute]:
    """Routes that answer the addresses of `publish`, for `st.App(routes=...)`."""
    return [WebSocketRoute(f"{base_path()}/{URL_PREFIX}/{{token}}", _serve)]


def publish(source: Source, token: str) -> str:
    """Serve the frames of `source` under `token`; the address, relative to any page."""
    _sources[token] = source
    return f"{URL_PREFIX}/{token}"


def send_ahead(token: str, make: Callable[[], bytes | None]) -> None:
    """Send a frame that the page did not request; call it outside the event loop's thread.

    `make` returns the frame, or None when there is nothing to show; it is called only while a page
    is connected. Waits until the frame is sent: otherwise the caller's work would leave the event
    loop no time to send it.
    """
    if (connection := _connections.get(token)) is None or (frame := make()) is None:
        return
    sending = connection.send(frame)
    try:
        sent = asyncio.run_coroutine_threadsafe(sending, connection.loop)
    except RuntimeError:
        # The event loop was closed, and its connections with it.
        sending.close()
        return
    _sending.add(sent)
    sent.add_done_callback(_sending.discard)
    with suppress(TimeoutError):
        sent.result(LONGEST_WAIT)


async def _serve(socket: WebSocket) -> None:
    token = socket.path_params["token"]
    connection = Connection(socket, asyncio.get_running_loop())
    try:
        await socket.accept()
    except GONE:
        return
    if not _same_origin(socket) or token not in _sources:
        await connection.close(UNKNOWN if _same_origin(socket) else FORBIDDEN)
        return
    # One connection per session: a page that is opened again replaces the earlier one.
    before, _connections[token] = _connections.get(token), connection
    # In a task of its own: a page that is gone may take long to close.
    closing = before and asyncio.create_task(before.close(REPLACED))
    try:
        await _answer(connection, token)
    finally:
        if _connections.get(token) is connection:
            del _connections[token]
        if closing:
            await closing


async def _answer(connection: Connection, token: str) -> None:
    requests: asyncio.Queue[None] = asyncio.Queue(MOST_REQUESTS)
    sender = asyncio.create_task(_send_frames(connection, token, requests))
    try:
        async for message in _messages(connection.socket):
            if message == "next":
                if not requests.full():
                    requests.put_nowait(None)
                # Even a page that asks for more than it can have lets others have their turn.
                await asyncio.sleep(0)
            elif not await _carry_out(connection, token, message):
                break
            if token not in _sources:
                break
        await connection.close(UNKNOWN)
    finally:
        sender.cancel()
        await asyncio.wait([sender])


async def _messages(socket: WebSocket) -> AsyncIterator[str]:
    """What the page says, until it is closed or says something that no page of ours would."""
    while (event := await socket.receive())["type"] == "websocket.receive":
        text = event.get("text") or ""
        if not 0 < len(text) <= LONGEST_MESSAGE:
            return
        yield text


async def _carry_out(connection: Connection, token: str, message: str) -> bool:
    """Answer a command, once its time has come; False when its session is gone."""
    while (source := _sources.get(token)) is not None:
        # Not among the threads that make frames: a new start of a large experiment may take long.
        frame = await anyio.to_thread.run_sync(source.handle, message)
        # Waiting must not keep the visitor's session alive.
        del source
        if frame is not None and not await connection.send(frame):
            break
        # No person presses faster.
        await asyncio.sleep(RETRY)
        if frame is not None:
            return True
    return False


async def _send_frames(connection: Connection, token: str, requests: asyncio.Queue[None]) -> None:
    """Answer each request with a frame, or with an empty message when nothing plays."""
    begun = 0.0
    while True:
        await requests.get()
        frame = None
        while frame is None and (source := _sources.get(token)) is not None and source.playing:
            pause = begun + SHORTEST_INTERVAL - time.perf_counter()
            await asyncio.sleep(max(0.0, pause, source.wait()))
            begun = time.perf_counter()
            budget = max(SHORTEST_BUDGET, LONGEST_BUDGET / num_playing())
            frame = await _run_in_thread(partial(source.next_frame, budget))
        source = None
        if not await connection.send(frame or b""):
            return
        if frame is None:
            await asyncio.sleep(SHORTEST_INTERVAL)


def num_playing() -> int:
    """How many visitors train or search now, at least 1."""
    # A copy: other threads ask too.
    sources = map(_sources.get, list(_connections))
    return max(1, sum(source.playing for source in sources if source is not None))


async def _run_in_thread(work: Callable[[], Result]) -> Result:
    """Run `work` in a thread, when fewer than `MAX_CONCURRENT_FRAMES` others run."""
    if not _frame_limiter:
        _frame_limiter.append(anyio.CapacityLimiter(MAX_CONCURRENT_FRAMES))
    return await anyio.to_thread.run_sync(work, limiter=_frame_limiter[0])


def _same_origin(socket: WebSocket) -> bool:
    """Whether the connecting page belongs to this site, by the rule that Streamlit's socket has."""
    origin = socket.headers.get("origin")
    try:
        return (
            origin is None
            or urlsplit(origin).netloc == socket.headers.get("host")
            or is_url_from_allowed_origins(origin)
        )
    except ValueError:  # no address at all
        return False
