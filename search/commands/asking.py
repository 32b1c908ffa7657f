"""``--ask``: a question in plain language, turned into a query."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import QueryError, UsageError, for_shell
from search.model import ClipPart, Query, TextPart, Understanding

if TYPE_CHECKING:
    from search.library.library import Library


def add_ask(parser: argparse.ArgumentParser) -> None:
    """``--ask``, ``--last`` and ``--reader``."""
    group = parser.add_argument_group("a question in plain English")
    group.add_argument(
        "--ask",
        metavar="SENTENCE",
        help='a whole question, like: "short dark impacts, no voices, from last week, like the second one but longer"',
    )
    group.add_argument(
        "--last",
        type=Path,
        metavar="FILE",
        help='JSON of your last answer, so that the sentence can say "the second one"',
    )
    group.add_argument(
        "--reader",
        choices=("rules", "model"),
        help="what reads the sentence (default: rules, then the language model if one is configured)",
    )


def understanding(args: argparse.Namespace, library: Library) -> Understanding:
    """What the sentence means. Raises UsageError with other parts, or for a ``--last`` file that is no answer."""
    from search.library.understanding import understand

    if args.words or args.parts:
        raise UsageError("--ask is a whole question; leave out the other words and parts, or say them in the sentence")
    previous = _clips_of(args.last) if args.last else ()
    return understand(library, args.ask, previous=previous, reader=args.reader)


def query(args: argparse.Namespace, understood: Understanding) -> Query:
    """The query of a sentence with the other options; prints the equivalent command line.

    Raises QueryError if the sentence names nothing to look for.
    """
    from search.commands.options import DEFAULT_K, recall

    wheres = [one for one in (understood.query.where, args.where) if one]
    asked_for = replace(
        understood.query,
        where=" and ".join(f"({one})" for one in wheres) if len(wheres) > 1 else (wheres or [None])[0],
        k=understood.query.k if args.k == DEFAULT_K else args.k,
        space=args.space,
        collapse=understood.query.collapse or args.collapse,
        offset=args.offset,
        language=args.language,
        recall=recall(args),
    )
    for line in _report(understood, asked_for):
        print(f"soundalike: {line}", file=sys.stderr)
    if not any(part.weight > 0 for part in asked_for.parts):
        raise QueryError("the sentence does not say what to look for; name a sound too, or what it should be like")
    return asked_for


def _report(understood: Understanding, asked_for: Query) -> Iterator[str]:
    yield f"understood as: {command(asked_for)}"
    for said in understood.not_understood:
        yield f"not understood, so searched for as words: {said}"
    if understood.note:
        yield understood.note


def command(query: Query) -> str:
    """The command line that is equivalent to ``query``."""
    words = ["soundalike", "search"]
    for part in query.parts:
        if not isinstance(part, TextPart | ClipPart):
            continue
        name, value = ("text", part.text) if isinstance(part, TextPart) else ("clip", str(part.clip_id))
        words += [f"--{'not-' if part.weight < 0 else ''}{name}", value]
        if abs(part.weight) != 1:
            words += ["--weight", f"{abs(part.weight):g}"]
    words += ["-k", str(query.k)] + (["--where", query.where] if query.where else [])
    words += ["--language", query.language] if query.language else []
    words += [] if query.recall is None else ["--recall", f"{query.recall:g}"]
    return shlex.join(words + (["--collapse"] if query.collapse else []))


def _clips_of(file: Path) -> tuple[int, ...]:
    try:
        hits = json.loads(file.read_text(encoding="utf-8"))["hits"]
        return tuple(int(hit["clip_id"]) for hit in hits)
    except OSError as error:
        raise UsageError(f"--last {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"--last {file} is not an answer; write one with: soundalike search --json ... > {for_shell(str(file))}"
        ) from error
