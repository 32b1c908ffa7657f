"""Identification: updates a library's fingerprints, and finds the recordings in a sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import numpy as np

from search import audio
from search.analysis.exact.filling import of_file
from search.analysis.exact.listening import question
from search.analysis.exact.spectra import FRAMES_PER_S, RATE_HZ
from search.analysis.exact.stored import Fingerprints
from search.analysis.exact.table import FingerprintTable
from search.analysis.exact.timeline import RecognisedPassage, passages
from search.catalog.store import Catalog
from search.engine.views import LibraryView
from search.model import Clip, Identification, JobFailure, Recognition, Wave
from search.ports import Lease
from search.snapshots.filling import fill

LEAST_PROBABILITY: Final = 0.5
"""Recognitions with a lower probability are dropped."""


def bring_up_to_date(
    view: LibraryView,
    catalog: Catalog,
    fingerprints: Fingerprints,
    lease: Lease,
    progress: Callable[[int, int], None],
    *,
    rest: Callable[[], None],
    again: bool,
) -> tuple[JobFailure, ...]:
    """Make missing fingerprints and drop those of deleted sounds. Return the files that failed."""
    sequence, make, sounds = catalog.sequence(), partial(of_file, rest=rest), view.sounds()
    return fill(
        fingerprints.latest, make, sounds, catalog, lease, progress=progress, rest=rest, sequence=sequence, again=again
    )


def identify(
    view: LibraryView,
    catalog: Catalog,
    table: FingerprintTable,
    path: str | os.PathLike[str],
    *,
    start_s: float,
    end_s: float | None,
    track: int,
    k: int,
) -> Identification:
    """Find the recordings of the library in a file, or in a passage of it."""
    name = os.fspath(path)
    samples = 0
    warnings: list[str] = []

    def counted() -> Iterator[Wave]:
        nonlocal samples
        for block in audio.stream(name, RATE_HZ, track=track, start_s=start_s, end_s=end_s, warn=warnings.append):
            samples += len(block)
            yield block

    sound = question(counted())
    present = view.sounds()
    found = passages(sound, table, LEAST_PROBABILITY, k)
    contents = [int(table.contents[one.match.row]) for one in found]
    clips_of = catalog.clips_of(sorted(set(contents)))
    clips = {clip.id: clip for clip in catalog.clips([i for ids in clips_of.values() for i in ids])}
    recognitions = [
        _recognition(one, [clips[i] for i in clips_of.get(content, ()) if i in clips], start_s)
        for one, content in zip(found, contents, strict=True)
        if clips_of.get(content)
    ]
    known = int(np.isin(table.contents, present).sum())
    earlier = int(np.isin(table.contents[table.without_outline], present).sum())
    return Identification(tuple(recognitions), samples / RATE_HZ, known, len(present), tuple(warnings), earlier)


def _recognition(passage: RecognisedPassage, clips: list[Clip], start_s: float) -> Recognition:
    one, first = passage.match, clips[0]
    return Recognition(
        clip=first,
        query_start_s=start_s + one.first / FRAMES_PER_S,
        query_end_s=start_s + one.last / FRAMES_PER_S,
        start_s=max(one.at_s(one.first), 0.0),
        end_s=max(one.at_s(one.last), 0.0),
        speed=one.speed,
        probability=one.probability,
        landmarks=one.votes,
        copies=tuple(clip.id for clip in clips[1:]),
    )
