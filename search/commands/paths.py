"""``soundalike path`` and ``soundalike goes-with``: paths between sounds, and clips that fit a clip."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from search.commands import options, output
from search.errors import printable
from search.model import AudioPart, ClipPart, Companions, SoundPath
from search.model.as_json import companions_as_json, path_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library
    from search.model import Companion

STEPS = 8


class PathCommand:
    """Clips that lead from one sound to another."""

    name = "path"
    help = "find clips that lead from one sound (a clip or a file) to another in even steps"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "start", metavar="A", help="where to start: a clip by its id, a file, or a passage (FILE#start-end)"
        )
        parser.add_argument("end", metavar="B", help="where to end: the same")
        parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"how many steps ({STEPS})")
        parser.add_argument(
            "--where", metavar="EXPR", help="only through clips that pass this filter, like: duration_s < 10"
        )
        parser.add_argument("--space", metavar="NAME", help="search this space only")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print the path from A to B."""
        start, end = _part(args.start), _part(args.end)
        with options.library(args, settings, read_only=True) as library, output.busy("listening and searching"):
            found = library.path_between(start, end, steps=args.steps, where=args.where, space=args.space)
            ends = [_shown_end(library, part) for part in (start, end)]
        if args.json:
            output.print_json(path_as_json(found, paths="absolute"))
        else:
            _print_path(found, *ends)
        return 0


class GoesWithCommand:
    """Clips that go with a clip."""

    name = "goes-with"
    help = "find other kinds of sounds that fit a clip in tempo and key (needs facts: soundalike facts --measure)"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("clip", type=int, metavar="CLIP", help="the clip, by its id")
        parser.add_argument(
            "--stretch", type=float, metavar="S", help="how far a tempo may be stretched to fit: 0.08 is 8 %% (0.08)"
        )
        options.add_filters(parser, "clips")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Print them with their reasons, best first."""
        more: dict[str, Any] = {} if args.stretch is None else {"stretch": args.stretch}
        with options.library(args, settings, read_only=True) as library:
            found = library.goes_with(args.clip, k=args.k, where=args.where, space=args.space, **more)
        if args.json:
            output.print_json(companions_as_json(found, paths="absolute"))
        else:
            _print_companions(found, args.clip)
        return 0


def _part(text: str) -> ClipPart | AudioPart:
    """A clip by its id, or a file. Raises UsageError."""
    if text.isascii() and text.isdigit():
        return ClipPart(int(text))
    return options.passage(text)


def _shown_end(library: Library, part: ClipPart | AudioPart) -> str:
    if isinstance(part, AudioPart):
        return f"{'':8}  {printable(part.path)}"
    (clip,) = library.reader.clips([part.clip_id])
    return f"{clip.id:8d}  {printable(clip.absolute_path)}"


def _print_path(way: SoundPath, start: str, end: str) -> None:
    print(f"{'':7} {start}")
    for clip, similarity in zip(way.clips, way.similarities, strict=False):
        print(f"  {similarity:.3f} {clip.id:8d}  {printable(clip.absolute_path)}")
    print(f"  {way.similarities[-1]:.3f} {end}")
    print(
        f"{len(way.similarities)} steps; least similarity {way.least:.3f}, "
        f"on a straight path {way.straight:.3f}, in one step {way.direct:.3f}"
    )


def _print_companions(companions: Companions, clip_id: int) -> None:
    own = [f"{companions.tempo:.1f} BPM" if companions.tempo is not None else "no tempo", companions.key or "no key"]
    print(f"clip {clip_id}: {', '.join(own)}")
    for one in companions.hits:
        print(_shown(one))
    if not companions.hits:
        print("Nothing goes with it")
    if companions.unmeasured:
        print(f"{companions.unmeasured} clips were not measured, and may go with it: soundalike facts --measure")


def _shown(one: Companion) -> str:
    return f"{one.clip.id:8d}  {one.score:.3f}  {printable(one.clip.absolute_path)}  ({'; '.join(one.reasons)})"
