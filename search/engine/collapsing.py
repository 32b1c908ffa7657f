"""One hit for each recording: where copies and other versions of a sound would fill the list, the best one stands.

Which contents are one recording is what ``soundalike duplicates`` found last; equal files are one without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.columns import ClipColumns
from search.engine.views import Recordings


@dataclass(frozen=True, slots=True)
class Collapsed:
    """A ranking with one clip for each recording, and the clips that each one stands for, best first."""

    ranked: list[tuple[int, float]]
    copies: dict[int, tuple[int, ...]]


def collapsed(ranked: Sequence[tuple[int, float]], columns: ClipColumns, recordings: Recordings) -> Collapsed:
    """Fold ``ranked`` (clip id and score, best first): of each recording the first stays."""
    contents = [columns.content_of(clip_id) for clip_id, _ in ranked]
    same = recordings.of(np.array([-1 if content is None else content for content in contents], np.int64)).tolist()
    kept: list[tuple[int, float]] = []
    first: dict[int, int] = {}
    copies: dict[int, tuple[int, ...]] = {}
    for (clip_id, score), recording in zip(ranked, same, strict=True):
        if recording in first and recording >= 0:
            copies[first[recording]] = (*copies.get(first[recording], ()), clip_id)
        else:
            first[recording] = clip_id
            kept.append((clip_id, score))
    return Collapsed(kept, copies)
