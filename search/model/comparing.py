"""What two spaces of one library answer to the same questions, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.queries import Hit, Verdict


@dataclass(frozen=True, slots=True)
class Compared:
    """One question: each space's ``verdicts``, the ``share`` of its first hits that both have, and what one alone has.

    ``same_first`` says whether both put the same clip first.
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

    ``share`` and ``same_first`` are means over the questions, 0 without one. ``likes`` were each left out in turn and
    looked for by the other likes of the same profile; ``reciprocal_ranks`` is the mean of one over the place at which
    each space found them, None where there were not two likes of one profile.
    """

    spaces: tuple[str, str]
    k: int
    compared: tuple[Compared, ...]
    share: float
    same_first: float
    likes: int
    reciprocal_ranks: tuple[float, float] | None
