"""Read every sentence of a file and compare the resulting Query with the one that is meant."""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from search.engine.sentences import rules
from search.engine.sentences.context import Context, Shown
from search.engine.sentences.meaning import comparisons
from search.model import ClipPart, Query, TextPart, Understanding

HERE: Final = Path(__file__).parent
TUNING: Final = HERE / "tuning.csv"
HELD_OUT: Final = HERE / "held_out.csv"
CONTEXT: Final = Context(
    now=datetime(2026, 11, 28, 15, tzinfo=UTC),  # a Saturday
    folders=("drums", "drums/kicks", "field/berlin", "foley", "sfx/doors", "voice over", "ambience"),
    tags=("Dog", "Rain", "Door", "Speech", "Explosion", "Siren", "hero", "needs work", "approved", "client x"),
    shown=(Shown(101, 0.8), Shown(102, 2.5), Shown(103, 4.0), Shown(104, 12.0), Shown(105, 30.0)),
)
"""The library, the last answer and the time that every sentence refers to."""
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Meaning:
    """A Query in a comparable form: order, letter case and spelling of filters make no difference."""

    words: str
    unwanted: frozenset[str]
    some: frozenset[str]
    like: frozenset[int]
    unlike: frozenset[int]
    filters: frozenset[str]
    k: int
    collapse: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its meaning. ``is_partly_beyond``: some part of it must be reported as not understood."""

    text: str
    meaning: Meaning
    is_partly_beyond: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A sentence that was understood otherwise than meant."""

    sentence: str
    meant: Meaning
    read: Meaning


@dataclass(frozen=True, slots=True)
class Figures:
    """Of ``count`` sentences: the share read as meant, filters applied that nobody meant, times in milliseconds."""

    count: int
    right: float
    wrong_filters: int
    median_ms: float
    slowest_ms: float
    failures: tuple[Failure, ...]


def sentences(file: Path) -> list[Sentence]:
    """Read the sentences of a file ``say|words|not|where|more``."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="|", quoting=csv.QUOTE_NONE))
    return [_sentence(row) for row in rows]


def _sentence(row: dict[str, str | None]) -> Sentence:
    given = (one.partition("=") for one in (row["more"] or "").split())
    more = {name: value for name, _, value in given if name != "?"}
    meaning = Meaning(
        words=_plain(row["words"] or ""),
        unwanted=frozenset(_plain(one) for one in (row["not"] or "").split(";") if one.strip()),
        some=frozenset({_plain(more["some"].partition(":")[0])} if "some" in more else ()),
        like=frozenset({int(more["like"])} if "like" in more else ()),
        unlike=frozenset({int(more["unlike"])} if "unlike" in more else ()),
        filters=frozenset(comparisons(row["where"] or None)),
        k=int(more.get("k", rules.DEFAULT_COUNT)),
        collapse="collapse" in more,
    )
    return Sentence(row["say"] or "", meaning, "?" in (row["more"] or "").split())


def meaning_of(query: Query) -> Meaning:
    """Return a Query in its comparable form."""
    texts = [part for part in query.parts if isinstance(part, TextPart)]
    clips = [part for part in query.parts if isinstance(part, ClipPart)]
    return Meaning(
        words=_plain(" ".join(part.text for part in texts if part.weight >= 1)),
        unwanted=frozenset(_plain(part.text) for part in texts if part.weight < 0),
        some=frozenset(_plain(part.text) for part in texts if 0 < part.weight < 1),
        like=frozenset(part.clip_id for part in clips if part.weight > 0),
        unlike=frozenset(part.clip_id for part in clips if part.weight < 0),
        filters=frozenset(comparisons(query.where)),
        k=query.k,
        collapse=query.collapse,
    )


def measure(examples: Sequence[Sentence]) -> Figures:
    """Read each sentence; its time is the best of several rounds."""
    failures, times_ms, right, wrong_filters = [], [], 0, 0
    for example in examples:
        understanding, took_ms = _timed(example.text)
        times_ms.append(took_ms)
        read = meaning_of(understanding.query)
        wrong_filters += len(read.filters - example.meaning.filters)
        is_said = bool(understanding.not_understood) or not example.is_partly_beyond
        if read == example.meaning and is_said:
            right += 1
        else:
            failures.append(Failure(example.text, example.meaning, read))
    return Figures(
        len(examples),
        right / len(examples),
        wrong_filters,
        statistics.median(times_ms),
        max(times_ms),
        tuple(failures),
    )


def _timed(text: str) -> tuple[Understanding, float]:
    best_ms = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        understanding = rules.read(text, CONTEXT)
        best_ms = min(best_ms, (time.perf_counter() - start) * 1e3)
    return understanding, best_ms


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
