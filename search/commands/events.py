"""``soundalike events``: the events of clips; without a clip, find those of all sounds that have none yet."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from search.analysis.time.labels import FORMS
from search.commands import options, output
from search.errors import AudioError, QueryError, UsageError, printable
from search.ground.counting import have
from search.model.as_json import time_line_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library
    from search.model import TimeLine

LEAST = 0.3


class Events:
    """Show the events of clips, or find those of a library."""

    name = "events"
    help = "show which events happen when in clips; without a clip: find those of every sound, for `--where 'has ...'`"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        options.add_clips(parser)
        parser.add_argument(
            "--least",
            type=float,
            default=LEAST,
            metavar="P",
            help=f"leave out events less likely than this ({LEAST:g})",
        )
        parser.add_argument(
            "--export", choices=tuple(FORMS), metavar="FORM", help=f"print as {', '.join(FORMS)} (one clip)"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="write what --export prints into this file")
        parser.add_argument(
            "--again",
            action="store_true",
            help="without a clip: find the events of every sound again, not only of new ones",
        )
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Show or find events; 1 if files could not be read."""
        if not 0 <= args.least <= 1:
            raise UsageError(f"--least is {args.least:g}; it must be from 0 to 1")
        if args.export and len(args.clips) != 1:
            raise UsageError("--export writes the events of one clip: name one")
        if args.out is not None and not args.export:
            raise UsageError("--out needs --export: name the format")
        with options.library(args, settings, read_only=bool(args.clips)) as library:
            return _show(args, library) if args.clips else _find(args, library)


def _find(args: argparse.Namespace, library: Library) -> int:
    with output.bar("listening") as progress:
        failures = library.events.find(progress, again=args.again)
    clips = len(library.events.clip_ids())
    return output.print_job({"clips": clips}, have(clips, "clip", "events"), failures, as_json=args.json)


def _show(args: argparse.Namespace, library: Library) -> int:
    status, lines = 0, []
    for clip_id in args.clips:
        try:
            with output.busy(f"listening to clip {clip_id}"):
                lines.append(library.events.of(clip_id, least=args.least))
        except (AudioError, QueryError) as error:
            print(f"soundalike: {error}", file=sys.stderr)
            status = output.SOME_FAILED
    if args.json:
        output.print_json([time_line_as_json(line, paths="absolute") for line in lines])
    elif args.export and lines:
        output.write_text(FORMS[args.export](lines[0].events), args.out)
    else:
        for line in lines:
            _print(line)
    return status


def _print(line: TimeLine) -> None:
    print(f"clip {line.clip.id}  {printable(line.clip.absolute_path)}")
    for event in line.events:
        times = f"{output.clock(event.start_s)}-{output.clock(event.end_s)}"
        mark = "  (background)" if event.background else ""
        print(f"  {times:>15}  {event.probability:4.0%}  {event.name}{mark}")
    if not line.events:
        print("  no event is that likely; --least 0.2 shows more")
