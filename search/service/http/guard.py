"""Who may ask, and from where: hosts, origins, keys and their scopes, rates. Runs before every request.

* On loopback no key is needed. A page on another site could still make a browser ask: so the Host header must name
  this machine (a name that was re-bound to 127.0.0.1 does not) or the public address, and what changes something
  must not come from another origin than the service's own and those that are named (`search.service.http.cors`).
* Elsewhere each request brings a key: ``Authorization: Bearer KEY``, ``Basic`` with the key as the password, or the
  cookie that ``POST /api/v1/session`` sets for a key: a browser sends it with every request of a page, its sounds and
  pictures included, and no script can read it. The page itself is open: it has a place to type the key.
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
"""How long a revoked key may still work: a look into the catalog for every request would cost a tenth of it."""
COOKIE = "soundalike_key"
PAGE = "page"
"""The name of the blueprint that is the search page: files that hold nothing of the library."""
PROBES = frozenset({"/health", "/ready", "/api/v1/health", "/api/v1/ready"})
"""Whoever looks whether the service runs is let in however often: a refusal would look like a service that is down."""
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
"""Questions that are asked with a body: they need no more than the right to read."""
_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Lets a request pass, or raises the HTTP error that refuses it."""

    def __init__(
        self,
        config: ServiceConfig,
        keys: KeyStore,
        others: CrossOrigin,
        clock: Callable[[], float] = time.monotonic,
        allowances: Allowances | None = None,
    ) -> None:
        """``others``: which pages of other sites may ask; ``allowances``: what is shared with other services."""
        self._config = config
        self._others = others
        self._keys = keys
        self._clock = clock
        self._rates: Limiter = limiter(config.limits.requests_per_s, config.workers, allowances, clock)
        self._lock = threading.Lock()
        self._verified: dict[str, tuple[Key | None, float]] = {}

    def admit(self, request: Request) -> None:
        """Raises BadRequest (Host), Forbidden (origin, scope), Unauthorized, TooManyRequests."""
        self._check_host(request)
        self._check_origin(request)
        if request.path in PROBES:
            return
        client = f"address {request.remote_addr}"
        if self._needs_key(request):
            key = self._key(request)
            if key is None:
                self._rates.require(client)  # guessing keys is slowed down too
                raise _no_key(request)
            g.key_name = key.name
            client = f"key {key.name}"
            _check_scope(request, key)
        self._rates.require(client)

    def _needs_key(self, request: Request) -> bool:
        is_open = request.path in OPEN_PATHS or request.blueprint == PAGE or self._others.is_preflight(request)
        return self._config.needs_keys and not is_open

    def _check_host(self, request: Request) -> None:
        """The name under which the service itself was asked: a trusted proxy says another one to begin with."""
        if self._config.needs_keys or not self._config.on_loopback:
            return
        asked = own_host(request.environ)
        host = _hostname(asked)
        is_own = host in ("localhost", _hostname(self._config.public_host)) or _is_own_address(host)
        if not host or not is_own:
            raise BadRequest(
                f"this service answers on this machine only, not as {host!r}; if a proxy hands on requests to it, "
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
            if key is not None:  # wrong keys are many, and remembering them would be a way to fill memory
                self._verified[secret] = (key, now_s + KEY_CACHE_S)
        return key


def _check_scope(request: Request, key: Key) -> None:
    needed: Scope = "read" if request.method in _SAFE or request.path in READING_POSTS else "write"
    if needed not in key.scopes:
        raise Forbidden(f"the key {key.name!r} may not {needed}")


def _no_key(request: Request) -> Unauthorized:
    challenges = [WWWAuthenticate("bearer", {"realm": "soundalike"})]
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        # of what a page fetches the page takes care: the browser's own dialog would cover it
        challenges.append(WWWAuthenticate("basic", {"realm": "soundalike", "charset": "UTF-8"}))
    return Unauthorized(
        "this service needs a valid API key: Authorization: Bearer KEY",
        www_authenticate=challenges,
    )


def _other_site(origin: str | None, host: str) -> str:
    """Why a page is refused, and what whoever runs the service may have left unsaid."""
    refused = "requests from pages of other sites are refused"
    if origin is None or not _netloc(origin):
        return refused
    return (
        f"{refused}: the page is of {origin}, and this service was asked as {host}. If that page is this service "
        f"behind a proxy, start it with --public-url {origin}/; if it is another site that may ask, with "
        f"--cors-origin {origin}"
    )


def _netloc(origin: str) -> str:
    """Host and port of an origin, in lower case; empty for ``null`` and for what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _hostname(netloc: str) -> str:
    """``netloc`` without a port, in lower case; empty for none, and for what is no name."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _is_own_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
