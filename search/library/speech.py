"""Speech in a library: recognises it, stores transcripts in the catalog, and finds spoken words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from search.analysis.speech.finding import FoundWords, find
from search.analysis.speech.stored import SpokenWords
from search.analysis.speech.table import SpokenTable
from search.analysis.speech.transcribing import of_file, voices
from search.catalog.store import Catalog
from search.engine.views import LibraryView
from search.errors import AudioError, QueryError
from search.library.clips import Clips
from search.library.givingway import GivingWay
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import (
    Clip,
    ClipTranscript,
    Content,
    Ids,
    JobFailure,
    KeepTranscript,
    Saying,
    Sayings,
    SpokenLine,
    Transcript,
)
from search.ports import Lease, SpeechRecogniser, VoiceDetector
from search.snapshots.filling import OnProgress, Rest, nobody, of_first, with_clips

SAVE_S: Final = 1800.0
"""Transcripts are written after this many seconds of sound. After a kill, at most this much is done again."""


class Listeners:
    """The speech recogniser and the voice detector, each loaded at its first use. Threads share it."""

    def __init__(
        self, load_recogniser: Callable[[], SpeechRecogniser], load_detector: Callable[[], VoiceDetector]
    ) -> None:
        self._load_recogniser, self._load_detector = load_recogniser, load_detector
        self._lock = threading.Lock()
        self._recogniser: SpeechRecogniser | None = None
        self._detector: VoiceDetector | None = None

    def recogniser(self) -> SpeechRecogniser:
        """Return the recogniser. Raises EncoderError if it is not installed, ModelNotFound for its model."""
        with self._lock:
            self._recogniser = self._recogniser or self._load_recogniser()
            return self._recogniser

    def detector(self) -> VoiceDetector:
        """Return the detector. Raises EncoderError if it is not installed."""
        with self._lock:
            self._detector = self._detector or self._load_detector()
            return self._detector


def transcribe(
    view: LibraryView,
    catalog: Catalog,
    spoken: SpokenWords,
    listeners: Listeners,
    lease: Lease,
    *,
    progress: OnProgress,
    rest: Rest,
    language: str | None,
    again: bool,
) -> tuple[JobFailure, ...]:
    """Transcribe the sounds that this recogniser has not transcribed (``again``: all). Return the files that failed."""
    recogniser, detector = listeners.recogniser(), listeners.detector()
    present = view.sounds()
    missing = present if again else np.intersect1d(present, catalog.without_transcript(recogniser.fingerprint))
    failures: list[JobFailure] = []
    waiting: list[KeepTranscript] = []
    waiting_s = 0.0

    def listened(content: Content, clip: Clip) -> Transcript:
        return of_file(recogniser, detector, content, clip, language, rest=rest)

    def keep() -> None:
        lease.check()
        catalog.apply(lease, waiting)
        waiting.clear()

    try:
        for done, (content, clips) in enumerate(with_clips(catalog, missing), start=1):
            rest()
            lease.check()
            try:
                waiting.append(KeepTranscript(content.id, of_first(listened, content, clips)))
            except AudioError as error:
                failures.append(JobFailure(error.path, error.cause))
            waiting_s += content.duration_s
            progress(done, len(missing))
            if waiting_s > SAVE_S:
                keep()
                waiting_s = 0.0
    finally:
        keep()
        spoken.publish(catalog.last_transcript(), catalog.transcripts_since, catalog.sequence())
    return tuple(failures)


def of_clip(clip_id: int, catalog: Catalog, listeners: Listeners, language: str | None = None) -> ClipTranscript:
    """Return the transcript of a clip: the stored one, or a new one.

    Raises QueryError if the clip is unknown or holds notes, AudioError for a file that cannot be read, EncoderError if
    no recogniser is installed.
    """
    clip = _clip(catalog, clip_id)
    stored = catalog.transcripts([clip.content_id]).get(clip.content_id)
    if stored is not None and language in (None, stored.language):
        return ClipTranscript(clip, stored, stored=True)
    (content,) = catalog.contents([clip.content_id]).values()
    listened = of_file(listeners.recogniser(), listeners.detector(), content, clip, language)
    return ClipTranscript(clip, listened, stored=False)


def voiced(clip_id: int, catalog: Catalog, listeners: Listeners) -> tuple[tuple[float, float], ...]:
    """Return the stretches of a clip with a voice: stored ones, or found now. Raises as `of_clip` does."""
    clip = _clip(catalog, clip_id)
    stored = catalog.transcripts([clip.content_id]).get(clip.content_id)
    if stored is not None:
        return stored.voiced
    (content,) = catalog.contents([clip.content_id]).values()
    return voices(listeners.detector(), content, clip)


def spoken_in(
    view: LibraryView, catalog: Catalog, spoken: SpokenWords, text: str, *, clips: Ids | None, k: int, offset: int
) -> Sayings:
    """Return the ``k`` best passages after the first ``offset`` in which ``text`` is said, in ``clips`` (n,) or in all.

    Raises QueryError if ``text`` has no words, or for an invalid ``k`` or ``offset``.
    """
    if k < 1 or offset < 0:
        raise QueryError(f"k is {k} and offset {offset}; they must be at least 1 and 0")
    started = time.perf_counter()
    table = spoken.table(catalog.last_transcript(), catalog.transcripts_since)
    present = view.sounds()
    among = present if clips is None else np.intersect1d(present, [c.content_id for c in catalog.clips(clips.tolist())])
    found = find(table, text, among.astype(np.int64))
    page = [_saying(one, table, catalog) for one in found[offset : offset + k]]
    following = offset + k if len(found) > offset + k else None
    return Sayings(
        tuple(one for one in page if one is not None),
        (time.perf_counter() - started) * 1e3,
        int(np.isin(catalog.with_transcript(), present).sum()),
        len(present),
        following,
    )


def _saying(passage: FoundWords, table: SpokenTable, catalog: Catalog) -> Saying | None:
    """Return a passage with its clip and lines; None if its content was just removed."""
    content_id, number = table.line_of(passage.first)
    transcript = catalog.transcripts([content_id]).get(content_id)
    ids = catalog.clips_of([content_id]).get(content_id, [])
    clips = catalog.clips(ids)
    last = table.line_of(passage.last)[1]
    lines = () if transcript is None else transcript.lines[number : last + 1]
    if transcript is None or not clips or not lines:
        return None
    clip = next((one for one in clips if not one.missing), clips[0])
    line = SpokenLine(tuple(word for one in lines for word in one.words))
    start_s, end_s = int(table.starts_ms[passage.first]) / 1000, int(table.ends_ms[passage.last]) / 1000
    return Saying(clip, line, start_s, end_s, passage.score, transcript.language)


def _clip(catalog: Catalog, clip_id: int) -> Clip:
    clips = catalog.clips([clip_id])
    if not clips:
        raise QueryError(f"no clip has the id {clip_id}")
    if clips[0].notes:
        raise QueryError(f"clip {clip_id} holds notes (MIDI): nobody speaks in it")
    return clips[0]


class Speech:
    """Transcribes speech, and finds spoken words (`Library.speech`)."""

    def __init__(
        self,
        catalog: Catalog,
        spaces: Spaces,
        publisher: Publisher,
        clips: Clips,
        *,
        words: SpokenWords,
        listeners: Listeners,
        giving_way: GivingWay,
    ) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher
        self._clips = clips
        self._rest = giving_way.rest
        self._listeners = listeners
        self.words = words
        """The spoken words of all sounds, as they were last published."""

    def transcript(self, clip_id: int, language: str | None = None) -> ClipTranscript:
        """Return the transcript of a clip: the stored one (`transcribe`), or a new one in ``language`` (None: detect).

        Raises QueryError if the clip is unknown or holds notes, or for an unknown language; AudioError for a file that
        cannot be read; EncoderError if no recogniser is installed, ModelNotFound for its model.

        Examples:
            >>> library.speech.transcript(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return of_clip(clip_id, self._catalog, self._listeners, language)

    def voiced(self, clip_id: int) -> tuple[tuple[float, float], ...]:
        """Return the stretches of a clip with a voice: start and end in seconds, ascending. Raises as `transcript`.

        Examples:
            >>> library.speech.voiced(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return voiced(clip_id, self._catalog, self._listeners)

    def find(self, text: str, *, k: int = 10, offset: int = 0, where: str | None = None) -> Sayings:
        """Find the passages in which ``text`` is said, best first.

        ``text`` may have words, phrases in quotes, and beginnings of words (``thunder*``). Only clips that pass the
        filter ``where`` and that were transcribed (`transcribe`) are searched. Raises QueryError if ``text`` has no
        words, WhereError for a filter that does not parse.

        Examples:
            >>> library.speech.find("rain", where="duration_s < 5").next_offset is None
            True
        """
        clips = None if where is None else self._clips.ids(where)
        return spoken_in(self._spaces.view(), self._catalog, self.words, text, clips=clips, k=k, offset=offset)

    def transcribe(
        self,
        progress: Callable[[int, int], None] = nobody,
        *,
        language: str | None = None,
        again: bool = False,
    ) -> tuple[JobFailure, ...]:
        """Transcribe new sounds, and those that another recogniser transcribed. Return the files that could not be
        read.

        ``again``: transcribe all sounds. ``progress(done, total)`` is called after each sound; if it raises, the job
        stops, and the next run resumes there. The job holds the writer's lease. Raises LibraryBusy if another writer
        holds it, LibraryUnwritable if the disk is full, QueryError for an unknown language, EncoderError and
        ModelNotFound as `transcript` does.

        Examples:
            >>> from dataclasses import replace
            >>> settings = replace(library.settings, recogniser="parrot")
            >>> with soundalike.open_library("sounds.library", settings=settings) as opened:
            ...     opened.speech.transcribe()
            Traceback (most recent call last):
            search.errors.EncoderError: no speech recogniser is called 'parrot'; use whisper, like whisper:base
        """
        with self._publisher.lease("speech") as lease:
            return transcribe(
                self._spaces.refresh(),
                self._catalog,
                self.words,
                self._listeners,
                lease,
                progress=progress,
                rest=self._rest,
                language=language,
                again=again,
            )
