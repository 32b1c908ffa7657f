"""``soundalike search``: search by example, by passage, by words, or by a tune."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from search.commands import asking, hitfacts, identify, making, moments, options, output, speech, tunes
from search.errors import UsageError
from search.model.as_json import answer_as_json, understanding_as_json
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library


class Search:
    """Find clips that sound like an example, match words, or contain a tune."""

    name = "search"
    help = "find sounds by example (a file, a passage, a clip), by words, and by humming a tune"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        either = options.add_query(parser)
        asking.add_ask(parser)
        tunes.add_render(parser)
        identify.add_exact(parser)
        moments.add_moments(parser)
        speech.add_spoken(parser)
        hitfacts.add_shown(parser)
        hitfacts.add_sorted(parser)
        parser.add_argument(
            "--within",
            metavar="LIST",
            help="only clips in this list: collection:3, root:2 (a folder), liked:anna or clip:17",
        )
        parser.add_argument(
            "--count", action="store_true", help="also say how many clips of the library are likely matches"
        )
        options.add_library(parser)
        options.add_effort(either)
        shape = parser.add_mutually_exclusive_group()
        options.add_json(shape)
        shape.add_argument("--csv", action="store_true", help="print CSV")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Search and print; 0 also without a match."""
        settings = options.with_effort(args, settings)
        _check(args)
        if args.exact is not None:
            return identify.exact(args, settings)
        if args.spoken is not None:
            return speech.spoken(args, settings)
        query = None if args.ask is not None else options.query(args)
        if args.render is not None:
            tunes.render(query.parts if query else (), args.render)
        understanding = None
        as_moments = moments.are_asked_for(args, query)
        with options.library(args, settings, read_only=True) as library:
            if query is None:
                understanding = asking.understanding(args, library)
                query = asking.query(args, understanding)
            query = replace(query, among=_among(args, library), count=args.count)
            if as_moments:
                if args.show or args.sort:
                    raise UsageError("--show and --sort are for hits, not for moments")
                if args.count:
                    raise UsageError("--count is for hits, not for moments")
                moments.find(args, library, query)
                return 0
            with output.busy("listening and searching"):
                answer = library.search(query)
            facts = hitfacts.of_hits(library, answer.hits, args)
        answer = replace(answer, hits=tuple(hitfacts.sorted_hits(answer.hits, facts, args)))
        if args.json:
            understood = {} if understanding is None else {"understood": understanding_as_json(understanding)}
            output.print_json({**answer_as_json(answer, paths="absolute", facts=facts.named()), **understood})
        elif args.csv:
            output.write_csv(answer.hits, sys.stdout, query.offset, facts)
        else:
            output.print_table(answer, facts)
            making.offer(answer.verdict, query.parts)
        return 0


def _among(args: argparse.Namespace, library: Library) -> tuple[int, ...] | None:
    """The clips of ``--within``; None for all. Raises QueryError for an unknown list."""
    if args.within is None:
        return None
    from search.library.lists import clips_among

    return clips_among(library, None, args.within)


def _check(args: argparse.Namespace) -> None:
    """Raises UsageError for options that do not fit together."""
    hitfacts.check_sort(args)
    finds_passages = args.exact is not None or args.spoken is not None
    if (args.effort or args.recall or args.within) and finds_passages:
        raise UsageError("--effort, --recall and --within are for hits: leave out --exact and --spoken")
    if (args.show or args.sort) and finds_passages:
        raise UsageError("--show and --sort are for hits: --exact and --spoken find passages")
    if args.count and (finds_passages or args.csv):
        raise UsageError("--count counts the clips of a search: leave out --exact, --spoken and --csv")
