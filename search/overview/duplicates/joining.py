"""Which contents are one recording: those that pairs of duplicates join, directly or through others.

Not by a library: scipy comes with extras alone, and networkx, which torch brings, takes half a second to import.
"""

from __future__ import annotations

from collections.abc import Iterable


class Joined:
    """Sets of contents that grow together, each known by its smallest id (a disjoint-set forest)."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._toward_first: dict[int, int] = {}
        for one, other in pairs:
            self.join(one, other)

    def join(self, one: int, other: int) -> None:
        """Say that two contents are one recording, and so all that are joined with either."""
        smaller, larger = sorted((self.first(one), self.first(other)))
        self._toward_first[larger] = smaller
        self._toward_first.setdefault(smaller, smaller)

    def first(self, content: int) -> int:
        """The smallest id of the content's recording; its own where it is joined with nothing."""
        step = self._toward_first
        while (next_ := step.get(content, content)) != content:
            step[content] = content = step[next_]  # the way is half as long for whoever comes next
        return content

    def are_joined(self, one: int, other: int) -> bool:
        """Whether two contents are one recording."""
        return self.first(one) == self.first(other)

    def contents(self) -> list[int]:
        """Every content that is joined with another, ascending."""
        return sorted(self._toward_first)
