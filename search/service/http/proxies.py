"""Proxies in front of the service: the client's address and the requested URL, as trusted proxies report them.

Proxies report them in ``X-Forwarded-For``, ``-Host``, ``-Proto`` and ``-Prefix``, or, without ``X-Forwarded-For``, in
``Forwarded`` (RFC 7239). From all others these headers are dropped, because a client could claim any address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from werkzeug.http import parse_list_header, parse_options_header
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import redirect

from search.service.config import IpNetwork

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FORWARDED: Final = "HTTP_FORWARDED"
_HEADERS: Final = {name: f"HTTP_X_FORWARDED_{name.upper()}" for name in ("for", "host", "proto", "prefix")}
_ORIGINAL: Final = "werkzeug.proxy_fix.orig"
_SANE: Final = {
    "host": re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?"),
    "proto": re.compile(r"https?"),
    "prefix": re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+/?"),
}
"""The valid form of each; other values are dropped."""


class BehindProxies:
    """A WSGI application behind proxies and below a path."""

    def __init__(self, app: WSGIApplication, trusted: Sequence[IpNetwork], base_path: str) -> None:
        """``base_path``: the path of the service if no proxy reports one, like ``/sounds``; empty for the top."""
        self._trusted = trusted
        self._base_path = base_path
        self._app = app
        self._fixed = ProxyFix(self._below_base, x_for=1, x_proto=1, x_host=1, x_prefix=1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the environment that a direct connection of the client would have."""
        peer = address_of(environ.get("REMOTE_ADDR", ""))
        reported = self._reported(environ) if peer is not None and self._trusts(peer) else {}
        for header in (_FORWARDED, *_HEADERS.values()):
            environ.pop(header, None)
        environ.update({_HEADERS[name]: value for name, value in reported.items()})
        return self._fixed(environ, start_response)

    def _below_base(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Split the path at the base, unless a proxy has removed the base already."""
        base = environ.get("SCRIPT_NAME", "").rstrip("/") or self._base_path
        path = environ.get("PATH_INFO", "")
        if base and (path == base or path.startswith(f"{base}/")):
            path = path[len(base) :]
            if not path:
                query = environ.get("QUERY_STRING", "")
                return redirect(f"{base}/{'?' if query else ''}{query}", 308)(environ, start_response)
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = base, path
        return self._app(environ, start_response)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)

    def _reported(self, environ: WSGIEnvironment) -> dict[str, str]:
        """The valid values that the proxies report: for, host, proto, prefix."""
        values = _values(environ)
        client, passed = self._client(values.pop("for"))
        reported = {} if client is None else {"for": client}
        for name, given in values.items():
            # each proxy adds one value, or passes on the one that it got
            value = given[-min(passed, len(given))] if given else ""
            value = value.lower() if name == "proto" else value  # schemes are case-insensitive
            if _SANE[name].fullmatch(value):
                reported[name] = value
        return reported

    def _client(self, addresses: Sequence[str]) -> tuple[str | None, int]:
        """The nearest address that is not a trusted proxy, and how many proxies the request passed, at least 1."""
        client, passed = None, 0
        for written in reversed(addresses):
            address = address_of(written)
            if address is None:
                break
            client, passed = str(address), passed + 1
            if not self._trusts(address):
                break
        return client, max(1, passed)


def own_host(environ: WSGIEnvironment) -> str:
    """The Host header of the request itself, not the one that a proxy reports."""
    return str(environ.get(_ORIGINAL, {}).get("HTTP_HOST") or environ.get("HTTP_HOST") or "")


def address_of(written: str) -> IPv4Address | IPv6Address | None:
    """Parse ``192.0.2.1``, ``192.0.2.1:4711``, ``2001:db8::1`` or ``[2001:db8::1]:4711``; None if it is no address.

    >>> address_of("[2001:db8::1]:4711")
    IPv6Address('2001:db8::1')
    """
    for read in (str, lambda one: urlsplit(f"//{one}").hostname or ""):
        try:
            address = ip_address(read(written))
        except ValueError:
            continue
        return getattr(address, "ipv4_mapped", None) or address
    return None


def _values(environ: Mapping[str, str]) -> dict[str, list[str]]:
    """The values of each kind, the client's first; an empty list if no proxy reports any."""
    if _HEADERS["for"] not in environ and _FORWARDED in environ:
        steps = [parse_options_header(f"step; {step}")[1] for step in parse_list_header(environ[_FORWARDED])]
        return {name: [step[name] for step in steps if name in step] for name in ("for", "host", "proto")}
    return {name: parse_list_header(environ.get(header, "")) for name, header in _HEADERS.items()}
