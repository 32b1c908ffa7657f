"""Searches for tunes: hums, typed notes and clips' tunes become rankings of clips with the matched passages.

Matching a tune takes more than a vector (`search.analysis.melody`), so it cannot be added to the vectors of sounds. Its
ranking is merged with the others by reciprocal rank, and its hits have their own passages and probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.analysis.melody.model import MelodyAnswer, MelodyHit, PitchCurve
from search.analysis.melody.notation import parse_notes
from search.audio import levelled, peak_of, stream
from search.columns.where import Where
from search.engine.asking import AskedSpace, part_label
from search.engine.fusion import RankedClips
from search.engine.views import MelodyView, SpaceView
from search.errors import QueryError
from search.model import ClipPart, HumPart, Ids, NotesPart, Part, Segment, TunePart, Verdict

LONGEST_READ_S = 300.0
"""At most this much of a hum's file is read: a tune that does not begin within five minutes is not a hum."""

NO_TUNES = "this library has no tunes; index MIDI files, or recordings with: soundalike index --melody FOLDER"

TuneLike: TypeAlias = HumPart | NotesPart | TunePart
"""The parts that are matched as tunes."""

_RANK = {"none": 0, "weak": 1, "good": 2}


@dataclass(frozen=True, slots=True)
class TunesFound:
    """What the tunes of a query found: a ranking for each, and the best match of each clip's tune.

    ``verdict`` is None if the query has no wanted tune. ``warnings`` are defects of the files of hums. ``views`` is the
    melody space, if the library has one: a clip that words found may be only there.
    """

    ranked: tuple[RankedClips, ...] = ()
    matches: Mapping[int, MelodyHit] = field(default_factory=dict)
    verdict: Verdict | None = None
    reason: str = ""
    views: tuple[AskedSpace, ...] = ()
    warnings: tuple[str, ...] = ()


def with_tunes(parts: Sequence[Part], views: Sequence[SpaceView], melody: MelodyView | None) -> tuple[Part, ...]:
    """Replace each clip part by a tune part if the clip has a tune and no sound in any of ``views``."""
    sounds = [view for view in views if not view.space.is_melody]

    def is_tune(clip_id: int) -> bool:
        has_tune = melody is not None and len(_windows(melody.view, clip_id)) > 0
        return has_tune and not any(len(_windows(view, clip_id)) for view in sounds)

    return tuple(
        TunePart(part.clip_id, weight=part.weight) if isinstance(part, ClipPart) and is_tune(part.clip_id) else part
        for part in parts
    )


def ask_tunes(
    melody: MelodyView | None, parts: Sequence[Part], where: Where | None, depth: int, left_out: frozenset[int]
) -> TunesFound:
    """Rank a library's tunes by each tune among ``parts``, at most ``depth`` clips each.

    Raises QueryError for invalid notes, AudioError for a file that cannot be decoded.
    """
    views = () if melody is None else (AskedSpace(melody.view, (), None),)
    hummed = [(place, p) for place, p in enumerate(parts, start=1) if isinstance(p, TuneLike)]
    if not hummed:
        return TunesFound(views=views)
    if melody is None:
        for _, part in hummed:
            _check(part)
        return TunesFound(verdict="none", reason=NO_TUNES)
    passing = None if where is None else melody.view.columns.clips_where(where)
    hums = {place: read_hum(part) for place, part in hummed if isinstance(part, HumPart)}
    warnings = tuple(f"hum {place}: {warning}" for place, hum in hums.items() for warning in hum.warnings)
    answers = [(place, part, _answer(melody, part, hums.get(place), depth, passing)) for place, part in hummed]
    wanted = [answer for _, part, answer in answers if part.weight > 0]
    best = max(wanted, key=lambda answer: _RANK[_verdict(answer)], default=None)
    matches: dict[int, MelodyHit] = {}
    ranked = []
    for place, part, answer in answers:
        clips = [one for one in _clips(melody.view, answer, passing) if one[0] not in left_out][:depth]
        label = part_label(part, place)
        ranked.append(_ranked(label, clips, part.weight))
        if part.weight > 0:
            for clip_id, hit in clips:
                if clip_id not in matches or hit.score > matches[clip_id].score:
                    matches[clip_id] = hit
    if best is None:
        return TunesFound(tuple(ranked), matches, views=views, warnings=warnings)
    return TunesFound(tuple(ranked), matches, _verdict(best), _reason(best), views, warnings)


def segment_of(match: MelodyHit) -> Segment:
    """Return the matched window of the tune, with the passage that the hum matched."""
    return Segment(match.window, match.start_s, match.end_s)


def better(one: Verdict, other: Verdict | None) -> Verdict:
    """Return the better of two verdicts."""
    return one if other is None or _RANK[one] >= _RANK[other] else other


class Hummed(NamedTuple):
    """The pitch curve of a hum, and the defects of its file."""

    curve: PitchCurve
    warnings: tuple[str, ...]


def read_hum(part: HumPart) -> Hummed:
    """Return the pitch curve of a hum. Raises AudioError if the file cannot be decoded."""
    from search.analysis.melody.pitch import SAMPLE_RATE_HZ, pitch_of

    latest_s = part.start_s + LONGEST_READ_S
    end_s = latest_s if part.end_s is None else min(part.end_s, latest_s)
    warnings: list[str] = []
    blocks = stream(
        part.path, SAMPLE_RATE_HZ, track=part.track, start_s=part.start_s, end_s=end_s, warn=warnings.append
    )
    wave = np.concatenate(list(blocks))
    return Hummed(pitch_of(levelled(wave, peak_of(wave))), tuple(warnings))


def _check(part: TuneLike) -> None:
    """Raise the error that a search would, if there is nothing to search."""
    if isinstance(part, NotesPart):
        parse_notes(part.notes)


def _answer(
    melody: MelodyView, part: TuneLike, hummed: Hummed | None, k: int, passing: NDArray[np.bool_] | None
) -> MelodyAnswer:
    if isinstance(part, TunePart):
        return _same_tune(melody, part, k, passing)
    among = None if passing is None else melody.view.columns.bitmap(passing)
    if isinstance(part, NotesPart):
        return melody.index.search_notes(parse_notes(part.notes), k, among)
    return melody.index.search_hum((hummed or read_hum(part)).curve, k, among)


def _same_tune(melody: MelodyView, part: TunePart, k: int, passing: NDArray[np.bool_] | None) -> MelodyAnswer:
    """Find the same tune as a clip's. If other clips have the same content, it comes first.

    Raises QueryError for a clip without a tune, or a passage without notes.
    """
    columns = melody.view.columns
    content_id, windows = columns.content_of(part.clip_id), _windows(melody.view, part.clip_id)
    if content_id is None:
        raise QueryError(f"no clip has the id {part.clip_id}")
    if not len(windows):
        raise QueryError(f"clip {part.clip_id} has no tune; search for what sounds like it")
    others = (columns.present if passing is None else passing) & (columns.content_ids != content_id)
    end_s = math.inf if part.end_s is None else part.end_s
    answer = melody.index.search_tune(windows, part.start_s, end_s, k, columns.bitmap(others))
    if len(columns.clips_of(np.array([content_id], np.int64)).get(content_id, ())) < 2:
        return answer
    _, starts_s, ends_s = columns.place(windows)
    own = MelodyHit(
        content_id, int(windows[0]), float(starts_s[0]), float(ends_s.max()),
        score=0.0, probability=1.0, tempo=1.0, transposed=0.0,
    )  # fmt: skip
    return MelodyAnswer("good", (own, *answer.hits)[:k])


def _windows(view: SpaceView, clip_id: int) -> Ids:
    """Return the segments (n,) of a clip in a space; empty if the clip is unknown or has none."""
    content_id = view.columns.content_of(clip_id)
    return np.empty(0, np.int64) if content_id is None else view.columns.segments_of(content_id)


def _clips(view: SpaceView, answer: MelodyAnswer, passing: NDArray[np.bool_] | None) -> list[tuple[int, MelodyHit]]:
    """Return the clips of the tunes of an answer, without those that do not pass the filter. Copies are adjacent."""
    clips_of = view.columns.clips_of(np.array([hit.tune for hit in answer.hits], np.int64))
    kept = None if passing is None else set(view.columns.clip_ids[passing].tolist())
    return [
        (clip_id, hit)
        for hit in answer.hits
        for clip_id in clips_of.get(hit.tune, ())
        if kept is None or clip_id in kept
    ]


def _ranked(label: str, clips: list[tuple[int, MelodyHit]], weight: float) -> RankedClips:
    return RankedClips(
        label,
        np.array([clip_id for clip_id, _ in clips], np.int64),
        np.array([closeness(hit) for _, hit in clips], np.float32),
        np.array([hit.window for _, hit in clips], np.int64),
        weight,
    )


def closeness(hit: MelodyHit) -> float:
    """Return the score of a hit: 1 if the hum follows the tune exactly, 0 if it is wrong everywhere."""
    from search.analysis.melody.alignment import LARGEST_COST

    return max(0.0, 1.0 + hit.score / LARGEST_COST)


def _verdict(answer: MelodyAnswer) -> Verdict:
    return "none" if answer.verdict == "no melody" else answer.verdict


def _reason(answer: MelodyAnswer) -> str:
    return f"no melody heard: {answer.reason}" if answer.verdict == "no melody" else answer.reason
