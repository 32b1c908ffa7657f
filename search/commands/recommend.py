"""``soundalike recommend``: what else there is for someone who liked these."""

from __future__ import annotations

import argparse
from typing import Any

from search import wiring
from search.commands import options, output
from search.errors import UsageError
from search.model import DEFAULT_DIVERSITY, ClipPart, RecommendQuery
from search.model.as_json import answer_as_json
from search.settings import Settings


class Recommend:
    """Clips like several liked ones and unlike disliked ones, none of them known."""

    name = "recommend"
    help = "clips for someone who liked some (--like) and not others (--unlike); without any, a varied sample"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        for option, text in (("like", "a clip that was liked"), ("unlike", "a clip that was not")):
            parser.add_argument(f"--{option}", type=int, metavar="ID", action=_ClipAction, default=(), help=text)
        parser.add_argument(
            "--weight", type=float, metavar="W", action=_WeightAction, help="weight of the clip before it (1)"
        )
        parser.add_argument(
            "--seen", type=int, metavar="ID", action="append", default=[], help="a clip that is known: left out"
        )
        parser.add_argument("--profile", metavar="NAME", help="add what the library remembers under this name")
        parser.add_argument("-k", type=int, default=10, metavar="N", help="how many clips (10)")
        parser.add_argument(
            "--diversity",
            type=float,
            default=DEFAULT_DIVERSITY,
            metavar="D",
            help=f"from 0, the likeliest however alike, to 1 ({DEFAULT_DIVERSITY})",
        )
        parser.add_argument("--where", metavar="EXPR", help='a filter, like: duration_s < 10 and tag = "Dog"')
        parser.add_argument("--space", metavar="NAME", help="use this space")
        options.add_library(parser)
        parser.add_argument("--json", action="store_true", help="print JSON")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Recommend and print; 0 also with nothing to recommend."""
        query = RecommendQuery(
            likes=args.like,
            dislikes=args.unlike,
            seen=frozenset(args.seen),
            k=args.k,
            diversity=args.diversity,
            where=args.where,
            space=args.space,
            profile=args.profile,
        )
        with wiring.library(options.library_path(args, settings), settings, read_only=True) as library:
            answer = library.recommend(query)
        if args.json:
            output.print_json(answer_as_json(answer, paths="absolute"))
        else:
            output.print_table(answer)
        return 0


class _ClipAction(argparse.Action):
    """Appends a clip, and remembers which option a ``--weight`` belongs to."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 - the signature is argparse's
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), ClipPart(values)))
        namespace.weighted = self.dest


class _WeightAction(argparse.Action):
    """Sets the weight of the clip before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 - the signature is argparse's
        option_string: str | None = None,
    ) -> None:
        option = getattr(namespace, "weighted", None)
        if option is None:
            raise UsageError("--weight must follow a clip, like: --like 17 --weight 2")
        *before, last = getattr(namespace, option)
        setattr(namespace, option, (*before, ClipPart(last.clip_id, values)))
