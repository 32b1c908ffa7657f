"""A standby without the last commits takes over: two real servers, and stored snapshots of lost commits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from search.library import verifying
from tests import postgresql
from tests.search import libraries
from tests.search.libraries import Entry, axis
from tests.search.test_shipping import NEW, OLD, Machines, answers, sequences

OTHER = [Entry(f"c{number}.wav", np.stack([axis(number + 2, 6, 0.4)])) for number in range(4)]


@pytest.fixture
def servers() -> Iterator[tuple[postgresql.Server, postgresql.Standby]]:
    programs = postgresql.binaries()
    if programs is None:
        pytest.skip(postgresql.HOW_TO_GET)
    primary = postgresql.Server(programs)
    try:
        standby = postgresql.Standby(programs, primary)
        try:
            yield primary, standby
        finally:
            standby.close()
    finally:
        primary.close()


@pytest.mark.thorough
def test_what_was_published_beyond_the_lost_commits_is_never_answered_from(servers, tmp_path, caplog) -> None:
    """Readers notice another timeline, say so, drop those snapshots, and follow when the same numbers go to others."""
    primary, standby = servers
    database = primary.new().partition("?")[0].rpartition("/")[2]
    hosts = f"{primary.folder},{standby.folder}"
    catalog = f"postgresql://{postgresql.USER}@/{database}?host={hosts}&target_session_attrs=read-write"
    (tmp_path / "store").mkdir()
    machines = Machines(tmp_path, f"file://{tmp_path}/store", catalog)
    try:
        publisher, reader = machines.open("publisher"), machines.open("reader")
        libraries.fill(publisher, OLD)
        then = answers(publisher)
        standby.catch_up()
        standby.kill()
        libraries.fill(publisher, NEW)
        beyond = answers(reader)
        lost = sequences(reader)
        assert beyond == answers(publisher) != then
        assert not caplog.records

        primary.kill()
        standby.start()
        standby.promote()

        assert answers(reader) == then, "it answers from what is lost"
        assert "is not the catalog's present state" in caplog.text
        assert sequences(reader)["spaces/1/index"] < lost["spaces/1/index"]
        late = machines.open("late")  # has nothing but the store, where the lost snapshots lie still
        assert answers(late) == then

        libraries.fill(publisher, OTHER)
        assert sequences(publisher)["spaces/1/index"] == lost["spaces/1/index"], "the numbers come again"
        now = answers(publisher)
        assert now not in (then, beyond)
        assert {clip for clip, _ in now} == {clip for clip, _ in beyond}, "the ids come again"
        for machine in (reader, late):
            assert answers(machine) == now
            assert verifying.verify(machine) == []
        assert verifying.verify(publisher) == []
    finally:
        machines.close()
