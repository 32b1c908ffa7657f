"""Merges: several clips of one recording become one. A merge can be undone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MergedClip:
    """A clip that a merge removed. ``root`` is the folder of its root, ``path`` the file's path below it.

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
        """The file's absolute path; only the path below the root if the root is no longer known."""
        return f"{self.root}/{self.path}" if self.root else self.path


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that can be undone: the id of the clip to ``keep``, the removed ``clips``, and when (seconds since 1970).

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
    """The result of undoing a merge: the ids of the ``restored`` clips, and a note for each thing that stays changed.

    Examples:
        >>> library.merges.undo(library.merges.make(1, [2]).id).notes
        ()
    """

    merge: Merge
    restored: tuple[int, ...]
    notes: tuple[str, ...]
