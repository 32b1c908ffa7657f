"""Does a longer answer begin with the shorter one? Random questions of every kind, for few hits and for many.

    python -m benchmarks.quality.longer_answers LIBRARY --audio DIR [--questions 1000]

Every question is asked for 1,000 hits, for a smaller number, and for a page in the middle (`Query.offset`). A list
counts as changed if a hit, its place, passage, score, certainty, reasons or copies differ. The verdict must not change
either.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import SEED, report_progress
from benchmarks.common.report import markdown_table
from search import wiring
from search.api import Library
from search.ground.ending import with_status
from search.model import (
    Answer,
    AudioPart,
    ClipPart,
    Hit,
    HumPart,
    NotesPart,
    Part,
    Query,
    RecommendQuery,
    SegmentPart,
    TextPart,
)
from search.settings import Settings

MOST: Final = 1_000
SHORT_S: Final = 5.0
SOUND_SUFFIXES: Final = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3"})
SCALE: Final = ("C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of one ``kind``: a search or a recommendation."""

    kind: str
    query: Query | RecommendQuery

    def answer(self, library: Library, k: int, offset: int = 0) -> Answer:
        """Return its answer."""
        if isinstance(self.query, Query):
            return library.search(replace(self.query, k=k, offset=offset))
        return library.recommend(replace(self.query, k=k))


class Asker:
    """Draws random questions about the contents of a library and about ``sounds`` from outside it."""

    def __init__(self, library: Library, sounds: Sequence[Path], rng: np.random.Generator) -> None:
        self._view = library.view().of()[0]
        self._sounds = [str(path) for path in sounds]
        self._rng = rng
        columns = self._view.columns
        encoded = np.concatenate((columns.base.clip_encoding, columns.recent.clip_encoding)) >= 0
        ids = columns.clip_ids[columns.present & encoded & ~columns.silent]
        self._clips = [int(clip_id) for clip_id in rng.permutation(ids)[:2_000]]
        titles = (clip.title for clip in library.reader.clips(self._clips))
        self._words = sorted({word for title in titles for word in title.replace("_", " ").split()})
        self._has_tunes = library.view().melody is not None

    def kinds(self) -> dict[str, Callable[[], Query | RecommendQuery]]:
        """Return by name a function that draws a question of this kind, for the kinds that this library can answer."""
        drawn: dict[str, Callable[[], Query | RecommendQuery]] = {
            "words": lambda: Query((self._text(),)),
            "clip": lambda: Query((self._clip(),)),
            "passage of a clip": lambda: Query((self._segment(),)),
            "several parts": lambda: Query(self._several()),
            "not like this": lambda: Query((self._wanted(), self._refused())),
            "words, not like this": lambda: Query((self._text(), self._refused())),
            "filter": lambda: Query((self._wanted(),), where=self._where()),
            "collapsed": lambda: Query(self._several(), collapse=True),
            "recommendation": self._recommendation,
        }
        if self._sounds:
            drawn["sound"] = lambda: Query((self._sound(),))
        if self._has_tunes:
            drawn["notes"] = lambda: Query((self._notes(),))
            drawn["notes and words"] = lambda: Query((self._notes(), self._text(self._weight())))
            if self._sounds:
                drawn["hum"] = lambda: Query((HumPart(str(self._rng.choice(self._sounds)), 0.0, SHORT_S),))
        return drawn

    def _weight(self) -> float:
        return float(np.round(self._rng.uniform(0.2, 3.0), 2))

    def _text(self, weight: float = 1.0) -> TextPart:
        return TextPart(" ".join(self._rng.choice(self._words, int(self._rng.integers(1, 4)))), weight)

    def _clip(self, weight: float = 1.0) -> ClipPart:
        return ClipPart(int(self._rng.choice(self._clips)), weight)

    def _segment(self, weight: float = 1.0) -> SegmentPart:
        content = self._view.columns.content_of(int(self._rng.choice(self._clips)))
        segments = self._view.columns.segments_of(content or 0)
        return SegmentPart(int(self._rng.choice(segments)), weight) if len(segments) else self._segment(weight)

    def _sound(self, weight: float = 1.0) -> AudioPart:
        return AudioPart(str(self._rng.choice(self._sounds)), 0.0, SHORT_S, weight)

    def _notes(self) -> NotesPart:
        steps = np.clip(np.cumsum(self._rng.integers(-2, 3, 10)) + 3, 0, len(SCALE) - 1)
        return NotesPart(" ".join(SCALE[step] for step in steps))

    def _wanted(self) -> Part:
        makers: list[Callable[[float], Part]] = [self._text, self._clip, self._segment]
        makers += [self._sound] if self._sounds else []
        return makers[int(self._rng.integers(len(makers)))](self._weight())

    def _refused(self) -> Part:
        part = self._wanted()
        return replace(part, weight=-part.weight)

    def _several(self) -> tuple[Part, ...]:
        return tuple(self._wanted() for _ in range(int(self._rng.integers(2, 4))))

    def _where(self) -> str:
        limit_s = float(self._rng.choice(self._view.columns.base.duration_s))
        return f"duration_s <= {limit_s:.3f}"

    def _recommendation(self) -> RecommendQuery:
        likes = self._rng.choice(self._clips, min(int(self._rng.integers(0, 5)), len(self._clips)), replace=False)
        diversity = float(np.round(self._rng.uniform(), 2))
        return RecommendQuery(likes=tuple(ClipPart(int(one)) for one in likes), diversity=diversity)


@dataclass(frozen=True, slots=True)
class Changes:
    """For one kind of question: how many were asked, and for how many a list or the verdict changed."""

    kind: str
    questions: int
    lists: int
    verdicts: int


def questions(library: Library, sounds: Sequence[Path], count: int, seed: int) -> Iterator[Question]:
    """Yield ``count`` questions; the kinds take turns."""
    kinds = list(Asker(library, sounds, np.random.default_rng(seed)).kinds().items())
    for number in range(count):
        kind, draw = kinds[number % len(kinds)]
        yield Question(kind, draw())


def measure(library: Library, asked: Sequence[Question], seed: int) -> tuple[Changes, ...]:
    """Ask each question for few hits, for many, and for a page in between."""
    rng = np.random.default_rng([seed, 1])
    counts, lists, verdicts = Counter[str](), Counter[str](), Counter[str]()
    for number, one in enumerate(asked, start=1):
        counts[one.kind] += 1
        whole, changed = one.answer(library, MOST), False
        few = int(np.exp(rng.uniform(0, np.log(MOST))))
        shorter = one.answer(library, few)
        changed |= _facts_of(shorter.hits) != _facts_of(whole.hits[:few])
        verdicts[one.kind] += shorter.verdict != whole.verdict
        if isinstance(one.query, Query):
            offset = int(rng.integers(0, max(1, len(whole.hits))))
            page = one.answer(library, few, offset)
            changed |= _facts_of(page.hits)[: MOST - offset] != _facts_of(whole.hits[offset : offset + few])
            verdicts[one.kind] += page.verdict != whole.verdict == shorter.verdict
        lists[one.kind] += changed
        if number % 100 == 0:
            report_progress(f"{number} questions, {lists.total()} lists and {verdicts.total()} verdicts changed")
    return tuple(Changes(kind, counts[kind], lists[kind], verdicts[kind]) for kind in counts)


def _facts_of(hits: Sequence[Hit]) -> list[tuple[object, ...]]:
    return [
        (hit.clip_id, hit.start_s, hit.end_s, hit.score, hit.probability, tuple(hit.via), tuple(hit.copies))
        for hit in hits
    ]


def markdown(changes: Sequence[Changes], clips: int, seed: int) -> str:
    """Return the report."""
    total = Changes("all", *(sum(getattr(one, name) for one in changes) for name in ("questions", "lists", "verdicts")))
    rows = [(one.kind, one.questions, one.lists, one.verdicts) for one in (*changes, total)]
    return "\n\n".join(
        [
            this_machine().sentence(),
            f"{clips:,} clips; k from 1 to {MOST:,}; seed {seed}.",
            markdown_table(
                ("kind of question", "asked", "lists that change", "verdicts that change"),
                [tuple(map(str, row)) for row in rows],
            ),
        ]
    )


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if anything changed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.longer_answers", description=__doc__)
    parser.add_argument("library", type=Path, metavar="LIBRARY")
    parser.add_argument("--audio", type=Path, metavar="DIR", help="sounds to use as queries, also as hums")
    parser.add_argument("--questions", type=int, default=1_000, metavar="N")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args(arguments)
    sounds = [] if args.audio is None else sorted(p for p in args.audio.rglob("*") if p.suffix in SOUND_SUFFIXES)
    with wiring.library(args.library, Settings.from_env(os.environ), read_only=True) as library:
        asked = list(questions(library, sounds, args.questions, args.seed))
        changes = measure(library, asked, args.seed)
        clips = int(library.view().of()[0].columns.present.sum())
    print(markdown(changes, clips, args.seed))
    return 1 if any(one.lists or one.verdicts for one in changes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
