"""The job that looks for duplicates: every content that came since the last time, against all.

Memory stays bounded: contents are taken in order of their ids, a few at a time, and what is kept is the pairs found.
Interrupted, it goes on where it was: pairs are written every so many contents.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import numpy as np

from search.engine.views import SpaceView
from search.model import Content
from search.overview.duplicates.candidates import Candidate, candidates
from search.overview.duplicates.joining import Joined
from search.overview.duplicates.stored import Pairs, PairsFile
from search.overview.duplicates.verifying import Pair, Verifier
from search.ports import ContentReader, Lease

SAVE_EVERY: Final = 2000
Progress = Callable[[int, int], None]
"""Called with how many contents of how many were compared; what it raises stops the job, which keeps what it found."""


def find(
    view: SpaceView, catalog: ContentReader, file: PairsFile, progress: Progress, lease: Lease, *, again: bool
) -> None:
    """Bring the file up to date; ``again``: look at everything anew, as after changing files that were not at hand.

    Raises LibraryBusy when the lease is lost, LibraryUnwritable when the file cannot be written.
    """
    present = np.unique(view.columns.content_ids[view.columns.present])
    search = _Search(view, catalog, Pairs.none() if again else file.read(), set(present.tolist()))
    audible = np.unique(view.columns.content_ids[view.columns.present & ~view.columns.silent])
    fresh = audible[(audible > search.checked_until) | np.isin(audible, search.bereft())]

    def keep() -> None:
        lease.check()
        file.write(search.pairs(view.columns.sequence))

    try:
        for done, (content, others) in enumerate(candidates(view, fresh), start=1):
            search.look(content, others)
            progress(done, len(fresh))
            if done % SAVE_EVERY == 0:
                keep()
        search.finish(int(view.columns.content_ids.max(initial=0)))
    finally:
        keep()


class _Search:
    """The pairs so far, and which contents they join.

    Pairs with contents that are no longer ``present`` join nothing. They are kept until the search is finished: they
    say which contents have to be looked at again, also after an interruption.
    """

    def __init__(self, view: SpaceView, catalog: ContentReader, earlier: Pairs, present: set[int]) -> None:
        self._catalog = catalog
        self._verifier = Verifier(view, self._path_of)
        self.checked_until = earlier.checked_until
        columns = (earlier.shorter, earlier.longer, earlier.offset_s, earlier.gain_db, earlier.similarity)
        pairs = [Pair(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
        self._pairs = [pair for pair in pairs if {pair.shorter, pair.longer} <= present]
        self._broken = [pair for pair in pairs if not {pair.shorter, pair.longer} <= present]
        self._recordings = Joined((pair.shorter, pair.longer) for pair in self._pairs)

    def bereft(self) -> list[int]:
        """The contents of broken pairs: what went may have been all that joined them to the rest of their recording."""
        return [content for pair in self._broken for content in (pair.shorter, pair.longer)]

    def finish(self, newest: int) -> None:
        """Say that everything was looked at, up to the content ``newest``."""
        self.checked_until = max(self.checked_until, newest)
        self._broken = []

    def look(self, content: int, others: list[Candidate]) -> None:
        """Listen to a content and what it may be a duplicate of; what is joined already needs no listening."""
        # of two new contents the later one finds the earlier one, and often the earlier one the later: once is enough
        unjoined = [one for one in others if not self._recordings.are_joined(one.other, content)]
        contents: dict[int, Content] = {}
        if unjoined:
            contents = self._catalog.contents([content, *(one.other for one in unjoined)])
        for one in unjoined:
            both_present = content in contents and one.other in contents
            if both_present and not self._recordings.are_joined(one.other, content):
                pair = self._verifier.pair(one, contents[content], contents[one.other])
                if pair is not None:
                    self._pairs.append(pair)
                    self._recordings.join(pair.shorter, pair.longer)
        self.checked_until = max(self.checked_until, content)

    def pairs(self, sequence: int) -> Pairs:
        """All of them, to be kept."""
        rows = [*self._pairs, *self._broken]
        return Pairs(
            sequence,
            self.checked_until,
            np.array([p.shorter for p in rows], np.int64),
            np.array([p.longer for p in rows], np.int64),
            np.array([p.offset_s for p in rows], np.float64),
            np.array([p.gain_db for p in rows], np.float64),
            np.array([p.similarity for p in rows], np.float64),
        )

    def _path_of(self, content: Content) -> str | None:
        clip_ids = self._catalog.clips_of([content.id]).get(content.id, [])
        paths = (clip.absolute_path for clip in self._catalog.clips(clip_ids))
        return next((path for path in paths if os.path.isfile(path)), None)  # noqa: PTH113 - any bytes may be in it
