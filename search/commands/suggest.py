"""``soundalike suggest``: words to search for."""

from __future__ import annotations

import argparse

from search.commands import options, output
from search.errors import printable
from search.settings import Settings


class Suggest:
    """Suggest words that find something in this library."""

    name = "suggest"
    help = "suggest words to search for: tags and names that find something, from all over the library"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("-k", type=int, default=options.DEFAULT_K, metavar="N", help="how many suggestions (10)")
        parser.add_argument(
            "--where", metavar="EXPR", help='only from clips that pass this filter, like: folder ~ "fights"'
        )
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print them."""
        from search.library.suggesting import suggest

        with options.library(args, settings, read_only=True) as library:
            found = suggest(library, args.k, args.where)
        if args.json:
            output.print_json([{"text": one.text, "kind": one.kind, "clips": one.clips} for one in found])
        elif found:
            print("\n".join(printable(one.text) for one in found))
        else:
            print("Nothing to suggest: no tag and no descriptive name surely finds something.")
        return 0
