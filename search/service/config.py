"""What the command line decides about a service; frozen, and small enough to be sent to every worker process."""

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
"""An event stream holds a thread for as long as it is open; another one has to be left for everything else."""
CONNECTIONS = 2000
DRAIN_S = 5.0
"""How long the end of a worker waits for answers that are on their way."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_BASE_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, one client and the whole service may cost.

    ``upload_bytes`` and ``files`` bound one request; ``query_s`` is the longest sound that a query decodes,
    ``drawn_s`` the longest passage that waveforms and spectrograms show, ``shown_s`` the longest recording that is
    listened to for events, or a further sound track of which is sent, while somebody waits, ``indexed_s`` the longest
    sound that an upload adds. ``requests_per_s`` holds for each key or address, 0: no limit; with a catalog on a
    server for all services together, else each worker process lets its share of them in.
    ``decodes`` run at once in a worker; a further one waits ``decode_wait_s`` before it is refused. ``streams`` are the
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
    """One service: which library, where it listens, whom it answers.

    ``needs_keys`` is false on loopback, and elsewhere only where ``--no-keys`` said so. ``private_webhooks``: whether
    clients may have new matches of saved searches posted to networks that are not public. ``trusted_proxies``: whose
    ``X-Forwarded-*`` headers are believed; ``public_url``: where clients find the service, if that is not the address
    that it listens on; ``cors_origins``: other sites whose pages may ask. They are as `parse_network`,
    `parse_public_url` and `parse_origin` give them. ``folders``: clients that may write may have any folder of this
    machine indexed, by its path, and are told where roots lie.
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
        """The path below which clients find the service, as in ``/sounds``; empty for the top of a site."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def public_host(self) -> str:
        """Host, and port if it is not the usual one, of the public address; empty where none is set."""
        return urlsplit(self.public_url).netloc

    @property
    def streams(self) -> int:
        """Event streams that a worker keeps open: each holds a thread, and at least half of them answer the rest."""
        return min(self.limits.streams, max(1, self.threads // 2))

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether ``host`` names this machine alone. Raises UsageError for what is neither an address nor ``localhost``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError as error:
        raise UsageError(f"--host is {host!r}; give an address, like 127.0.0.1 or 0.0.0.0") from error


def parse_network(text: str) -> IpNetwork:
    """A network, or a single address as one. Raises UsageError.

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
    """A public address in one form: no default port, and a slash at its end. Raises UsageError.

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
    """The origin of pages, as browsers send it. Raises UsageError.

    >>> parse_origin("https://Example.org:443")
    'https://example.org'
    """
    split = _web_address(text)
    if split is None or split.path.strip("/") or split.query or split.fragment:
        raise UsageError(
            f"--cors-origin is {text!r}; name one site whose pages may ask, like https://example.org (all sites at "
            "once cannot be let in)"
        )
    return _origin_of(split)


def _web_address(text: str) -> SplitResult | None:
    """The parts of an absolute address of HTTP without a name and a password; None for anything else."""
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
