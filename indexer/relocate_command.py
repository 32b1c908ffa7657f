"""The subcommand ``soundalike relocate``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from search import wiring
from search.errors import printable
from search.ground.counting import counted
from search.settings import Settings

WAIT_S = 10.0


class Relocate:
    """Record that folders of a library have moved."""

    name = "relocate"
    help = "record that the files at OLD are now at NEW; clips keep their ids, likes and titles, and no file is read"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("old", metavar="OLD", help="a folder of the library, or one above or below it, as it was")
        parser.add_argument("new", metavar="NEW", help="where it is now")
        parser.add_argument("--library", type=Path, metavar="DIR", help="the library's folder")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write the move. Return 0, also if nothing is at the new place yet; then a warning is printed."""
        from indexer.relocating import relocate
        from indexer.stores import exists

        holder = f"soundalike relocate (process {os.getpid()})"
        with (
            wiring.library(args.library or settings.library, settings) as library,
            library.writer.lease(holder, WAIT_S) as lease,
        ):
            count = relocate(library.writer, lease, library.roots(), args.old, args.new)
            for space in library.reader.spaces():
                library.publisher.publish(space, lease)
        is_there = exists(args.new)
        if args.json:
            print(json.dumps({"clips": count, "path": args.new, "there": is_there}))
        else:
            print(f"{printable(args.new)} has {counted(count, 'clip')} now")
        if not is_there:
            print(f"soundalike: {printable(args.new)} is not there; is a disk unmounted?", file=sys.stderr)
        return 0
