"""``--show`` and ``--sort``: show the facts of hits, and sort hits by a fact."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from search.analysis.facts.definitions import FACTS, PLACES, FactDefinition, FactValue
from search.analysis.facts.ordering import NUMBERS, in_order
from search.errors import UsageError, printable
from search.model import Hit

if TYPE_CHECKING:
    from search.library.library import Library

ALL: Final = "all"
_DIGITS: Final[Mapping[str, int]] = {"Hz": 0, "kbit/s": 0, "": 0, "s": 2}
"""Decimal places, by unit."""


@dataclass(frozen=True, slots=True)
class HitFacts:
    """The ``names`` of the facts to show, and the facts ``of`` each clip, by its id."""

    names: tuple[str, ...] = ()
    of: Mapping[int, Mapping[str, FactValue]] = field(default_factory=dict)

    def cells(self, hits: Sequence[Hit]) -> dict[str, list[str]]:
        """A column for each fact, formatted for people; empty if a clip has none."""
        return {name: [self._cell(name, hit.clip_id) for hit in hits] for name in self.names}

    def values(self, clip_id: int) -> list[str]:
        """The facts of a clip for CSV."""
        facts = self.of.get(clip_id, {})
        return [cell(facts[name]) if name in facts else "" for name in self.names]

    def named(self) -> dict[int, dict[str, FactValue]] | None:
        """The facts to show, by clip; None if there are none to show."""
        if not self.names:
            return None
        return {
            clip_id: {name: facts[name] for name in self.names if name in facts} for clip_id, facts in self.of.items()
        }

    def _cell(self, name: str, clip_id: int) -> str:
        facts = self.of.get(clip_id, {})
        return for_people(FACTS[PLACES[name]], facts[name]) if name in facts else ""


NOTHING: Final = HitFacts()


def add_shown(parser: argparse.ArgumentParser) -> None:
    """``--show``."""
    parser.add_argument(
        "--show",
        type=_names,
        default=(),
        metavar="FACT,...",
        help=f"also show these facts of each hit, like loudness,tempo,key, or {ALL} (see soundalike facts)",
    )


def add_sorted(parser: argparse.ArgumentParser) -> None:
    """``--sort`` and ``--reverse``."""
    parser.add_argument(
        "--sort",
        metavar="FACT",
        help="sort the hits by a numeric fact, lowest first (default: best match first)",
    )
    parser.add_argument("--reverse", action="store_true", help="with --sort: highest first")


def of_hits(library: Library, hits: Sequence[Hit], args: argparse.Namespace) -> HitFacts:
    """The facts that ``--show`` and ``--sort`` need."""
    if not (args.show or getattr(args, "sort", None)):
        return NOTHING
    return HitFacts(args.show, library.facts.of(hit.clip_id for hit in hits))


def check_sort(args: argparse.Namespace) -> None:
    """Raises UsageError for an invalid order."""
    if args.reverse and not args.sort:
        raise UsageError("--reverse needs --sort")
    if args.sort is not None and args.sort not in NUMBERS:
        raise UsageError(f"--sort {printable(args.sort)}: not a numeric fact; use one of: {', '.join(NUMBERS)}")


def sorted_hits(hits: Sequence[Hit], facts: HitFacts, args: argparse.Namespace) -> Sequence[Hit]:
    """The hits, sorted by ``--sort`` and ``--reverse``."""
    return hits if args.sort is None else in_order(hits, facts.of, f"-{args.sort}" if args.reverse else args.sort)


def for_people(fact: FactDefinition, value: FactValue) -> str:
    """A fact for people: with as many digits as are audible, and its unit."""
    if not isinstance(value, float):
        return cell(value)
    is_share = " to " in fact.unit
    digits = 2 if is_share else _DIGITS.get(fact.unit, 1)
    return f"{value:,.{digits}f}" + ("" if is_share or not fact.unit else f" {fact.unit}")


def cell(value: object) -> str:
    """A fact for CSV."""
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"{value:.5g}" if isinstance(value, float) else printable(str(value))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in (part.strip() for part in text.split(",")) if name)
    if names == (ALL,):
        return tuple(fact.name for fact in FACTS)
    unknown: Iterable[str] = [name for name in names if name not in PLACES]
    for name in unknown:
        raise argparse.ArgumentTypeError(f"no fact is called {printable(name)}; use one of: {', '.join(PLACES)}")
    return tuple(dict.fromkeys(names))
