"""``soundalike mcp``: serve the library to assistants over the Model Context Protocol."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from search.commands import options
from search.errors import UsageError
from search.settings import Settings

DEFAULT_PORT = 8001
_RATE = 50.0


class Mcp:
    """Serve a library to assistants."""

    name = "mcp"
    help = "let an assistant search the library, over the Model Context Protocol (needs soundalike[mcp])"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "folder", nargs="?", type=Path, metavar="LIBRARY", help="the library's folder, the same as --library"
        )
        options.add_library(parser)
        parser.add_argument(
            "--http", action="store_true", help="serve over HTTP, at /mcp (default: standard input and output)"
        )
        parser.add_argument("--host", default="127.0.0.1", help="with --http: the address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"with --http: the port ({DEFAULT_PORT})")
        parser.add_argument(
            "--require-keys",
            action="store_true",
            help="with --http: require API keys (soundalike keys) on loopback too; other addresses always require them",
        )

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Serve until the client disconnects, or until stopped."""
        try:
            import mcp  # noqa: F401 - whether it is installed
        except ImportError as error:
            raise UsageError("assistants need another package: pip install 'soundalike[mcp]'") from error
        from search.service.assistants import server

        if args.folder is not None:
            args.library = args.folder
        with options.library(args, settings, read_only=True) as library:
            made = server.make(library, local_files=not args.http)
            if not args.http:
                made.run()
                return 0
            import uvicorn

            from search.service.assistants import http
            from search.service.config import is_loopback

            needs_keys = args.require_keys or not is_loopback(args.host)
            app = http.application(made, library.keys if needs_keys else None, _RATE, args.host)
            print(f"soundalike: {library.path} is served at http://{args.host}:{args.port}/mcp", file=sys.stderr)
            uvicorn.run(app, host=args.host, port=args.port, log_level="warning")
        return 0
