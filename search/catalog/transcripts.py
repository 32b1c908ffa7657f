"""Transcripts of contents: lines of words with their times, stored as compressed JSON, one row per content.

``said`` is ``{"voiced": [[start_ms, end_ms], ...], "lines": [[[text, start_ms, end_ms, percent], ...], ...]}``.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Row, func, inspect, select

from search.catalog import blobs
from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import CONTENTS, TRANSCRIPTS
from search.model import NOTES, Ids, KeepTranscript, SpokenLine, SpokenWord, Transcript

_ROWS_PER_TURN = 64


def row(change: KeepTranscript, sequence: int) -> dict[str, Any]:
    """The row of a transcript."""
    said = change.transcript
    packed = {
        "voiced": [[_ms(start_s), _ms(end_s)] for start_s, end_s in said.voiced],
        "lines": [
            [[blobs.storable(w.text), _ms(w.start_s), _ms(w.end_s), round(100 * w.probability)] for w in line.words]
            for line in said.lines
        ],
    }
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    return {
        "content_id": change.content_id,
        "sequence": sequence,
        "recogniser": said.recogniser,
        "language": said.language,
        "language_probability": said.language_probability,
        "said": zlib.compress(text.encode()),
    }


def transcripts(connection: Connection, content_ids: Iterable[int]) -> dict[int, Transcript]:
    """The transcripts of contents; contents without one are left out."""
    if not has_transcripts(connection.engine):
        return {}
    return {
        one.content_id: _transcript(one)
        for chunk in chunked(content_ids, IDS_PER_QUERY)
        for one in connection.execute(select(TRANSCRIPTS).where(TRANSCRIPTS.c.content_id.in_(chunk)))
    }


def since(connection: Connection, sequence: int) -> Iterator[tuple[int, Transcript]]:
    """Yield the transcripts added after ``sequence``, oldest first, each with its content id."""
    if has_transcripts(connection.engine):
        wanted = select(TRANSCRIPTS).where(TRANSCRIPTS.c.sequence > sequence).order_by(TRANSCRIPTS.c.sequence)
        for one in connection.execute(wanted, execution_options={"yield_per": _ROWS_PER_TURN}):
            yield one.content_id, _transcript(one)


def last(connection: Connection) -> int:
    """The sequence number of the newest transcript; 0 if there is none."""
    if not has_transcripts(connection.engine):
        return 0
    return int(connection.execute(select(func.max(TRANSCRIPTS.c.sequence))).scalar() or 0)


def contents(connection: Connection) -> Ids:
    """The ids (n,) of contents that have a transcript, ascending."""
    if not has_transcripts(connection.engine):
        return np.empty(0, np.int64)
    wanted = select(TRANSCRIPTS.c.content_id).order_by(TRANSCRIPTS.c.content_id)
    return np.fromiter(connection.execute(wanted).scalars(), np.int64)


def without(connection: Connection, recogniser: str) -> Ids:
    """The ids (n,) of contents with sound that this recogniser has not transcribed, ascending."""
    wanted = select(CONTENTS.c.id).where(CONTENTS.c.container != NOTES).order_by(CONTENTS.c.id)
    if has_transcripts(connection.engine):
        done = select(TRANSCRIPTS.c.content_id).where(TRANSCRIPTS.c.recogniser == recogniser)
        wanted = wanted.where(CONTENTS.c.id.not_in(done))
    return np.fromiter(connection.execute(wanted).scalars(), np.int64)


@lru_cache(maxsize=8)
def has_transcripts(engine: Engine) -> bool:
    """Whether the catalog's schema has transcripts. A catalog opened only for reading may have an older schema."""
    return inspect(engine).has_table(TRANSCRIPTS.name)


def _transcript(row: Row[Any]) -> Transcript:
    said = json.loads(zlib.decompress(row.said))
    return Transcript(
        row.recogniser,
        row.language,
        row.language_probability,
        tuple((start / 1000, end / 1000) for start, end in said["voiced"]),
        tuple(
            SpokenLine(tuple(SpokenWord(text, a / 1000, b / 1000, percent / 100) for text, a, b, percent in line))
            for line in said["lines"]
        ),
    )


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
