"""Connections that send at once: on a listening socket made as Streamlit makes its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from app import app, lifespan
from pages.ui.no_delay import send_at_once


def no_delay(one: socket.socket) -> bool:
    return one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A listening socket that does not say of which protocol it is."""
    try:
        one = socket.socket(request.param)
        one.bind(("127.0.0.1" if request.param == socket.AF_INET else "::1", 0))
    except OSError:
        pytest.skip("This machine has no such addresses.")
    one.listen()
    with one:
        yield one


def test_accepted_connections_send_at_once(listener: socket.socket) -> None:
    assert not no_delay(listener)
    assert send_at_once() >= 1
    with socket.create_connection(listener.getsockname()[:2]):
        connection, _ = listener.accept()
        with connection:
            assert no_delay(connection)


def test_other_sockets_are_left_alone() -> None:
    closed = socket.socket()
    closed.close()
    near, far = socket.socketpair()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with near, far, datagrams, socket.socket() as idle:
        send_at_once()
        assert not no_delay(idle)


def test_the_application_does_it_before_it_serves(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app._warm_up", lambda: None)

    async def serve() -> None:
        async with lifespan(app):
            assert no_delay(listener)

    asyncio.run(serve())
