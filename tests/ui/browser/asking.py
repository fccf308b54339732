"""Requests to an application, without a server."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin

from starlette.applications import Starlette
from starlette.types import ASGIApp

from pages.ui.browser import assets


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def fetch(path: str, **headers: str) -> Answer:
    """What the asset routes answer to one GET request of a page at the root of the site."""
    return answer(Starlette(routes=assets.asset_routes()), urljoin("/data", path), **headers)


def answer(app: ASGIApp, path: str, **headers: str) -> Answer:
    """What an application answers to one GET request."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "query_string": b"",
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    start, *bodies = messages
    answer_headers = {k.decode(): v.decode() for k, v in start["headers"]}
    return Answer(start["status"], answer_headers, b"".join(part["body"] for part in bodies))
