"""A catalog in trouble: killed writers, full disks, read-only files, no file handles, damage, other versions."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.pool import Pool

from search.catalog import contentrows, migrations
from search.catalog.store import Catalog
from search.catalog.tables import METADATA
from search.errors import LibraryBusy, LibraryError
from search.model import RemoveClip
from search.snapshots.folders import sequences
from tests.amounts import few
from tests.search.catalog_helpers import FilledCatalog, replayed
from tests.waiting import PATIENCE_S, wait_until

WRITER = """
import sys
from pathlib import Path
from tests.search.catalog_helpers import FilledCatalog, facts
from search.catalog.store import Catalog
from search.model import RemoveClip
filled = FilledCatalog.__new__(FilledCatalog)
filled.catalog = Catalog.open(Path(sys.argv[1]))
filled.space, filled.root = filled.catalog.spaces()[0], filled.catalog.roots()[0]
filled.lease = None
with filled.catalog.lease("writer", 10) as lease:
    for turn in range(int(sys.argv[2]), 10**6):
        new = [filled.add(f"{turn}/{i}.wav", n=1 + i) for i in range(8)]
        print(turn, filled.catalog.apply(lease, [*new, RemoveClip(3 * turn)]), flush=True)
"""


@pytest.fixture
def filled(tmp_path):
    made = FilledCatalog(tmp_path)
    yield made
    made.catalog.close()


@pytest.mark.parametrize("kills", few([1, 4]))
def test_a_killed_writer_loses_nothing_that_it_was_told_is_written(filled, kills):
    """SIGKILL at random moments: the catalog is sound, batches are whole, the next writer goes on at once."""
    rng = random.Random(7)
    turn = 0
    for _ in range(kills):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(Path(filled.catalog.url)), str(turn)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        acknowledged = [writer.stdout.readline()]
        killer = threading.Timer(rng.uniform(0.0, 0.3), writer.send_signal, (signal.SIGKILL,))
        killer.start()
        acknowledged += writer.stdout.readlines()
        assert writer.wait(PATIENCE_S) == -signal.SIGKILL
        whole = [line for line in acknowledged if line.endswith("\n")]  # the last one may have been cut short
        last, sequence = map(int, whole[-1].split())
        assert filled.catalog.verify() == []
        assert filled.catalog.sequence() >= sequence
        ids = filled.ids()
        turn = 1 + max(int(path.split("/")[0]) for path in ids)
        assert turn > last
        # every batch brought eight clips and took one away, or left no trace at all
        assert set(ids.values()) == set(range(1, 8 * turn + 1)) - {3 * t for t in range(turn)}
    assert len(replayed(filled.catalog, filled.space)) == filled.catalog.stats().spaces[0].segments


def test_readers_are_never_in_the_writers_way(filled):
    """While one process writes and goes on writing, another reads without an error and never sees half a batch."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(Path(filled.catalog.url)), "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    writer.stdout.readline()
    with Catalog.open(Path(filled.catalog.url), read_only=True) as reader:
        before = reader.sequence()

        def goes_on() -> bool:
            """Whether the writer has written some dozens of batches since; reads as a search does meanwhile."""
            files = reader.files(filled.root.id, filled.space.id)
            assert all(known.encoded for known in files.values())
            ids = {known.clip_id for known in files.values()}
            gone = ids - {clip.id for clip in reader.clips(sorted(ids))}
            assert all(clip_id % 3 == 0 for clip_id in gone), "no others are removed"
            reader.match_words("wav", 5)
            return reader.sequence() > before + 300

        wait_until(goes_on)
    writer.kill()
    writer.communicate()


@contextmanager
def pages_limited_to(count: int):
    """Every new connection finds a disk of ``count`` pages."""

    def limit(connection, _record):
        connection.execute(f"PRAGMA max_page_count = {count}")

    event.listen(Pool, "connect", limit)
    try:
        yield
    finally:
        event.remove(Pool, "connect", limit)


@pytest.mark.parametrize("large_bytes", [4 << 20, 0], ids=["at once", "in parts"])
def test_a_full_disk_is_said_and_changes_nothing(filled, monkeypatch, large_bytes):
    """The error names the remedy, the batch is undone as a whole, and with space again the same batch goes in."""
    monkeypatch.setattr(contentrows, "LARGE_BYTES", large_bytes)
    filled.apply(filled.add("a.wav"))
    batch = [filled.add(f"{i}.wav", n=2000) for i in range(20)]
    with (
        pages_limited_to(60),
        Catalog.open(Path(filled.catalog.url)) as full,
        full.lease("me", 0) as lease,
        pytest.raises(LibraryError, match="disk is full; free some space"),
    ):
        full.apply(lease, batch)
    assert filled.catalog.verify() == []
    assert list(filled.ids()) == ["a.wav"]
    filled.apply(*batch)
    assert len(filled.ids()) == 21


def test_a_read_only_catalog_is_read_and_says_so_when_written(filled):
    """Opened for reading it answers; a lease is refused with the remedy."""
    filled.apply(filled.add("horn.wav"))
    with Catalog.open(Path(filled.catalog.url), read_only=True) as reader:
        assert len(reader.match_words("horn", 3)) == 1
        assert len(reader.clips([1])) == 1
        with pytest.raises(LibraryError, match="read-only; give write permission"), reader.lease("me", 0):
            pass


@contextmanager
def without_privileges():
    """As nobody, where the tests run as root, for whom no file is read-only."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_library_without_write_permission_can_be_searched():
    """A file and a folder that nobody may write are read, though SQLite cannot make its side files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled = FilledCatalog(folder)
        filled.apply(filled.add("horn.wav"))
        filled.catalog.close()
        Path(filled.catalog.url).chmod(0o444)
        folder.chmod(0o555)
        try:
            with without_privileges(), Catalog.open(Path(filled.catalog.url)) as catalog:
                assert catalog.verify() == []
                assert len(catalog.match_words("horn", 3)) == 1
                with pytest.raises(LibraryError, match="read-only"), catalog.lease("me", 0):
                    pass
        finally:
            folder.chmod(0o755)


def test_a_folder_that_lets_nobody_look_is_said_plainly():
    """The library's own, and that of its snapshots: permission is missing, and its owner has it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "library"
        folder.mkdir()
        folder.chmod(0)
        try:
            with without_privileges():
                with pytest.raises(
                    LibraryError, match="library: no permission to look into the library; ask its owner"
                ):
                    Catalog.open(folder / "catalog.sqlite")
                with pytest.raises(LibraryError, match=r"Permission denied\); ask its owner"):
                    sequences(folder)
        finally:
            folder.chmod(0o755)


def test_no_file_handles_is_said_plainly(filled):
    """A process at its limit hears about the limit, not about a database that cannot be opened."""
    filled.apply(filled.add("a.wav"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]
    for handle in spare:
        os.close(handle)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(spare), hard))
    try:
        with pytest.raises(LibraryError, match="no file handles left"):
            Catalog.open(Path(filled.catalog.url))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("damage", [b"not a database at all, only text " * 200, b""])
def test_what_is_no_catalog_is_refused(tmp_path, damage):
    """Text is refused; an empty file is a catalog that has not been made yet, and is only made on request."""
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(damage)
    if damage:
        with pytest.raises(LibraryError, match=r"damaged.*restore"):
            Catalog.open(path)
    else:
        Catalog.open(path).close()


def test_a_damaged_page_is_found_by_verify_or_said(filled):
    """Bytes that a disk garbled are reported, by `verify` or the first query that meets them."""
    filled.apply(*(filled.add(f"{i}.wav", n=50) for i in range(40)))
    filled.catalog.close()
    data = bytearray(Path(filled.catalog.url).read_bytes())
    rng = np.random.default_rng(0)
    for page in range(8, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = rng.bytes(64)
    Path(filled.catalog.url).write_bytes(data)
    try:
        with Catalog.open(Path(filled.catalog.url)) as catalog:
            problems = catalog.verify()
    except LibraryError as error:
        problems = [str(error)]
    assert any("damaged" in problem for problem in problems)


def test_another_database_is_left_alone(tmp_path):
    """A database of another program is refused and not touched."""
    path = tmp_path / "catalog.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="not a Soundalike catalog"):
        Catalog.open(path)
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_with_the_remedy(filled):
    """A catalog from the future says that Soundalike must be upgraded."""
    filled.catalog.close()
    with sqlite3.connect(Path(filled.catalog.url)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(LibraryError, match=r"newer version.*upgrade"):
        Catalog.open(Path(filled.catalog.url))


def test_an_absent_catalog_is_made_only_on_request(tmp_path):
    """Without ``create`` the error says how to make one; URLs of other databases are refused."""
    with pytest.raises(LibraryError, match="soundalike index"):
        Catalog.open(tmp_path / "none.sqlite", create=False)
    with pytest.raises(LibraryError, match="mysql: is not a kind of catalog"):
        Catalog.open("mysql://host/db")
    with Catalog.open(f"sqlite:///{tmp_path}/new folder %41?#/c.sqlite") as catalog:
        assert catalog.sequence() == 0
    assert (tmp_path / "new folder %41?#" / "c.sqlite").exists()


def test_two_processes_may_make_one_catalog_at_once(tmp_path):
    """Whoever comes second finds it made."""
    command = "import sys; from search.catalog.store import Catalog; Catalog.open(sys.argv[1]).close()"
    makers = [
        subprocess.Popen([sys.executable, "-c", command, str(tmp_path / "c.sqlite")], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [maker.communicate()[1] for maker in makers] == [b""] * 2
    with Catalog.open(tmp_path / "c.sqlite", create=False) as catalog:
        assert catalog.verify() == []


def test_the_migrations_make_the_tables(tmp_path):
    """The newest migration leaves what `tables` describes, and its number is the one that opening compares with."""
    Catalog.open(tmp_path / "c.sqlite").close()
    engine = create_engine(f"sqlite:///{tmp_path}/c.sqlite")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _no_full_text})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def _no_full_text(name, kind, _parents):
    return kind != "table" or not str(name).startswith(("clip_words", "clip_trigrams"))


def test_opening_a_catalog_does_not_load_the_migration_machinery(filled):
    """A command starts fast: Alembic is imported only when there is something to migrate."""
    command = (
        "import sys; from search.catalog.store import Catalog; Catalog.open(sys.argv[1]).close(); "
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", command, str(Path(filled.catalog.url))], check=False).returncode == 0


def test_a_stranger_to_the_lease_cannot_write(filled):
    """An object that only looks like a lease is none."""

    class Pretender:
        holder = "nobody"

        def check(self) -> None:
            """All is well."""

    with pytest.raises(LibraryBusy, match="nobody holds no lease"):
        filled.catalog.apply(Pretender(), [RemoveClip(1)])


def copied_while_open(folder: Path) -> Path:
    """A copy of a catalog whose last clip stands in its log alone: the database, its log, and no index of the log."""
    made = folder / "made"
    made.mkdir()
    filled = FilledCatalog(made)
    filled.apply(filled.add("rain.wav"))
    filled.catalog.close()
    again = Catalog.open(Path(filled.catalog.url))
    filled.catalog = again
    filled.apply(filled.add("horn.wav"))
    copy = folder / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{again.url}{suffix}", copy / f"{Path(again.url).name}{suffix}")
    again.close()
    return copy / Path(again.url).name


@pytest.mark.skipif(os.name != "posix", reason="Windows reads no log on a read-only medium: it is refused there")
def test_a_copy_with_its_log_is_read_with_it_where_nothing_can_be_written():
    """As a disk image or an archive has it that was made while the library was in use."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = copied_while_open(folder)
        path.parent.chmod(0o555)
        try:
            with without_privileges(), Catalog.open(path) as catalog:
                assert len(catalog.match_words("horn", 3)) == 1
                assert catalog.verify() == []
                with pytest.raises(LibraryError, match="read-only"), catalog.lease("me", 0):
                    pass
        finally:
            path.parent.chmod(0o755)


def test_a_log_that_may_not_be_read_is_no_empty_library():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = copied_while_open(folder)
        Path(f"{path}-wal").chmod(0o000)
        path.parent.chmod(0o555)
        try:
            with without_privileges(), pytest.raises(LibraryError), Catalog.open(path):
                pass
        finally:
            path.parent.chmod(0o755)


def test_a_backup_where_nobody_may_write_is_no_library_that_is_absent():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled = FilledCatalog(folder)
        (folder / "locked").mkdir(mode=0o555)
        folder.chmod(0o777)
        with without_privileges(), pytest.raises(LibraryError, match="no permission to write") as refused:
            Catalog.open(folder / "locked" / "catalog.sqlite")
        assert "there is no library" not in str(refused.value)
        filled.catalog.close()
