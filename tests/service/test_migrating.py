"""A library moves from a folder to a server and back: same rows and answers, no encoding, despite kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from search import wiring
from search.catalog import tables, transferring
from search.encoders.spectral import SpectralEncoder
from search.library import moving
from search.library.description import read
from search.model import (
    ClipPart,
    Collected,
    DescribeClip,
    Feedback,
    FileFacts,
    KeepTranscript,
    NoteFile,
    Query,
    RecordFailure,
    RemoveClip,
    SpokenLine,
    SpokenWord,
    Transcript,
)
from tests.commandline import soundalike
from tests.service.conftest import settings

SAID = Transcript("tones-1", "de", 0.5, ((0.25, 1.5),), (SpokenLine((SpokenWord("Größe,", 0.25, 0.5, 0.75),)),))


@pytest.fixture(scope="module")
def used_library(made_library, tmp_path_factory) -> Path:
    """Six clips of which one went, with likes, a collection, own tags, a key, a job, and a failure."""
    path = Path(shutil.copytree(made_library, tmp_path_factory.mktemp("used") / "library"))
    with wiring.library(path, settings(path)) as library:
        with library.catalog.lease("test", 1) as lease:
            changes = [
                DescribeClip(1, "rain, said NUL \0", {"artist": "me"}, ("mine",)),
                RemoveClip(6),
                RecordFailure(1, FileFacts("bad\udcff.wav", 7, 7), "damaged"),
                KeepTranscript(1, SAID),
            ]
            library.writer.apply(lease, changes)
        library.feedback.add("anna", [Feedback(1, "like"), Feedback(2, "dislike")])
        doors = library.collections.add("doors")
        library.collections.change(doors.id, [Collected(1, 0.5, 1.0)])
        library.catalog.keys.add("curator", ("read",))
    return path


@pytest.fixture(autouse=True)
def nothing_is_encoded(monkeypatch):
    def refuse(*_):
        raise AssertionError("something was encoded")

    monkeypatch.setattr(SpectralEncoder, "encode_audio", refuse)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(transferring, "ROWS_PER_PAGE", 2)


def migrate(source: Path, target: Path, url: str | None = None) -> None:
    done = soundalike("migrate", source, "--to", target, *(["--catalog", url] if url else []))
    assert done.returncode == 0, done.stderr


def files(folder: Path, pattern: str = "*") -> list[str]:
    """Names of what is there, without what SQLite keeps beside a catalog: who only reads one (`verify`) leaves that."""
    found = (str(path.relative_to(folder)) for path in folder.glob(pattern))
    return sorted(name for name in found if not name.startswith("catalog.sqlite-"))


def hits(path: Path) -> list[tuple[int, float]]:
    with wiring.library(path, settings(path)) as library:
        return [(hit.clip_id, hit.score) for hit in library.search(Query((ClipPart(2),))).hits]


def same(one: Path, other: Path) -> bool:
    done = soundalike("verify", "--library", one, "--against", other)
    assert done.returncode in (0, 1)
    assert soundalike("verify", "--library", other).returncode == 0
    return done.returncode == 0


def test_a_library_goes_to_a_server_and_back(used_library, postgresql, tmp_path):
    """Every row with its id, opinions and keys too; the same answers; numbers go on where they were."""
    server, back = tmp_path / "server", tmp_path / "back"
    migrate(used_library, server, postgresql.new())
    migrate(server, back)
    for moved in (server, back):
        assert same(used_library, moved)
        assert hits(moved) == hits(used_library)
        with wiring.library(moved, settings(moved)) as library:
            assert {one.clip_id: one.opinion for one in library.feedback.get("anna")} == {1: "like", 2: "dislike"}
            assert [(one.clip_id, one.start_s) for one in library.collections.collected(1) or ()] == [(1, 0.5)]
            assert library.catalog.clips([1])[0].own_tags == ("mine",)
            assert library.catalog.transcripts([1, 2]) == {1: SAID}
            assert [key.name for key in library.catalog.keys.list()] == ["curator"]
    assert not (server / "catalog.sqlite").exists()
    assert files(back) == files(used_library)


def test_no_table_is_forgotten():
    """Whoever adds one says how it is copied. Of leases, of work that is shared and of what is in a store none is."""
    left = (tables.LEASES, tables.PASSES, tables.CHUNKS, tables.SHIPMENTS)
    copied = [*transferring.PARENTS, *transferring.PAGED, *transferring.AT_ONCE, *left]
    assert {table.name for table in copied} == set(tables.METADATA.tables)


@pytest.mark.thorough
@pytest.mark.parametrize("to_server", [False, True])
def test_a_copy_that_is_killed_goes_on_and_loses_nothing(used_library, postgresql, tmp_path, to_server):
    """Killed at each page in turn; what was copied by then is not copied again."""
    source = Path(shutil.copytree(used_library, tmp_path / "source"))  # who is killed leaves files of SQLite there
    target = tmp_path / "copy"
    url = postgresql.new() if to_server else None
    reached = []
    for _ in range(100):
        child = os.fork()
        if child == 0:
            killed_at_the_second_page(source, target, url, tmp_path / "reached")
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        reached.append(int((tmp_path / "reached").read_text()))
        assert not (target / "library.toml").exists()
        assert not (target / "catalog.sqlite").exists()
    assert len(reached) > 5
    assert reached == sorted(set(reached))
    assert same(source, target)


def killed_at_the_second_page(source: Path, target: Path, url: str | None, note: Path) -> None:
    """In a process of its own: copy a page, and die; exit with 0 when there was nothing left."""
    pages = []

    def progress(done: int, _total: int) -> None:
        pages.append(done)
        if len(pages) == 2:
            note.write_text(str(done))
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with wiring.library(source, settings(source)) as library:
            moving.move(library, target, url, progress)
    except BaseException as error:  # noqa: BLE001  the edge of the process
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    os._exit(0)


@pytest.mark.thorough
def test_a_copy_of_what_changed_meanwhile_begins_anew(used_library, tmp_path):
    """Also where a scan only noted a file, for which no sequence number is taken."""
    source = Path(shutil.copytree(used_library, tmp_path / "source"))
    target = tmp_path / "copy"
    with wiring.library(source, settings(source)) as library:
        with pytest.raises(KeyboardInterrupt):
            moving.move(library, target, None, interrupt_at(5))
        with library.catalog.lease("test", 1) as lease:
            touched = replace(library.catalog.file(2).facts, mtime_ns=1)
            library.writer.apply(lease, [NoteFile(2, touched)])
        library.feedback.add("bob", [Feedback(3, "like")])
        moving.move(library, target, None, interrupt_at(1000))
    assert same(source, target)


def interrupt_at(place: int):
    calls = iter(range(place))

    def progress(_done: int, _total: int) -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt

    return progress


def test_another_library_is_left_alone(used_library, made_library, postgresql, tmp_path):
    """Neither a folder that is one nor a database that has one is written to."""
    url = postgresql.new()
    migrate(made_library, tmp_path / "first", url)
    assert soundalike("migrate", used_library, "--to", tmp_path / "first").returncode == 2
    assert soundalike("migrate", used_library, "--to", used_library).returncode == 2
    done = soundalike("migrate", used_library, "--to", tmp_path / "second", "--catalog", url)
    assert done.returncode != 0
    assert "name an empty database" in done.stderr
    assert same(made_library, tmp_path / "first")


def test_a_database_that_is_another_folders_catalog_is_named_and_left_alone(used_library, postgresql, tmp_path):
    """Also one that was changed since, and where nothing was: two folders would share it unknowingly."""
    url = postgresql.new()
    first = tmp_path / "first"
    migrate(used_library, first, url)
    for clip in (2, 3):
        done = soundalike("migrate", used_library, "--to", tmp_path / "second", "--catalog", url)
        assert done.returncode == 3
        assert f"is already the catalog of the library in {first}" in done.stderr
        assert not (tmp_path / "second" / "library.toml").exists()
        assert soundalike("remove", "--clip", clip, "--library", first).returncode == 0


def test_what_was_changed_since_it_was_copied_is_no_copy(used_library, postgresql, tmp_path):
    """Its folder went; the database has not all that the source has. One that was not changed is taken up again."""
    url = postgresql.new()
    first = tmp_path / "first"
    migrate(used_library, first, url)
    shutil.rmtree(first)
    migrate(used_library, first, url)
    assert same(used_library, first)
    assert soundalike("remove", "--clip", 2, "--library", first).returncode == 0
    shutil.rmtree(first)
    done = soundalike("migrate", used_library, "--to", first, "--catalog", url)
    assert done.returncode == 3
    assert "has changed since it was copied" in done.stderr
    assert not (first / "library.toml").exists()


def test_a_copy_lies_outside_of_what_is_copied(used_library, tmp_path):
    """And takes no library with it that lies in the folder of the first, with its keys."""
    source = Path(shutil.copytree(used_library, tmp_path / "source"))
    before = files(source, "**/*")
    for inside in (source / "sub", source / "sub" / "sub", source / ".." / "source" / "sub"):
        done = soundalike("migrate", source, "--to", inside)
        assert (done.returncode, "name a folder outside it" in done.stderr) == (2, True)
    assert files(source, "**/*") == before
    shutil.copytree(used_library, source / "other")
    (source / "begun").mkdir()
    (source / "begun" / "catalog.sqlite.migrating").write_bytes(b"keys")
    migrate(source, tmp_path / "copy")
    assert files(tmp_path / "copy") == files(used_library)


def test_a_copy_keeps_the_kind_of_index_and_says_what_it_leaves(used_library, tmp_path):
    """Roots and index go along. A store and a cache are one library's own: the copy says so, or gets another store."""
    source = Path(shutil.copytree(used_library, tmp_path / "source"))
    own = f"file://{tmp_path}/store"
    said = f'store = "{own}"\ncache = "{tmp_path}/cache"\nindex = "faiss"\nroots = ["/mnt/field"]\n'
    (source / "library.toml").write_text(said, "utf-8")
    (tmp_path / "store").mkdir()
    done = soundalike("migrate", source, "--to", tmp_path / "bare")
    assert done.returncode == 0, done.stderr
    assert "with --store" in done.stdout
    assert "a cache belongs to one library" in done.stdout
    described = read(tmp_path / "bare")
    assert (described.index, described.roots, described.store, described.cache) == ("faiss", ("/mnt/field",), "", "")
    assert soundalike("migrate", source, "--to", tmp_path / "taken", "--store", own + "/").returncode == 2
    assert not (tmp_path / "taken").exists()
    done = soundalike("migrate", source, "--to", tmp_path / "ships", "--store", f"file://{tmp_path}/another")
    assert done.returncode == 0, done.stderr
    assert "with --store" not in done.stdout
    assert read(tmp_path / "ships").store == f"file://{tmp_path}/another"


def test_a_comparison_names_what_differs(used_library, made_library):
    """The table, the row and the columns; in JSON too."""
    done = soundalike("verify", "--library", made_library, "--against", used_library, "--json")
    problems = json.loads(done.stdout)["problems"]
    assert done.returncode == 1
    assert "clips, row 1: differs in title, metadata, sequence, own_tags" in problems
    assert "clips, row 6: is only in the first" in problems
    assert any(line.startswith("feedback, row anna 1: is only in the second") for line in problems)
