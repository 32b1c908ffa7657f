"""The answers of two spaces of a library to the same questions, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.queries import Hit, Verdict


@dataclass(frozen=True, slots=True)
class Compared:
    """One question: the verdict of each space, and the hits that only one space has.

    ``share`` is the share of the first hits that both have. ``same_first``: both rank the same clip first.
    """

    question: str
    verdicts: tuple[Verdict, Verdict]
    share: float
    same_first: bool
    only_first: tuple[Hit, ...]
    only_second: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two ``spaces`` compared by the first ``k`` hits of questions, and by likes.

    ``share`` and ``same_first`` are means over the questions, 0 if there are none. ``likes`` is how many likes were
    held out in turn and searched for with the other likes of the same profile. ``reciprocal_ranks`` is each space's
    mean reciprocal rank of these likes, None if no profile has two likes.
    """

    spaces: tuple[str, str]
    k: int
    compared: tuple[Compared, ...]
    share: float
    same_first: float
    likes: int
    reciprocal_ranks: tuple[float, float] | None
