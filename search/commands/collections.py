"""``soundalike collections``: named collections of clips."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from search.commands import options, output
from search.errors import UsageError, printable
from search.model import Collected, Collection
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library


class Collections:
    """List and change collections."""

    name = "collections"
    help = "list, fill, rename and delete collections of clips"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "name", nargs="?", metavar="NAME", help="the collection; --add and --where make it if it does not exist"
        )
        parser.add_argument("--add", type=int, nargs="+", default=[], metavar="ID", help="add these clips")
        parser.add_argument("--where", metavar="EXPR", help='add the clips that pass this filter, like: tag = "Dog"')
        parser.add_argument("--remove", type=int, nargs="+", default=[], metavar="ID", help="remove these clips")
        parser.add_argument("--rename", metavar="NEW", help="rename it")
        parser.add_argument("--delete", action="store_true", help="delete the collection; its clips stay")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Change the collection, then print it; without a name, print all collections."""
        puts = bool(args.add or args.where)
        changes = puts or bool(args.remove or args.rename or args.delete)
        if changes and args.name is None:
            raise UsageError("name a collection: soundalike collections NAME --add ID")
        with options.library(args, settings, read_only=not changes) as library:
            if args.name is None:
                _print_all(library.collections.all(), as_json=args.json)
                return 0
            chosen = _named(library, args.name, make=puts)
            if args.delete:
                library.collections.remove(chosen.id)
                output.print_deleted(chosen.id, chosen.name, as_json=args.json)
                return 0
            if changes:
                _change(library, chosen, args)
            _print_clips(library, chosen, as_json=args.json)
        return 0


def _named(library: Library, name: str, *, make: bool) -> Collection:
    """The collection with this name, created if ``make`` is set. Raises UsageError."""
    known = {one.name: one for one in library.collections.all()}
    if name in known:
        return known[name]
    if make:
        return library.collections.add(name)
    raise UsageError(f"there is no collection {name!r}; there are: {', '.join(map(printable, known)) or 'none'}")


def _change(library: Library, chosen: Collection, args: argparse.Namespace) -> None:
    ids = [*args.add, *(library.clips.ids(args.where).tolist() if args.where else ())]
    there = {clip.id for clip in library.reader.clips(ids)}
    if unknown := [clip_id for clip_id in ids if clip_id not in there]:
        raise UsageError(f"no clip has the id {unknown[0]}")
    inside = {one.clip_id for one in library.collections.collected(chosen.id) or ()}
    added = [Collected(clip_id) for clip_id in dict.fromkeys(ids) if clip_id not in inside]
    library.collections.change(chosen.id, added, args.remove)
    if args.rename:
        library.collections.rename(chosen.id, args.rename)


def _print_all(collections: list[Collection], *, as_json: bool) -> None:
    if as_json:
        output.print_json([{"id": one.id, "name": one.name, "clips": one.clips} for one in collections])
        return
    for one in collections:
        print(f"{one.clips:10d}  {printable(one.name)}")
    if not collections:
        print("No collections; make one with: soundalike collections NAME --add ID")


def _print_clips(library: Library, chosen: Collection, *, as_json: bool) -> None:
    collected = library.collections.collected(chosen.id) or []
    passages = {one.clip_id: one for one in collected}
    clips = library.reader.clips(list(passages))
    if as_json:
        output.print_json(
            [
                {
                    "clip_id": clip.id,
                    "path": clip.absolute_path,
                    "title": clip.title,
                    "start_s": passages[clip.id].start_s,
                    "end_s": passages[clip.id].end_s,
                }
                for clip in clips
            ]
        )
        return
    for clip in clips:
        print(f"{clip.id:10d}  {printable(clip.absolute_path)}")
    gone = len(collected) - len(clips)
    if gone:
        print(f"{gone} more are no longer in the library")
