"""Webhooks: posts JSON to an address in the background, signed, with retries.

The host name is resolved once for each try, and the connection uses that address. So a name that changes to another
machine in between (DNS rebinding) does no harm. Redirects are not followed. A body is signed as common services do it:
an HMAC over the time and the body lets the receiver verify the sender and the time.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

MOST_WAITING: Final = 1_000
WAIT_S: Final = 10.0
PAUSES_S: Final = (1.0, 5.0, 25.0)
"""The pauses between tries; their number is the number of retries."""
SIGNATURE: Final = "X-Soundalike-Signature"
TIMESTAMP: Final = "X-Soundalike-Timestamp"
_AGAIN: Final = frozenset({408, 425, 429})
"""Temporary refusals, which are retried, like all statuses from 500 on."""
_CLOSING_S: Final = 1.0
"""Extra time for each try beyond the wait: resolving a name, a handshake."""
_PORTS: Final = {"http": 80, "https": 443}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of the header `SIGNATURE` for a body sent with this `TIMESTAMP`.

    >>> signature("secret", "1700000000", b"{}")
    'sha256=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163'
    """
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def why_not(url: str, *, may_be_private: bool) -> str:
    """Return why nothing can be posted to an address, "" if it is valid. Host names are not resolved.

    >>> why_not("http://127.0.0.1:9000/x", may_be_private=False)
    '127.0.0.1 is not a public address'
    """
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        return "it is not a URL"
    host = split.hostname or ""
    if split.scheme not in _PORTS or not host or port == 0 or not url.isprintable() or " " in url:
        return "give a URL, like https://example.org/hook"
    if "@" in split.netloc:
        return "the URL must not have a name or password; a signature says who posts"
    return "" if may_be_private or not _says_private(host) else f"{host} is not a public address"


def _says_private(host: str) -> bool:
    """Return whether a host is obviously private. Names are only resolved when something is posted."""
    try:
        return not _is_public(host)
    except ValueError:
        return host.rstrip(".") == "localhost"


class Webhook:
    """Posts to one address, in order, from a background thread. A context manager: on exit it waits for the last posts.

    A message is dropped if `MOST_WAITING` others wait. ``failed`` is called with a text for each dropped or failed
    message. With a ``secret``, each body is signed. Private addresses are used only if ``may_be_private``.
    """

    def __init__(
        self,
        url: str,
        failed: Callable[[str], None],
        *,
        secret: str = "",
        may_be_private: bool = True,
        pauses_s: Sequence[float] = PAUSES_S,
        wait_s: float = WAIT_S,
    ) -> None:
        self.url = url
        self._failed, self._secret, self._may_be_private = failed, secret, may_be_private
        self._pauses_s, self._wait_s = pauses_s, wait_s
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._post_all, name="webhook", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tries = len(self._pauses_s) + 1
        self.close(sum(self._pauses_s) + tries * (self._wait_s + _CLOSING_S))

    def close(self, wait_s: float) -> None:
        """Post the waiting messages for at most ``wait_s``, then stop."""
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            self._stop.set()
        self._thread.join(wait_s)
        self._stop.set()

    def post(self, body: bytes) -> None:
        """Queue a JSON body for posting."""
        try:
            self._waiting.put_nowait(body)
        except queue.Full:
            self._failed(f"{self.url}: answers too slowly; a message was dropped")

    def _post_all(self) -> None:
        while (body := self._waiting.get()) is not None and not self._stop.is_set():
            self._post(body)

    def _post(self, body: bytes) -> None:
        why = ""
        for pause_s in (*self._pauses_s, None):
            try:
                status = self._once(body)
            except (OSError, ValueError, http.client.HTTPException) as error:
                why, again = " ".join(str(error).split()) or type(error).__name__, not isinstance(error, _Refused)
            else:
                if status < 300:
                    return
                why, again = f"it answers {status}", status >= 500 or status in _AGAIN
            if pause_s is None or not again or self._stop.wait(pause_s):
                break
        self._failed(f"{self.url}: a message could not be posted ({why})")

    def _once(self, body: bytes) -> int:
        """Make one try. Return the HTTP status."""
        split = urlsplit(self.url)
        headers = {"Content-Type": "application/json", "User-Agent": "soundalike"}
        if self._secret:
            headers[TIMESTAMP] = timestamp = str(int(time.time()))
            headers[SIGNATURE] = signature(self._secret, timestamp, body)
        connection = http.client.HTTPConnection(split.hostname or "", split.port or _PORTS[split.scheme])
        connection.sock = self._connected(split)
        try:
            target = (split.path or "/") + (f"?{split.query}" if split.query else "")
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _connected(self, split: SplitResult) -> socket.socket:
        host, port = split.hostname or "", split.port or _PORTS[split.scheme]
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        allowed = [address for address in found if self._may_be_private or _is_public(address)]
        if not allowed:
            raise _Refused(f"{host} is not a public address")
        connected = socket.create_connection((allowed[0], port), self._wait_s)
        if split.scheme == "http":
            return connected
        try:
            return ssl.create_default_context().wrap_socket(connected, server_hostname=host)
        except OSError:
            connected.close()
            raise


class _Refused(ValueError):
    """The address is refused; a retry would not help."""


def _is_public(address: str) -> bool:
    """Return whether an IP address is public. Raises ValueError for a name."""
    parsed = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    inner = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (inner or parsed).is_global and not (inner or parsed).is_multicast
