"""The facts of contents: measured values, whose meaning `search.analysis.facts` defines."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    cast,
    func,
    inspect,
    null,
    select,
)

from search.catalog.reading import IDS_PER_QUERY, chunked
from search.catalog.tables import CLIPS, CONTENTS, FACTS
from search.model import NOTES, Ids, StoredFacts


def row(content_id: int, facts: StoredFacts) -> dict[str, Any]:
    """The row of a content's facts."""
    numbers = np.asarray(facts.numbers, "<f4").tobytes()
    return {"content_id": content_id, "version": facts.version, "numbers": numbers}


def facts(connection: Connection, content_ids: Iterable[int]) -> dict[int, StoredFacts]:
    """The facts of contents; contents without facts are left out."""
    if not has_facts(connection.engine):
        return {}
    return {
        row.content_id: StoredFacts(row.version, np.frombuffer(row.numbers, "<f4").astype(np.float32))
        for chunk in chunked(content_ids, IDS_PER_QUERY)
        for row in connection.execute(select(FACTS).where(FACTS.c.content_id.in_(chunk)))
    }


def without(connection: Connection, version: int) -> Ids:
    """The ids (n,) of contents with sound that have no facts of this version, ascending."""
    wanted = select(CONTENTS.c.id).where(CONTENTS.c.container != NOTES).order_by(CONTENTS.c.id)
    if has_facts(connection.engine):
        measured = select(FACTS.c.content_id).where(FACTS.c.version == version)
        wanted = wanted.where(CONTENTS.c.id.not_in(measured))
    return np.fromiter(connection.execute(wanted).scalars(), np.int64)


def clips(connection: Connection, version: int) -> tuple[int, int]:
    """How many clips with sound have facts of this version, and how many do not."""
    sounds = select(func.count()).select_from(CLIPS.join(CONTENTS)).where(CONTENTS.c.container != NOTES)
    total = int(connection.execute(sounds).scalar_one())
    if not has_facts(connection.engine):
        return 0, total
    known = select(FACTS.c.content_id).where(FACTS.c.version == version)
    having = int(connection.execute(sounds.where(CONTENTS.c.id.in_(known))).scalar_one())
    return having, total - having


def columns(engine: Engine) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The columns for version and numbers of facts; null if the catalog's schema is too old."""
    if has_facts(engine):
        return FACTS.c.version.label("facts_version"), FACTS.c.numbers
    return cast(null(), Integer).label("facts_version"), cast(null(), LargeBinary).label("numbers")


@lru_cache(maxsize=8)
def has_facts(engine: Engine) -> bool:
    """Whether the catalog's schema has facts. A catalog opened only for reading may have an older schema."""
    return inspect(engine).has_table(FACTS.name)
