"""The command ``soundalike outliers``: list the clips that are least similar to any other clip."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from soundalike import ClipPart, Hit, Library, Query, QueryError, Settings, open_library


class Outliers:
    """A `soundalike.Command`."""

    name = "outliers"
    help = "the clips that are least like any other clip of the library"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("-k", type=int, default=10, metavar="N", help="how many (10)")
        parser.add_argument("--where", metavar="EXPR", help="look among these clips only: 'duration_s < 5'")
        parser.add_argument("--library", type=Path, metavar="DIR", help="the library (default: $SOUNDALIKE_LIBRARY)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Find the nearest neighbour of each clip, and print the clips whose nearest neighbour is farthest."""
        with open_library(args.library, read_only=True, settings=settings) as library:
            ranked = sorted(nearest_of_each(library, args.where).items(), key=lambda item: item[1].score)[: args.k]
            clips = library.reader.clips([clip_id for clip_id, _ in ranked])
        rows = [
            {"clip_id": clip.id, "path": clip.absolute_path, "nearest": hit.title, "score": round(hit.score, 3)}
            for clip, (_, hit) in zip(clips, ranked, strict=True)
        ]
        if args.json:
            print(json.dumps({"outliers": rows}))
        else:
            for row in rows:
                print(f"{row['score']:.3f}  {row['path']}  (nearest: {row['nearest']})")
        return 0


def nearest_of_each(library: Library, where: str | None) -> dict[int, Hit]:
    """Clip id -> its nearest other clip. Raises WhereError for a filter that does not parse."""
    nearest: dict[int, Hit] = {}
    for clip_id in library.clips.ids(where).tolist():
        try:
            hits = library.search(Query((ClipPart(clip_id),), k=1)).hits
        except QueryError:  # a tune (MIDI) has no sound
            continue
        if hits:
            nearest[clip_id] = hits[0]
    return nearest


COMMANDS = (Outliers(),)
