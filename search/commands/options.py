"""Options that several subcommands share: the library, the encoder, and the parts of a query in their order."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from search.commands import tunes
from search.errors import UsageError
from search.model import AudioPart, ClipPart, HumPart, Part, Query, SegmentPart, TextPart
from search.settings import Settings

_PASSAGE = re.compile(r"^(?P<path>.+)#(?P<start>[\d.:]*)-(?P<end>[\d.:]*)$", re.DOTALL)


def add_library(parser: argparse.ArgumentParser) -> None:
    """``--library DIR``."""
    parser.add_argument(
        "--library", type=Path, metavar="DIR", help="the library's folder (default: $SOUNDALIKE_LIBRARY, else yours)"
    )


def library_path(args: argparse.Namespace, settings: Settings) -> Path:
    """The folder that ``--library`` names, else the default."""
    given: Path | None = args.library
    return given or settings.library


def add_query(parser: argparse.ArgumentParser) -> None:
    """The parts of a query, ``-k``, ``--where`` and ``--space``."""
    parts = parser.add_argument_group("what to look for (any number, each may be followed by --weight)")
    for option, kind, metavar, text in (
        ("text", str, "WORDS", "words, in meaning where the encoder reads, and in names and metadata"),
        ("audio", str, "FILE[#start-end]", "sounds like this file, or this passage of it (seconds or m:ss)"),
        ("clip", int, "ID", "sounds like this clip of the library"),
        ("segment", int, "ID", "sounds like this segment of the library"),
    ):
        for name, description in ((f"--{option}", text), (f"--not-{option}", f"not like this {option}")):
            parts.add_argument(name, dest="parts", type=kind, metavar=metavar, action=_PartAction, help=description)
    for option, metavar, text in (
        (
            "hum",
            "FILE[#start-end]",
            "a tune hummed, sung or whistled in this file, 3 to 30 seconds from anywhere in it",
        ),
        (
            "notes",
            "NOTES",
            'a tune typed as "C4 D4 E4:2 r G4" (beats after the colon, r a rest) or ABC, or a file of it',
        ),
    ):
        parts.add_argument(f"--{option}", dest="parts", metavar=metavar, action=_PartAction, help=text)
    parts.add_argument(
        "--weight", dest="parts", type=float, metavar="W", action=_WeightAction, help="weight of the part before it"
    )
    parser.add_argument("-k", type=int, default=10, metavar="N", help="how many hits (10)")
    parser.add_argument("--where", metavar="EXPR", help='a filter, like: duration_s < 10 and tag = "Dog"')
    parser.add_argument("--space", metavar="NAME", help="search this space only")
    parser.add_argument("--collapse", action="store_true", help="one hit for each recording, with its copies")


def query(args: argparse.Namespace) -> Query:
    """The query that the options make. Raises UsageError without any part."""
    parts: list[Part] = args.parts or []
    if not parts:
        raise UsageError("say what to look for: --text, --audio, --clip, --segment, --hum or --notes")
    return Query(tuple(parts), k=args.k, where=args.where, space=args.space, collapse=args.collapse)


def passage(text: str) -> AudioPart:
    """``FILE`` or ``FILE#start-end``; a file whose name really has such an ending wins. Raises UsageError."""
    match = _PASSAGE.match(text)
    if match is None or os.path.lexists(text):
        return AudioPart(str(Path(text).absolute()))
    start_s = seconds(match["start"]) if match["start"] else 0.0
    end_s = seconds(match["end"]) if match["end"] else None
    if end_s is not None and end_s <= start_s:
        raise UsageError(f"the passage {text!r} ends before it starts")
    return AudioPart(str(Path(match["path"]).absolute()), start_s, end_s)


def hum(text: str) -> HumPart:
    """``FILE`` or ``FILE#start-end`` with a hum in it. Raises UsageError."""
    heard = passage(text)
    return HumPart(heard.path, heard.start_s, heard.end_s)


def seconds(text: str) -> float:
    """``12.5``, ``1:30`` or ``1:02:03.5`` in seconds. Raises UsageError."""
    try:
        fields = [float(field) for field in text.split(":")]
    except ValueError as error:
        raise UsageError(f"{text!r} is no time; write seconds (12.5) or minutes and seconds (1:30)") from error
    total = 0.0
    for field in fields:
        total = total * 60 + field
    return total


_MAKE: dict[str, Callable[[Any], Part]] = {
    "text": TextPart,
    "audio": passage,
    "clip": ClipPart,
    "segment": SegmentPart,
    "hum": hum,
    "notes": tunes.notes,
}


class _PartAction(argparse.Action):
    """Appends a part to ``args.parts``, so that the order of different options is kept."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 - the signature is argparse's
        option_string: str | None = None,
    ) -> None:
        kind = (option_string or "").lstrip("-")
        part = _MAKE[kind.removeprefix("not-")](values)
        if kind.startswith("not-"):
            part = replace(part, weight=-1.0)
        namespace.parts = [*(namespace.parts or []), part]


class _WeightAction(argparse.Action):
    """Sets the weight of the part before it; a part to avoid stays one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 - the signature is argparse's
        option_string: str | None = None,
    ) -> None:
        if not getattr(namespace, "parts", None):
            parser.error("--weight must follow a part, like: --text rain --weight 0.5")
        *before, last = namespace.parts
        namespace.parts = [*before, replace(last, weight=values * last.weight)]
