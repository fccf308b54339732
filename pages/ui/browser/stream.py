"""The WebSocket over which the live panel fetches the frames of a training run.

While a run plays, the panel in the browser requests a frame, the server trains until the frame is
due and sends it, and the browser requests the next one while it draws. Commands from the page are
answered at once. So a slow browser is never flooded, a closed one costs nothing, and Streamlit
reruns the page only when the visitor presses something. `send_ahead` shows the effect of a press in
the panel before Streamlit has rerun the page.

The address holds a secret token, known only to one visitor's page. A `Source` makes the frames;
nothing here knows of models or of Streamlit's scripts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
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
LONGEST_MESSAGE: Final = 16
"""Characters of a message from the page."""

FORBIDDEN: Final = 4403
UNKNOWN: Final = 4404
REPLACED: Final = 4409
"""Codes for closing a connection: another site's page, no such session, opened elsewhere."""

NO_FRAME: Final = ""
"""The answer to a command that leaves nothing to show: the page expects one answer each."""

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
        """Work for at most `budget` seconds; the next frame, or None when nothing plays."""
        ...

    def handle(self, command: str) -> bytes | None:
        """Carry out a command of the page; a frame of the result, or None."""
        ...


@dataclass(frozen=True)
class Connection:
    """An open WebSocket, and the event loop that serves it."""

    socket: WebSocket
    loop: asyncio.AbstractEventLoop

    async def send(self, answer: bytes | str) -> bool:
        """Send a frame or `NO_FRAME`; False when the page was closed meanwhile."""
        try:
            if isinstance(answer, str):
                await self.socket.send_text(answer)
            else:
                await self.socket.send_bytes(answer)
        except (WebSocketDisconnect, RuntimeError):
            return False
        return True


# Weak: a source lives as long as its visitor's session.
_sources: WeakValueDictionary[str, Source] = WeakValueDictionary()
_connections: dict[str, Connection] = {}
_playing: set[str] = set()
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
    await socket.accept()
    if not _same_origin(socket):
        await socket.close(FORBIDDEN)
        return
    if token not in _sources:
        await socket.close(UNKNOWN)
        return
    connection = Connection(socket, asyncio.get_running_loop())
    # One connection per session: a page that is opened again replaces the earlier one.
    before, _connections[token] = _connections.get(token), connection
    try:
        if before is not None:
            await before.socket.close(REPLACED)
        await _answer(connection, token)
    except (WebSocketDisconnect, RuntimeError):
        # Starlette raises these when the page closes while a frame is being sent.
        pass
    finally:
        if _connections.get(token) is connection:
            del _connections[token]
            _playing.discard(token)


async def _answer(connection: Connection, token: str) -> None:
    requests: asyncio.Queue[None] = asyncio.Queue()
    sender = asyncio.create_task(_send_frames(connection, token, requests))
    try:
        while 0 < len(message := await connection.socket.receive_text()) <= LONGEST_MESSAGE:
            if (source := _sources.get(token)) is None:
                break
            if message == "next":
                requests.put_nowait(None)
            else:
                frame = await _run_in_thread(partial(source.handle, message))
                await connection.send(NO_FRAME if frame is None else frame)
            # Waiting for the next message must not keep the visitor's session alive.
            del source
        await connection.socket.close(UNKNOWN)
    finally:
        sender.cancel()
        await asyncio.wait([sender])


async def _send_frames(connection: Connection, token: str, requests: asyncio.Queue[None]) -> None:
    """Answer each request with a frame, or with an empty message when nothing plays."""
    begun = 0.0
    while True:
        await requests.get()
        source = _sources.get(token)
        frame = None
        if source is not None and source.playing:
            _playing.add(token)
            pause = begun + SHORTEST_INTERVAL - time.perf_counter()
            await asyncio.sleep(max(0.0, pause, source.wait()))
            begun = time.perf_counter()
            budget = max(SHORTEST_BUDGET, LONGEST_BUDGET / len(_playing))
            frame = await _run_in_thread(partial(source.next_frame, budget))
        if frame is None:
            _playing.discard(token)
        del source
        if not await connection.send(frame or b""):
            return


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
