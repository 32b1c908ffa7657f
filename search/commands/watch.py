"""``soundalike watch``: new matches of saved searches, as the library grows."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from search.commands import options, output
from search.errors import UsageError, printable
from search.model import SavedMatch, SavedSearch
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library

EVERY_S: Final = 1.0
INTERRUPTED: Final = 130
FAILED: Final = 1


class Watch:
    """Print new matches."""

    name = "watch"
    help = "print new matches of saved searches (soundalike searches) as sounds are indexed; --once for cron"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="saved searches to watch (all)")
        parser.add_argument("--once", action="store_true", help="print what is new so far, then exit")
        parser.add_argument("--leave", action="store_true", help="do not mark the printed matches as seen")
        parser.add_argument(
            "--every",
            type=float,
            default=EVERY_S,
            metavar="S",
            help=f"check for new sounds every S seconds ({EVERY_S:g})",
        )
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print each unseen match; 1 if a search could not be run."""
        if not 0.1 <= args.every <= 86_400:
            raise UsageError(f"--every is {args.every:g}; it must be from 0.1 seconds to a day")
        logging.getLogger("soundalike.searches").addHandler(_Complaining())
        with options.library(args, settings) as library:
            _check(library, args.names)
            try:
                return watch(library, args, time.sleep)
            except KeyboardInterrupt:
                return INTERRUPTED


class _Complaining(logging.Handler):
    """Prints failed posts on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        _complain(record.getMessage())


def _complain(why: str) -> None:
    print(f"soundalike: {printable(why)}", file=sys.stderr, flush=True)


def _check(library: Library, names: list[str]) -> None:
    """Raises UsageError for an unknown name, or if there are no saved searches."""
    from search.library import saving

    for name in names:
        saving.named(library, name)
    if not library.searches.all():
        raise UsageError("no search is saved; save one with: soundalike searches save NAME WORDS")


def watch(library: Library, args: argparse.Namespace, pause: Callable[[float], None]) -> int:
    """Print new matches until interrupted, or once (``args.once``); returns 1 if a search could not be run."""
    from search.library.following import Follower

    printed, complained = 0, dict[int, str]()
    with Follower(library) as follower:
        while True:
            follower.look(args.names)
            searches = [one for one in library.searches.all() if not args.names or one.name in args.names]
            new = library.matches.list([one.id for one in searches], after=printed, unseen=True)
            _print(library, new, searches, as_json=args.json)
            printed = max((printed, *(one.id for one in new)))
            if not args.leave:
                for search_id in {one.search_id for one in new}:
                    library.matches.see(search_id, up_to=printed)
            for one in searches:
                if one.trouble and complained.get(one.id) != one.trouble:
                    _complain(f"{one.name}: {one.trouble}")
                complained[one.id] = one.trouble
            if args.once:
                return FAILED if any(complained.values()) else 0
            pause(args.every)


def _print(library: Library, matches: list[SavedMatch], searches: list[SavedSearch], *, as_json: bool) -> None:
    from search.library.following import match_as_json, with_clips

    for match, search, clip in with_clips(library, matches, searches):
        if as_json:
            output.print_line(match_as_json(match, search, clip, absolute=True))
            continue
        sure = "by name" if match.probability is None else f"{match.probability:7.0%}"
        passage = f"{output.clock(match.start_s)}-{output.clock(match.end_s)}"
        print(f"{printable(search.name)}  {sure}  {passage}  {printable(clip.absolute_path)}", flush=True)
