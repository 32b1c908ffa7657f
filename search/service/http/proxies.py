"""Proxies in front of the service: who asks, and under which address, as trusted proxies report it.

They report it in ``X-Forwarded-For``, ``-Host``, ``-Proto`` and ``-Prefix``, or, where there is no ``X-Forwarded-For``,
in ``Forwarded`` (RFC 7239). From anybody else these headers are dropped: whoever sends them could take any address.
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
"""What each may be; anything else is dropped."""


class BehindProxies:
    """A WSGI application as its clients reach it: through proxies, and below a path."""

    def __init__(self, app: WSGIApplication, trusted: Sequence[IpNetwork], base_path: str) -> None:
        """``base_path``: where the service lies when no proxy says so, as in ``/sounds``; empty for the top."""
        self._trusted = trusted
        self._base_path = base_path
        self._app = app
        self._fixed = ProxyFix(self._below_base, x_for=1, x_proto=1, x_host=1, x_prefix=1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, with the environment as the client's own connection would have made it."""
        peer = address_of(environ.get("REMOTE_ADDR", ""))
        reported = self._reported(environ) if peer is not None and self._trusts(peer) else {}
        for header in (_FORWARDED, *_HEADERS.values()):
            environ.pop(header, None)
        environ.update({_HEADERS[name]: value for name, value in reported.items()})
        return self._fixed(environ, start_response)

    def _below_base(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Split the path at the base, which a proxy may have taken away already."""
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
        """What the proxies report of the client, as far as it makes sense: for, host, proto, prefix."""
        values = _values(environ)
        client, passed = self._client(values.pop("for"))
        reported = {} if client is None else {"for": client}
        for name, given in values.items():
            # each proxy adds one value, or hands on the one that it was given
            value = given[-min(passed, len(given))] if given else ""
            value = value.lower() if name == "proto" else value  # a scheme may be written in any case
            if _SANE[name].fullmatch(value):
                reported[name] = value
        return reported

    def _client(self, addresses: Sequence[str]) -> tuple[str | None, int]:
        """The nearest address that no trusted proxy has, and how many proxies the request passed, from 1."""
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
    """The Host header as it came, whatever a proxy says that the client asked for."""
    return str(environ.get(_ORIGINAL, {}).get("HTTP_HOST") or environ.get("HTTP_HOST") or "")


def address_of(written: str) -> IPv4Address | IPv6Address | None:
    """The address of ``192.0.2.1``, ``192.0.2.1:4711``, ``2001:db8::1`` or ``[2001:db8::1]:4711``; None for no address.

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
    """The values of each kind, the client's first; empty lists for what no proxy says."""
    if _HEADERS["for"] not in environ and _FORWARDED in environ:
        steps = [parse_options_header(f"step; {step}")[1] for step in parse_list_header(environ[_FORWARDED])]
        return {name: [step[name] for step in steps if name in step] for name in ("for", "host", "proto")}
    return {name: parse_list_header(environ.get(header, "")) for name, header in _HEADERS.items()}
