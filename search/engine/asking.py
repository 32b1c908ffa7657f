"""Turns the parts of a query into vectors of a space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search import audio
from search.engine.views import SpaceView
from search.errors import AudioError, LibraryError, QueryError
from search.model import (
    LANGUAGES,
    MELODY_SPACE,
    AudioPart,
    ClipPart,
    HumPart,
    NotesPart,
    Part,
    Probabilities,
    SegmentPart,
    Space,
    TextPart,
    TunePart,
    Vectors,
)
from search.ports import Encoder, MeaningReader, WordReader

SILENT = (
    f"it is silent (nothing above {audio.SILENCE_DB:g} dB of full scale), and nothing sounds like silence; "
    "choose another passage, or record again: the microphone may be muted"
)

BATCH = 16
"""How many windows of a query's audio are encoded at once. This bounds memory for audio of any length."""


@dataclass(frozen=True, slots=True)
class PartVector:
    """One part of a query as a unit vector (dim,) float32 of a space. ``label`` names it in a hit's ``via``.

    For words, ``meant`` (classes,) says which classes of the space's vocabulary they mean, and ``meaning`` (d,) is a
    vector to compare them with other words (`search.ports.MeaningReader`); None if the encoder does not provide it.
    ``language`` is the language in which they were read, ``english`` their translation. For a file, ``track`` is the
    sound track that was read, and ``warnings`` are its defects.
    """

    label: str
    vector: NDArray[np.float32]
    weight: float
    is_text: bool
    meant: Probabilities | None = None
    meaning: NDArray[np.float32] | None = None
    english: str = ""
    language: str = ""
    warnings: tuple[str, ...] = ()
    track: int | None = None


@dataclass(frozen=True, slots=True)
class AskedSpace:
    """A query in one space: its parts as vectors, and their sum ``vector`` (dim,); None if no part has a vector there.

    ``gone`` names the clips and segments among the parts that are no longer in the library.
    """

    view: SpaceView
    parts: tuple[PartVector, ...]
    vector: NDArray[np.float32] | None
    gone: tuple[str, ...] = ()


class Absent(QueryError):
    """A part of a query has no vector in this space; it may have one in another."""


class Gone(QueryError):
    """A part names a clip or segment that is not in the library; ``what`` is its name, like "clip 17"."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no {what.replace(' ', ' has the id ')}")
        self.what = what


class PartReader:
    """Turns parts into vectors. It loads an encoder only for a part that needs one."""

    def __init__(self, encoder: Callable[[Space], Encoder]) -> None:
        self._encoder = encoder

    def ask_each(self, parts: Sequence[Part], views: Sequence[SpaceView], language: str = "") -> list[AskedSpace]:
        """Turn the parts into vectors in each of ``views``. ``language`` is that of the words; empty: detect it.

        Words that an encoder cannot read are left out. A space without a wanted clip or passage is not searched, and
        neither is a retired space if only its old encoder could read a part. If that applies to every space, the query
        fails. A clip or segment that is gone is left out and named (`AskedSpace.gone`). Raises QueryError if no other
        wanted part is left, if the parts cancel out, or for an unknown ``language``; AudioError for a file that cannot
        be decoded.
        """
        if language and language not in LANGUAGES:
            raise QueryError(f"language is {language!r}; it must be one of {', '.join(LANGUAGES)}, or be left out")
        asked: list[AskedSpace] = []
        absent: list[Absent] = []
        for view in views:
            try:
                asked.append(self._ask(parts, view, views, language))
            except Absent as error:
                absent.append(error)
                asked.append(AskedSpace(view, (), None))
        if len(absent) == len(views):
            raise absent[0]
        return asked

    def _ask(self, parts: Sequence[Part], view: SpaceView, views: Sequence[SpaceView], language: str) -> AskedSpace:
        found: list[PartVector] = []
        gone: list[tuple[Part, Gone]] = []
        if view.space.name == MELODY_SPACE and any(isinstance(p, AudioPart | ClipPart | SegmentPart) for p in parts):
            raise QueryError("the melody space is searched by humming or by notes; search for sounds in another space")
        for place, part in enumerate(parts, start=1):
            label = part_label(part, place)
            try:
                if isinstance(part, TextPart):
                    vector = self._text(part, view, label, language)
                else:
                    vector = self._sound(part, view, views, label)
            except Gone as error:
                gone.append((part, error))
                continue
            except Absent:
                if part.weight > 0:
                    raise
                continue  # an unwanted part that is absent here excludes nothing
            found += [] if vector is None else [vector]
        if gone and sum(part.weight > 0 for part in parts) == sum(part.weight > 0 for part, _ in gone):
            raise gone[0][1]  # no wanted part is left
        return AskedSpace(view, tuple(found), combine(found) if found else None, tuple(e.what for _, e in gone))

    def _text(self, part: TextPart, view: SpaceView, label: str, language: str) -> PartVector | None:
        if not view.space.can_text:
            return None
        encoder, text = self._encoder_of(view.space), part.text.replace('"', " ").strip()
        if not isinstance(encoder, WordReader):
            return PartVector(label, _first(encoder.encode_text([text])), part.weight, is_text=True)
        read = encoder.read_text([text], language)
        meaning = _first(encoder.meanings([text], language)) if isinstance(encoder, MeaningReader) else None
        english = read.english[0] if read.english and read.english[0] != text else ""
        found = read.languages[0] if read.languages else ""
        return PartVector(label, _first(read.vectors), part.weight, True, _first(read.meant), meaning, english, found)

    def _encoder_of(self, space: Space) -> Encoder:
        if space.is_retired:
            raise Absent(
                f"space {space.name!r} waits to be encoded again, and can be searched by clip or segment only; "
                "run: soundalike reindex"
            )
        return self._encoder(space)

    def _sound(self, part: Part, view: SpaceView, views: Sequence[SpaceView], label: str) -> PartVector | None:
        match part:
            case AudioPart():
                return self._audio(part, view, label)
            case ClipPart(clip_id=clip_id):
                return PartVector(label, self._clip(clip_id, view), part.weight, is_text=False)
            case SegmentPart(segment_id=segment_id):
                return PartVector(label, self._segment(segment_id, view, views), part.weight, is_text=False)
            case _:
                return None  # a tune: it takes more than a vector (search.engine.tunes)

    def _audio(self, part: AudioPart, view: SpaceView, label: str) -> PartVector:
        encoder = self._encoder_of(view.space)
        as_it_is, encoded = _first_audible(encoder, part)
        gain = audio.gain_of_soft(encoded.peak)
        louder = _encoded(part, encoded.track, encoder, gain).vector if gain > 1.0 else None
        vector = as_it_is if louder is None else _nearer(view, as_it_is, louder)
        return PartVector(label, vector, part.weight, False, warnings=encoded.warnings, track=encoded.track)

    def _clip(self, clip_id: int, view: SpaceView) -> NDArray[np.float32]:
        content_id = view.columns.content_of(clip_id)
        if content_id is None:
            raise Gone(f"clip {clip_id}")
        segments = view.columns.segments_of(content_id)
        if view.columns.is_silent(clip_id):
            raise QueryError(
                f"clip {clip_id} is silent, and nothing sounds like silence; find such clips by a filter: silent = true"
            )
        if not len(segments):
            raise Absent(f"clip {clip_id} has no vectors in space {view.space.name!r}")
        try:
            vectors = view.index.vectors(segments)
        except LibraryError as error:
            raise QueryError(f"clip {clip_id} was just removed from the library") from error
        return unit(vectors.sum(axis=0, dtype=np.float64))

    def _segment(self, segment_id: int, view: SpaceView, views: Sequence[SpaceView]) -> NDArray[np.float32]:
        one = np.array([segment_id], np.int64)
        for owner in views:
            contents, starts, ends = owner.columns.place(one)
            if contents[0] < 0:
                continue
            if owner is view:
                return _first(view.index.vectors(one))
            return self._passage(int(contents[0]), float(starts[0]), float(ends[0]), view)
        raise Gone(f"segment {segment_id}")

    def _passage(self, content_id: int, start_s: float, end_s: float, view: SpaceView) -> NDArray[np.float32]:
        """Return the vector of the same passage in another space: the mean of the segments that overlap it."""
        segments = view.columns.segments_of(content_id)
        _, starts, ends = view.columns.place(segments)
        overlapping = segments[(starts < end_s) & (ends > start_s)]
        if not len(overlapping):
            raise Absent(f"the passage has no vectors in space {view.space.name!r}")
        return unit(view.index.vectors(overlapping).sum(axis=0, dtype=np.float64))


_KINDS: Mapping[type[Part], str] = {
    TextPart: "text",
    AudioPart: "audio",
    ClipPart: "clip",
    SegmentPart: "segment",
    HumPart: "hum",
    NotesPart: "notes",
    TunePart: "tune",
}


def audio_vector(encoder: Encoder, part: AudioPart) -> NDArray[np.float32]:
    """Return the mean of a sound's windows as a unit vector (dim,). Raises AudioError, also for silence."""
    return _first_audible(encoder, part)[0]


def part_kind(part: Part) -> str:
    """Return the word for a part in ``via``."""
    return _KINDS[type(part)]


def part_label(part: Part, place: int) -> str:
    """Return the label in ``via`` of the part at ``place`` of a query, counted from 1."""
    return f"{part_kind(part)} {place}"


def combine(parts: Sequence[PartVector]) -> NDArray[np.float32]:
    """Return the weighted sum of the parts as a unit vector (dim,). Raises QueryError if they cancel out."""
    total = weighted_sum(parts)
    if np.linalg.norm(total) < 1e-6:
        raise QueryError("the parts of this query cancel each other out; change a weight or leave one out")
    return unit(total)


def weighted_sum(parts: Sequence[PartVector]) -> NDArray[np.float64]:
    """Return the weighted sum (dim,) of the parts, not normalised."""
    return np.asarray(np.sum([np.float64(part.weight) * part.vector for part in parts], axis=0))


def unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    """Normalise ``vector`` (dim,) to length one."""
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


class _EncodedSound(NamedTuple):
    """An encoded track of a sound: the mean of its windows as a unit vector (dim,), None if all are silent.

    ``peak`` is its highest sample; ``warnings`` are defects of its file.
    """

    track: int
    vector: NDArray[np.float32] | None
    peak: float
    warnings: tuple[str, ...]


def _first_audible(encoder: Encoder, part: AudioPart) -> tuple[NDArray[np.float32], _EncodedSound]:
    """Return the vector (dim,) and the encoding of ``part.track``, or else of the first track that is not silent.

    Raises AudioError, also if there is only silence.
    """
    for track in [part.track] if part.track is not None else range(audio.probe(part.path).tracks):
        encoded = _encoded(part, track, encoder)
        if encoded.vector is not None:
            return encoded.vector, encoded
    raise AudioError(part.path, SILENT)


def _encoded(part: AudioPart, track: int, encoder: Encoder, gain: float = 1.0) -> _EncodedSound:
    warnings: list[str] = []
    windows = audio.windows(
        part.path, encoder.spec, track=track, start_s=part.start_s, end_s=part.end_s, speed=part.speed, gain=gain,
        warn=warnings.append,
    )  # fmt: skip
    total, peak = np.zeros(encoder.spec.dim, np.float64), 0.0
    audible = (window for window in windows if not window.silent)
    while batch := list(islice(audible, BATCH)):
        peak = max(peak, *(window.peak for window in batch))
        waves = np.stack([window.samples for window in batch])
        total += encoder.encode_audio(waves).vectors.sum(axis=0, dtype=np.float64)
    return _EncodedSound(track, unit(total) if peak > 0.0 else None, peak, tuple(warnings))


def _nearer(view: SpaceView, *vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vector (dim,) with the nearer neighbour in the library. The candidates are a soft sound as it is, and
    at the normal level.

    The vectors of recordings depend on their level, unless they are very soft. The level of a query says little: the
    user may have turned something down, or may have a soft recording.
    """
    scores, _ = view.index.search(np.stack(vectors), 1)
    return vectors[int(scores[:, 0].argmax())]


def _first(vectors: Vectors) -> NDArray[np.float32]:
    row: NDArray[np.float32] = vectors[0]
    return row
