"""A PostgreSQL server that is killed and restarted while workers write to it."""

from __future__ import annotations

import random
import threading

import pytest

from indexer import held, sharing
from indexer.patience import Patience
from search.catalog import chunks
from tests.indexer.conftest import write_tone
from tests.indexer.sharing_helpers import Shared, rows, work_once
from tests.search.catalog_helpers import in_databases_of


def filled(tmp_path, postgresql, files: int) -> tuple[Shared, Shared]:
    """A library that one job filled from ``files``, and an empty one on the server, which forgets nothing now."""
    for number in range(files):
        write_tone(tmp_path / "sounds" / f"{number}.wav", hz=300 + 20 * number)
    alone = Shared(tmp_path / "alone")
    alone.index(tmp_path / "sounds")
    with in_databases_of(postgresql):
        shared = Shared(tmp_path / "shared")
    database = shared.library.catalog.url.partition("?")[0].rpartition("/")[2]
    postgresql._ask(f"ALTER DATABASE {database} SET synchronous_commit = on")  # else it may forget what it promised
    # sessions keep what they began with: those that are open end, and the next ones promise
    postgresql._ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    postgresql._ask("CHECKPOINT")
    return alone, shared


def test_a_database_that_is_restarted_loses_and_doubles_nothing(tmp_path, postgresql, monkeypatch):
    """Before a chunk is written, before its transaction is kept, and when the job asks what is done: all wait."""
    monkeypatch.setattr(sharing, "CHUNK_FILES", 2)
    (alone, shared), killed = filled(tmp_path, postgresql, 6), []

    def kill(when):
        if when not in killed:
            killed.append(when)
            postgresql.kill()

    def start(_seconds=0.0):
        if postgresql._process.poll() is not None:
            postgresql.start()

    def write(chunk, close):
        kill("before it is written")
        return WRITE(chunk, close)

    def apply(connection, changes):
        sequence = APPLY(connection, changes)
        kill("before it is kept")
        return sequence

    def collect(plan, pass_id):
        if len(killed) == 2:
            kill("when it is collected")
        return COLLECT(plan, pass_id)

    WRITE, APPLY, COLLECT = held.HeldChunk.write, chunks.writing.apply, chunks.CatalogChunks.collect
    monkeypatch.setattr(held.HeldChunk, "write", write)
    monkeypatch.setattr(chunks.writing, "apply", apply)
    monkeypatch.setattr(chunks.CatalogChunks, "collect", collect)

    def one_worker():
        work_once(shared.library, threads=1, patience=Patience(pause=start))

    shared.pauses = [one_worker, start]
    summary = shared.index(tmp_path / "sounds")

    assert len(killed) == 3
    assert rows(shared.library) == rows(alone.library)
    assert (summary.indexed, summary.failed) == (6, ())
    for one in (alone, shared):
        one.library.catalog.close()


@pytest.mark.slow
def test_a_database_that_is_killed_twenty_times_at_random_loses_and_doubles_nothing(tmp_path, postgresql, monkeypatch):
    """At any step of a worker or of the job, one in three, until it was killed twenty times."""
    monkeypatch.setattr(sharing, "LEAST_FILES", 2)
    (alone, shared), rng, killed = filled(tmp_path, postgresql, 72), random.Random(20), []

    one_at_a_time = threading.Lock()

    def start(_seconds=0.0):
        with one_at_a_time:
            if postgresql._process.poll() is not None:
                postgresql.start()

    def killed_now_and_then(place, name):
        does = getattr(place, name)

        def step(*given, **named):
            done = does(*given, **named) if (after := rng.random() < 0.5) else None
            with one_at_a_time:
                if len(killed) < 20 and postgresql._process.poll() is None and rng.random() < 1 / 3:
                    killed.append(name)
                    postgresql.kill()
            return done if after else does(*given, **named)

        monkeypatch.setattr(place, name, step)

    for place, name in ((held.HeldChunk, "write"), (chunks.writing, "apply"), (chunks.CatalogChunks, "claim")):
        killed_now_and_then(place, name)

    def one_worker(_seconds=0.0):
        start()
        work_once(shared.library, threads=1, patience=Patience(pause=start))

    shared.pauses = [one_worker] * 1000
    summary = shared.index(tmp_path / "sounds")
    start()

    assert len(killed) == 20
    assert len(set(killed)) == 3
    assert rows(shared.library) == rows(alone.library)
    assert (summary.indexed, summary.failed) == (72, ())
    print(f"{len(killed)} kills of the database, {summary.indexed} clips: 0 lost, 0 twice, 0 different")
    for one in (alone, shared):
        one.library.catalog.close()
