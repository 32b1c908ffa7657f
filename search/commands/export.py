"""``soundalike export``: vectors for research, hits for other programs."""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from search.analysis.facts.definitions import FACTS
from search.commands import hitfacts, npz, options, output
from search.commands.hitfacts import NOTHING, HitFacts
from search.errors import UsageError, printable
from search.ground.counting import counted
from search.model import Hit
from search.model.as_json import facts_as_json, hit_as_json
from search.settings import Settings
from search.snapshots.single import replacing

if TYPE_CHECKING:
    from search.library.library import Library

LONGEST_HANDLES_S = 600.0
_AT_ONCE: Final = 500
"""Clips read from the catalog at a time."""


class Export:
    """Write vectors (NPZ), all clips, or the hits of a query: a table, a list, a project, their files or passages."""

    name = "export"
    help = "export the hits of a search (table, playlist, project or files), all clips with facts, or vectors"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--vectors", type=Path, metavar="OUT.npz", help="write every segment's vector, with its clip")
        what.add_argument(
            "--hits",
            type=Path,
            metavar="OUT",
            help="write the hits of this search as .csv, .json, .jsonl, .m3u8, .zip (files), .edl or .rpp (REAPER)",
        )
        what.add_argument(
            "--clips",
            type=Path,
            metavar="OUT",
            help="write every clip that passes --where with its facts (or those of --show), as .csv, .json or .jsonl",
        )
        what.add_argument(
            "--passages", type=Path, metavar="FOLDER", help="write the matching passage of each hit as a WAV file"
        )
        parser.add_argument(
            "--handles", type=float, default=0.0, metavar="S", help="extra seconds before and after each passage (0)"
        )
        options.add_query(parser)
        hitfacts.add_shown(parser)
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write the file, and print what it contains."""
        with options.library(args, settings, read_only=True) as library:
            if args.vectors is not None:
                count = export_vectors(library, args.space, args.vectors)
                return _said(args.vectors, count, "segment", as_json=args.json)
            if args.clips is not None:
                count = export_clips(library, args.where, args.clips, args.show)
                return _said(args.clips, count, "clip", as_json=args.json)
            if not 0 <= args.handles <= LONGEST_HANDLES_S:
                raise UsageError(f"--handles is {args.handles:g}; it must be from 0 to {LONGEST_HANDLES_S:g} seconds")
            hits = library.search(options.query(args)).hits
            facts = hitfacts.of_hits(library, hits, args)
        if args.hits is not None:
            export_hits(hits, args.hits, args.handles, facts)
            return _said(args.hits, len(hits), "hit", as_json=args.json)
        missing = export_passages(hits, args.passages, args.handles)
        for path in missing:
            print(f"soundalike: {printable(path)}: cannot be read", file=sys.stderr)
        return _said(args.passages, len(hits) - len(missing), "passage", missing, as_json=args.json)


def _said(out: Path, count: int, what: str, missing: Sequence[str] = (), *, as_json: bool) -> int:
    """Print how many of ``what`` were written. Return the exit status: 1 when some files could not be read."""
    written = {"file": str(out), f"{what}s": count, "missing": list(missing)}
    output.print_either(written, f"{printable(str(out))}: {counted(count, what)}", as_json=as_json)
    return 1 if missing else 0


def export_vectors(library: Library, space_name: str | None, out: Path) -> int:
    """Write ``clip_id, path, start_s, end_s, vectors, space`` (DESIGN.md); returns the number of segments.

    The export is consistent, even if another process writes to the library; memory does not grow with the library. A
    segment that several clips share (equal files) is written once for each of them. Raises UsageError if the file
    cannot be written or is not .npz, QueryError for an unknown space.
    """
    space = library.spaces.get(space_name)
    with npz.writing(out) as archive, library.catalog.vectors(space) as reader:
        count = reader.count()
        longest = max((len(_shown(path)) for _, path, _ in reader.clips()), default=0)
        ids = (np.full(n, clip_id) for clip_id, _, n in reader.clips())
        archive.add("clip_id", np.int64, (count,), ids)
        paths = (np.full(n, _shown(path)) for _, path, n in reader.clips())
        archive.add("path", np.dtype((np.str_, max(longest, 1))), (count,), paths)
        archive.add("start_s", np.float64, (count,), (spans[:, 0] for spans in reader.spans()))
        archive.add("end_s", np.float64, (count,), (spans[:, 1] for spans in reader.spans()))
        archive.add("vectors", np.float32, (count, space.dim), reader.vectors())
        archive.add_value("space", space.name)
    return count


def _shown(path: str) -> str:
    """A path as text for any program: bytes that are not UTF-8 become escapes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _on_a_line(path: str) -> str:
    """A path as an entry of a playlist: as it is, or as a file URL if it is not one line of UTF-8."""
    return path if path.isprintable() and path == path.strip() else Path(path).as_uri()


def export_clips(library: Library, where: str | None, out: Path, names: Sequence[str] = ()) -> int:
    """Write every clip that passes a filter, with its facts (only ``names``, if given); returns the number of clips.

    Raises UsageError if the file does not end in .csv, .json or .jsonl, or cannot be written; WhereError.
    """
    names = names or [fact.name for fact in FACTS]
    ids = library.clips.sorted_ids(where).tolist()
    rows = _clip_rows(library, ids, names)
    blocks: Iterable[bytes]
    match out.suffix:
        case ".csv":
            blocks = _csv_lines(rows, names)
        case ".jsonl":
            blocks = (f"{json.dumps(row)}\n".encode() for row in rows)
        case ".json":
            lines = (("[\n" if not n else ",\n") + json.dumps(row) for n, row in enumerate(rows))
            blocks = (line.encode() for line in itertools.chain(lines, ["\n]\n"] if ids else ["[]\n"]))
        case _:
            raise UsageError(f"{out}: clips can be written as .csv, .json or .jsonl")
    _write(out, blocks)
    return len(ids)


def _clip_rows(library: Library, ids: Sequence[int], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A row for each clip; ``facts`` are None if it was not measured."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        clips = {clip.id: clip for clip in library.reader.clips(some)}
        facts = library.facts.of(some)
        for clip_id in (one for one in some if one in clips):
            clip, known = clips[clip_id], facts.get(clip_id)
            shown = None if known is None else {name: known[name] for name in names if name in known}
            yield {
                "clip_id": clip_id,
                "path": _shown(clip.absolute_path),
                "title": clip.title,
                "track": clip.track,
                "duration_s": round(clip.duration_s, 3),
                "own_tags": list(clip.own_tags),
                "facts": None if shown is None else facts_as_json(shown),
            }


def _csv_lines(rows: Iterable[dict[str, Any]], names: Sequence[str]) -> Iterator[bytes]:
    """A line for each clip, with a header; lists are separated by commas."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    header = ["clip_id", "path", "title", "track", "duration_s", "own_tags"]
    writer.writerow([*header, *names])
    for row in rows:
        facts = row["facts"] or {}
        values = [*(row[name] for name in header), *(facts.get(name, "") for name in names)]
        writer.writerow([", ".join(value) if isinstance(value, list) else value for value in values])
        yield text.getvalue().encode("utf-8", "backslashreplace")
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode("utf-8", "backslashreplace")


def export_hits(hits: Sequence[Hit], out: Path, handles_s: float = 0.0, facts: HitFacts = NOTHING) -> None:
    """Write hits in the format of the file's suffix. Raises UsageError if that is unknown, or it cannot be written.

    Passages in edit lists and projects get ``handles_s`` seconds more at both ends; tables and JSON include ``facts``.
    """
    from search.exporting import bundles, edl, reaper
    from search.exporting.archive import zip_blocks
    from search.exporting.items import ExportItem

    items = [ExportItem.of(hit.clip, hit.start_s, hit.end_s, handles_s) for hit in hits]
    blocks: Iterable[bytes]
    match out.suffix:
        case ".csv":
            text = io.StringIO(newline="")
            output.write_csv(hits, text, facts=facts)
            blocks = _encoded(text.getvalue())
        case ".json":
            blocks = _encoded(json.dumps([hit_as_json(hit, "absolute", facts.named()) for hit in hits], indent=2))
        case ".jsonl":
            blocks = [f"{json.dumps(hit_as_json(hit, 'absolute', facts.named()))}\n".encode() for hit in hits]
        case ".m3u8":
            blocks = _encoded(_playlist(hits))
        case ".zip":
            blocks = zip_blocks(bundles.files(items))
        case ".edl":
            blocks = _encoded(edl.edit_list([(item.clip.absolute_path, item) for item in items]))
        case ".rpp":
            blocks = _encoded(reaper.project([(item.clip.absolute_path, item) for item in items]))
        case _:
            raise UsageError(f"{out}: hits can be written as .csv, .json, .jsonl, .m3u8, .zip, .edl or .rpp")
    _write(out, blocks)


def export_passages(hits: Sequence[Hit], folder: Path, handles_s: float = 0.0) -> list[str]:
    """Write the matching passage of each hit to a folder as WAV; returns the paths of files that cannot be read.

    Raises UsageError if the folder cannot be written.
    """
    from search.exporting import bundles
    from search.exporting.items import ExportItem, passage_name, unique_names

    items = [ExportItem.of(hit.clip, hit.start_s, hit.end_s, handles_s) for hit in hits]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{printable(str(folder))}: cannot be made ({error.strerror})") from error
    written = set()
    for name, _, blocks in bundles.passages(items):
        _write(folder / name, blocks)
        written.add(name)
    return [
        item.clip.absolute_path
        for name, item in zip(unique_names(items, passage_name), items, strict=True)
        if name not in written
    ]


def _playlist(hits: Sequence[Hit]) -> str:
    lines = ["#EXTM3U"]
    for hit in hits:
        title = " ".join(hit.title.split())
        lines += [f"#EXTINF:{round(hit.end_s - hit.start_s)},{title}", _on_a_line(hit.path)]
    return "\n".join(lines) + "\n"


def _encoded(text: str) -> list[bytes]:
    return [text.encode("utf-8", "backslashreplace")]


def _write(out: Path, blocks: Iterable[bytes]) -> None:
    try:
        with replacing(out) as file:
            for block in blocks:
                file.write(block)
    except OSError as error:
        raise UsageError(f"{printable(str(out))}: cannot be written ({error.strerror})") from error
