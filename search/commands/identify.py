"""``soundalike identify`` and ``search --exact``: find which recording of the library a sound is, and where in it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from search.commands import options, output
from search.errors import AudioError, UsageError, printable
from search.model import AudioPart, Identification, Recognition
from search.model.as_json import identification_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library

_FILE = "FILE[@track][#start-end]"


class Identify:
    """Identify the recordings in files."""

    name = "identify"
    help = (
        "find which recording of the library a sound is, even if noisy, trimmed, re-encoded, re-recorded or off speed"
    )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "files",
            nargs="+",
            metavar=_FILE,
            help="a sound file, or one audio track (counted from 0) or one passage of it",
        )
        parser.add_argument("-k", type=int, default=options.DEFAULT_K, metavar="N", help="how many recordings (10)")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Identify each file; 0 also without a match, 1 if files could not be read."""
        return _identify(args, settings, args.files)


def add_exact(parser: argparse.ArgumentParser) -> None:
    """``--exact FILE``."""
    parser.add_argument(
        "--exact", metavar=_FILE, help="find the very recording that is in this file, as soundalike identify does"
    )


def exact(args: argparse.Namespace, settings: Settings) -> int:
    """Run ``search --exact``. Raises UsageError together with other parts."""
    others = args.words or args.parts or args.ask or args.where or args.space or args.csv or args.offset
    if others:
        raise UsageError("--exact is a search of its own: leave out words, other parts, --where, --space and --csv")
    return _identify(args, settings, [args.exact])


def _identify(args: argparse.Namespace, settings: Settings, files: Sequence[str]) -> int:
    if args.k < 1:
        raise UsageError(f"-k is {args.k}; it must be 1 or more")
    parts = [options.passage(file) for file in files]
    status, printed = 0, []
    with options.library(args, settings, read_only=True) as library:
        for name, part in zip(files, parts, strict=True):
            try:
                with output.busy(f"listening to {printable(name)}"):
                    identified = _ask(library, part, args.k)
            except AudioError as error:
                print(f"soundalike: {error}", file=sys.stderr)
                printed.append({"file": name, "error": error.cause})
                status = output.SOME_FAILED
                continue
            if args.json:
                printed.append({"file": name, **identification_as_json(identified, paths="absolute")})
            else:
                _print(name, identified)
    if args.json:
        output.print_json(printed)
    return status


def _ask(library: Library, part: AudioPart, k: int) -> Identification:
    return library.recordings.identify(part.path, start_s=part.start_s, end_s=part.end_s, track=part.track or 0, k=k)


def _print(name: str, identified: Identification) -> None:
    print(printable(name))
    for one in identified.recognitions:
        print(f"  {_line(one)}")
    if not identified.recognitions:
        print("  no recording of this library")
    for warning in identified.warnings:
        print(f"soundalike: {printable(name)}: {printable(warning)}", file=sys.stderr)
    if identified.fingerprinted < identified.contents:
        missing = identified.contents - identified.fingerprinted
        print(
            f"soundalike: {missing} of {identified.contents} sounds have no fingerprints; run: soundalike fingerprints",
            file=sys.stderr,
        )
    if identified.earlier:
        print(
            f"soundalike: {identified.earlier} of {identified.contents} sounds have fingerprints of an earlier version "
            "and are recognised less well in noise; run: soundalike fingerprints --again",
            file=sys.stderr,
        )


def _line(one: Recognition) -> str:
    passage = f"{output.clock(one.query_start_s)}-{output.clock(one.query_end_s)}"
    place = f"{output.clock(one.start_s)}-{output.clock(one.end_s)}"
    off = f", at speed {one.speed:.3f}" if abs(one.speed - 1) >= 0.005 else ""
    copies = f" and {len(one.copies)} copies" if one.copies else ""
    return f"{passage}  {one.probability:4.0%}  clip {one.clip_id}  {printable(one.path)}  {place}{off}{copies}"
