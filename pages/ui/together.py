"""What a run of the page says before it shows anything, sent together with what it shows first.

Streamlit tells the browser at once that a run has begun, what the page is called and which pages
there are. The browser draws the whole page anew for each, 30 to 50 milliseconds in all, and the
picture that the live view is sent ahead (see `stream`) waits until that is done. Held back until
there is something to show, all of it is drawn once, and the picture before it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATH: Final = "/_stcore/stream"
BEGIN: Final = "new_session"
EARLY: Final = frozenset({BEGIN, "session_status_changed", "page_config_changed", "navigation"})
"""Kinds of message that may wait: nothing stands still in them."""
LARGEST: Final = 4096
"""Bytes of a message that is looked into; those that may wait are smaller."""
LONGEST: Final = 0.1
"""Seconds that anything waits: a run that takes long is to be seen running."""


class Together:
    """Middleware: keeps what is early of each run until the run shows something."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve Streamlit's own line to its page in this way, everything else as it is."""
        if scope["type"] != "websocket" or not scope["path"].endswith(PATH):
            await self.app(scope, receive, send)
            return
        line = _Line(send)
        try:
            await self.app(scope, receive, line.send)
        finally:
            line.end()


class _Line:
    """One connection, and what waits on it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._early: list[Message] = []
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._releasing: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on, in its order; an early one waits."""
        kind = _kind(message)
        if kind != BEGIN and not (self._early and kind in EARLY):
            await self._release(message)
            return
        if not self._early:
            self._timer = asyncio.get_running_loop().call_later(LONGEST, self._release_late)
        self._early.append(message)

    def end(self) -> None:
        """Let nothing come any more."""
        for waiting in (self._timer, self._releasing):
            if waiting is not None:
                waiting.cancel()

    async def _release(self, *last: Message) -> None:
        async with self._turn:
            if self._timer is not None:
                self._timer.cancel()
            messages, self._early = [*self._early, *last], []
            for message in messages:
                await self._send(message)

    def _release_late(self) -> None:
        async def release() -> None:
            # A page that has closed meanwhile is told to whoever sends it the next message.
            with suppress(WebSocketDisconnect, RuntimeError, OSError):
                await self._release()

        self._releasing = asyncio.get_running_loop().create_task(release())


def _kind(message: Message) -> str | None:
    payload = message.get("bytes")
    if not payload or len(payload) > LARGEST:
        return None
    try:
        return ForwardMsg.FromString(payload).WhichOneof("type")
    except DecodeError:
        return None
