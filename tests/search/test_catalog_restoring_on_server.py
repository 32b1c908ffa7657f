"""A backup replaces a catalog on a server while others read it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from search.catalog import restoring_on_server, transferring
from search.catalog.store import Catalog
from search.errors import LibraryBusy, LibraryError
from search.model import Feedback, RemoveClip
from tests.search.catalog_helpers import FilledCatalog, in_databases_of

SCHEMAS = text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'soundalike%'")


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    """A file that a library in a folder wrote: three clips, one of them liked."""
    folder = tmp_path_factory.mktemp("folder")
    filled = FilledCatalog(folder)
    filled.apply(*(filled.add(f"{name}.wav") for name in "abc"))
    filled.catalog.feedback.add("anna", [Feedback(2, "like")])
    filled.catalog.backup(folder / "backup.sqlite")
    filled.catalog.close()
    return folder / "backup.sqlite"


@pytest.fixture
def served(postgresql, tmp_path):
    """A catalog on a server with other clips."""
    with postgresql.forgetting():
        with in_databases_of(postgresql):
            filled = FilledCatalog(tmp_path)
        filled.apply(*(filled.add(f"{name}.wav") for name in "axyz"))
        filled.apply(RemoveClip(filled.ids()["z.wav"]))
        yield filled
        filled.catalog.close()


def restore(catalog: Catalog, backup) -> None:
    with catalog.lease("test", wait_s=5) as lease:
        catalog.restore(backup, lease)
        lease.check()


def test_a_backup_takes_the_place_of_a_catalog_on_a_server_under_its_readers(served, backup):
    """Who has it open sees the old state at once, as news; no id is given twice, and nothing is left beside."""
    newest = max(served.ids().values())
    with Catalog.open(served.catalog.url) as reader:
        before = reader.stats().sequence
        served.catalog.feedback.add("bert", [Feedback(1, "like")])
        restore(served.catalog, backup)
        assert sorted(clip.path for clip in reader.clips(range(10))) == ["a.wav", "b.wav", "c.wav"]
        assert [change.sequence > before for change in reader.changes(served.space.id, before)]
        assert [hit.clip_id for hit in reader.match_words("b", 5)] == [2]
        assert [one.clip_id for one in reader.feedback.get("anna")] == [2]
        assert reader.feedback.get("bert") == []
    served.apply(served.add("new.wav"))
    assert served.ids()["new.wav"] > newest
    assert served.catalog.verify() == []
    assert not any(served.catalog.choice(name) for name in transferring.MARKS)
    with served.catalog._database.reading() as connection:
        assert connection.execute(SCHEMAS).scalar_one() == 0


def test_what_fails_on_the_way_leaves_the_catalog_as_it_was(served, backup, monkeypatch, tmp_path):
    """A file that is no catalog, an error half-way, a lease that was lost; the next restore begins anew."""
    paths = sorted(served.ids())
    (tmp_path / "no.sqlite").write_text("this is no catalog at all " * 100)
    with pytest.raises(LibraryError):
        restore(served.catalog, tmp_path / "no.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr(restoring_on_server, "_exchange", lambda _connection: 1 / 0)
        patch.setattr(restoring_on_server, "_drop", lambda _database: None)  # killed: nobody clears up
        with pytest.raises(ZeroDivisionError):
            restore(served.catalog, backup)
    assert sorted(served.ids()) == paths
    with served.catalog.lease("test", wait_s=5) as lease:
        with served.catalog._database.writing() as connection:
            connection.execute(text("UPDATE leases SET token = 'another'"))
        with pytest.raises(LibraryBusy):
            served.catalog.restore(backup, lease)
        assert sorted(served.ids()) == paths
        with served.catalog._database.writing() as connection:
            connection.execute(text("DELETE FROM leases"))
    restore(served.catalog, backup)
    assert sorted(served.ids()) == ["a.wav", "b.wav", "c.wav"]


@pytest.mark.thorough
def test_a_restore_waits_for_who_reads_and_says_so(served, backup, monkeypatch):
    """A reader in the middle of a state is not cut off; after the usual time the restore gives way, nothing changed."""
    monkeypatch.setattr(restoring_on_server, "BUSY_S", 0.0)
    with served.catalog._database.reading() as connection:
        connection.execute(text("SELECT count(*) FROM clips")).scalar_one()
        with pytest.raises(LibraryBusy):
            restore(served.catalog, backup)
        assert connection.execute(text("SELECT count(*) FROM clips")).scalar_one() == 3
    restore(served.catalog, backup)
    assert sorted(served.ids()) == ["a.wav", "b.wav", "c.wav"]
