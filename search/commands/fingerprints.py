"""``soundalike fingerprints``: what `identify` knows recordings by, made of the sounds that have none yet."""

from __future__ import annotations

import argparse
import sys

from search.commands import options, output
from search.errors import printable
from search.settings import Settings

SOME_FAILED = 1


class FingerprintsCommand:
    """Fingerprint the sounds of a library."""

    name = "fingerprints"
    help = "fingerprint sounds that have no fingerprints, so that identify finds them (nothing is encoded again)"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        parser.add_argument("--again", action="store_true", help="fingerprint every sound again, not only new ones")
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Listen to what has no fingerprints; 1 when files could not be read."""
        with options.library(args, settings) as library:
            with output.bar("fingerprinting") as progress:
                failures = library.recordings.fingerprint(progress, again=args.again)
            sounds = len(library.recordings.fingerprints.table())
        for failure in failures:
            print(f"soundalike: {printable(failure.file)}: {printable(failure.cause)}", file=sys.stderr)
        if args.json:
            failed = [{"path": failure.file, "cause": failure.cause} for failure in failures]
            output.print_json({"fingerprinted": sounds, "failed": failed})
        else:
            print(f"{sounds} sounds have fingerprints" + (f", {len(failures)} failed" if failures else ""))
        return SOME_FAILED if failures else 0
