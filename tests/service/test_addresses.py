"""Names of a library and its catalog: URLs are told from paths, and anything else is refused at once."""

from __future__ import annotations

import sqlite3

import pytest

from search import wiring
from search.catalog.postgresql import PostgreSQLDatabase
from search.errors import CommitUnknown, LibraryBusy, SoundalikeError, UsageError
from search.library import description
from search.service.refusals import public_message
from tests.commandline import soundalike
from tests.service.conftest import settings

SECRET = "pa55-of-the-catalog"
NO_CATALOG = [
    f"anna:{SECRET}@127.0.0.1/sounds",
    f"anna:{SECRET}@127.0.0.1:5432/sounds",
    "anna@db.example/sounds",
    f"postgresql:/anna:{SECRET}@h/d",
    f"postgres:/anna:{SECRET}@h/d",
    f"postgresql:anna:{SECRET}@h/d",
    f"postgresql//anna:{SECRET}@h/d",
    f"host=h user=anna password={SECRET} dbname=d",
    f"mysql://anna:{SECRET}@h/d",
    f"sqlite://anna:{SECRET}@h/d",
    "db.example:5432/sounds",
]


@pytest.mark.parametrize("said", NO_CATALOG)
def test_a_catalog_that_is_neither_a_url_nor_a_file_is_refused_unseen(tmp_path, said):
    """By `init` and `migrate`, which leave nothing behind, and by whatever reads it in a `library.toml`."""
    done = soundalike("init", "--library", tmp_path / "some" / "where", "--catalog", said)
    assert done.returncode == 2
    assert "write postgresql://user@host/database" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
    assert soundalike("init", "--library", tmp_path / "there").returncode == 0
    moved = soundalike("migrate", tmp_path / "there", "--to", tmp_path / "new", "--catalog", said)
    assert moved.returncode == 2
    assert SECRET not in moved.stdout + moved.stderr
    assert not (tmp_path / "new").exists()
    (tmp_path / "library.toml").write_text(f'catalog = "{said}"', "utf-8")
    with pytest.raises(SoundalikeError) as raised:
        wiring.library(tmp_path, settings(tmp_path), create=True)
    assert SECRET not in str(raised.value)


NO_FOLDERS = [f"postgresql://a:{SECRET}@h/d", f"a:{SECRET}@127.0.0.1/d", "s3://bucket/x", f"PostgreSQL:/a:{SECRET}@h/d"]


@pytest.mark.parametrize("said", NO_FOLDERS)
def test_an_address_is_no_library_s_folder(tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    assert soundalike("init", "--library", "there").returncode == 0
    for words in (
        ("init", "--library", said),
        ("info", "--library", said),
        ("serve", "--library", said),
        ("migrate", said, "--to", "new"),
        ("migrate", "there", "--to", said),
        ("verify", "--library", "there", "--against", said),
    ):
        done = soundalike(*words)
        assert (done.returncode, "name a folder" in done.stderr) == (2, True), (words, done)
        assert SECRET not in done.stdout + done.stderr
    with pytest.raises(UsageError, match="name a folder"):
        wiring.library(said, settings(tmp_path), create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_folder_that_is_there_may_be_called_anything(tmp_path):
    (tmp_path / "12:30@home").mkdir()
    assert soundalike("init", "--library", tmp_path / "12:30@home").returncode == 0
    assert soundalike("info", "--library", tmp_path / "12:30@home").returncode == 0


@pytest.mark.parametrize("said", ["here.sqlite", "sqlite:///here.sqlite", "SQLite:///here.sqlite"])
def test_a_catalog_in_a_file_lies_by_its_library_wherever_it_is_asked_from(tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    assert soundalike("init", "--library", "library", "--catalog", said).returncode == 0
    assert (tmp_path / "library" / "here.sqlite").exists()
    monkeypatch.chdir("/")
    assert soundalike("info", "--library", tmp_path / "library").returncode == 0


def test_a_catalog_in_a_file_may_lie_elsewhere(tmp_path):
    said = f"sqlite:///{tmp_path}/else:where@.sqlite"
    assert soundalike("init", "--library", tmp_path / "library", "--catalog", said).returncode == 0
    assert sqlite3.connect(tmp_path / "else:where@.sqlite").execute("SELECT count(*) FROM clips").fetchone() == (0,)


@pytest.mark.parametrize("scheme", ["PostgreSQL", "postgres", "POSTGRES", "PostgreSQL+Psycopg"])
def test_a_scheme_is_one_in_capitals_too(tmp_path, postgresql, scheme):
    url = postgresql.empty().replace("postgresql", scheme, 1)
    assert soundalike("init", "--library", tmp_path / "library", "--catalog", url).returncode == 0
    assert soundalike("info", "--library", tmp_path / "library").returncode == 0
    assert [file.name for file in (tmp_path / "library").iterdir()] == ["library.toml"]


def test_init_that_fails_leaves_no_folder_and_takes_none_that_was_there(tmp_path):
    away = "postgresql://anna@127.0.0.1:1/sounds"
    (tmp_path / "there").mkdir()
    for place in ("there", "there/new", "new/er"):
        assert soundalike("init", "--library", tmp_path / place, "--catalog", away).returncode == 3
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_description_does_not_show_its_addresses():
    described = description.Description(f"postgresql://a:{SECRET}@h/d", f"s3://KEY:{SECRET}@bucket")
    assert SECRET not in repr(described)


@pytest.mark.parametrize(
    "words",
    [
        ("index", "--catalog", f"postgresql://anna:{SECRET}@127.0.0.1/sounds"),
        ("index", "--catalog", f"anna:{SECRET}@127.0.0.1/sounds"),
        ("index", f"--catalogue=postgresql://h/d?user=anna&password={SECRET}"),
        ("search", "-k", f"postgresql://anna:{SECRET}@h/d"),
        ("init", "--store", f"s3://KEY:{SECRET}/and+more@bucket"),
        ("init", "--root", f"s3://KEY:{SECRET}/and+more@bucket", "--index", f"https://KEY:{SECRET}@host"),
        (f"postgresql://anna:{SECRET}@h/d",),
    ],
)
def test_a_secret_in_an_address_is_not_repeated_to_whoever_typed_it_in_the_wrong_place(tmp_path, words):
    done = soundalike(*words, "--library", tmp_path / "library") if len(words) > 1 else soundalike(*words)
    assert done.returncode != 0
    assert SECRET not in done.stdout + done.stderr


def test_the_doctor_shows_no_keys_of_a_store(tmp_path):
    """Nor of a root; an address with keys is none, and it says where they go."""
    assert soundalike("init", "--library", tmp_path, "--root", f"s3://KEY:{SECRET}@bucket/sounds").returncode == 0
    for words in (("doctor",), ("doctor", "--json"), ("index",), ("info",)):
        done = soundalike(*words, "--library", tmp_path)
        assert SECRET not in done.stdout + done.stderr, words
    (tmp_path / "library.toml").write_text(f'store = "s3://KEY:{SECRET}@bucket"', "utf-8")
    done = soundalike("doctor", "--library", tmp_path)
    assert done.returncode != 0
    assert "AWS_SECRET_ACCESS_KEY" in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_clients_of_a_service_read_nothing_of_the_server_that_has_the_catalog(tmp_path):
    database = PostgreSQLDatabase(f"postgresql://anna:{SECRET}@127.0.0.1:1/sounds", read_only=False)
    with pytest.raises(SoundalikeError) as raised, database.reading():
        pass
    unknown = CommitUnknown(f"{raised.value} (the change may have been saved)")
    unknown.of_server = raised.value.of_server
    busy = LibraryBusy(f"{database.name}: anna is writing since 10:00; try again when it is done")
    database.close()
    said = [public_message(error, tmp_path) for error in (raised.value, unknown, busy)]
    assert said[:2] == ["the catalog's server refuses or does not answer; the log of the service says why"] * 2
    assert said[2] == "LIBRARY: anna is writing since 10:00; try again when it is done"
