"""``soundalike recommend``: recommendations from likes and dislikes."""

from __future__ import annotations

import argparse

from search.commands import options, output
from search.commands.weighting import AddPart
from search.model import DEFAULT_DIVERSITY, ClipPart, RecommendQuery
from search.model.as_json import answer_as_json
from search.settings import Settings


class Recommend:
    """Recommend clips similar to liked ones and unlike disliked ones, leaving out known ones."""

    name = "recommend"
    help = "recommend clips from those that you like (--like) and do not like (--unlike); without any, a varied sample"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        for option, text in (("like", "a clip that you like"), ("unlike", "a clip that you do not like")):
            parser.add_argument(
                f"--{option}", type=int, metavar="ID", action=AddPart, make=ClipPart, default=(), help=text
            )
        options.add_weight(parser, "clip", "--like 17 --weight 2")
        parser.add_argument(
            "--seen",
            type=int,
            metavar="ID",
            action="append",
            default=[],
            help="leave out this clip, which you know already",
        )
        parser.add_argument(
            "--profile", metavar="NAME", help="add the likes and dislikes that the library keeps under this name"
        )
        parser.add_argument(
            "--diversity",
            type=float,
            default=DEFAULT_DIVERSITY,
            metavar="D",
            help=f"from 0 (best matches, however alike) to 1 (most varied) ({DEFAULT_DIVERSITY})",
        )
        options.add_filters(parser, "clips")
        options.add_offset(parser, "clips")
        options.add_library(parser)
        options.add_json(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Recommend and print; 0 also with nothing to recommend."""
        query = RecommendQuery(
            likes=tuple(args.like),
            dislikes=tuple(args.unlike),
            seen=frozenset(args.seen),
            k=args.k,
            diversity=args.diversity,
            where=args.where,
            space=args.space,
            profile=args.profile,
            offset=args.offset,
        )
        with options.library(args, settings, read_only=True) as library:
            answer = library.recommend(query)
        if args.json:
            output.print_json(answer_as_json(answer, paths="absolute"))
        else:
            output.print_table(answer)
        return 0
