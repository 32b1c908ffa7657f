"""``soundalike serve``: the REST API and, where it is installed, the search page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from search import wiring
from search.commands import options
from search.errors import UsageError
from search.settings import Settings


class Serve:
    """Answer over HTTP."""

    name = "serve"
    help = "answer searches over HTTP: the REST API and the search page"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="listen here (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, metavar="N", help="port (8000; 0: any that is free)")
        parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that answer (1)")
        parser.add_argument("--threads", type=int, default=8, metavar="N", help="requests at once in each, from 2 (8)")
        parser.add_argument("--open", action="store_true", help="open the page in a browser")
        keys = parser.add_mutually_exclusive_group()
        keys.add_argument("--no-keys", action="store_true", help="let in anybody who can reach the address")
        keys.add_argument("--require-keys", action="store_true", help="ask for keys on loopback too (behind a proxy)")
        limits = parser.add_argument_group("limits")
        limits.add_argument("--max-upload-mb", type=float, default=64, metavar="MB", help="largest request (64)")
        limits.add_argument("--max-query-s", type=float, default=600, metavar="S", help="longest queried sound (600)")
        limits.add_argument("--max-clip-s", type=float, default=21600, metavar="S", help="longest upload (21600)")
        limits.add_argument(
            "--rate",
            type=float,
            metavar="N",
            help="requests a second for each key or address, shared out among the workers (50; loopback: no limit)",
        )

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Serve until Ctrl-C or SIGTERM."""
        from search.service.config import MIN_THREADS, Limits, ServiceConfig, is_loopback
        from search.service.processes import supervisor

        for name in ("workers", "threads", "max_upload_mb", "max_query_s", "max_clip_s"):
            if not getattr(args, name) > 0:
                raise UsageError(f"--{name.replace('_', '-')} must be more than 0")
        if args.threads < MIN_THREADS:
            raise UsageError(
                f"--threads must be {MIN_THREADS} or more: who follows a job holds one, and the others answer"
            )
        local = is_loopback(args.host)
        rate = args.rate if args.rate is not None else (0.0 if local else 50.0)
        library = options.library_path(args, settings)
        config = ServiceConfig(
            library=library,
            host=args.host,
            port=args.port,
            workers=args.workers,
            threads=args.threads,
            needs_keys=args.require_keys or not (local or args.no_keys),
            limits=Limits(
                upload_bytes=round(args.max_upload_mb * (1 << 20)),
                query_s=args.max_query_s,
                indexed_s=args.max_clip_s,
                requests_per_s=rate,
            ),
        )
        _prepare(library, settings, needs_keys=config.needs_keys, host=args.host)
        return supervisor.serve(config, settings, lambda url: _announce(url, library, browser=args.open))


def _prepare(library: Path, settings: Settings, *, needs_keys: bool, host: str) -> None:
    """Make or migrate the library once, before several processes open it. Raises UsageError without a key."""
    with wiring.library(library, settings, create=True) as opened:
        if needs_keys and not any(key.revoked is None for key in opened.catalog.keys.list()):
            raise UsageError(
                f"{host} asks for API keys, and there is none yet; make one with: "
                f"soundalike keys add NAME --library {library} (or say --no-keys to let anybody in)"
            )


def _announce(url: str, library: Path, *, browser: bool) -> None:
    print(f"soundalike: serving {library} at {url} (Ctrl-C stops)", file=sys.stderr, flush=True)
    if browser:
        import webbrowser

        webbrowser.open(url)
