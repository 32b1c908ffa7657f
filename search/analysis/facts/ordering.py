"""Sorting hits by a numeric fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from search.analysis.facts.definitions import FACTS, FactValue
from search.model import Hit

NUMBERS: Final = tuple(fact.name for fact in FACTS if fact.kind == "number")
"""The facts that are numbers."""


def in_order(hits: Sequence[Hit], facts: Mapping[int, Mapping[str, FactValue]], by: str) -> list[Hit]:
    """Sort hits by the fact ``by``, ascending, or descending with a "-" before its name; hits without it come last.

    ``facts`` are the facts of clips, by clip id.
    """
    name, sign = by.removeprefix("-"), -1.0 if by.startswith("-") else 1.0
    known: list[tuple[float, Hit]] = []
    without: list[Hit] = []
    for hit in hits:
        value = facts.get(hit.clip_id, {}).get(name)
        if isinstance(value, float):
            known.append((sign * value, hit))
        else:
            without.append(hit)
    known.sort(key=lambda one: one[0])
    return [*(hit for _, hit in known), *without]
