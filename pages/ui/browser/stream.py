"""The live panel's own line to the server: frames of a training run, as fast as they are drawn.

While a run plays, the panel in the browser asks for a frame over a WebSocket, the server trains
until one is due and sends it, and the browser asks again while it draws. What else the page says
on this line is answered at once. So a slow browser is
never flooded, a closed one costs nothing, and Streamlit's scripts run only when somebody pressed
something: a press never meets a rerun that nobody asked for. And what somebody pressed is seen here
first: `send_ahead` goes before the page that is made around the frame.

An address holds a token that only one visitor's page was told. What makes the frames is a
`Source`; nothing here knows of models or of Streamlit's scripts.
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

from pages.ui.browser.assets import base_path

URL_PREFIX: Final = "live-hmm"
SHORTEST_INTERVAL: Final = 0.04
"""Seconds between two frames at the least: nobody sees more than 25 a second."""
LONGEST_BUDGET: Final = 0.02
"""Seconds of training for one frame where one visitor trains; several share it."""
SHORTEST_BUDGET: Final = 0.002
MAKERS: Final = 2
"""Frames that are made at the same time; others wait their turn, so that visitors share alike."""
LONGEST_WAIT: Final = 0.05
"""Seconds that what is sent ahead may hold up who sends it."""
LONGEST_MESSAGE: Final = 16
"""Characters of anything that a page may ask."""

FORBIDDEN: Final = 4403
UNKNOWN: Final = 4404
REPLACED: Final = 4409
"""Codes that a line is closed with: another site's page, no such session, opened elsewhere."""

NOTHING: Final = ""
"""The answer to what was said where there is nothing to show: whoever said it waits for one."""

Result = TypeVar("Result")


class Source(Protocol):
    """What is shown: frames of something that goes on while it plays."""

    @property
    def playing(self) -> bool:
        """Whether there is another frame to come."""
        ...

    def wait(self) -> float:
        """Seconds until the next one is due."""
        ...

    def next_frame(self, budget: float) -> bytes | None:
        """Go on for at most `budget` seconds and draw; None when nothing plays any more."""
        ...

    def handle(self, command: str) -> bytes | None:
        """Do what the page says; a frame of what became of it, or None."""
        ...


@dataclass(frozen=True)
class Line:
    """An open line, and the event loop that it is served on."""

    socket: WebSocket
    loop: asyncio.AbstractEventLoop

    async def send(self, answer: bytes | str) -> bool:
        """Send a frame, or NOTHING; False when the page was closed meanwhile."""
        try:
            if isinstance(answer, str):
                await self.socket.send_text(answer)
            else:
                await self.socket.send_bytes(answer)
        except (WebSocketDisconnect, RuntimeError):
            return False
        return True


# A source lives as long as its visitor's session does.
_sources: WeakValueDictionary[str, Source] = WeakValueDictionary()
_lines: dict[str, Line] = {}
_busy: set[str] = set()
_makers: list[anyio.CapacityLimiter] = []
# Held until they are done: the loop itself holds tasks only weakly.
_sending: set[Future[bool]] = set()


def stream_routes() -> list[WebSocketRoute]:
    """Routes that answer the addresses of `publish`, for `st.App(routes=...)`."""
    return [WebSocketRoute(f"{base_path()}/{URL_PREFIX}/{{token}}", _serve)]


def publish(source: Source, token: str) -> str:
    """Make a source known; its address from the root of the site."""
    _sources[token] = source
    return f"{base_path()}/{URL_PREFIX}/{token}"


def send_ahead(token: str, make: Callable[[], bytes | None]) -> None:
    """Send a frame that nobody asked for, where a page listens; from a thread of its own.

    `make` is called only then, and may find that there is nothing to show. Waits until the frame
    is on its way: a thread that goes on working would leave the event loop no time to send it.
    """
    if (line := _lines.get(token)) is None or (frame := make()) is None:
        return
    sending = line.send(frame)
    try:
        sent = asyncio.run_coroutine_threadsafe(sending, line.loop)
    except RuntimeError:
        # A loop that was closed has closed its lines.
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
    line = Line(socket, asyncio.get_running_loop())
    # One line for each session: a page that was opened again takes over.
    before, _lines[token] = _lines.get(token), line
    try:
        if before is not None:
            await before.socket.close(REPLACED)
        await _answer(line, token)
    except (WebSocketDisconnect, RuntimeError):
        # Starlette's word for a page that closed while a frame was on its way to it.
        pass
    finally:
        if _lines.get(token) is line:
            del _lines[token]
            _busy.discard(token)


async def _answer(line: Line, token: str) -> None:
    wanted: asyncio.Queue[None] = asyncio.Queue()
    sender = asyncio.create_task(_send_frames(line, token, wanted))
    try:
        while (asked := await line.socket.receive_text()) and len(asked) <= LONGEST_MESSAGE:
            if (source := _sources.get(token)) is None:
                break
            if asked == "next":
                wanted.put_nowait(None)
            else:
                frame = await _in_turn(partial(source.handle, asked))
                await line.send(NOTHING if frame is None else frame)
            # What waits for a page keeps no visitor's session alive.
            del source
        await line.socket.close(UNKNOWN)
    finally:
        sender.cancel()
        await asyncio.wait([sender])


async def _send_frames(line: Line, token: str, wanted: asyncio.Queue[None]) -> None:
    """A frame for each that is wanted; an empty message where nothing plays any more."""
    begun = 0.0
    while True:
        await wanted.get()
        source = _sources.get(token)
        frame = None
        if source is not None and source.playing:
            _busy.add(token)
            pause = begun + SHORTEST_INTERVAL - time.perf_counter()
            await asyncio.sleep(max(0.0, pause, source.wait()))
            begun = time.perf_counter()
            budget = max(SHORTEST_BUDGET, LONGEST_BUDGET / len(_busy))
            frame = await _in_turn(partial(source.next_frame, budget))
        if frame is None:
            _busy.discard(token)
        del source
        if not await line.send(frame or b""):
            return


async def _in_turn(work: Callable[[], Result]) -> Result:
    if not _makers:
        _makers.append(anyio.CapacityLimiter(MAKERS))
    return await anyio.to_thread.run_sync(work, limiter=_makers[0])


def _same_origin(line: WebSocket) -> bool:
    """Whether the page that asks came from this very site; no other may listen in."""
    origin = line.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == line.headers.get("host")
