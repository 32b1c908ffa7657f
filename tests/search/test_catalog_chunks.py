"""Work in chunks: who may do a chunk, until when, and what is written of it. With both kinds of catalog."""

from __future__ import annotations

import threading

import pytest

from search.catalog import chunks, database
from search.catalog.chunks import CLAIM_S, CatalogChunks
from search.catalog.store import Catalog
from search.errors import ChangeRefused, ClaimLost
from search.model import MAX_FAILED_CLAIMS, FileFacts, KnownFile, WorkCounts, WorkFile, WorkResult
from tests.search.catalog_helpers import FilledCatalog, digest, facts
from tests.search.old_catalogs import catalog_at

pytestmark = pytest.mark.usefixtures("kind")


class Clock:
    """The database's own, and so much later."""

    def __init__(self) -> None:
        self.later_s = 0.0

    def __call__(self, connection) -> float:
        return database.now(connection) + self.later_s


@pytest.fixture
def filled(tmp_path):
    filled = FilledCatalog(tmp_path)
    yield filled
    filled.catalog.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def work(filled, clock):
    return CatalogChunks(filled.catalog._database, clock)


def files(filled, *paths):
    return [WorkFile(filled.root.id, facts(path)) for path in paths]


def done(path):
    return WorkResult("indexed", f"/sounds/{path}", 1.5, 1000)


@pytest.fixture
def planned(work, filled):
    """A pass of two chunks, with two files and one."""
    begun = work.begin(filled.space.id, [])
    work.put(begun.id, files(filled, "a.wav", "b.wav"))
    work.put(begun.id, files(filled, "c.wav"))
    return begun


def test_what_is_planned_comes_out_as_it_went_in(work, filled):
    """Names that are no text, what the catalog knew, clips that may have moved here, what was taken out."""
    known = KnownFile(7, 8, digest("x"), FileFacts("x.wav", 5, 6, 7), encoded=True, missing=True)
    file = WorkFile(filled.root.id, FileFacts("\udcff ä.wav", 1 << 40, -5), known, True, ((3, known),))
    begun = work.begin(filled.space.id, ["d2", "d1"], max_duration_s=12.5, facts=False)
    work.put(begun.id, [file])

    assert work.claim("me").files == (file,)
    assert work.current() == begun
    assert (begun.max_duration_s, begun.facts, begun.kept_out) == (12.5, False, {"d1", "d2"})


def test_each_chunk_has_one_worker_and_the_oldest_comes_first(work, planned):
    first, second = work.claim("one"), work.claim("two")

    assert [len(claim.files) for claim in (first, second)] == [2, 1]
    assert work.claim("three") is None
    assert work.counts(planned.id) == WorkCounts(claimed=2, workers=("one", "two"))


def test_many_workers_at_once_get_each_chunk_once(filled, work):
    """Claims of a server pass over rows that others hold; those of a file wait for each other."""
    begun = work.begin(filled.space.id, [])
    for number in range(30):
        work.put(begun.id, files(filled, f"{number}.wav"))
    claimed: list[int] = []

    def claim_all() -> None:
        with Catalog.open(filled.catalog.url) as mine:
            while (claim := mine.chunks.claim("one of many")) is not None:
                claimed.append(claim.chunk_id)

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 30
    assert len(set(claimed)) == 30


def test_what_a_chunk_brings_and_that_it_is_done_are_written_together(work, planned, filled):
    """The job collects its results once."""
    claim = work.claim("me")
    sequence = work.close(claim, [filled.add("a.wav"), filled.add("b.wav")], [done("a.wav"), done("b.wav")])

    assert sequence == filled.catalog.sequence()
    assert len(filled.catalog.files(filled.root.id, filled.space.id)) == 2
    assert work.counts(planned.id) == WorkCounts(waiting=1, done=1)
    assert work.collect(planned.id) == [done("a.wav"), done("b.wav")]
    assert work.collect(planned.id) == []


def test_a_change_that_is_refused_leaves_the_chunk_claimed_and_nothing_written(work, planned, filled):
    claim = work.claim("me")
    with pytest.raises(ChangeRefused) as refused:
        work.close(claim, [filled.add("a.wav"), filled.add("b.wav", duration_s=float("nan"))], [])

    assert refused.value.place == 1
    assert filled.catalog.files(filled.root.id, filled.space.id) == {}
    work.close(claim, [filled.add("a.wav")], [done("a.wav")])


def test_whoever_slept_beyond_its_claim_writes_nothing(work, planned, filled, clock):
    """Whether another has the chunk by then or not."""
    claim = work.claim("sleeper")
    clock.later_s = CLAIM_S + 1
    with pytest.raises(ClaimLost, match="ran out"):
        work.close(claim, [filled.add("a.wav")], [done("a.wav")])
    with pytest.raises(ClaimLost):
        work.renew(claim)

    other = work.claim("other")
    assert other.chunk_id == claim.chunk_id
    with pytest.raises(ClaimLost, match="another worker has the chunk"):
        work.close(claim, [filled.add("a.wav")], [done("a.wav")])
    assert filled.catalog.sequence() == 0
    work.close(other, [filled.add("a.wav")], [done("a.wav")])
    with pytest.raises(ClaimLost):
        work.close(other, [filled.add("a.wav")], [done("a.wav")])
    assert work.collect(planned.id) == [done("a.wav")]


def test_a_claim_that_is_renewed_goes_on(work, planned, clock):
    """And says how far it is."""
    claim = work.claim("me")
    clock.later_s = CLAIM_S - 1
    work.renew(claim, done_bytes=500, done_audio_s=2.5)
    clock.later_s = 2 * CLAIM_S - 2

    assert work.claim("other").chunk_id != claim.chunk_id
    counts = work.counts(planned.id)
    assert (counts.done_bytes, counts.done_audio_s) == (500, 2.5)
    work.close(claim, [], [])


def test_a_chunk_of_a_process_that_is_gone_from_this_machine_is_free_at_once(work, planned, monkeypatch):
    claim = work.claim("the dead")
    monkeypatch.setattr(chunks.leases, "is_gone", lambda pid: True)

    assert work.claim("the living").chunk_id == claim.chunk_id


def test_a_chunk_that_is_given_back_is_done_by_others(work, planned):
    """Having been stopped is no failure."""
    for _ in range(MAX_FAILED_CLAIMS + 2):
        claim = work.claim("me")
        work.give_back(claim, failed=False)
    assert len(work.claim("me").files) == 2


def test_files_that_were_not_looked_at_become_a_chunk_of_their_own(work, planned, filled):
    """What a worker that is stopped has finished is not done again."""
    claim = work.claim("me")
    work.close(claim, [filled.add("a.wav")], [done("a.wav")], rest=claim.files[1:])

    assert [file.facts.path for file in work.claim("me").files] == ["c.wav"]
    assert [file.facts.path for file in work.claim("me").files] == ["b.wav"]
    assert work.collect(planned.id) == [done("a.wav")]


def test_a_chunk_whose_workers_die_is_halved_down_to_the_file_that_is_a_failure(work, filled, clock):
    """All the others are done; the file is told with its cause, and recorded."""
    begun = work.begin(filled.space.id, [])
    names = [f"{number}.wav" for number in range(8)]
    work.put(begun.id, files(filled, *names))
    deaths = 0
    while (claim := work.claim("worker")) is not None:
        paths = [file.facts.path for file in claim.files]
        if "5.wav" in paths:
            deaths += 1
            clock.later_s += CLAIM_S + 1
        else:
            work.close(claim, [filled.add(path) for path in paths], [done(path) for path in paths])

    results = {result.path: result for result in work.collect(begun.id)}
    assert set(results) == {f"/sounds/{name}" for name in names}
    assert [path for path, one in results.items() if one.kind == "failed"] == ["/sounds/5.wav"]
    assert "3 workers ended" in results["/sounds/5.wav"].cause
    assert [path for path, _ in filled.catalog.failures()] == ["/sounds/5.wav"]
    assert len(filled.catalog.files(filled.root.id, filled.space.id)) == 7
    assert deaths == MAX_FAILED_CLAIMS + 2 + MAX_FAILED_CLAIMS
    assert work.counts(begun.id) == WorkCounts()


def test_a_job_that_plans_anew_takes_the_chunks_of_the_one_before(work, planned, filled):
    """Who does one still is refused; who still plans hears of it."""
    claim = work.claim("me")
    anew = work.begin(filled.space.id, [])

    with pytest.raises(ClaimLost):
        work.close(claim, [filled.add("a.wav")], [])
    with pytest.raises(ClaimLost, match="another job"):
        work.put(planned.id, files(filled, "d.wav"))
    with pytest.raises(ClaimLost, match="another job"):
        work.counts(planned.id)
    assert work.current() == anew
    assert work.claim("me") is None


def test_a_pause_lets_what_is_claimed_end_and_nothing_begin(work, planned, filled):
    claim = work.claim("me")
    assert work.set_state("paused").state == "paused"

    assert work.claim("other") is None
    work.close(claim, [filled.add("a.wav")], [done("a.wav")])
    assert work.set_state("open").state == "open"
    assert work.claim("other") is not None


def test_a_pass_that_ended_lets_what_is_claimed_end_and_forgets_the_rest(work, planned, filled):
    """It does not go on."""
    claim = work.claim("me")
    work.set_state("ended")

    assert work.set_state("open").state == "ended"
    assert work.claim("other") is None
    work.close(claim, [filled.add("a.wav")], [done("a.wav")])
    assert work.counts(planned.id) == WorkCounts(done=1)


def test_without_a_pass_there_is_nothing_to_do(work):
    assert work.current() is None
    assert work.claim("me") is None
    assert work.set_state("paused") is None


def test_a_worker_writes_beside_the_holder_of_the_lease(work, planned, filled):
    """Publishing takes the one, writing chunks the other."""
    with filled.catalog.lease("publisher", 0) as lease:
        work.close(work.claim("me"), [filled.add("a.wav")], [done("a.wav")])
        filled.catalog.apply(lease, [filled.add("z.wav")])
    assert len(filled.catalog.files(filled.root.id, filled.space.id)) == 2


def test_a_library_of_the_version_before_gets_room_for_chunks(tmp_path):
    path = catalog_at("0015", tmp_path / "old.sqlite", [("bands", "f")])
    with Catalog.open(path, read_only=True) as before:
        assert before.clips([1])[0].path == "dog.wav"
    with Catalog.open(path) as now:
        assert now.chunks.current() is None
        assert now.clips([1])[0].path == "dog.wav"


def test_a_backup_that_is_restored_brings_no_work_back(tmp_path):
    """It is planned anew; who still works on it writes nothing."""
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        root = catalog.root("/sounds")
        begun = catalog.chunks.begin(1, [])
        catalog.chunks.put(begun.id, [WorkFile(root.id, facts("a.wav"))])
        claim = catalog.chunks.claim("me")
        catalog.backup(tmp_path / "backup")
        with catalog.lease("restore", 0) as lease:
            catalog.restore(tmp_path / "backup", lease)
        assert catalog.chunks.current() is None
        with pytest.raises(ClaimLost):
            catalog.chunks.close(claim, [], [])
