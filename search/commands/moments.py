"""``search --moments``: passages with their own start and end, instead of clips with their best segment."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from search.commands import output
from search.engine.phrases import is_ordered
from search.errors import UsageError, printable
from search.model import Moment, Query
from search.model.as_json import moments_as_json

if TYPE_CHECKING:
    from search.library.library import Library

GAP_S = 30.0


def add_moments(parser: argparse.ArgumentParser) -> None:
    """``--moments`` and ``--gap``."""
    parser.add_argument(
        "--moments",
        action="store_true",
        help="find passages with their own start and end, possibly several in one recording; the default for words "
        "like `dog THEN car`, `rain WHILE speech` or `bark WITHOUT music`",
    )
    text = f"with THEN: most seconds between the two sounds ({GAP_S:g})"
    parser.add_argument("--gap", type=float, default=GAP_S, metavar="S", help=text)


def are_asked_for(args: argparse.Namespace, query: Query | None) -> bool:
    """Whether the answer is moments. Raises UsageError for options that do not fit them."""
    if not args.moments and (query is None or not is_ordered(query.parts)):
        return False
    if query is None or args.collapse:
        raise UsageError("--moments finds passages: leave out --ask and --collapse")
    if not args.gap >= 0:
        raise UsageError(f"--gap is {args.gap:g}; it must not be negative")
    return True


def find(args: argparse.Namespace, library: Library, query: Query) -> None:
    """Find moments and print them."""
    with output.busy("listening and searching"):
        found = library.moments(query, gap_s=args.gap)
    if args.json:
        output.print_json(moments_as_json(found, paths="absolute"))
    elif args.csv:
        _write_csv(found.moments, sys.stdout, query.offset)
    else:
        _print(found.moments)
        more = "" if found.next_offset is None else f"; more with --offset {found.next_offset}"
        print(
            f"{len(found.moments)} {'moment' if len(found.moments) == 1 else 'moments'} in {found.took_ms:.0f} ms{more}"
        )


def _print(moments: Sequence[Moment]) -> None:
    for one in moments:
        passage = f"{output.clock(one.start_s)}-{output.clock(one.end_s)}"
        about = "" if one.exact else "  (its file cannot be read now: times as indexed)"
        print(f"{one.clip.id:>6}  {one.score:.3f}  {passage:>15}  {printable(one.clip.absolute_path)}{about}")


def _write_csv(moments: Sequence[Moment], out: TextIO, passed_over: int) -> None:
    writer = csv.writer(out)
    writer.writerow(("rank", "score", "clip_id", "start_s", "end_s", "title", "path", "track"))
    for rank, one in enumerate(moments, start=1 + passed_over):
        clip, times = one.clip, (f"{one.start_s:.3f}", f"{one.end_s:.3f}")
        writer.writerow((rank, f"{one.score:.6f}", clip.id, *times, clip.title, clip.absolute_path, clip.track))
