"""Access control: hosts, origins, keys and their scopes, rate limits. Runs before every request.

* On loopback no key is needed. A page of another site could still make a browser send requests. So the Host header
  must name this machine (a name re-bound to 127.0.0.1 does not) or the public URL, and requests that change something
  must come from the service's own origin or one that is named (`search.service.http.cors`).
* Elsewhere each request needs a key: ``Authorization: Bearer KEY``, ``Basic`` with the key as the password, or the
  cookie that ``POST /api/v1/session`` sets. A browser sends the cookie with every request of a page, also for sounds
  and pictures, and scripts cannot read it. The page itself needs no key: it has a field to type one.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Request, g
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, Forbidden, Unauthorized

from search.model import Key, Scope
from search.ports import Allowances, KeyStore
from search.service.config import ServiceConfig
from search.service.http.cors import CrossOrigin
from search.service.http.proxies import own_host
from search.service.http.sharedrates import Limiter, limiter

KEY_CACHE_S = 2.0
"""How long a revoked key may still work. To look up each key in the catalog would add a tenth to a request."""
COOKIE = "soundalike_key"
PAGE = "page"
"""The name of the blueprint of the search page, whose files contain nothing of the library."""
PROBES = frozenset({"/health", "/ready", "/api/v1/health", "/api/v1/ready"})
"""Probes have no rate limit: a refusal would look like a service that is down."""
OPEN_PATHS = PROBES | {"/api/v1/openapi.json", "/api/v1/session"}
READING_POSTS = frozenset(
    {
        "/api/v1/search",
        "/api/v1/moments",
        "/api/v1/identify",
        "/api/v1/export",
        "/api/v1/ask",
        "/api/v1/embeddings",
        "/v1/embeddings",
        "/api/v1/recommend",
        "/api/v1/recommend/batch",
    }
)
"""Queries that have a body; they need only the scope ``read``."""
_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Admits a request, or raises the HTTP error that refuses it."""

    def __init__(
        self,
        config: ServiceConfig,
        keys: KeyStore,
        others: CrossOrigin,
        clock: Callable[[], float] = time.monotonic,
        allowances: Allowances | None = None,
    ) -> None:
        """``others``: which other sites may call the API; ``allowances``: rate limits shared with other services."""
        self._config = config
        self._others = others
        self._keys = keys
        self._clock = clock
        self._rates: Limiter = limiter(config.limits.requests_per_s, config.workers, allowances, clock)
        self._lock = threading.Lock()
        self._verified: dict[str, tuple[Key | None, float]] = {}

    def admit(self, request: Request) -> None:
        """Check a request. Raises BadRequest (Host), Forbidden (origin, scope), Unauthorized, TooManyRequests."""
        self._check_host(request)
        self._check_origin(request)
        if request.path in PROBES:
            return
        client = f"address {request.remote_addr}"
        if self._needs_key(request):
            key = self._key(request)
            if key is None:
                self._rates.require(client)  # also slows down guessing of keys
                raise _no_key(request)
            g.key_name = key.name
            client = f"key {key.name}"
            _check_scope(request, key)
        self._rates.require(client)

    def _needs_key(self, request: Request) -> bool:
        is_open = request.path in OPEN_PATHS or request.blueprint == PAGE or self._others.is_preflight(request)
        return self._config.needs_keys and not is_open

    def _check_host(self, request: Request) -> None:
        """Check the Host header of the request itself, not the one that a trusted proxy reports."""
        if self._config.needs_keys or not self._config.on_loopback:
            return
        asked = own_host(request.environ)
        host = _hostname(asked)
        is_own = host in ("localhost", _hostname(self._config.public_host)) or _is_own_address(host)
        if not host or not is_own:
            raise BadRequest(
                f"this service answers on this machine only, not as {host!r}; if a proxy forwards requests to it, "
                f"start it with --public-url {request.scheme}://{asked}/ (docs/guides/proxy.md)"
            )

    def _check_origin(self, request: Request) -> None:
        if request.method in _SAFE or self._others.is_named(request):
            return
        origin = request.headers.get("Origin")
        own = {request.host.lower(), self._config.public_host or request.host.lower()}
        is_other = origin is not None and _netloc(origin) not in own
        if is_other or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise Forbidden(_other_site(origin, request.host))

    def _key(self, request: Request) -> Key | None:
        given = request.authorization
        if given is None:
            secret = request.cookies.get(COOKIE)
        else:
            secret = given.token if given.type == "bearer" else given.password
        return self._find(secret) if secret else None

    def _find(self, secret: str) -> Key | None:
        now_s = self._clock()
        with self._lock:
            key, until_s = self._verified.get(secret, (None, 0.0))
        if now_s < until_s:
            return key
        key = self._keys.find(secret)
        with self._lock:
            if len(self._verified) > 1000:
                self._verified.clear()
            if key is not None:  # wrong keys are not cached: an attacker could fill the memory with them
                self._verified[secret] = (key, now_s + KEY_CACHE_S)
        return key


def _check_scope(request: Request, key: Key) -> None:
    needed: Scope = "read" if request.method in _SAFE or request.path in READING_POSTS else "write"
    if needed not in key.scopes:
        raise Forbidden(f"the key {key.name!r} may not {needed}")


def _no_key(request: Request) -> Unauthorized:
    challenges = [WWWAuthenticate("bearer", {"realm": "soundalike"})]
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        # not for what a page fetches: the browser's own dialog would cover the page's
        challenges.append(WWWAuthenticate("basic", {"realm": "soundalike", "charset": "UTF-8"}))
    return Unauthorized(
        "this service needs a valid API key: Authorization: Bearer KEY",
        www_authenticate=challenges,
    )


def _other_site(origin: str | None, host: str) -> str:
    """Why a page is refused, and which options of the service may be missing."""
    refused = "requests from pages of other sites are refused"
    if origin is None or not _netloc(origin):
        return refused
    return (
        f"{refused}: the page is from {origin}, and this service was called as {host}. If that page is this service "
        f"behind a proxy, start it with --public-url {origin}/; if it is another site that may call it, with "
        f"--cors-origin {origin}"
    )


def _netloc(origin: str) -> str:
    """Host and port of an origin, in lower case; empty for ``null`` and for an invalid one."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _hostname(netloc: str) -> str:
    """``netloc`` without the port, in lower case; empty if it is empty or invalid."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _is_own_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
