"""The job that finds duplicates: compares every content that is new since the last run with all others.

Memory is bounded: contents are processed in order of their ids, a few at a time, and only the pairs are kept. After an
interruption it continues where it was, because pairs are written at regular intervals.
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
"""How many contents have their facts and paths cached: about 20 MB."""
_SAVE_SHARE: Final = 10
"""Pairs are written after `SAVE_EVERY` contents, or a tenth of those compared if that is more, since the file grows."""

OnProgress = Callable[[int, int], None]
"""Called with (done, total) contents. If it raises, the job stops and keeps what it found."""


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
    """Update the file; ``again``: compare everything again, for example when files are available that were missing.

    Calls ``rest`` before each content. Raises LibraryBusy if the lease is lost, LibraryUnwritable if the file cannot be
    written.
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
    """The pairs so far, the fingerprints of compared contents, and the measured quality of files in pairs.

    Pairs with contents that are no longer ``present`` are not duplicates. They are kept until the search is finished,
    because they determine which contents must be compared again, also after an interruption.
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
        """The contents of broken pairs: the removed content may have been their only link to their recording."""
        return [content for pair in self._broken for content in (pair.shorter, pair.longer)]

    def finish(self, newest: int) -> None:
        """Note that everything was compared, up to the content ``newest``."""
        self.checked_until = max(self.checked_until, newest)
        self._broken = []

    def look(self, content: int, others: list[Candidate]) -> None:
        """Compare a content with its candidates, then with the duplicates of its duplicates.

        So each copy of a recording is compared directly with every other copy.
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
        """The duplicates of the duplicate that was found, with their expected offsets."""
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
                with suppress(AudioError):  # the file is gone or has changed: no measurement
                    self._evidence[content.id] = measured(path, content.track)

    def pairs(self, sequence: int) -> Pairs:
        """All pairs, for the file."""
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
    """The path of a file of a content; None if no file is available."""
    clip_ids = catalog.clips_of([content_id]).get(content_id, [])
    paths = (clip.absolute_path for clip in catalog.clips(clip_ids))
    return next((path for path in paths if is_in_store(path) or os.path.isfile(path)), None)  # noqa: PTH113 - any bytes
