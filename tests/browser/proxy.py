"""A small reverse proxy, as hosts put one before an app: it strips a prefix from every address.

It passes bytes on, so WebSockets, uploads and downloads go through it like everything else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace

from tests.browser.server import Server

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Proxy:
    """A proxy before a server.

    Attributes:
        target: the server that it passes requests on to, whose addresses begin at the root.
        prefix: what its own addresses begin with, such as "/lab"; all others are not found.
        refused: what addresses it does not pass on begin with, such as "/live-hmm/".
        lines: addresses at the server of the WebSockets that it has passed on.
    """

    target: Server
    prefix: str = ""
    refused: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on: one request, or one WebSocket."""
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, address, rest = head.split(" ", 2)
            path = address.removeprefix(self.prefix)
            if not address.startswith(f"{self.prefix}/") or path.startswith(self.refused):
                writer.write(NOT_FOUND)
                return
            version, *fields = rest.rstrip("\r\n").split("\r\n")
            if any(line.lower().startswith("upgrade:") for line in fields):
                self.lines.append(path)
            else:
                # So that the connection ends with its first answer.
                fields = [line for line in fields if not line.lower().startswith("connection:")]
                fields.append("Connection: close")
            there, back = await asyncio.open_connection("127.0.0.1", self.target.port)
            with closing(back):
                head = "\r\n".join((f"{method} {path} {version}", *fields, "", ""))
                back.write(head.encode("latin-1"))
                ways = [
                    asyncio.create_task(pass_on(reader, back)),
                    asyncio.create_task(pass_on(there, writer)),
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write what is read, until one end is closed."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextmanager
def running_proxy(proxy: Proxy) -> Iterator[Server]:
    """Run a proxy until the block ends: the server as it is seen through the proxy."""
    # In a thread of its own: Playwright keeps an event loop in this one.
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy")
    thread.start()
    starting = asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    listening = asyncio.run_coroutine_threadsafe(starting, loop).result()
    try:
        port = listening.sockets[0].getsockname()[1]
        yield replace(proxy.target, url=f"http://127.0.0.1:{port}{proxy.prefix}")
    finally:
        asyncio.run_coroutine_threadsafe(end(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def end(listening: asyncio.Server) -> None:
    """Stop listening, and close every connection."""
    listening.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # the connections close in the loop's next turn
