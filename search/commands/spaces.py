"""``soundalike spaces`` and ``soundalike compare``: several encoders in one library, and which of them to use."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search.commands import options, output
from search.commands.options import DEFAULT_K
from search.errors import UsageError, printable
from search.library import leasing
from search.model import ClipPart, Comparison, Hit, Query
from search.model.as_json import comparison_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library

SHOWN: Final = 3
"""How many titles the table shows of those that only one space finds."""


class SpacesCommand:
    """List spaces, and choose the default for searches."""

    name = "spaces"
    help = "list the library's spaces (one for each encoder), or choose which of them searches use"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--ask", metavar="NAME", help="search this space unless a search names another")
        choice.add_argument("--ask-all", action="store_true", help="search all spaces of sounds again (the default)")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Choose, then print all spaces."""
        chooses = bool(args.ask or args.ask_all)
        with options.library(args, settings, read_only=not chooses) as library:
            if chooses:
                self._choose(library, args.ask)
            asked = {view.space.id for view in library.refresh().of()} if library.reader.spaces() else set()
            rows = [
                {"name": space.name, "revision": space.revision, "state": space.state, "asked": space.id in asked}
                for space in library.reader.spaces()
            ]
        if args.json:
            output.print_json(rows)
        for row in rows if not args.json else ():
            print(f"{'asked' if row['asked'] else '':<6}{row['name']}  {row['revision']}  {row['state']}")
        return 0

    def _choose(self, library: Library, name: str | None) -> None:
        if name is not None and library.spaces.get(name).is_melody:
            raise UsageError("the melody space is searched by tunes only; choose a space of sounds")
        with library.writer.lease(leasing.holder("spaces"), leasing.WAIT_S) as lease:
            library.catalog.ask_space(name, lease)


class CompareCommand:
    """Compare two spaces."""

    name = "compare"
    help = "compare what two spaces find for your own searches, and which of them finds your likes"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--spaces", nargs=2, required=True, metavar=("A", "B"), help="the names of two spaces")
        parser.add_argument(
            "--queries",
            type=Path,
            metavar="FILE",
            help="searches to compare, one a line: words as in soundalike search, or a sound file",
        )
        parser.add_argument(
            "--profile",
            action="append",
            default=[],
            metavar="NAME",
            help="a profile: each of its likes is left out and searched for by the others",
        )
        parser.add_argument("-k", type=int, default=DEFAULT_K, metavar="N", help="how many hits to compare (10)")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Compare and print."""
        from search.library import comparing

        if args.queries is None and not args.profile:
            raise UsageError("say what to compare by: --queries FILE, --profile NAME, or both")
        questions = {} if args.queries is None else dict(_questions(args.queries))
        with options.library(args, settings, read_only=True) as library:
            questions.update(_likes_as_questions(library, args.profile))
            with output.busy("searching both spaces"):
                compared = comparing.compare(library, tuple(args.spaces), questions, args.profile, args.k)
        if args.json:
            output.print_json(comparison_as_json(compared, paths="absolute"))
        else:
            print("\n".join(_lines(compared)))
        return 0


def _questions(file: Path) -> Iterator[tuple[str, Query]]:
    """A query for each non-empty line. Raises UsageError if the file cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--queries {printable(str(file))} cannot be read: {error}") from error
    for line in filter(None, map(str.strip, lines)):
        yield line, Query(tuple(options.bare([line])))


def _likes_as_questions(library: Library, profiles: list[str]) -> Iterator[tuple[str, Query]]:
    """A query by example for each like."""
    liked = [one.clip_id for profile in profiles for one in library.feedback.get(profile) if one.opinion == "like"]
    for clip in library.reader.clips(liked):
        yield f"clip {clip.id} ({clip.title})", Query((ClipPart(clip.id),))


def _lines(compared: Comparison) -> Iterator[str]:
    for one in compared.compared:
        yield f"{one.share:4.0%}  {one.verdicts[0]:>4} / {one.verdicts[1]:<4}  {printable(one.question)}"
        for name, hits in zip(compared.spaces, (one.only_first, one.only_second), strict=True):
            if hits:
                yield f"      only {name}: {_titles(hits)}"
    if compared.compared:
        yield (
            f"{len(compared.compared)} questions, {compared.k} hits each: {compared.share:.0%} are in both, "
            f"the first hit is the same for {compared.same_first:.0%}"
        )
    if compared.reciprocal_ranks is None:
        yield "Fewer than two likes: nothing says which space is better."
    else:
        ranks = zip(compared.spaces, compared.reciprocal_ranks, strict=True)
        said = ", ".join(f"{name} {rank:.3f}" for name, rank in ranks)
        yield f"{compared.likes} likes, each searched for by the others, mean reciprocal rank: {said}"


def _titles(hits: tuple[Hit, ...]) -> str:
    named = ", ".join(printable(hit.title) for hit in hits[:SHOWN])
    return named + (f" and {len(hits) - SHOWN} more" if len(hits) > SHOWN else "")
