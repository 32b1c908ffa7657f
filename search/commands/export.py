"""``soundalike export``: vectors for research, hits for other programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search import wiring
from search.commands import options, output
from search.errors import UsageError
from search.model import Hit
from search.model.as_json import hit_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library


class Export:
    """Write vectors (NPZ) or the hits of a query (CSV, JSON, M3U8) to a file."""

    name = "export"
    help = "write vectors (--vectors OUT.npz) or the hits of a query (--hits OUT.csv|.json|.m3u8)"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--vectors", type=Path, metavar="OUT.npz", help="every segment's vector, with its clip")
        what.add_argument("--hits", type=Path, metavar="OUT", help="the hits of the query that follows")
        options.add_query(parser)
        options.add_library(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write the file, say what it holds."""
        with wiring.library(options.library_path(args, settings), settings, read_only=True) as library:
            if args.vectors is not None:
                count = export_vectors(library, args.space, args.vectors)
                print(f"{args.vectors}: {count} segments")
            else:
                hits = library.search(options.query(args)).hits
                export_hits(hits, args.hits)
                print(f"{args.hits}: {len(hits)} hits")
        return 0


def export_vectors(library: Library, space_name: str | None, out: Path) -> int:
    """Write ``clip_id, path, start_s, end_s, vectors, space`` (DESIGN.md); how many segments there are.

    A segment that several clips share (equal files) stands once for each of them. Raises UsageError for a bad name.
    """
    if out.suffix != ".npz":
        raise UsageError(f"{out}: vectors are written as .npz")
    space = library.space(space_name)
    (view,) = library.views(space.name)
    segment_ids = library.index(space).ids()
    contents, starts, ends = view.columns.place(segment_ids)
    clips_of = view.columns.clips_of(np.unique(contents))
    rows, clip_ids = [], []
    for row, content_id in enumerate(contents.tolist()):
        for clip_id in clips_of.get(content_id, ()):
            rows.append(row)
            clip_ids.append(clip_id)
    paths = {clip.id: clip.path for clip in library.reader.clips(sorted(set(clip_ids)))}
    shown = [paths[i].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for i in clip_ids]
    vectors = view.index.vectors(segment_ids[rows])
    np.savez(
        out,
        clip_id=np.array(clip_ids, np.int64),
        path=np.array(shown, np.str_),
        start_s=starts[rows],
        end_s=ends[rows],
        vectors=vectors,
        space=np.array(space.name),
    )
    return len(rows)


def export_hits(hits: Sequence[Hit], out: Path) -> None:
    """Write hits by the file's ending. Raises UsageError for one that is not known."""
    match out.suffix:
        case ".csv":
            with out.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
                output.write_csv(hits, file)
        case ".json":
            out.write_text(json.dumps([hit_as_json(hit, paths="absolute") for hit in hits], indent=2), encoding="utf-8")
        case ".m3u8":
            lines = ["#EXTM3U"]
            for hit in hits:
                title = hit.title.replace("\n", " ").replace("\r", " ")
                lines += [f"#EXTINF:{round(hit.end_s - hit.start_s)},{title}", hit.path]
            out.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")
        case _:
            raise UsageError(f"{out}: hits are written as .csv, .json or .m3u8")
