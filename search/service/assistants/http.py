"""The MCP server over HTTP, with the keys and the rate limits of the service."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import anyio.to_thread
from mcp.server import MCPServer
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.exceptions import TooManyRequests

from search.ports import KeyStore
from search.service.http.rates import RateLimiter


def application(
    server: MCPServer,
    keys: KeyStore | None,
    requests_per_s: float,
    host: str = "127.0.0.1",
    clock: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """The ASGI application, with its endpoint at ``/mcp``; ``keys``: those of the library, None: no key is needed."""
    app = server.streamable_http_app(host=host, stateless_http=True, json_response=True)
    return Guarded(app, keys, RateLimiter(requests_per_s, clock))


class Guarded:
    """Admits requests that have a key with the scope ``read`` and are within the rate limit."""

    def __init__(self, app: ASGIApp, keys: KeyStore | None, rates: RateLimiter) -> None:
        self._app = app
        self._keys = keys
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        refusal = await self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        client = f"address {(scope.get('client') or ('',))[0]}"
        if self._keys is not None:
            kind, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
            key = await anyio.to_thread.run_sync(partial(self._keys.find, secret)) if kind.lower() == "bearer" else None
            if key is None:
                challenge = {"WWW-Authenticate": 'Bearer realm="soundalike"'}
                return self._late(client) or PlainTextResponse(
                    "a key is needed: Authorization: Bearer KEY", 401, challenge
                )
            if "read" not in key.scopes:
                return PlainTextResponse(f"the key {key.name!r} may not read", 403)
            client = f"key {key.name}"
        return self._late(client)

    def _late(self, client: str) -> PlainTextResponse | None:
        try:
            self._rates.require(client)
        except TooManyRequests as error:
            return PlainTextResponse(str(error.description), 429, {"Retry-After": "1"})
        return None
