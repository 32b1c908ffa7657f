"""Sets of contents that pairs of duplicates join, directly or through others.

No package is used: scipy is only installed with extras, and networkx, a dependency of torch, takes half a second to
import.
"""

from __future__ import annotations

from collections.abc import Iterable


class Joined:
    """A disjoint-set forest of contents; each set is identified by its smallest id."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._toward_first: dict[int, int] = {}
        for one, other in pairs:
            self.join(one, other)

    def join(self, one: int, other: int) -> None:
        """Join the sets of two contents."""
        smaller, larger = sorted((self.first(one), self.first(other)))
        self._toward_first[larger] = smaller
        self._toward_first.setdefault(smaller, smaller)

    def first(self, content: int) -> int:
        """The smallest id of the content's set; its own if it is joined with nothing."""
        step = self._toward_first
        while (next_ := step.get(content, content)) != content:
            step[content] = content = step[next_]  # path halving
        return content

    def are_joined(self, one: int, other: int) -> bool:
        """Whether two contents are in one set."""
        return self.first(one) == self.first(other)

    def contents(self) -> list[int]:
        """Every content that is joined with another, ascending."""
        return sorted(self._toward_first)
