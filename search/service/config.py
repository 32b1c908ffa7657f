"""The configuration of a service, from the command line; frozen and small, since every worker process gets a copy."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from search.errors import UsageError

IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_K = 1000
MAX_QUERY_CHARACTERS = 1000
MAX_PARTS = 32
MAX_BATCH = 100
MAX_TASTES = 1000
MAX_PROFILE_CHARACTERS = 200
MAX_JSON_BYTES = 1 << 20
MIN_THREADS = 2
"""An open event stream holds a thread, and one more must remain for other requests."""
CONNECTIONS = 2000
DRAIN_S = 5.0
"""How long a worker that ends waits for answers in progress."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_BASE_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, one client and the whole service may cost.

    ``upload_bytes`` and ``files`` limit one request; ``query_s`` is the longest sound that a query decodes,
    ``drawn_s`` the longest passage that waveforms and spectrograms show, ``indexed_s`` the longest sound that an upload
    adds. ``shown_s`` is the longest recording in which a request finds events, or of which it gets a track after the
    first. ``requests_per_s`` applies to each key or address, 0: no limit. With a catalog on a server, it applies to all
    services together; else each worker process allows its share.
    A worker runs ``decodes`` decodings at once; one more waits ``decode_wait_s``, then is refused. ``streams`` is the
    most event streams that a worker keeps open (`ServiceConfig.streams`).
    """

    upload_bytes: int = 64 << 20
    files: int = 100
    query_s: float = 600.0
    drawn_s: float = 24 * 3600.0
    shown_s: float = 2 * 3600.0
    indexed_s: float = 6 * 3600.0
    requests_per_s: float = 0.0
    decodes: int = max(2, os.cpu_count() or 1)
    decode_wait_s: float = 2.0
    streams: int = 4
    cache_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """One service: which library, where it listens, and whom it answers.

    ``needs_keys`` is false on loopback, and elsewhere only with ``--no-keys``. ``private_webhooks``: whether webhooks
    of saved searches may post to private networks. ``trusted_proxies``: whose ``X-Forwarded-*`` headers are trusted;
    ``public_url``: where clients reach the service, if not at the address that it listens on; ``cors_origins``: other
    sites whose pages may call the API. `parse_network`, `parse_public_url` and `parse_origin` make these values.
    ``folders``: clients with write access may index any folder of this machine by its path, and see the paths of roots.
    """

    library: Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 8
    needs_keys: bool = False
    private_webhooks: bool = False
    trusted_proxies: tuple[IpNetwork, ...] = ()
    public_url: str = ""
    cors_origins: tuple[str, ...] = ()
    folders: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def base_path(self) -> str:
        """The path below which clients reach the service, like ``/sounds``; empty for the top of a site."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def public_host(self) -> str:
        """Host of the public URL, with the port if it is not the default; empty if no public URL is set."""
        return urlsplit(self.public_url).netloc

    @property
    def streams(self) -> int:
        """Most event streams that a worker keeps open: each holds a thread, and half of the threads must remain."""
        return min(self.limits.streams, max(1, self.threads // 2))

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is a loopback address. Raises UsageError if it is neither an address nor ``localhost``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError as error:
        raise UsageError(f"--host is {host!r}; give an address, like 127.0.0.1 or 0.0.0.0") from error


def parse_network(text: str) -> IpNetwork:
    """Parse a network, or a single address as a network. Raises UsageError.

    >>> parse_network("10.0.0.0/8")
    IPv4Network('10.0.0.0/8')
    """
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError as error:
        raise UsageError(
            f"--trusted-proxy is {text!r}; give the address of the proxy or its network, like 127.0.0.1 or 10.0.0.0/8"
        ) from error


def parse_public_url(text: str) -> str:
    """Normalise a public URL: no default port, and a slash at the end. Raises UsageError.

    >>> parse_public_url("https://example.org:443/sounds")
    'https://example.org/sounds/'
    """
    split = _web_address(text)
    path = split.path.rstrip("/") if split is not None else None
    if split is None or path is None or split.query or split.fragment or not _BASE_PATH.fullmatch(path):
        raise UsageError(
            f"--public-url is {text!r}; give the address that people type, like https://example.org/ or "
            "https://example.org/sounds/"
        )
    return f"{_origin_of(split)}{path}/"


def parse_origin(text: str) -> str:
    """Normalise an origin to the form that browsers send. Raises UsageError.

    >>> parse_origin("https://Example.org:443")
    'https://example.org'
    """
    split = _web_address(text)
    if split is None or split.path.strip("/") or split.query or split.fragment:
        raise UsageError(
            f"--cors-origin is {text!r}; name one site whose pages may ask, like https://example.org (all sites at "
            "once cannot be allowed)"
        )
    return _origin_of(split)


def _web_address(text: str) -> SplitResult | None:
    """The parts of an absolute HTTP URL without user name and password; None for anything else."""
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError:
        return None
    is_address = split.scheme in _DEFAULT_PORTS and split.hostname and "*" not in split.netloc and port != 0
    return split if is_address and "@" not in split.netloc else None


def _origin_of(split: SplitResult) -> str:
    host = split.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = split.port
    return f"{split.scheme}://{shown}{'' if port in (None, _DEFAULT_PORTS[split.scheme]) else f':{port}'}"
