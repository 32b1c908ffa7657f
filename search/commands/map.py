"""``soundalike map``: lay out the clips in two dimensions, with similar ones close together."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search.commands import npz, options, output
from search.errors import LibraryError
from search.ground.counting import counted
from search.settings import Settings

if TYPE_CHECKING:
    from search.model import ClipMap


class MapCommand:
    """Draw the map, or add new clips to it."""

    name = "map"
    help = "draw a 2-D map of the clips, or add new clips to it (needs: pip install 'soundalike[map]')"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--anew", action="store_true", help="lay out the whole map again; every clip may move")
        parser.add_argument("--space", metavar="NAME", help="draw the map of this space")
        parser.add_argument("--out", type=Path, metavar="OUT.npz", help="write the positions: clip_id, xy")
        options.add_library(parser)
        parser.add_argument("--json", action="store_true", help="print JSON: [[clip_id, x, y], ...]")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Draw it, and print how many clips are on it."""
        if args.out is not None:
            npz.check_name(args.out)
        with options.library(args, settings) as library, output.bar("laying clips out") as progress:
            drawn = library.maps.draw(args.space, progress, anew=args.anew)
        if drawn is None:
            raise LibraryError("the map was drawn, but cannot be read back; run the command again")
        if args.out is not None:
            write_map(drawn, args.out)
        if args.json:
            rows = zip(drawn.clip_ids.tolist(), drawn.xy.tolist(), strict=True)
            output.print_json([[clip_id, round(x, 5), round(y, 5)] for clip_id, (x, y) in rows])
        else:
            print(f"{counted(len(drawn.clip_ids), 'clip')} on the map, {drawn.fitted} of them laid out together")
        return 0


def write_map(drawn: ClipMap, out: Path) -> None:
    """Write ``clip_id`` (n,) int64 and ``xy`` (n, 2) float32. Raises UsageError if the file cannot be written."""
    with npz.writing(out) as archive:
        archive.add("clip_id", np.int64, drawn.clip_ids.shape, [drawn.clip_ids])
        archive.add("xy", np.float32, drawn.xy.shape, [drawn.xy])
