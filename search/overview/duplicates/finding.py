"""The job that looks for duplicates: every content that came since the last time, against all.

Memory stays bounded: contents are taken in order of their ids, a few at a time, and what is kept is the pairs found.
Interrupted, it goes on where it was: pairs are written every so many contents.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from typing import Final

import numpy as np

from search.engine.views import SpaceView
from search.errors import AudioError
from search.ground.urls import is_in_store
from search.model import Content
from search.overview.duplicates.candidates import Candidate, candidates
from search.overview.duplicates.evidence import measured
from search.overview.duplicates.prints import Prints
from search.overview.duplicates.stored import Pairs, PairsFile
from search.overview.duplicates.verifying import Pair, Verifier, key_of
from search.ports import ContentReader, Lease
from search.snapshots.filling import Rest, resting

SAVE_EVERY: Final = 2000
_MOST_KNOWN: Final = 50_000
"""Contents whose facts and files are not asked for again: some 20 MB."""
_SAVE_SHARE: Final = 10
"""Pairs are written after `SAVE_EVERY` contents, and after a tenth of those compared: the file grows with them."""

OnProgress = Callable[[int, int], None]
"""Called with how many contents of how many were compared; what it raises stops the job, which keeps what it found."""


def find(
    view: SpaceView,
    catalog: ContentReader,
    file: PairsFile,
    progress: OnProgress,
    lease: Lease,
    *,
    rest: Rest,
    again: bool,
) -> None:
    """Bring the file up to date; ``again``: look at everything anew, as after changing files that were not at hand.

    With a ``rest`` before each content. Raises LibraryBusy when the lease is lost, LibraryUnwritable when the file
    cannot be written.
    """
    present = np.unique(view.columns.content_ids[view.columns.present])
    search = _Search(view, catalog, Pairs.none() if again else file.read(), set(present.tolist()))
    audible = np.unique(view.columns.content_ids[view.columns.present & ~view.columns.silent])
    fresh = audible[(audible > search.checked_until) | np.isin(audible, search.bereft())]

    def keep() -> None:
        lease.check()
        file.write(search.pairs(view.columns.sequence))

    saved = 0
    try:
        for done, (content, others) in enumerate(resting(candidates(view, fresh), rest), start=1):
            rest()
            search.look(content, others)
            progress(done, len(fresh))
            if done - saved >= max(SAVE_EVERY, done // _SAVE_SHARE):
                keep()
                saved = done
        search.finish(int(view.columns.content_ids.max(initial=0)))
    finally:
        keep()


class _Search:
    """The pairs so far, the fingerprints of what was compared, and what the files of pairs show.

    Pairs with contents that are no longer ``present`` are no duplicates. They are kept until the search is finished:
    they say which contents have to be looked at again, also after an interruption.
    """

    def __init__(self, view: SpaceView, catalog: ContentReader, earlier: Pairs, present: set[int]) -> None:
        self._facts = lru_cache(_MOST_KNOWN)(partial(_facts, catalog))
        self._path = lru_cache(_MOST_KNOWN)(partial(_path, catalog))
        self._verifier = Verifier(view, lambda content: self._path(content.id))
        self._present = present
        self.checked_until = earlier.checked_until
        columns = (earlier.shorter, earlier.longer, earlier.offset_s, earlier.gain_db, earlier.similarity)
        pairs = [Pair(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
        self._pairs = {pair.key: pair for pair in pairs if {pair.shorter, pair.longer} <= present}
        self._broken = [pair for pair in pairs if not {pair.shorter, pair.longer} <= present]
        self._partners: dict[int, set[int]] = defaultdict(set)
        for pair in self._pairs.values():
            self._join(pair)
        self._prints = Prints(earlier.printed, earlier.prints)
        self._printed = set(earlier.printed.tolist())
        self._evidence = {content: evidence for content, evidence in earlier.evidence.items() if content in present}

    def bereft(self) -> list[int]:
        """The contents of broken pairs: what went may have been all that joined them to the rest of their recording."""
        return [content for pair in self._broken for content in (pair.shorter, pair.longer)]

    def finish(self, newest: int) -> None:
        """Say that everything was looked at, up to the content ``newest``."""
        self.checked_until = max(self.checked_until, newest)
        self._broken = []

    def look(self, content: int, others: list[Candidate]) -> None:
        """Listen to a content and what it may be a duplicate of, and then to the duplicates of its duplicates.

        So each copy of a recording is compared with each other one, and not through a third.
        """
        facts = self._facts(content)
        if facts is not None:
            self._compare(facts, [*others, *self._by_fingerprint(facts)])
        self.checked_until = max(self.checked_until, content)

    def _compare(self, content: Content, waiting: list[Candidate]) -> None:
        known = {content.id, *self._partners[content.id]}
        while waiting:
            one = waiting.pop(0)
            other = None if one.other in known else self._facts(one.other)
            known.add(one.other)
            pair = None if other is None else self._verifier.pair(one, content, other)
            if other is not None and pair is not None:
                waiting += self._through(one, pair)
                self._pairs[pair.key] = pair
                self._join(pair)
                self._measure(content, other)

    def _by_fingerprint(self, content: Content) -> list[Candidate]:
        row = self._verifier.fingerprint(content)
        if row is None:
            return []
        found = [Candidate(content.id, o, 0.0, 0.0) for o in self._prints.nearest(row) if o in self._present]
        if content.id not in self._printed:
            self._prints.add(content.id, row)
            self._printed.add(content.id)
        return found

    def _through(self, one: Candidate, pair: Pair) -> list[Candidate]:
        """The duplicates of the duplicate that was found, and where they should lie."""
        place_s = pair.place_s(one.content)
        return [
            Candidate(
                one.content, other, one.cosine, place_s + self._pairs[key_of(one.other, other)].place_s(one.other)
            )
            for other in self._partners[one.other]
        ]

    def _join(self, pair: Pair) -> None:
        self._partners[pair.shorter].add(pair.longer)
        self._partners[pair.longer].add(pair.shorter)

    def _measure(self, *contents: Content) -> None:
        for content in contents:
            path = None if content.id in self._evidence else self._path(content.id)
            if path is not None:
                with suppress(AudioError):  # it went, or changed, since it was compared: nothing is known of it
                    self._evidence[content.id] = measured(path, content.track)

    def pairs(self, sequence: int) -> Pairs:
        """All of them, to be kept."""
        rows = [*self._pairs.values(), *self._broken]
        return Pairs(
            sequence,
            self.checked_until,
            np.array([p.shorter for p in rows], np.int64),
            np.array([p.longer for p in rows], np.int64),
            np.array([p.offset_s for p in rows], np.float64),
            np.array([p.gain_db for p in rows], np.float64),
            np.array([p.similarity for p in rows], np.float64),
            self._prints.contents(),
            self._prints.rows(),
            dict(self._evidence),
        )


def _facts(catalog: ContentReader, content_id: int) -> Content | None:
    return catalog.contents([content_id]).get(content_id)


def _path(catalog: ContentReader, content_id: int) -> str | None:
    """A file of a content, None where none is at hand."""
    clip_ids = catalog.clips_of([content_id]).get(content_id, [])
    paths = (clip.absolute_path for clip in catalog.clips(clip_ids))
    return next((path for path in paths if is_in_store(path) or os.path.isfile(path)), None)  # noqa: PTH113 - any bytes
