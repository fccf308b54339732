"""Connections that send what they have at once.

A sender by default holds a small message back while an earlier one is on its way (Nagle's
algorithm, RFC 896), and a receiver may take 40 milliseconds to say that it came. A page that is
made of many small messages waits for that again and again. asyncio therefore turns it off for each
connection whose socket says that it is of TCP; Streamlit's listening socket leaves that unsaid, and
so does every connection that it accepts.
"""

from __future__ import annotations

import gc
import socket


def send_at_once() -> int:
    """Let this process's listening TCP sockets accept connections that send at once.

    Connections inherit it, so this is to be done before the first one. Returns how many there are.
    """
    # Nobody hands an application the socket that its server listens on.
    found = [one for one in gc.get_objects() if issubclass(type(one), socket.socket)]
    listening = [one for one in found if _listens(one)]
    for one in listening:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return len(listening)


def _listens(one: socket.socket) -> bool:
    return (
        one.fileno() >= 0
        and one.family in (socket.AF_INET, socket.AF_INET6)
        and one.type == socket.SOCK_STREAM
        and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    )
