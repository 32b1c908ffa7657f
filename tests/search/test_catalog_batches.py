"""A batch is written at once, with the same result as its changes one after the other."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import text

from search.catalog import contentrows, leases, numbering, writing
from search.errors import ChangeRefused
from search.model import (
    AddContent,
    CatalogChange,
    DescribeClip,
    DescribeRoot,
    DropRoot,
    FileFacts,
    KeepFacts,
    KeepTracks,
    LinkClip,
    MarkMissing,
    MoveClip,
    NoteFile,
    RecordFailure,
    RemoveClip,
    StoredFacts,
    TakeOutClip,
)
from tests.amounts import few
from tests.search import one_by_one
from tests.search.catalog_helpers import FilledCatalog, spec

SEEDS = (*range(5), 77)
BATCHES, CHANGES = 4, 14
PATHS = ("a.wav", "rain/b.wav", "rain/c.wav", "d.mka", "é.wav")
SOUNDS = ("dog", "rain", "horn")
TABLES = (
    "contents",
    "clips",
    "findings",
    "facts",
    "encodings",
    "removals",
    "failures",
    "taken_out",
    "roots",
    "counters",
)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    for module in (leases, writing, one_by_one):
        monkeypatch.setattr(module, "now", lambda _connection: 1_000.0)


class Twice:
    """Two equal catalogs: what is written to one in batches is written to the other change by change."""

    def __init__(self, tmp_path) -> None:
        (tmp_path / "batches").mkdir()
        (tmp_path / "one").mkdir()
        self.batches = FilledCatalog(tmp_path / "batches")
        self.one = FilledCatalog(tmp_path / "one")
        for filled in (self.batches, self.one):
            self.second_space = filled.catalog.space(spec("second", "e" * 64))
            self.second_root = filled.catalog.root("/more")

    def refusal(self, changes: Sequence[CatalogChange]) -> int | None:
        """Write ``changes`` to both; the place of the one that both refuse, None where all are written."""
        places = []
        for write in (self.batches.apply, self._write_one_by_one):
            try:
                write(*changes)
            except ChangeRefused as error:
                places.append(error.place)
        assert len(places) in (0, 2)
        assert len(set(places)) <= 1
        if places:
            self._even_out_numbers()
        assert rows(self.batches) == rows(self.one)
        return places[0] if places else None

    def _write_one_by_one(self, *changes: CatalogChange) -> None:
        with self.one.catalog._database.writing() as connection:
            one_by_one.apply(connection, changes)

    def _even_out_numbers(self) -> None:
        """A server does not take back numbers that were given to what it refused."""
        for table in ("contents", "clips"):
            reached = 0
            for filled in (self.batches, self.one) * 2:
                with filled.catalog._database.writing() as connection:
                    reached = max(reached, numbering.last(connection, table))
                    if connection.dialect.name != "sqlite" and reached:
                        numbering.reach(connection, table, reached)

    def close(self) -> None:
        self.batches.catalog.close()
        self.one.catalog.close()


def rows(filled: FilledCatalog) -> dict[str, list[object]]:
    """Every row of a catalog, and of its full text."""
    with filled.catalog._database.reading() as connection:
        is_file = connection.dialect.name == "sqlite"
        full_text = ("clip_words", "clip_trigrams") if is_file else ("clip_words", "clip_totals")
        found = {
            table: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {table}"))), key=repr)
            for table in (*TABLES, *full_text)
        }
        if is_file:
            names = "SELECT rowid, * FROM clip_words"
            found["numbers"] = sorted(map(tuple, connection.execute(text("SELECT name, seq FROM sqlite_sequence"))))
        else:
            names = "SELECT term, clips FROM clip_terms WHERE clips <> 0"
        found["words"] = sorted(map(tuple, connection.execute(text(names))))
    return found


@pytest.fixture
def twice(tmp_path, kind):
    with closing(Twice(tmp_path)) as made:
        yield made


def any_changes(rng: random.Random, twice: Twice) -> list[CatalogChange]:
    """Changes of every kind about a few files, clips and contents, so that many are about the same."""
    with twice.one.catalog._database.reading() as connection:
        contents = list(connection.execute(text("SELECT id FROM contents ORDER BY id")).scalars())
        clips = list(connection.execute(text("SELECT id FROM clips ORDER BY id")).scalars())
    roots = (twice.one.root.id, twice.second_root.id)

    def facts() -> FileFacts:
        return FileFacts(rng.choice(PATHS), rng.randint(1, 9), rng.randint(1, 9), rng.choice((None, 7)))

    def clip_id() -> int:
        return rng.choice([*clips, 999])

    def add() -> AddContent:
        space = rng.choice((twice.one.space, twice.one.space, twice.second_space))
        made = twice.one.add("x.wav", rng.choice(SOUNDS), rng.randint(0, 3), seed=rng.randint(0, 1), space=space)
        content = replace(made.content, track=rng.choice((0, 0, 1)), tracks=rng.choice((0, 2)))
        measured = StoredFacts(1, np.float32([rng.randint(0, 3)])) if rng.random() < 0.5 else None
        made = replace(made, facts=measured)
        return replace(made, root_id=rng.choice(roots), file=facts(), content=content, title=rng.choice(SOUNDS))

    kinds = {
        add: 6,
        lambda: LinkClip(rng.choice(roots), facts(), rng.choice(contents), "linked", {"b": "A"}): 2 * bool(contents),
        lambda: KeepFacts(rng.choice([*contents, 999]), StoredFacts(2, np.float32([0.5]))): 1,
        lambda: KeepTracks(rng.choice(roots), rng.choice(PATHS), rng.choice(((), (0,), (0, 1)))): 1,
        lambda: MoveClip(rng.choice(clips), rng.choice(roots), facts()): 2 * bool(clips),
        lambda: DescribeClip(clip_id(), "said", {"keywords": "k"}, rng.choice((None, (), ("mine",)))): 1,
        lambda: MarkMissing(clip_id()): 1,
        lambda: RemoveClip(clip_id()): 1,
        lambda: TakeOutClip(clip_id()): 1,
        lambda: NoteFile(clip_id(), facts()): 1,
        lambda: RecordFailure(rng.choice(roots), facts(), rng.choice(("", "damaged"))): 1,
        lambda: DescribeRoot(rng.choice(roots), ("*.tmp",), ()): 1,
    }  # fmt: skip
    return [make() for make in rng.choices(list(kinds), list(kinds.values()), k=rng.randint(1, CHANGES))]


@pytest.mark.parametrize("seed", few(SEEDS))
def test_a_batch_leaves_the_rows_that_its_changes_leave_one_by_one(twice, seed):
    """Whatever the changes: the same rows, ids, sequence numbers and words; or the same change is refused."""
    rng = random.Random(seed)
    for _ in range(BATCHES):
        changes = any_changes(rng, twice)
        while (refused := twice.refusal(changes)) is not None:
            changes.pop(refused)
    assert twice.batches.catalog.verify() == []


def test_a_root_goes_after_its_clips_within_one_batch(twice):
    """What comes before it in the batch is written by then; what a root's files left goes with it."""
    root = twice.one.root.id
    first = [twice.one.add("a.wav"), RecordFailure(root, FileFacts("b.wav", 1, 1), "damaged")]
    assert twice.refusal(first) is None
    assert twice.refusal([MoveClip(1, twice.second_root.id, FileFacts("a.wav", 1, 1)), DropRoot(root)]) is None
    assert [one.id for one in twice.batches.catalog.roots()] == [twice.second_root.id]
    assert twice.refusal([DescribeClip(1, "x", {}), DropRoot(twice.second_root.id)]) == 1


def test_what_a_database_refuses_of_many_is_named(twice):
    """However many rows are written at once, and wherever the one is that cannot be; the others can be written."""
    filled = twice.batches
    changes = [filled.add(f"{number}.wav") for number in range(7)]
    for place in (0, 3, 6):
        content = replace(changes[place].content, sample_rate_hz=2**70)
        with pytest.raises(ChangeRefused) as refused:
            filled.apply(*changes[:place], replace(changes[place], content=content), *changes[place + 1 :])
        assert refused.value.place == place
        assert re.search("range|large|big", refused.value.cause)
        assert filled.catalog.stats().clips == 0
    filled.apply(*changes)
    assert filled.catalog.stats().clips == 7


def test_a_length_that_is_none_is_refused_by_both(twice):
    """A file cannot hold it; a server could, and what adds lengths up would be none either."""
    filled = twice.batches
    change = filled.add("b.wav", duration_s=float("nan"))
    with pytest.raises(ChangeRefused, match="cannot last nan s") as refused:
        filled.apply(filled.add("a.wav"), change)
    assert refused.value.place == 1


def test_long_recordings_are_written_before_more_of_them_wait(twice, monkeypatch):
    """Of a day of sound no second one is held beside it; the rows are the same."""
    monkeypatch.setattr(contentrows, "MOST_WAITING_BYTES", 40)
    monkeypatch.setattr(contentrows, "SEGMENTS_PER_SEQUENCE", 4)
    changes = [twice.one.add(f"{n}.wav", n=n) for n in (1, 3, 6, 2)]
    assert twice.refusal([*changes, changes[2], RemoveClip(1)]) is None
