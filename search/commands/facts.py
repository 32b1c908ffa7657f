"""``soundalike facts`` and ``soundalike defects``: measured facts of sounds, and their defects."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.analysis.facts.definitions import FACTS, VERSION, FactValue
from search.commands import options, output
from search.commands.hitfacts import cell, for_people
from search.errors import AudioError, UsageError, printable
from search.ground.counting import counted, have
from search.model import Clip
from search.model.as_json import facts_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library

_MOST_SHOWN = 10


class FactsCommand:
    """Show the facts of sounds."""

    name = "facts"
    help = "show measured facts of clips or of any file: loudness, brightness, pitch, tempo, key, defects"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "sounds", nargs="*", metavar="CLIP", help="a clip by its id, or any file, in the library or not"
        )
        parser.add_argument("--where", metavar="EXPR", help="the clips that pass this filter, like: loudness > -20")
        parser.add_argument("--sort", metavar="FACT", help="sort clips by a numeric fact, lowest first")
        parser.add_argument("--reverse", action="store_true", help="with --sort: highest first")
        parser.add_argument(
            "-k", type=int, default=options.DEFAULT_K, metavar="N", help="with --where or --sort: how many clips (10)"
        )
        parser.add_argument(
            "--measure",
            action="store_true",
            help="first measure all sounds that have no facts yet (nothing is encoded)",
        )
        parser.add_argument("--again", action="store_true", help="with --measure: measure every sound again")
        options.add_library(parser)
        shape = parser.add_mutually_exclusive_group()
        options.add_json(shape)
        shape.add_argument("--csv", action="store_true", help="print CSV, one line for each clip")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print the facts; 1 if a file could not be read."""
        if args.reverse and not args.sort:
            raise UsageError("--reverse needs --sort")
        if args.again and not args.measure:
            raise UsageError("--again needs --measure")
        if not (args.sounds or args.where or args.sort or args.measure):
            raise UsageError("name what to show: a CLIP, a file, --where, --sort, or --measure for the whole library")
        needs_library = args.measure or args.where or args.sort or any(map(_is_id, args.sounds))
        if not needs_library:
            return _of_files(args)
        status, asked = 0, args.sounds or args.where or args.sort
        with options.library(args, settings, read_only=not args.measure) as library:
            if args.measure:
                status = _measure(args, library, is_all=not asked)
            clips = _chosen(library, args) if asked else []
            rows = [(clip, *_facts_of(library, clip)) for clip in clips]
        for _, facts, error in rows:
            if facts is None:
                print(f"soundalike: {error}", file=sys.stderr)
                status = output.SOME_FAILED
        if asked:
            _print(
                [
                    ({"clip_id": c.id, "path": c.absolute_path, "title": c.title}, f)
                    for c, f, _ in rows
                    if f is not None
                ],
                args,
            )
        return status


class Defects:
    """Report the defects of a library's sounds."""

    name = "defects"
    help = "list the clips that have defects: clipping, hum, silence, dropouts, fake stereo, and more"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--where", metavar="EXPR", help="only clips that pass this filter")
        parser.add_argument(
            "--all", action="store_true", help=f"list every clip of each defect, not only {_MOST_SHOWN}"
        )
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print the report."""
        from search.library.measuring import defects, unmeasured_contents

        with options.library(args, settings, read_only=True) as library:
            found = defects(library.view().of()[0].columns, args.where)
            ids = {name: some.tolist() for name, some in found.of.items()}
            clean = len(found.clean)
            clips = {clip.id: clip for clip in library.reader.clips(sorted({i for some in ids.values() for i in some}))}
            left = unmeasured_contents(library.catalog)
        if args.json:
            report = {
                name: [{"clip_id": i, "path": clips[i].absolute_path} for i in some if i in clips]
                for name, some in ids.items()
            }
            output.print_json({"defects": report, "without_defects": clean, "unmeasured": left})
            return 0
        for name, some in ids.items():
            if some:
                print(f"{name}: {counted(len(some), 'clip')}")
            shown = some if args.all else some[:_MOST_SHOWN]
            for clip_id in shown:
                print(f"  {clip_id}  {printable(clips[clip_id].absolute_path)}")
            if len(shown) < len(some):
                print(f"  and {len(some) - len(shown)} more (--all, or --where \"defects = '{name}'\")")
        print(f"{clean} measured clips without a defect")
        if left:
            print(f"soundalike: {left} sounds were not measured; run: soundalike facts --measure", file=sys.stderr)
        return 0


def _measure(args: argparse.Namespace, library: Library, *, is_all: bool) -> int:
    """Measure clips without facts. Return 1 when files could not be read. ``is_all``: nothing is printed after it."""
    with output.bar("measuring") as progress:
        failures = library.facts.measure(progress, again=args.again)
    if not is_all:
        return output.print_failures(failures)
    measured, unmeasured = library.catalog.measured_clips(VERSION)
    counts = {"measured": measured, "unmeasured": unmeasured}
    return output.print_job(counts, have(measured, "clip", "facts"), failures, as_json=args.json)


def _is_id(sound: str) -> bool:
    return sound.isascii() and sound.isdigit()


def _chosen(library: Library, args: argparse.Namespace) -> list[Clip]:
    """The requested clips. Raises UsageError for an unknown one."""
    from search.columns import unmeasured

    if args.sounds and (args.where or args.sort):
        raise UsageError("--where and --sort choose among all clips: leave out CLIP")
    if not args.sounds:
        by = ("-" if args.reverse else "") + (args.sort or "id")
        ids = library.clips.sorted_ids(args.where, by)
        if unjudged := library.facts.unmeasured(args.where, by):
            print(f"soundalike: {unmeasured.warning(unjudged)}", file=sys.stderr)
        return library.reader.clips(ids[: args.k].tolist())
    clips = library.reader.clips([int(one) for one in args.sounds if _is_id(one)])
    unknown = sorted({int(one) for one in args.sounds if _is_id(one)} - {clip.id for clip in clips})
    if unknown:
        raise UsageError(f"no clip has the id {unknown[0]}")
    if files := [one for one in args.sounds if not _is_id(one)]:
        raise UsageError(f"{printable(files[0])}: is not a clip id; name either clips or files")
    return clips


def _facts_of(library: Library, clip: Clip) -> tuple[Mapping[str, FactValue] | None, AudioError | None]:
    """The stored facts of a clip, else those measured now, or the error of that."""
    from search.analysis.facts.measuring import measure as measure_file

    stored = library.facts.of([clip.id])
    if clip.id in stored or clip.notes:
        return stored.get(clip.id, {}), None
    try:
        return measure_file(clip.absolute_path, clip.track), None
    except AudioError as error:
        return None, error


def _of_files(args: argparse.Namespace) -> int:
    from search.analysis.facts.measuring import measure as measure_file

    status, rows = 0, []
    for name in args.sounds:
        part = options.passage(name)
        try:
            rows.append(({"path": part.path}, measure_file(part.path, part.track or 0)))
        except AudioError as error:
            print(f"soundalike: {error}", file=sys.stderr)
            status = output.SOME_FAILED
    _print(rows, args)
    return status


def _print(rows: Sequence[tuple[Mapping[str, Any], Mapping[str, FactValue]]], args: argparse.Namespace) -> None:
    if args.json:
        output.print_json([{**what, "facts": facts_as_json(facts)} for what, facts in rows])
    elif args.csv:
        names = [fact.name for fact in FACTS]
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([*(rows[0][0] if rows else ()), *names])
        for what, facts in rows:
            writer.writerow([*map(cell, what.values()), *(cell(facts.get(name, "")) for name in names)])
    else:
        for what, facts in rows:
            clip = f"clip {what['clip_id']}  " if "clip_id" in what else ""
            print(f"{clip}{printable(what['path'])}")
            for fact in FACTS:
                if fact.name in facts:
                    print(f"  {fact.name:20} {for_people(fact, facts[fact.name])}".rstrip())
