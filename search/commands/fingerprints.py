"""``soundalike fingerprints``: makes the fingerprints for `identify`, of all sounds that have none yet."""

from __future__ import annotations

import argparse

from search.commands import options, output
from search.ground.counting import have
from search.settings import Settings


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
        """Fingerprint sounds without fingerprints; 1 if files could not be read."""
        with options.library(args, settings) as library:
            with output.bar("fingerprinting") as progress:
                failures = library.recordings.fingerprint(progress, again=args.again)
            sounds = len(library.recordings.fingerprints.table())
        line = have(sounds, "sound", "fingerprints")
        return output.print_job({"fingerprinted": sounds}, line, failures, as_json=args.json)
