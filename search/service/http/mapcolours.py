"""The colours of a map: each clip by its likeliest tag, or by its folder where the encoder has no tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.columns import ClipColumns
from search.columns.table import Part
from search.model import Ids

MOST: Final = 8
"""More colours than these cannot be told apart at a glance."""


@dataclass(frozen=True, slots=True)
class Groups:
    """``names`` of at most `MOST` groups, largest first, and ``places`` (n,) of clips among them, -1 for no group."""

    names: tuple[str, ...]
    places: NDArray[np.int64]


def groups_of(columns: ClipColumns, clip_ids: Ids) -> Groups:
    """The groups of these clips (n,), ascending ids."""
    if columns.vocabulary:
        names = dict(enumerate(columns.vocabulary))
        codes = np.concatenate([_likeliest(part) for part in (columns.base, columns.recent)])
    else:
        names, codes = _folders(columns)
    order = np.argsort(columns.clip_ids, kind="stable")
    rows = order[np.searchsorted(columns.clip_ids[order], clip_ids, side="right") - 1]
    return _largest(names, codes[rows])


def _largest(names: dict[int, str], codes: NDArray[np.int64]) -> Groups:
    """The `MOST` most frequent codes (-1: none) as groups."""
    found, counts = np.unique(codes[codes >= 0], return_counts=True)
    chosen = found[np.argsort(-counts, kind="stable")][:MOST]
    places = np.full(len(codes), -1, np.int64)
    for place, code in enumerate(chosen.tolist()):
        places[codes == code] = place
    return Groups(tuple(names[code] for code in chosen.tolist()), places)


def _likeliest(part: Part) -> NDArray[np.int64]:
    """(n_clips,) the class of each clip's likeliest tag, -1 for a clip without any."""
    codes = np.full(part.n_clips, -1, np.int64)
    classes = np.repeat(np.arange(len(part.tag_starts) - 1), np.diff(part.tag_starts))
    # by rising probability: what is written last is the likeliest
    order = np.argsort(part.tag_probabilities, kind="stable")
    codes[part.tag_rows[order]] = classes[order]
    return codes


def _folders(columns: ClipColumns) -> tuple[dict[int, str], NDArray[np.int64]]:
    """The folders by a code, and the code (rows,) of each clip's."""
    codes: dict[bytes, int] = {}
    parts = []
    for part in (columns.base, columns.recent):
        own = [codes.setdefault(part.folders.value(code), len(codes)) for code in range(len(part.folders))]
        parts.append(np.array(own, np.int64)[part.folder_codes])
    names = {code: value.decode("utf-8", "replace").rpartition("/")[2] or "top folder" for value, code in codes.items()}
    return names, np.concatenate(parts)
