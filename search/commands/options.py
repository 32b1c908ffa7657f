"""Options that several subcommands share: the library, and the parts of a query in order."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from search.commands import tunes
from search.commands.libraries import add_library, library, library_path
from search.commands.weighting import AddPart, AspectsPart, ChangedPart, SlowPart, WeighPart, unwanted
from search.errors import UsageError
from search.ground.parsing import NO_PATH
from search.ground.urls import is_in_store
from search.model import (
    LANGUAGES,
    TASTES,
    AudioPart,
    Change,
    ClipPart,
    HumPart,
    Part,
    Query,
    SegmentPart,
    TextPart,
)
from search.settings import Settings, effort_of, recall_of

__all__ = [
    "add_actions",
    "add_clips",
    "add_effort",
    "add_filters",
    "add_json",
    "add_library",
    "add_offset",
    "add_query",
    "add_weight",
    "bare",
    "clips",
    "hum",
    "imitation",
    "library",
    "library_path",
    "passage",
    "query",
    "seconds",
    "with_effort",
]

DEFAULT_K = 10
_PASSAGE = re.compile(r"^(?P<path>.+)#(?P<start>[\d.:]*)-(?P<end>[\d.:]*)$", re.DOTALL)
_TRACK = re.compile(r"^(?P<path>.+)@(?P<track>\d{1,4})$", re.DOTALL)


def add_clips(parser: argparse.ArgumentParser, option: bool = False) -> None:
    """Add ``CLIP ...`` (ids), and with ``option`` also ``--clip ID``. `clips` reads them."""
    parser.add_argument("clips", nargs="*", type=int, metavar="CLIP", help="a clip by its id")
    if option:
        parser.add_argument(
            "--clip", type=int, action="append", metavar="ID", help="a clip by its id, as CLIP; may be repeated"
        )


def clips(args: argparse.Namespace) -> list[int]:
    """The named clips, each once, in order."""
    named: list[int] = [*args.clips, *(getattr(args, "clip", None) or ())]
    return list(dict.fromkeys(named))


def add_effort(either: argparse._ActionsContainer) -> None:
    """Add ``--effort E`` to the group of ``--recall R`` (`add_query`)."""
    either.add_argument(
        "--effort",
        metavar="E",
        help="in a large library: relative search effort; 0.1 is faster and misses more, 4 misses less (1)",
    )


def with_effort(args: argparse.Namespace, settings: Settings) -> Settings:
    """``settings`` with the value of ``--effort``. Raises UsageError for an invalid one."""
    if args.effort is not None:  # it takes precedence over a recall in the environment
        return replace(settings, effort=effort_of(args.effort, "--effort"), recall=None)
    return settings


def add_json(parser: argparse._ActionsContainer, *, default: str | bool = False) -> None:
    """Add ``--json``; the parser of an action passes SUPPRESS, to keep a value given before the action."""
    parser.add_argument("--json", action="store_true", default=default, help="print JSON")


def add_actions(parser: argparse.ArgumentParser) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Add ``ACTION``, and ``--library`` and ``--json`` before it; ``args.action`` is ``list`` by default."""
    add_library(parser)
    add_json(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", help="what to do (list)")
    parser.set_defaults(action="list")
    return actions


def add_weight(parser: argparse._ActionsContainer, what: str, example: str) -> None:
    """Add ``--weight W``, for the part before it."""
    parser.add_argument(
        "--weight",
        type=float,
        metavar="W",
        action=WeighPart,
        example=example,
        help=f"weight of the {what} just before it (1)",
    )


def add_filters(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``-k``, ``--where`` and ``--space``."""
    parser.add_argument("-k", type=int, default=DEFAULT_K, metavar="N", help=f"how many {what} (10)")
    parser.add_argument(
        "--where", metavar="EXPR", help='only clips that pass this filter, like: duration_s < 10 and tag = "Dog"'
    )
    parser.add_argument("--space", metavar="NAME", help="search this space only")


def add_offset(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--offset``."""
    parser.add_argument(
        "--offset", type=int, default=0, metavar="N", help=f"skip the first N {what}, to see the next page"
    )


def add_query(parser: argparse.ArgumentParser) -> argparse._ActionsContainer:
    """Add the parts of a query, ``-k``, ``--where``, ``--space``, ``--language``, ``--collapse`` and ``--recall``.

    Returns the mutually exclusive group of ``--recall``.
    """
    parser.add_argument(
        "words",
        nargs="*",
        metavar="WORDS",
        help='what to look for, in words as with --text (dog bark, "dog -cat"), or a sound file',
    )
    parts = parser.add_argument_group("what to look for (any number, each may be followed by --weight)")

    def add(name: str, kind: type, metavar: str, make: Callable[[Any], Part], text: str) -> None:
        parts.add_argument(name, dest="parts", type=kind, metavar=metavar, action=AddPart, make=make, help=text)

    passage_of = "FILE[@track][#start-end]"
    for option, kind, metavar, make, text in (
        (
            "text",
            str,
            "WORDS",
            TextPart,
            "words: matched by meaning (if the encoder reads text), and in names and metadata",
        ),
        (
            "audio",
            str,
            passage_of,
            passage,
            "sounds like this file, or like one audio track (counted from 0) or one passage (seconds or m:ss) of it",
        ),
        ("clip", int, "ID", ClipPart, "sounds like this clip of the library"),
        ("segment", int, "ID", SegmentPart, "sounds like this segment of the library"),
    ):
        add(f"--{option}", kind, metavar, make, text)
        if option == "clip":
            add("--like", kind, metavar, make, "the same as --clip; reads well before --darker and the like")
        add(f"--not-{option}", kind, metavar, unwanted(make), f"unlike this {option}")
    imitated = "a sound that you imitate with your voice in this file (needs facts: soundalike facts --measure)"
    add("--imitate", str, passage_of, imitation, imitated)
    hummed = "a tune hummed, sung or whistled in this file: 3 to 30 seconds, from any part of the tune"
    add("--hum", str, passage_of, hum, hummed)
    typed = 'a tune, typed as "C4 D4 E4:2 r G4" (:2 lasts 2 beats, r is a rest) or in ABC notation, or a file with it'
    add("--notes", str, "NOTES", tunes.notes, typed)
    add_weight(parts, "part", "--text rain --weight 0.5")
    parts.add_argument(
        "--speed", type=float, metavar="S", action=SlowPart, help="playback speed of the file just before it (1)"
    )
    _add_aspects(parser)
    add_filters(parser, "hits")
    add_offset(parser, "hits")
    parser.add_argument(
        "--language",
        choices=tuple(LANGUAGES),
        default="",
        help="language of the words, like fr for French (default: $SOUNDALIKE_LANGUAGE, else detected)",
    )
    parser.add_argument("--collapse", action="store_true", help="show one hit for each recording, with its copies")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--recall",
        metavar="R",
        help="in a large library: share of the true nearest segments to aim for, 0.5 to 0.999",
    )
    return either


def _add_aspects(parser: argparse.ArgumentParser) -> None:
    """Add ``--aspects``, and a switch for each change."""
    group = parser.add_argument_group(
        "in what way alike (put these after the sound that they refer to; needs facts: soundalike facts --measure)"
    )
    group.add_argument(
        "--aspects",
        action=AspectsPart,
        metavar="A=W,...",
        help="weights of kind, timbre, pitch, envelope and rhythm, like timbre=1,pitch=0.5; or one of: "
        f"{', '.join(TASTES)}",
    )
    for change in get_args(Change):
        group.add_argument(f"--{change}", nargs=0, action=ChangedPart, dest="parts", help=f"{change} than that sound")


def query(args: argparse.Namespace) -> Query:
    """The query from the options. Raises UsageError if it has no part."""
    parts: list[Part] = [*bare(args.words), *(args.parts or [])]
    if not parts:
        raise UsageError("say what to look for: words, --audio, --clip, --segment, --hum or --notes")
    return Query(
        tuple(parts),
        k=args.k,
        where=args.where,
        space=args.space,
        collapse=args.collapse,
        offset=args.offset,
        language=args.language,
        recall=recall(args),
    )


def recall(args: argparse.Namespace) -> float | None:
    """The value of ``--recall``, or None. Raises UsageError for an invalid one."""
    return None if args.recall is None else recall_of(args.recall, "--recall")


def bare(words: Sequence[str]) -> list[Part]:
    """The parts for words without an option: a sound file if they name one, else text."""
    if len(words) == 1 and is_in_store(words[0]):
        return [passage(words[0])]
    if len(words) == 1 and Path(_PASSAGE.sub(r"\g<path>", words[0])).is_file():
        return [passage(words[0])]
    return [TextPart(" ".join(words))] if words else []


def passage(text: str) -> AudioPart:
    """Parse ``FILE[@track][#start-end]``; an existing file with this exact name takes precedence. Raises UsageError."""
    match = _PASSAGE.match(text)
    if match is None or os.path.lexists(text):
        path, track = _track(text)
        return AudioPart(path, track=track)
    start_s = seconds(match["start"]) if match["start"] else 0.0
    end_s = seconds(match["end"]) if match["end"] else None
    if end_s is not None and end_s <= start_s:
        raise UsageError(f"the passage {text!r} ends before it starts")
    path, track = _track(match["path"])
    return AudioPart(path, start_s, end_s, track=track)


def _track(text: str) -> tuple[str, int | None]:
    """The absolute path and the track of ``FILE`` or ``FILE@track``; an existing file takes precedence."""
    match = _TRACK.match(text)
    if match is None or os.path.lexists(text):
        return _absolute(text), None
    return _absolute(match["path"]), int(match["track"])


def _absolute(path: str) -> str:
    if not path:
        raise UsageError(NO_PATH)
    return path if is_in_store(path) else str(Path(path).absolute())


def imitation(text: str) -> AudioPart:
    """Parse ``FILE[@track][#start-end]``, in which a voice imitates a sound. Raises UsageError."""
    return replace(passage(text), aspects=TASTES["imitation"])


def hum(text: str) -> HumPart:
    """Parse ``FILE`` or ``FILE#start-end`` with a hum. Raises UsageError."""
    part = passage(text)
    return HumPart(part.path, part.start_s, part.end_s, track=part.track or 0)


def seconds(text: str) -> float:
    """Parse ``12.5``, ``1:30`` or ``1:02:03.5`` to seconds. Raises UsageError."""
    try:
        fields = [float(field) for field in text.split(":")]
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time; write seconds (12.5) or minutes and seconds (1:30)") from error
    total = 0.0
    for field in fields:
        total = total * 60 + field
    return total
