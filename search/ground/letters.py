"""Edit distance between words."""

from __future__ import annotations


def edits(one: str, other: str) -> int:
    """Return the number of letters inserted, deleted, replaced or swapped with the next one (F. Damerau, 1964)."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before2, before, row = before, row, [i]
        for j, its in enumerate(other, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                least = min(least, before2[j - 2] + 1)
            row.append(least)
    return row[-1]
