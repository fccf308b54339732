"""Visitors without a browser: they open the page, press Play, ask for frames, and count.

One browser cannot draw for many visitors at once; this measures what the server alone can do.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.machine import usage
from tests.browser.server import Server

START_SECONDS = 60.0
WARM_UP_SECONDS = 2.0


class Visitor:
    """One visitor: opens the Playground, presses Play, and asks for frames like a page.

    Attributes:
        plays: whether Play is pressed; a visitor who does not only looks at the page.
        shown: time at which the numbers of the first charts arrived; 0 before.
        arrivals: times at which another iteration arrived, by the monotonic clock.
        playing: set once the visitor asks for frames.
        problem: the error that ended the visit, or None.
    """

    def __init__(
        self, server: Server, query: str, stop: threading.Event, plays: bool = True
    ) -> None:
        self.server = server
        self.plays = plays
        self.shown = 0.0
        self.query = query
        self.stop = stop
        self.arrivals: list[float] = []
        self.playing = threading.Event()
        self.problem: str | None = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self._page = ""
        self._live: dict[str, Any] = {}
        self._iteration = -1
        self._finished = 0

    def run(self) -> None:
        """Visit until `stop` is set or an error ends the visit."""
        site = self.server.url.replace("http://", "ws://")
        try:
            with connect(
                f"{site}/_stcore/stream",
                subprotocols=[Subprotocol("streamlit")], max_size=None, proxy=None,
                ping_interval=None,  # A page that is not read from here would not answer.
            ) as page:  # fmt: skip
                self._rerun(page)
                if not self.plays:
                    while not self.stop.is_set():
                        self._read_message(page, 1.0)
                    return
                self._receive_until(page, lambda: self._finished > 0 and bool(self._live))
                with connect(f"{site}/{self._live['stream']}", max_size=None, proxy=None) as stream:
                    self._watch(stream)
        except (OSError, RuntimeError, WebSocketException) as error:
            self.problem = str(error)

    def _watch(self, stream: ClientConnection) -> None:
        stream.send(f"1 {self._live['settings']} play")
        # As on the page itself, two requests are always on their way.
        for _ in range(2):
            stream.send("next")
        self.playing.set()
        while not self.stop.is_set():
            try:
                frame = stream.recv(timeout=1.0)
            except TimeoutError:
                continue
            assert isinstance(frame, bytes)
            self._read_frame(frame)
            stream.send("next")

    def _rerun(self, socket: ClientConnection) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = self.query
        state.page_script_hash = self._page
        socket.send(message.SerializeToString())

    def _receive_until(self, socket: ClientConnection, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not enough():
            if time.monotonic() > deadline:
                raise RuntimeError("the app did not answer as expected")
            self._read_message(socket, 1.0)

    def _read_message(self, socket: ClientConnection, longest: float) -> None:
        """Process one message of the page, if one arrives within `longest` seconds."""
        try:
            data = socket.recv(timeout=longest)
        except TimeoutError:
            return
        assert isinstance(data, bytes)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
        elif kind == "script_finished":
            self._finished += 1
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                self._read_frame(element.bidi_component.bytes)

    def _read_frame(self, frame: bytes) -> None:
        size = int.from_bytes(frame[:4], "little")
        header = json.loads(frame[4 : 4 + size]) if size else {}
        if "live" not in header:
            return
        self._live = header["live"]
        self.shown = self.shown or time.monotonic()
        if header["runs"][0]["iteration"] != self._iteration:
            self._iteration = header["runs"][0]["iteration"]
            self.arrivals.append(time.monotonic())


def simultaneous(
    server: Server, query: str, number: int, seconds: float
) -> tuple[list[float], float]:
    """Iterations a second that reach each of several visitors, and the server's CPU percent.

    Raises RuntimeError when a visitor is not served.
    """
    stop = threading.Event()
    visitors = [Visitor(server, query, stop) for _ in range(number)]
    try:
        for visitor in visitors:
            visitor.thread.start()
        for visitor in visitors:
            visitor.playing.wait(START_SECONDS)
        time.sleep(WARM_UP_SECONDS)
        begin, cpu_before = time.monotonic(), usage(server.process_id)[0]
        time.sleep(seconds)
        end, cpu_after = time.monotonic(), usage(server.process_id)[0]
    finally:
        stop.set()
        for visitor in visitors:
            visitor.thread.join(timeout=5)
    for visitor in visitors:
        if visitor.problem is not None or not visitor.playing.is_set():
            raise RuntimeError(f"a visitor was not served: {visitor.problem}")
    rates = [
        sum(begin <= t <= end for t in visitor.arrivals) / (end - begin) for visitor in visitors
    ]
    return rates, 100 * (cpu_after - cpu_before) / (end - begin)
