"""``soundalike tags``: tags of clips, by people and by the encoder; also changes people's own tags."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from search.commands import options, output
from search.errors import UsageError, printable
from search.library import leasing
from search.model import Clip, DescribeClip, split_tags
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library

BATCH = 500


class TagRow(NamedTuple):
    """A tag: how many clips have it, or its probability for one clip; ``own``: a person set it."""

    name: str
    value: float
    own: bool


class Tags:
    """Show tags, and change own tags."""

    name = "tags"
    help = "list the tags of the library and how many clips have each, or the tags of one clip; add or remove your own"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_clips(parser, option=True)
        options.add_library(parser)
        parser.add_argument("--where", metavar="EXPR", help='the clips that pass this filter, like: folder ~ "fights"')
        parser.add_argument(
            "--add",
            action="append",
            default=[],
            metavar="TAGS",
            help="add tags of your own to these clips, like: hero,fight",
        )
        parser.add_argument(
            "--remove", action="append", default=[], metavar="TAGS", help="remove tags of your own from these clips"
        )
        parser.add_argument(
            "--min-probability",
            type=float,
            default=0.3,
            metavar="P",
            help="least probability at which a clip has a tag of the encoder (0.3)",
        )
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Change own tags, or print tags: own ones first, then by frequency (or probability)."""
        named = options.clips(args)
        changes = bool(args.add or args.remove)
        if changes and not (named or args.where):
            raise UsageError("name the clips whose tags to change: a CLIP or --where EXPR")
        if len(named) > 1 and not changes:
            raise UsageError("tags are shown of one clip at a time: name one CLIP")
        with options.library(args, settings, read_only=not changes) as library:
            if changes:
                return self._change(library, named, args)
            rows = _of_clip(_clips(library, named)[0]) if named else _of_library(library, args)
        if args.json:
            output.print_json([{"name": row.name, "value": round(row.value, 4), "own": row.own} for row in rows])
        elif rows:
            for row in rows:
                value = f"{row.value:10.3f}" if named else f"{int(row.value):10d}"
                print(f"{value}  {printable(row.name)}" + ("  (own)" if row.own else ""))
        else:
            print("No tags: none were added, and this library's encoder knows none.")
        return 0

    def _change(self, library: Library, named: list[int], args: argparse.Namespace) -> int:
        """Add and remove tags; print the result for each clip, or how many clips changed."""
        ids = named or library.clips.ids(args.where).tolist()
        removed = {name.casefold() for name in split_tags(args.remove)}
        with library.writer.lease(leasing.holder("tags"), leasing.WAIT_S) as lease:
            clips = _clips(library, ids) if named else library.reader.clips(ids)
            changes = [_changed(clip, args.add, removed) for clip in clips]
            for start in range(0, len(changes), BATCH):
                library.writer.apply(lease, changes[start : start + BATCH])
        if not args.json:
            print(f"{len(ids)} {'clip' if len(ids) == 1 else 'clips'} changed")
        else:
            output.print_json([{"clip_id": clip.id, "own_tags": clip.own_tags} for clip in library.reader.clips(ids)])
        return 0


def _changed(clip: Clip, added: Sequence[str], removed: set[str]) -> DescribeClip:
    own_tags = [name for name in split_tags([*clip.own_tags, *added]) if name.casefold() not in removed]
    return DescribeClip(clip.id, clip.title, clip.metadata, tuple(own_tags))


def _of_clip(clip: Clip) -> list[TagRow]:
    return [
        *(TagRow(name, 1.0, True) for name in clip.own_tags),
        *(TagRow(t.name, t.probability, False) for t in clip.tags),
    ]


def _of_library(library: Library, args: argparse.Namespace) -> list[TagRow]:
    from search.library import maintenance

    own = [TagRow(facet.value, facet.count, True) for facet in maintenance.own_tag_counts(library, args.where)]
    by_encoder = maintenance.tag_counts(library, args.min_probability, args.where)
    return [*own, *(TagRow(name, count, False) for name, count in by_encoder)]


def _clips(library: Library, clip_ids: Sequence[int]) -> list[Clip]:
    clips = library.reader.clips(clip_ids)
    missing = [clip_id for clip_id in clip_ids if clip_id not in {clip.id for clip in clips}]
    if missing:
        raise UsageError(f"no clip has the id {missing[0]}")
    return clips
