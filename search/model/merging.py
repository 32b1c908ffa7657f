"""Merges: several clips of one recording become one, until that is undone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MergedClip:
    """A clip that left the library in a merge, and where its file lay: the folder of its root, the path below that.

    Examples:
        >>> soundalike.MergedClip(4, "/sounds", "rain_again.wav", "rain_again").absolute_path
        '/sounds/rain_again.wav'
    """

    clip_id: int
    root: str
    path: str
    title: str

    @property
    def absolute_path(self) -> str:
        """Where its file lay; the path below its root where that is not known any more."""
        return f"{self.root}/{self.path}" if self.root else self.path


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that can be undone: the clip that was ``kept``, those that left, and when (seconds since 1970).

    Examples:
        >>> merge = library.merges.make(1, [2])
        >>> merge.keep, [one.clip_id for one in merge.clips]
        (1, [2])
        >>> library.merges.undo(merge.id).restored
        (2,)
    """

    id: int
    keep: int
    at: float
    clips: tuple[MergedClip, ...]


@dataclass(frozen=True, slots=True)
class Unmerged:
    """What the undoing of a merge brought back: ``restored`` clips, and a line for all that is not as it was before.

    Examples:
        >>> library.merges.undo(library.merges.make(1, [2]).id).notes
        ()
    """

    merge: Merge
    restored: tuple[int, ...]
    notes: tuple[str, ...]
