"""The writer's lease: exclusive, named, returned, taken over when stale, and fencing off a former holder."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from search.catalog import leases
from search.catalog.store import Catalog
from search.errors import LibraryBusy
from tests.search.catalog_helpers import FilledCatalog
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.usefixtures("kind")


@pytest.fixture
def filled(tmp_path):
    made = FilledCatalog(tmp_path)
    yield made
    made.catalog.close()


@pytest.fixture
def other(filled):
    with Catalog.open(filled.catalog.url) as catalog:
        yield catalog


def alter(filled: FilledCatalog, assignment: str) -> None:
    with filled.catalog._database.writing() as connection:
        connection.execute(text(f"UPDATE leases SET {assignment}"))


def leased(filled: FilledCatalog):
    with filled.catalog._database.reading() as connection:
        return connection.execute(text("SELECT holder, heartbeat FROM leases")).one()


def test_a_second_writer_hears_who_holds_the_lease(filled, other):
    """LibraryBusy names the holder and since when; after the first is done the second gets it."""
    with (
        filled.catalog.lease("host 17 index", 0) as lease,
        pytest.raises(LibraryBusy, match=r"host 17 index has been writing since 20\d\d-"),
        other.lease("second", 0.3),
    ):
        pass
    assert lease.holder == "host 17 index"
    with other.lease("second", 0):
        pass


def test_a_second_writer_may_wait(filled, other, monkeypatch):
    """Within its time it takes over from a holder that ends."""
    waits = threading.Event()
    held = filled.catalog.lease("first", 0)
    held.__enter__()

    def give_back() -> None:
        waits.wait(PATIENCE_S)
        held.__exit__(None, None, None)

    def pause(seconds: float) -> None:
        waits.set()

    monkeypatch.setattr(leases, "_pause", pause)
    threading.Thread(target=give_back).start()
    with other.lease("second", PATIENCE_S) as lease:
        lease.check()
    assert waits.is_set()


def test_a_stale_lease_is_taken_and_its_holder_fenced_off(filled, other):
    """A holder without a heartbeat loses the lease; what it applies afterwards is refused and leaves nothing."""
    with filled.catalog.lease("sleeper", 0) as sleeper:
        alter(filled, "heartbeat = heartbeat - 1000")
        with other.lease("second", 0) as lease:
            with pytest.raises(LibraryBusy, match="second took it"):
                sleeper.check()
            with pytest.raises(LibraryBusy):
                filled.catalog.apply(sleeper, [filled.add("late.wav")])
            other.apply(lease, [filled.add("in time.wav")])
    assert list(filled.ids()) == ["in time.wav"]


def test_a_lease_given_back_is_no_lease(filled):
    """Applying after the block has ended is refused."""
    with filled.catalog.lease("first", 0) as lease:
        pass
    with pytest.raises(LibraryBusy):
        filled.catalog.apply(lease, [filled.add("late.wav")])


def test_the_heartbeat_keeps_a_lease_alive(filled, monkeypatch):
    """While it is held its heartbeat moves on."""
    monkeypatch.setattr(leases, "HEARTBEAT_S", 0.05)
    with filled.catalog.lease("first", 0):
        before = leased(filled)
        wait_until(lambda: leased(filled) != before)


def _hold_and_die(path) -> None:
    with Catalog.open(path).lease("doomed", 0):
        os._exit(1)  # nothing is given back


def test_a_dead_holder_does_not_make_anyone_wait(filled, other):
    """A process of this machine that is gone loses its lease at once, without waiting for the heartbeat."""
    process = multiprocessing.get_context("fork").Process(target=_hold_and_die, args=(filled.catalog.url,))
    process.start()
    process.join()
    assert leased(filled).holder == "doomed"
    with other.lease("second", 0):
        pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only /proc says that a process is a zombie")
def test_a_holder_that_ended_and_was_not_collected_is_gone(filled, other):
    """A killed process keeps its id until its parent waits for it; its lease is free before that."""
    process = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(filled.catalog.url,))
    process.start()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    try:
        assert leased(filled).holder == "doomed"
        with other.lease("second", 0):
            pass
    finally:
        process.join()


def test_a_holder_on_another_machine_is_believed(filled, other):
    """Its process id says nothing here: only its heartbeat counts."""
    with filled.catalog.lease("far away", 0):
        alter(filled, "machine = 'elsewhere', pid = 999999999")
        with pytest.raises(LibraryBusy, match="far away"), other.lease("second", 0):
            pass
