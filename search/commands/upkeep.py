"""Subcommands for maintenance of a library: info, verify, remove, reindex, backup, restore."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from search import plugins, wiring
from search.commands import options, output
from search.errors import UsageError, printable
from search.ground.counting import counted
from search.ground.urls import absolute
from search.library import leasing
from search.model import MELODY_SPACE, RemoveClip, TakeOutClip
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library

REMOVE_BATCH = 500


class Info:
    """Show what a library holds."""

    name = "info"
    help = "show what the library holds: clips, hours, spaces, roots, failures"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print it."""
        from search.library import maintenance

        with options.library(args, settings, read_only=True) as library:
            facts = maintenance.info(library)
        if args.json:
            output.print_json(facts.as_json())
        else:
            print(facts.as_text())
        return 0


class Verify:
    """Check that a library is consistent."""

    name = "verify"
    help = "check that catalog, snapshots and index agree"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        parser.add_argument(
            "--against",
            type=Path,
            metavar="DIR",
            help="also compare every row of the catalog with that of this copy of the library",
        )
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print each problem; 1 if there are any."""
        from search.library import verifying

        with options.library(args, settings, read_only=True) as library:
            problems = verifying.verify(library)
            if args.against is not None:
                with wiring.library(args.against, settings, read_only=True) as other:
                    problems += library.catalog.differences(other.catalog)
        if args.json:
            output.print_json({"sound": not problems, "problems": problems})
        else:
            for problem in problems:
                print(problem, file=sys.stderr)
            print(counted(len(problems), "problem") if problems else "The library is sound.")
        return 1 if problems else 0


class Remove:
    """Remove clips from the library; files stay where they are."""

    name = "remove"
    help = "remove clips from the library, by file, folder or id, or all whose files are missing; no file is touched"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("paths", nargs="*", metavar="PATH", help="a file, or a folder with everything in it")
        parser.add_argument(
            "--clip", type=int, action="append", default=[], metavar="ID", help="a clip by its id; may be repeated"
        )
        parser.add_argument("--missing", action="store_true", help="every clip whose file was missing at the last scan")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Remove them; 1 if a path or an id is not in the library."""
        if not (args.paths or args.clip or args.missing):
            raise UsageError("name what to remove: a PATH, --clip ID or --missing")
        with options.library(args, settings) as library:
            ids, unknown = _ids_to_remove(library, args.paths, args.clip, missing=args.missing)
            with library.writer.lease(leasing.holder("remove"), leasing.WAIT_S) as lease:
                missing = set(library.catalog.missing()) if args.missing else set()
                changes = [RemoveClip(i) if i in missing else TakeOutClip(i) for i in ids]
                for start in range(0, len(changes), REMOVE_BATCH):
                    library.writer.apply(lease, changes[start : start + REMOVE_BATCH])
                for space in library.reader.spaces():
                    library.publisher.publish(space, lease)
        for what in unknown:
            print(f"soundalike: {printable(what)}: not in this library", file=sys.stderr)
        removed = f"{counted(len(ids), 'clip')} removed"
        output.print_either({"removed": ids, "unknown": unknown}, removed, as_json=args.json)
        return 1 if unknown else 0


class Reindex:
    """Rebuild the index, from the catalog or with another encoder."""

    name = "reindex"
    help = "rebuild the index from the catalog, or encode everything again with another or newer encoder"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_library(parser)
        parser.add_argument("--encoder", metavar="NAME", help="encode every file again with this encoder")
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Rebuild; returns the status of the indexing job if files are encoded again."""
        done = _Reindexed()
        with options.library(args, settings) as library:
            if args.encoder is None:
                status = self._from_catalog(library, settings, done, quiet=args.json)
            else:
                status = _encode_again(library, args.encoder, settings, done, others=True)
        if args.json:
            output.print_json(asdict(done))
        return status

    def _from_catalog(self, library: Library, settings: Settings, done: _Reindexed, *, quiet: bool) -> int:
        """Rebuild every index; only vectors from another revision of their encoder are encoded again."""
        from search.library import maintenance

        stale = maintenance.stale_spaces(library)
        for space in stale:  # retire all of them first: the job fills both sounds and tunes
            with library.writer.lease(leasing.holder("reindex"), leasing.WAIT_S) as lease:
                maintenance.retire(library, space, lease)
        stale_ids = {space.id for space in stale}
        for space in library.reader.spaces():
            if space.id not in stale_ids:
                with library.writer.lease(leasing.holder("reindex"), leasing.WAIT_S) as lease:
                    maintenance.rebuild(library, space, lease)
                done.rebuilt.append(f"{space.name} (retired)" if space.is_retired else space.name)
                if not quiet:
                    print(f"{done.rebuilt[-1]}: index rebuilt from the catalog", flush=True)
        # also spaces that an earlier run could not encode: their files may be available now
        return max(
            (_encode_again(library, name, settings, done) for name in maintenance.retired_names(library)), default=0
        )


class Backup:
    """Copy a library to one file."""

    name = "backup"
    help = "back up the library to one file, even while it is in use"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("target", type=Path, metavar="FILE", help="the backup file to write")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Write the backup."""
        from search.library import maintenance

        with options.library(args, settings, read_only=True) as library:
            maintenance.backup(library, args.target)
        n_bytes = args.target.stat().st_size
        written = f"{printable(str(args.target))}: {n_bytes / 1e6:.1f} MB"
        output.print_either({"file": str(args.target), "bytes": n_bytes}, written, as_json=args.json)
        return 0


class Restore:
    """Restore a library from a backup."""

    name = "restore"
    help = "restore the library from a backup, even while it is in use"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("source", type=Path, metavar="FILE", help="a file that soundalike backup wrote")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Restore, then rebuild the index from the catalog."""
        from search.library import maintenance

        if not args.source.is_file():
            raise UsageError(f"{args.source} does not exist")
        with options.library(args, settings, create=True) as library:
            with library.writer.lease(leasing.holder("restore"), leasing.WAIT_S) as lease:
                maintenance.restore(library, args.source, lease)
            clips = maintenance.info(library).clips
        restored = f"{printable(str(library.path))}: {counted(clips, 'clip')} restored"
        output.print_either({"library": str(library.path), "clips": clips}, restored, as_json=args.json)
        return 0


def _ids_to_remove(
    library: Library, paths: list[str], clip_ids: list[int], *, missing: bool
) -> tuple[list[int], list[str]]:
    """The ids of the clips to remove, and what is not in the library."""
    from search.library import maintenance

    found: set[int] = set(library.catalog.missing()) if missing else set()
    unknown = []
    for clip_id in clip_ids:
        if library.reader.clips([clip_id]):
            found.add(clip_id)
        else:
            unknown.append(f"clip {clip_id}")
    for path in paths:
        below = maintenance.clips_below(library, absolute(path))
        found.update(below)
        if not below:
            unknown.append(path)
    return sorted(found), unknown


@dataclass(slots=True)
class _Reindexed:
    """The results of ``reindex`` by space; ``left`` counts contents that still have only old vectors."""

    rebuilt: list[str] = field(default_factory=list)
    encoded: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)


def _encode_again(library: Library, name: str, settings: Settings, done: _Reindexed, *, others: bool = False) -> int:
    """Encode every file into the space of encoder ``name``, then drop the spaces that it replaces (`drop_replaced`).

    ``melody`` means tunes, also those of recordings if they were extracted before.
    """
    from search.library import maintenance

    tunes = name == MELODY_SPACE
    spec = wiring.melody_extractor().spec if tunes else wiring.encoder(name, settings).spec
    work = name if not tunes or maintenance.follows_recordings(library) else library.spaces.get().name
    with library.writer.lease(leasing.holder("reindex"), leasing.WAIT_S) as lease:
        for space in library.reader.spaces():
            if space.name == spec.name and not space.is_retired and space.fingerprint != spec.fingerprint:
                maintenance.retire(library, space, lease)
    status: int = plugins.job("index")(library, work, [root.path for root in library.roots()], settings)
    with library.writer.lease(leasing.holder("reindex"), leasing.WAIT_S) as lease:
        left = maintenance.drop_replaced(library, library.spaces.get(spec.name), lease, others=others)
    done.encoded.append(spec.name)
    done.left |= {space.name: contents for space, contents in left}
    for space, contents in left:
        print(
            f"soundalike: the old vectors of {space.name} stay: {contents} contents could not be encoded again; "
            "bring their files back and run soundalike reindex again, or remove them with: "
            "soundalike remove --missing",
            file=sys.stderr,
        )
    return 1 if left else status
