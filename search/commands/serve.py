"""``soundalike serve``: the REST API and, if it is installed, the search page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from search import wiring
from search.commands import libraries
from search.errors import UsageError, for_shell
from search.settings import Settings

if TYPE_CHECKING:
    from search.service.config import ServiceConfig


class Serve:
    """Serve over HTTP."""

    name = "serve"
    help = "run the search page and the REST API over HTTP"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        libraries.add_library(parser)
        parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
        parser.add_argument(
            "--port", type=int, default=8000, metavar="N", help="port to listen on; 0: any free port (8000)"
        )
        parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes (1)")
        parser.add_argument(
            "--threads",
            type=int,
            default=8,
            metavar="N",
            help="requests that each worker answers at once, 2 or more (8)",
        )
        parser.add_argument("--open", action="store_true", help="open the search page in a browser")
        keys = parser.add_mutually_exclusive_group()
        keys.add_argument(
            "--no-keys", action="store_true", help="allow access without keys to anyone who can reach the address"
        )
        keys.add_argument("--require-keys", action="store_true", help="require keys even on loopback (behind a proxy)")
        parser.add_argument(
            "--folders",
            action=argparse.BooleanOptionalAction,
            help="let clients with write access add folders of this machine by path (default: only on loopback, "
            "without a proxy and without keys)",
        )
        parser.add_argument(
            "--private-webhooks",
            action="store_true",
            help="allow webhooks of saved searches to post to private addresses",
        )
        _add_reach(parser)
        limits = parser.add_argument_group("limits")
        limits.add_argument(
            "--max-upload-mb", type=float, default=64, metavar="MB", help="largest request, in megabytes (64)"
        )
        limits.add_argument(
            "--max-query-s", type=float, default=600, metavar="S", help="longest sound in a query, in seconds (600)"
        )
        limits.add_argument(
            "--max-clip-s",
            type=float,
            default=21600,
            metavar="S",
            help="longest sound that may be uploaded, in seconds (21600)",
        )
        limits.add_argument(
            "--rate",
            type=float,
            metavar="N",
            help="requests a second for each key or address, over all workers (50; no limit on loopback without "
            "--trusted-proxy)",
        )

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Serve until Ctrl-C or SIGTERM."""
        from search.service.processes import supervisor

        config = _config(args, libraries.library_path(args, settings))
        warned = _has_proxy(config) and not (config.needs_keys or args.no_keys)
        return supervisor.serve(
            config,
            settings,
            prepare=lambda: _prepare(config, settings),
            on_ready=lambda url: _announce(url, config, warned=warned, browser=args.open),
        )


def _config(args: argparse.Namespace, library: Path) -> ServiceConfig:
    """The configuration from the options. Raises UsageError for invalid ones."""
    from search.service import config

    for name in ("workers", "threads", "max_upload_mb", "max_query_s", "max_clip_s"):
        if not getattr(args, name) > 0:
            raise UsageError(f"--{name.replace('_', '-')} must be more than 0")
    if args.threads < config.MIN_THREADS:
        raise UsageError(f"--threads must be {config.MIN_THREADS} or more: a client that follows a job occupies one")
    local = config.is_loopback(args.host)
    rate = args.rate if args.rate is not None else (0.0 if local and not args.trusted_proxy else 50.0)
    alone = local and not (args.trusted_proxy or args.public_url or args.require_keys)
    return config.ServiceConfig(
        library=library,
        host=args.host,
        port=args.port,
        workers=args.workers,
        threads=args.threads,
        needs_keys=args.require_keys or not (local or args.no_keys),
        private_webhooks=args.private_webhooks,
        trusted_proxies=tuple(map(config.parse_network, args.trusted_proxy)),
        public_url=config.parse_public_url(args.public_url) if args.public_url else "",
        cors_origins=tuple(map(config.parse_origin, args.cors_origin)),
        folders=alone if args.folders is None else args.folders,
        limits=config.Limits(
            upload_bytes=round(args.max_upload_mb * (1 << 20)),
            query_s=args.max_query_s,
            indexed_s=args.max_clip_s,
            requests_per_s=rate,
        ),
    )


def _has_proxy(config: ServiceConfig) -> bool:
    """Whether it is configured behind a proxy, so that more people may reach it than its address suggests."""
    return bool(config.trusted_proxies or config.public_url)


def _prepare(config: ServiceConfig, settings: Settings) -> None:
    """Create or migrate the library once, before several processes open it. Raises UsageError if a key is missing."""
    from search.library.ready import is_ready

    if not config.needs_keys and is_ready(config.library):
        return  # opening it would take longer than everything else in this process
    with wiring.library(config.library, settings, create=True) as opened:
        shown = for_shell(str(config.library))
        if config.needs_keys and not any(key.revoked is None for key in opened.catalog.keys.list()):
            raise UsageError(
                f"{config.host} needs API keys, and there is none yet; make one with: "
                f"soundalike keys add NAME --library {shown} (or give --no-keys to let anyone in)"
            )


def _add_reach(parser: argparse.ArgumentParser) -> None:
    """Add the options on how clients reach the service."""
    reach = parser.add_argument_group("behind a proxy, and for other sites (docs/guides/proxy.md)")
    reach.add_argument("--public-url", metavar="URL", help="the URL at which people reach the service, with its path")
    reach.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="NETWORK",
        help="trust X-Forwarded-* and Forwarded headers from this network, like 127.0.0.1 or 10.0.0.0/8; "
        "may be repeated",
    )
    reach.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this other site call the API, like https://example.org; may be repeated",
    )


def _announce(url: str, config: ServiceConfig, *, warned: bool, browser: bool) -> None:
    lines = [f"serving {config.library} at {url} (Ctrl-C stops)"]
    if config.public_url:
        lines.append(f"public address: {config.public_url}")
    if warned:
        lines.append("whoever reaches the proxy has access; --require-keys asks for keys, --no-keys hides this line")
    for line in lines:
        print(f"soundalike: {line}", file=sys.stderr, flush=True)
    if browser:
        import webbrowser

        webbrowser.open(url)
