"""A shared job gives the same result as a local one, even if workers fail. On both databases."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from indexer import claiming, held, sharing
from indexer.clock import StageClock
from indexer.job import index
from indexer.ledger import Ledger
from indexer.model import Options, Task
from indexer.patience import Patience
from indexer.working import work
from search.catalog import chunks, writing
from search.errors import ClaimLost, JobError, LibraryError, SpaceMismatch
from search.model import FileFacts, Root
from tests.amounts import few
from tests.fakes import BandEncoder, CatalogLibrary
from tests.indexer.conftest import write_tone
from tests.indexer.sharing_helpers import Shared, rows, work_in_child, work_once

pytestmark = [
    pytest.mark.usefixtures("kind"),
    pytest.mark.parametrize("kind", few(["sqlite", "postgresql"]), indirect=True, scope="module"),
]


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """With chunks of four files."""
    monkeypatch.setattr(sharing, "CHUNK_FILES", 4)
    made = Shared(tmp_path / "shared")
    yield made
    made.library.catalog.close()


@pytest.fixture
def sounds(tmp_path):
    """Tones, two with the same bytes, silence, and what is no sound."""
    folder = tmp_path / "sounds"
    for number in range(9):
        write_tone(folder / f"{number}.wav", hz=300 + 100 * number, seconds=1 + number / 4)
    shutil.copy(folder / "0.wav", folder / "0 again.wav")
    write_tone(folder / "silence.wav", level=0.0)
    (folder / "bad.wav").write_bytes(b"RIFF but no sound")
    return folder


def local(folder: Path, *sounds: Path, **more) -> CatalogLibrary:
    """A library that one job filled in its own process."""
    library = CatalogLibrary(folder)
    index(library, BandEncoder(), [os.fspath(path) for path in sounds], Options(workers=2, **more), Shared.NOBODY)
    return library


def test_a_shared_job_brings_what_a_local_one_does(shared, sounds, tmp_path):
    """Rows, vectors, failures, and what the summary counts."""
    alone = CatalogLibrary(tmp_path / "alone")
    expected = index(alone, BandEncoder(), [str(sounds)], Options(workers=2), Shared.NOBODY)
    summary = shared.index(sounds)

    assert rows(shared.library) == rows(alone)
    for name in ("indexed", "linked", "silent", "hours", "unchanged", "changed", "moved", "interrupted"):
        assert getattr(summary, name) == getattr(expected, name), name
    assert summary.failed == expected.failed
    assert shared.library.published == 1
    assert shared.notes.last.files_done == shared.notes.last.files_total == 12
    assert shared.index(sounds).unchanged == 11


def test_what_changed_moved_and_went_is_seen(shared, sounds, tmp_path):
    """Clips keep their ids where files only moved, also where several files have the size of one that is gone."""
    alone = local(tmp_path / "alone", sounds)
    shared.index(sounds)
    ids = {file.digest: file.clip_id for file in shared.library.catalog.files(1, 1).values()}
    (sounds / "elsewhere").mkdir()
    for number in (1, 2):
        (sounds / f"{number}.wav").rename(sounds / "elsewhere" / f"moved {number}.wav")
    write_tone(sounds / "as long as 1.wav", hz=2222, seconds=1.25)
    write_tone(sounds / "3.wav", hz=3333, seconds=1.75)
    (sounds / "4.wav").unlink()

    index(alone, BandEncoder(), [str(sounds)], Options(workers=2, prune=True, yes=True), Shared.NOBODY)
    summary = shared.index(sounds, options=Options(workers=2, prune=True, yes=True))

    assert (summary.moved, summary.changed, summary.removed, summary.indexed) == (2, 1, 1, 1)
    assert rows(shared.library) == rows(alone)
    files = shared.library.catalog.files(1, 1)
    for number in (1, 2):
        moved = files[f"elsewhere/moved {number}.wav"]
        assert moved.clip_id == ids[moved.digest]


def test_what_somebody_took_out_stays_out(shared, sounds):
    """Under another name, too."""
    shared.index(sounds)
    catalog = shared.library.catalog
    taken = catalog.files(1, 1)["5.wav"].clip_id
    from search.model import TakeOutClip

    with catalog.lease("me", 0) as lease:
        catalog.apply(lease, [TakeOutClip(taken)])
    (sounds / "5.wav").rename(sounds / "five.wav")

    assert shared.index(sounds).taken_out == 1
    assert "five.wav" not in catalog.files(1, 1)


def test_two_workers_at_once_bring_what_one_job_does(shared, sounds, tmp_path):
    """Neither writes what the other does."""
    stop = threading.Event()
    library = shared.library
    workers = [
        threading.Thread(
            target=work,
            args=(library, lambda _name: BandEncoder()),
            kwargs={"threads": 1, "stop": stop, "holder": name},
        )
        for name in ("one", "two")
    ]
    for worker in workers:
        worker.start()
    shared.pauses = [lambda: threading.Event().wait(0.01)] * 100_000
    shared.index(sounds)
    stop.set()
    for worker in workers:
        worker.join()

    assert rows(library) == rows(local(tmp_path / "alone", sounds))


def die(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)


def at_second(function, then):
    """``function``, instead of which ``then`` is called the second time."""
    calls = []

    def called(*args, **more):
        calls.append(1)
        return function(*args, **more) if len(calls) < 2 else then()

    return called


def written_but_not_committed(connection, changes):
    APPLY(connection, changes)
    die()


def closed(_self, _held):
    CLOSE(_self, _held)
    die()


APPLY = writing.apply
CLOSE = claiming.Worker._close
PHASES = {
    "claimed": lambda: setattr(claiming.Worker, "_check_roots", die),
    "reading": lambda: setattr(held.HeldChunk, "read", at_second(held.HeldChunk.read, die)),
    "encoding": lambda: setattr(BandEncoder, "encode_audio", die),
    "all is encoded": lambda: setattr(held.HeldChunk, "write", die),
    "written and not committed": lambda: setattr(chunks.writing, "apply", written_but_not_committed),
    "closed": lambda: setattr(claiming.Worker, "_close", closed),
}


@pytest.mark.parametrize("phase", few(reversed(PHASES), 2))
def test_a_worker_that_is_killed_loses_and_doubles_nothing(shared, sounds, tmp_path, phase):
    """In whatever phase; the next one does its chunk, and the job hears of all files once."""
    library = shared.library
    ends = []
    shared.pauses = [lambda: ends.append(work_in_child(library.path, library.catalog.url, PHASES[phase]))]
    summary = shared.index(sounds)

    assert ends == [-signal.SIGKILL]
    assert rows(library) == rows(local(tmp_path / "alone", sounds))
    assert (summary.indexed, summary.linked, len(summary.failed)) == (10, 1, 1)


def test_a_worker_that_slept_beyond_its_claim_writes_nothing(shared, sounds, tmp_path, monkeypatch):
    """Another did its chunk meanwhile; the sleeper goes on with the next."""
    library, slept = shared.library, []
    write = held.HeldChunk.write

    def sleep(chunk, close):
        if not slept:
            slept.append(chunk)
            with library.catalog._database.claiming() as connection:
                connection.execute(text("UPDATE chunks SET expires = expires - 100"))  # as if so much time had passed
            other = CatalogLibrary(library.path, library.catalog.url)
            (space,) = other.catalog.spaces()
            worker = claiming.Worker(other, BandEncoder(), space, threads=1, holder="another")
            assert worker.run(other.chunks.current(), threading.Event()).chunks >= 1
        return write(chunk, close)

    monkeypatch.setattr(held.HeldChunk, "write", sleep)
    summary = shared.index(sounds)

    assert rows(library) == rows(local(tmp_path / "alone", sounds))
    assert (summary.indexed, summary.linked, len(summary.failed)) == (10, 1, 1)
    assert slept


def test_a_file_that_kills_its_workers_is_a_failure_and_all_others_are_done(shared, sounds, tmp_path):
    """A decoder that takes its process along does not take the job."""

    def poisoned():
        read = held.HeldChunk.read

        def reading(chunk, task, put):
            return die() if task.path.endswith("7.wav") else read(chunk, task, put)

        held.HeldChunk.read = reading

    library, ends = shared.library, []

    def one_worker():
        ends.append(work_in_child(library.path, library.catalog.url, poisoned))

    shared.pauses = [one_worker] * 20
    summary = shared.index(sounds)

    (failure,) = (one for one in summary.failed if one.path.endswith("7.wav"))
    assert "workers ended while reading it" in failure.cause
    assert summary.indexed == 9
    expected = rows(local(tmp_path / "alone", sounds))
    del expected[str(sounds / "7.wav")]
    left = rows(library)
    assert [cause for path, cause in left.pop("failures") if path.endswith("7.wav")] == [failure.cause]
    expected.pop("failures")
    assert left == expected


def test_a_worker_that_is_stopped_keeps_what_is_finished(shared, sounds):
    """The rest of its chunk is another's, and the job hears of each file once."""
    stop, library = threading.Event(), shared.library
    taken = []

    def take(chunk, result):
        taken.append(result)
        TAKE(chunk, result)
        stop.set()

    def stopped():
        held.HeldChunk.take = take
        try:
            work(library, lambda _name: BandEncoder(), threads=1, stop=stop)
        finally:
            held.HeldChunk.take = TAKE

    shared.pauses = [stopped]
    summary = shared.index(sounds)

    assert taken
    assert (summary.indexed, summary.linked, len(summary.failed)) == (10, 1, 1)


TAKE = held.HeldChunk.take


def test_a_job_that_is_stopped_leaves_nothing_to_claim_and_goes_on_later(shared, sounds, tmp_path):
    """What workers had claimed is written all the same."""
    stop, library = threading.Event(), shared.library
    claims = []

    def claim_and_stop():
        claims.append(library.chunks.claim("me"))
        stop.set()

    shared.pauses = [claim_and_stop]
    assert shared.index(sounds, stop=stop).interrupted
    assert library.chunks.current().state == "ended"
    assert library.chunks.claim("other") is None
    assert len(claims) == 1
    shared.index(sounds)
    assert rows(library) == rows(local(tmp_path / "alone", sounds))


def test_a_job_may_plan_and_leave(shared, sounds, tmp_path):
    """Workers do it without the job; the next one finds it done, and what is gone."""
    planned = shared.index(sounds, options=Options(plan_only=True))
    assert planned.indexed == 0
    assert shared.notes.notes == ["planned: 12 files in 3 chunks; to do them, run: soundalike work"]

    work_once(shared.library)
    assert rows(shared.library) == rows(local(tmp_path / "alone", sounds))
    assert shared.index(sounds).unchanged == 11


@pytest.mark.thorough
def test_a_worker_waits_for_a_database_that_is_away(shared, sounds, tmp_path, monkeypatch):
    """At every question that it asks: what was written before the line broke is not written again."""
    library = shared.library
    away = LibraryError("the server does not answer")

    all_failed = []

    def failing_once(owner, name, *, after: bool):
        called = getattr(owner, name)
        failed = []
        all_failed.append(failed)

        def asked(*args, **more):
            if not failed and not after:
                failed.append(1)
                raise away
            answer = called(*args, **more)
            if not failed:
                failed.append(1)
                raise away  # after it was done: the answer got lost
            return answer

        monkeypatch.setattr(owner, name, asked)

    failing_once(chunks.CatalogChunks, "claim", after=True)
    failing_once(chunks.CatalogChunks, "close", after=True)
    failing_once(chunks.CatalogChunks, "counts", after=False)
    failing_once(type(library.catalog), "find", after=False)
    monkeypatch.setattr(chunks.leases, "is_gone", lambda _pid: True)  # the claim whose answer got lost
    shared.pauses = [lambda: work_once(library, threads=1, patience=Patience(pause=lambda _s: None))]
    shared.index(sounds)

    assert all(all_failed)
    assert rows(library) == rows(local(tmp_path / "alone", sounds))


def test_a_database_that_stays_away_ends_a_worker(shared, sounds, monkeypatch):
    shared.index(sounds, options=Options(plan_only=True))

    def away(*_args):
        raise LibraryError("the server does not answer")

    monkeypatch.setattr(chunks.CatalogChunks, "claim", away)
    times = iter(range(1000))
    with pytest.raises(LibraryError, match="does not answer"):
        work_once(shared.library, patience=Patience(pause=lambda _s: None, now_s=lambda: 10.0 * next(times)))


def test_a_machine_that_lacks_the_folder_fails_no_file(shared, sounds):
    """Its worker ends, and another does the chunk."""
    shared.index(sounds, options=Options(plan_only=True))
    sounds.rename(sounds.with_name("away"))
    with pytest.raises(JobError, match="is not on this machine"):
        work_once(shared.library)
    assert shared.library.catalog.failures() == []

    sounds.with_name("away").rename(sounds)
    work_once(shared.library)
    assert len(shared.library.catalog.files(1, 1)) == 11


def test_a_machine_with_another_encoder_does_nothing(shared, sounds):
    shared.index(sounds, options=Options(plan_only=True))
    other = BandEncoder()
    from dataclasses import replace

    other.spec = replace(other.spec, fingerprint="bands-2")
    with pytest.raises(SpaceMismatch, match="another version"):
        work(shared.library, lambda _name: other, threads=1, stop=threading.Event(), once=True)
    assert shared.library.catalog.sequence() == 0


def test_a_job_hears_when_another_took_its_place(shared, sounds):
    shared.pauses = [lambda: shared.library.chunks.begin(1, [])]
    with pytest.raises(ClaimLost, match="another job has planned"):
        shared.index(sounds)


def test_a_job_without_workers_says_so(shared, sounds, monkeypatch):
    """Once."""
    monkeypatch.setattr(sharing, "NO_WORKER_NOTE_S", 0.0)
    shared.pauses = [lambda: None] * 3
    shared.index(sounds)
    assert shared.notes.notes == ["3 chunks wait, and no worker is running; start one: soundalike work"]


class Nothing:
    """A catalog, and a space, of which nothing is asked."""

    id = 1


@pytest.mark.parametrize(
    ("files", "seconds", "chunks"), [(3, 1, 1), (96, 1, 24), (1000, 1, 24), (2048, 1, 16), (8, 300, 8)]
)
def test_a_small_job_is_cut_finer_so_that_workers_end_together(files, seconds, chunks):
    """A large one into as much as a worker may lose; long recordings by what they last."""
    root = Root(1, "/sounds")
    tasks = (Task(root, FileFacts(f"{number}.wav", 176_000 * seconds, 1), None) for number in range(files))
    cut = list(sharing._cut(tasks, sharing._Cutter(Ledger(Nothing(), Nothing())), StageClock()))
    assert len(cut) == chunks
    assert sum(map(len, cut)) == files
