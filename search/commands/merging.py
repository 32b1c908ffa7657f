"""``soundalike merge`` and ``soundalike unmerge``: keep one clip of a recording, and undo that."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any

from search.commands import options, output
from search.errors import UsageError, printable
from search.ground.counting import counted
from search.library import leasing
from search.model import Merge, Unmerged
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library


class MergeCommand:
    """Keep one of several clips."""

    name = "merge"
    help = "keep one of several clips of the same recording and remove the others; unmerge undoes it"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("keep", nargs="?", type=int, metavar="KEEP", help="the clip to keep, by its id")
        parser.add_argument("clips", nargs="*", type=int, metavar="ID", help="the clips to remove, by their ids")
        parser.add_argument(
            "--found",
            action="store_true",
            help="merge every group that soundalike duplicates found into its clip worth keeping",
        )
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Merge them; files are not touched."""
        if args.found == (args.keep is not None):
            raise UsageError("name the clip to keep and those to remove, by their ids, or give --found")
        with options.library(args, settings) as library:
            groups = _found(library) if args.found else [(args.keep, args.clips)]
            merges = _merge_all(library, groups)
        if args.json:
            output.print_json([as_json(one) for one in merges])
            return 0
        for one in merges:
            print(_shown(one))
        print(f"{counted(sum(len(one.clips) for one in merges), 'clip')} merged into {len(merges)}")
        return 0


class UnmergeCommand:
    """Undo merges, or make them final."""

    name = "unmerge"
    help = "undo merges, so that the removed clips come back as they were; or list merges, or make them final"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("merges", nargs="*", type=int, metavar="MERGE", help="a merge, by its number in --list")
        parser.add_argument("--all", action="store_true", help="every merge")
        parser.add_argument(
            "--final", action="store_true", help="make these merges final: they cannot be undone any more"
        )
        parser.add_argument("--list", action="store_true", help="list the merges that can be undone, newest first")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Undo merges, the latest first, make them final, or list them."""
        if args.final and args.list:
            raise UsageError("--final needs the numbers of merges, or --all; --list lists them")
        if sum((bool(args.merges), args.all, args.list)) != 1:
            raise UsageError("name the merges to undo, by their numbers, or give --all or --list")
        with options.library(args, settings, read_only=args.list) as library:
            if args.list:
                _list(library.merges.all(), json=args.json)
                return 0
            wanted = [one.id for one in library.merges.all()] if args.all else sorted(set(args.merges), reverse=True)
            if args.final:
                _print_final(_make_final(library, wanted), json=args.json)
                return 0
            undone = _undo_all(library, wanted)
        if args.json:
            output.print_json([undone_as_json(one) for one in undone])
            return 0
        for one in undone:
            for note in one.notes:
                print(note)
        print(f"{counted(sum(len(one.restored) for one in undone), 'clip')} restored")
        return 0


def as_json(merge: Merge) -> dict[str, Any]:
    """A merge as JSON."""
    clips = [{"clip_id": one.clip_id, "path": one.absolute_path, "title": one.title} for one in merge.clips]
    return {"id": merge.id, "keep": merge.keep, "at": merge.at, "clips": clips}


def undone_as_json(undone: Unmerged) -> dict[str, Any]:
    """The result of undoing a merge, as JSON."""
    return {"id": undone.merge.id, "restored": list(undone.restored), "notes": list(undone.notes)}


def _found(library: Library) -> list[tuple[int, list[int]]]:
    """For each group of duplicates, the clip worth keeping, and the others."""
    groups = library.duplicates.groups().groups
    return [(group.keep, [one.clip_id for one in group.clips if one.clip_id != group.keep]) for group in groups]


def _merge_all(library: Library, groups: list[tuple[int, list[int]]]) -> list[Merge]:
    with library.writer.lease(leasing.holder("merge"), leasing.WAIT_S) as lease:
        merges = [library.catalog.merge(lease, keep, clip_ids) for keep, clip_ids in groups]
        for space in library.reader.spaces():
            library.publisher.publish(space, lease)
    return merges


def _undo_all(library: Library, merge_ids: list[int]) -> list[Unmerged]:
    from search.library import merging

    with library.writer.lease(leasing.holder("unmerge"), leasing.WAIT_S) as lease:
        undone = [merging.unmerge(library.catalog, lease, merge_id) for merge_id in merge_ids]
        for space in library.reader.spaces():
            library.publisher.publish(space, lease)
    return undone


def _make_final(library: Library, merge_ids: list[int]) -> list[Merge]:
    with library.writer.lease(leasing.holder("unmerge"), leasing.WAIT_S) as lease:
        return [library.catalog.make_merge_final(lease, merge_id) for merge_id in merge_ids]


def _print_final(merges: list[Merge], *, json: bool) -> None:
    if json:
        output.print_json([as_json(one) for one in merges])
    else:
        print("1 merge is final" if len(merges) == 1 else f"{len(merges)} merges are final")


def _list(merges: list[Merge], *, json: bool) -> None:
    if json:
        output.print_json([as_json(one) for one in merges])
        return
    for one in merges:
        print(_shown(one))
    if not merges:
        print("No merge can be undone")


def _shown(merge: Merge) -> str:
    at = datetime.fromtimestamp(merge.at).astimezone().strftime("%Y-%m-%d %H:%M")
    lines = [f"merge {merge.id}, {at}: clip {merge.keep} was kept instead of"]
    return "\n".join(lines + [f"{one.clip_id:8d}  {printable(one.absolute_path)}" for one in merge.clips])
