"""Jobs and keys in the catalog: what survives a crash, what a job reports, what a key permits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from search.catalog.store import Catalog
from search.errors import QueryError, UsageError
from search.model import MAX_ATTEMPTS, MAX_JOB_FILES, JobFailure, JobOutcome, JobProgress, Sending
from tests.search.catalog_helpers import FilledCatalog, new_catalog
from tests.search.old_catalogs import catalog_at

pytestmark = pytest.mark.usefixtures("kind")


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(new_catalog(tmp_path)) as opened:
        yield opened


def died(catalog, job_id):
    """Make the process that runs a job one that was never heard of."""
    with catalog._database.writing() as connection:
        connection.execute(text("UPDATE jobs SET machine = 'elsewhere', heartbeat = 0 WHERE id = :id"), {"id": job_id})


def test_a_job_is_kept_from_before_its_client_hears_of_it(catalog):
    """Another process sees it at once, with the names its client gave its files."""
    job = catalog.queue.add("index", [("/in/1/a.wav", "a.wav"), ("/in/1/b.wav", "the b.wav")])
    with Catalog.open(catalog.url) as other:
        found = other.queue.get(job.id)
    assert found == job
    assert (found.state, found.files, found.progress.files_total) == ("queued", ("a.wav", "the b.wav"), 2)
    assert catalog.queue.get(job.id + 1) is None


def test_it_is_told_which_files_jobs_have(catalog):
    """Those of jobs that have ended, too."""
    job = catalog.queue.add("index", [put(1)])
    catalog.queue.add("index", [put(2), put(3)])
    catalog.queue.request(job.id, "cancel")
    assert catalog.queue.having(["/in/1.wav", "/in/3.wav", "/in/4.wav"]) == {"/in/1.wav", "/in/3.wav"}
    assert catalog.queue.having([]) == set()


def test_jobs_are_worked_off_in_order_and_by_one_process_each(catalog):
    first, second = (catalog.queue.add("index", []) for _ in range(2))
    assert [catalog.queue.claim().id, catalog.queue.claim().id] == [first.id, second.id]
    assert catalog.queue.claim() is None
    assert catalog.queue.counts() == {"running": 2}


def test_what_listens_to_every_sound_gives_way(catalog):
    """Whatever else is asked for goes first, however late; there is no need to where nothing waits."""
    facts, events, scan = (catalog.queue.add(kind, []) for kind in ("facts", "events", "scan"))
    assert catalog.queue.is_awaited()
    assert catalog.queue.claim().id == scan.id
    assert not catalog.queue.is_awaited()
    assert [catalog.queue.claim().id for _ in range(2)] == [facts.id, events.id]


def test_what_is_done_or_failed_is_tried_again(catalog):
    """As if it were new; what was cancelled is not."""
    job = catalog.queue.add("scan", [("/in", "in")])
    failures = (JobFailure("a.wav", "text, not sound"),)
    for state in ("done", "failed"):
        catalog.queue.claim()
        catalog.queue.report(job.id, JobProgress(3, 3, 1, 2.0, share=1.0))
        catalog.queue.finish(job.id, JobOutcome(state, "why", failures))
        again = catalog.queue.request(job.id, "retry")
        assert (again.state, again.reason, again.failures, again.finished) == ("queued", None, (), None)
        assert (again.progress, again.attempts) == (JobProgress(files_total=1), 0)
    catalog.queue.request(job.id, "cancel")
    with pytest.raises(QueryError, match="cancelled; it cannot retry"):
        catalog.queue.request(job.id, "retry")


def test_progress_and_outcome_are_told(catalog):
    """The version grows only when something changed, so that a follower is told nothing twice."""
    job = catalog.queue.add("index", [("/in/a.wav", "a.wav")])
    catalog.queue.claim()
    assert catalog.queue.report(job.id, JobProgress(1, 1, 0, 2.5)) is None
    read = catalog.queue.get(job.id)
    catalog.queue.report(job.id, JobProgress(1, 1, 0, 2.5))
    assert catalog.queue.get(job.id).version == read.version
    catalog.queue.finish(job.id, JobOutcome("done", failures=(JobFailure("a.wav", "text, not sound"),)))
    done = catalog.queue.get(job.id)
    assert (done.state, done.progress.audio_s) == ("done", 2.5)
    assert done.failures == (JobFailure("a.wav", "text, not sound"),)
    assert done.started <= done.finished


def put(n):
    return (f"/in/{n}.wav", f"{n}.wav")


def test_files_that_join_a_job_are_done_with_it(catalog):
    """Whether it waits, runs, or has ended; what failed before they came is told all the same."""
    job = catalog.queue.add("index", [put(1)])
    assert catalog.queue.add("index", [put(2)], Sending(job.id)).files == ("1.wav", "2.wav")
    claimed = catalog.queue.claim()
    joined = catalog.queue.add("index", [put(3), put(4)], Sending(job.id))
    assert (joined.id, joined.state, len(claimed.files), len(joined.files)) == (job.id, "running", 2, 4)
    catalog.queue.report(job.id, JobProgress(2, 2, 1, 2.0, share=1.0))
    now = catalog.queue.get(job.id).progress
    assert (now.files_done, now.files_total, now.share) == (2, 4, 0.5)
    failed = (JobFailure("1.wav", "text, not sound"),)
    catalog.queue.finish(job.id, JobOutcome("failed", "none of them", failed), len(claimed.files))
    waits = catalog.queue.get(job.id)
    assert (waits.state, waits.reason, waits.failures) == ("queued", None, failed)
    again = catalog.queue.claim()
    assert (again.id, again.attempts) == (job.id, 1)
    catalog.queue.finish(job.id, JobOutcome("done"), len(again.files))
    assert catalog.queue.get(job.id).failures == failed
    late = catalog.queue.add("index", [put(5)], Sending(job.id))
    assert (late.state, late.finished, len(late.files)) == ("queued", None, 5)


@pytest.mark.parametrize("state", ["cancelled", "to be cancelled", "of another kind", "not there", "full"])
def test_a_job_that_takes_no_more_files_says_so(catalog, state):
    files = [put(n) for n in range(MAX_JOB_FILES if state == "full" else 1)]
    job = catalog.queue.add("map" if state == "of another kind" else "index", files)
    if state == "to be cancelled":
        catalog.queue.claim()
    if "cancelled" in state:
        catalog.queue.request(job.id, "cancel")
    with pytest.raises(QueryError, match=r"no more files|no upload job|start another"):
        catalog.queue.add("index", [put("more")], Sending(job.id + 9 if state == "not there" else job.id))
    assert catalog.queue.get(job.id).files == job.files


def test_what_is_sent_again_under_its_key_is_added_once_for_a_day(catalog, monkeypatch):
    sending = Sending(key="k" * 64, files="f" * 64)
    job = catalog.queue.add("index", [put(1)], sending)
    again = catalog.queue.add("index", [("/in/again.wav", "1.wav")], sending)
    assert (again.id, again.paths) == (job.id, ("/in/1.wav",))
    with pytest.raises(QueryError, match="other files"):
        catalog.queue.add("index", [put(2)], replace(sending, files="g" * 64))
    assert catalog.queue.add("index", [put(1)], replace(sending, key="l" * 64)).id != job.id
    monkeypatch.setattr("search.catalog.uploads.KEPT_S", -1.0)
    assert catalog.queue.add("index", [put(2)], replace(sending, files="g" * 64)).id > job.id + 1


def test_a_library_of_the_version_before_gets_room_for_keys_of_uploads(tmp_path):
    path = catalog_at("0017", tmp_path / "catalog.sqlite", [("toy", "f" * 64)])
    with Catalog.open(path) as opened:
        sending = Sending(key="k" * 64, files="f" * 64)
        job = opened.queue.add("index", [put(1)], sending)
        assert opened.queue.add("index", [put(1)], sending).id == job.id


def test_a_job_that_has_ended_is_forgotten(catalog):
    job = catalog.queue.add("index", [put(1)])
    for _ in range(2):
        with pytest.raises(QueryError, match="once it has ended"):
            catalog.queue.request(job.id, "forget")
        catalog.queue.claim()
    catalog.queue.finish(job.id, JobOutcome("done"))
    assert catalog.queue.request(job.id, "forget").id == job.id
    assert catalog.queue.get(job.id) is None
    assert catalog.queue.request(job.id, "forget") is None
    assert catalog.queue.add("index", [put(1)]).id > job.id


def test_files_of_a_job_that_was_forgotten_are_not_added_once_more_under_their_key(catalog):
    sending = Sending(key="k" * 64, files="f" * 64)
    job = catalog.queue.add("index", [put(1)], sending)
    catalog.queue.claim()
    catalog.queue.finish(job.id, JobOutcome("done"))
    catalog.queue.request(job.id, "forget")
    with pytest.raises(QueryError, match="before; their job is no longer listed"):
        catalog.queue.add("index", [put(1)], sending)
    assert catalog.queue.list(None, offset=0, limit=10) == (0, [])


def test_a_running_job_hears_what_its_client_wants(catalog):
    job = catalog.queue.add("index", [])
    catalog.queue.claim()
    assert catalog.queue.request(job.id, "pause").state == "running"
    assert catalog.queue.report(job.id, JobProgress()) == "pause"
    catalog.queue.finish(job.id, JobOutcome("paused"))
    assert catalog.queue.claim() is None
    assert catalog.queue.request(job.id, "resume").state == "queued"
    assert catalog.queue.claim().attempts == 1


@pytest.mark.parametrize(
    ("requested", "state"),
    [
        (["pause"], "paused"),
        (["pause", "pause"], "paused"),
        (["pause", "cancel"], "cancelled"),
        (["cancel"], "cancelled"),
    ],
)
def test_a_waiting_job_obeys_at_once(catalog, requested, state):
    job = catalog.queue.add("index", [])
    for request in requested:
        found = catalog.queue.request(job.id, request)
    assert found.state == state


def test_what_ended_cannot_be_asked_for_anything(catalog):
    job = catalog.queue.add("index", [])
    catalog.queue.request(job.id, "cancel")
    with pytest.raises(QueryError, match="cancelled; it cannot resume"):
        catalog.queue.request(job.id, "resume")
    assert catalog.queue.request(99, "pause") is None


def test_a_job_whose_process_died_goes_on_and_is_given_up_after_some_attempts(catalog):
    job = catalog.queue.add("index", [])
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert catalog.queue.claim().attempts == attempt
        assert catalog.queue.claim() is None, "its process lives"
        died(catalog, job.id)
    assert catalog.queue.claim() is None
    given_up = catalog.queue.get(job.id)
    assert given_up.state == "failed"
    assert "ended 3 times" in given_up.reason


@pytest.mark.parametrize(("requested", "state"), [("pause", "paused"), ("cancel", "cancelled")])
def test_a_request_outlives_the_process_it_was_for(catalog, requested, state):
    job = catalog.queue.add("index", [])
    catalog.queue.claim()
    catalog.queue.request(job.id, requested)
    died(catalog, job.id)
    assert catalog.queue.claim() is None
    assert catalog.queue.get(job.id).state == state


def test_a_job_that_was_stopped_in_order_used_up_no_attempt(catalog):
    job = catalog.queue.add("index", [])
    for _ in range(MAX_ATTEMPTS + 2):
        assert catalog.queue.claim().id == job.id
        catalog.queue.finish(job.id, JobOutcome("queued", "the service was shut down; it goes on"))


def test_a_job_knows_the_clips_of_its_files(tmp_path):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("in/b.wav"), filled.add("in/a.wav"))
    paths = [f"{filled.root.path}/in/{name}" for name in ("a.wav", "missing.wav", "b.wav")]
    job = filled.catalog.queue.add("index", [(path, path) for path in paths])
    ids = filled.ids()
    assert filled.catalog.queue.get(job.id).clip_ids == (ids["in/a.wav"], ids["in/b.wav"])
    total, (listed,) = filled.catalog.queue.list("queued", 0, 5)
    assert (total, listed.clip_ids) == (1, (ids["in/a.wav"], ids["in/b.wav"]))
    filled.catalog.close()


def test_a_key_lets_in_who_has_its_secret_until_it_is_revoked(catalog):
    """The secret is nowhere in the database."""
    secret = catalog.keys.add("web shop", ["read"])
    assert catalog.keys.find(secret).scopes == {"read"}
    assert catalog.keys.find(secret + "x") is None
    with catalog._database.reading() as connection:
        assert secret not in str(connection.execute(text("SELECT * FROM keys")).all())
    assert catalog.keys.revoke("web shop")
    assert catalog.keys.find(secret) is None
    assert not catalog.keys.revoke("web shop")
    assert catalog.keys.add("web shop", ["read", "write"]) != secret
    assert [key.revoked is None for key in catalog.keys.list()] == [False, True]


def test_a_name_stands_for_one_key(catalog):
    catalog.keys.add("shop", ["read"])
    with pytest.raises(UsageError, match="already"):
        catalog.keys.add("shop", ["read"])
    with pytest.raises(UsageError, match="scope"):
        catalog.keys.add("other", [])
    with pytest.raises(UsageError, match="name"):
        catalog.keys.add("a\nb", ["read"])
