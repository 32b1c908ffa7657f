"""``soundalike remarks``: show and write remarks on clips."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from search.commands import options, output
from search.errors import UsageError, printable
from search.library import leasing
from search.model import MAX_REMARK_CHARACTERS, Clip, DescribeClip
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library

_BATCH: Final = 500


class Remarks:
    """Show, write and delete remarks."""

    name = "remarks"
    help = "show, write and delete your remarks on clips; a search by words finds them"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_clips(parser, option=True)
        options.add_library(parser)
        parser.add_argument(
            "--where", metavar="EXPR", help='the clips that pass this filter, like: remark ~ "too loud"'
        )
        change = parser.add_mutually_exclusive_group()
        change.add_argument(
            "--set",
            metavar="TEXT",
            help=f"set the remark of each clip, replacing the old one; at most {MAX_REMARK_CHARACTERS} characters",
        )
        change.add_argument("--delete", action="store_true", help="delete the remark of each clip")
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write or print remarks."""
        named = options.clips(args)
        remark = "" if args.delete else args.set
        if remark is not None and not (named or args.where):
            raise UsageError("name the clips: a CLIP or --where EXPR")
        if remark is not None and len(remark) > MAX_REMARK_CHARACTERS:
            raise UsageError(f"a remark has at most {MAX_REMARK_CHARACTERS} characters; this one has {len(remark)}")
        with options.library(args, settings, read_only=remark is None) as library:
            ids = _chosen(library, named, args.where)
            if remark is not None:
                _write(library, ids, remark)
            clips = [clip for batch in _batches(library, ids) for clip in batch]
        if args.json:
            output.print_json(
                [{"clip_id": clip.id, "path": clip.absolute_path, "remark": clip.remark} for clip in clips]
            )
        elif remark is not None:
            print(f"{len(clips)} {'clip' if len(clips) == 1 else 'clips'} changed")
        elif clips:
            for clip in clips:
                print(f"{clip.id:10d}  {printable(clip.absolute_path)}: {printable(clip.remark)}")
        else:
            print("No remarks; write one with: soundalike remarks CLIP --set TEXT")
        return 0


def _chosen(library: Library, named: list[int], where: str | None) -> list[int]:
    """The clips that are named, or pass the filter; without either, those with a remark."""
    if not named:
        return list(library.clips.ids(where or "remark != ''").tolist())
    there = {clip.id for clip in library.reader.clips(named)}
    if gone := [clip_id for clip_id in named if clip_id not in there]:
        raise UsageError(f"no clip has the id {gone[0]}")
    return named


def _write(library: Library, ids: list[int], remark: str) -> None:
    with library.writer.lease(leasing.holder("remarks"), leasing.WAIT_S) as lease:
        for clips in _batches(library, ids):
            changes = [DescribeClip(clip.id, clip.title, clip.metadata, remark=remark) for clip in clips]
            library.writer.apply(lease, changes)


def _batches(library: Library, ids: list[int]) -> Iterator[list[Clip]]:
    for start in range(0, len(ids), _BATCH):
        yield library.reader.clips(ids[start : start + _BATCH])
