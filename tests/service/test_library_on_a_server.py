"""A library with its catalog on a PostgreSQL server: made, filled, searched and served by the same commands."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import stat
from pathlib import Path

import pytest
import soundfile
from sqlalchemy import Engine, event

from search import wiring
from search.catalog.jobs import CatalogJobs
from search.errors import LibraryError
from tests.commandline import soundalike
from tests.service.conftest import RATE_HZ, SOUNDS, application, noise, settings, wav

SECRET = "pa55-of-the-catalog"


@pytest.fixture(scope="module")
def server_library(postgresql, tmp_path_factory):
    """Six clips, indexed by the command line; its URL carries a password, which the server does not ask for."""
    folder = tmp_path_factory.mktemp("server")
    for name, seed in SOUNDS.items():
        (folder / "sounds").mkdir(exist_ok=True)
        soundfile.write(folder / "sounds" / f"{name}.wav", noise(seed), RATE_HZ)
    url = postgresql.empty().replace("soundalike@", f"soundalike:{SECRET}@")
    outputs = [soundalike("init", "--library", folder / "library", "--catalog", url)]
    outputs.append(soundalike("index", folder / "sounds", "--library", folder / "library", "--encoder", "spectral"))
    assert [done.returncode for done in outputs] == [0, 0], outputs
    return folder / "library", outputs


def test_a_library_on_a_server_is_filled_asked_and_looked_after_as_any(server_library):
    library, _ = server_library
    answer = json.loads(soundalike("search", "rain", "--library", library, "--json").stdout)
    assert [hit["title"] for hit in answer["hits"]][:2] == ["rain", "rain on tin"]
    clip = answer["hits"][0]["clip_id"]
    alike = json.loads(soundalike("search", "--clip", clip, "--library", library, "--json").stdout)
    assert len(alike["hits"]) == len(SOUNDS) - 1
    assert soundalike("verify", "--library", library).returncode == 0
    assert json.loads(soundalike("info", "--library", library, "--json").stdout)["clips"] == len(SOUNDS)
    assert not (library / "catalog.sqlite").exists()


def test_a_service_over_it_keeps_likes_and_jobs(server_library):
    library, _ = server_library
    with application(library) as client:
        found = client.post("/api/v1/search", json={"parts": [{"text": "bell"}], "k": 3}).json["hits"]
        assert found[0]["title"] == "bell"
        likes = {"feedback": [{"clip_id": found[0]["clip_id"], "opinion": "like"}]}
        assert client.put("/api/v1/feedback/anna", json=likes).status_code in (200, 204)
        jobs = client.get("/api/v1/jobs").json
        assert client.get("/ready").status_code == 200
    with wiring.library(library, settings(library)) as opened:
        total, kept = opened.jobs.list(None, 0, 10)
        assert (jobs["total"], [job["id"] for job in jobs["jobs"]]) == (total, [job.id for job in kept])
        assert [one.clip_id for one in opened.feedback.get("anna")] == [found[0]["clip_id"]]


@contextlib.contextmanager
def line_lost_at_a_commit(table, *, kept):
    """The line breaks as the next transaction that inserts into ``table`` is committed: before the server says that it
    has, or (not ``kept``) before it hears of it.
    """
    concerned = set()

    def note(connection, _cursor, statement, *_):
        if statement.startswith(f"INSERT INTO {table} "):
            concerned.add(connection)

    def lose(connection):
        if connection in concerned:
            concerned.clear()
            if kept:
                connection.connection.dbapi_connection.commit()
            connection.connection.dbapi_connection.close()

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "commit", lose)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        event.remove(Engine, "commit", lose)


def test_an_upload_whose_answer_was_lost_is_there_for_the_job_that_has_it(server_library):
    """The client was told that nothing is sure, and sends it again under the same key: one job, one file."""
    library, _ = server_library
    key = {"Idempotency-Key": "7e0f"}

    def send(client):
        files = [(io.BytesIO(wav(81)), "gong.wav")]
        return client.post("/api/v1/clips", data={"files": files}, headers=key)

    with application(library) as client:
        with line_lost_at_a_commit("jobs", kept=True):
            refused = send(client)
        assert refused.status_code == 503, refused.json
        [job] = client.get("/api/v1/jobs").json["jobs"]
        again = send(client)
        assert again.json["id"] == job["id"]
    with wiring.library(library, settings(library)) as opened:
        [path] = opened.jobs.get(job["id"]).paths
    assert uploads_in(library) == [path]


def uploads_in(library):
    return [str(file) for file in (library / "uploads").rglob("*") if file.is_file()]


def test_an_upload_that_no_job_has_leaves_nothing_behind(server_library):
    """The line broke before the commit: once the catalog answers that no job has the file, nobody needs it."""
    library, _ = server_library
    with application(library) as client:
        before, jobs = uploads_in(library), client.get("/api/v1/jobs").json["total"]
        with line_lost_at_a_commit("jobs", kept=False):
            refused = client.post("/api/v1/clips", data={"files": [(io.BytesIO(wav(82)), "gong.wav")]})
        assert refused.status_code == 503, refused.json
        assert client.get("/api/v1/jobs").json["total"] == jobs
        assert uploads_in(library) == before


def test_an_upload_is_kept_while_the_catalog_cannot_say_whether_a_job_has_it(server_library, monkeypatch):
    library, _ = server_library
    with application(library) as client:
        before = uploads_in(library)
        monkeypatch.setattr(CatalogJobs, "having", away)
        with line_lost_at_a_commit("jobs", kept=False):
            refused = client.post("/api/v1/clips", data={"files": [(io.BytesIO(wav(83)), "gong.wav")]})
        assert refused.status_code == 503, refused.json
        [path] = set(uploads_in(library)) - set(before)
    Path(path).unlink()


def away(*_):
    raise LibraryError("the catalog's server does not answer")


def test_a_password_is_shown_nowhere(server_library, caplog, capfd):
    """Not by any command, in no log, in no message of an error; the file that holds it is its owner's alone."""
    library, outputs = server_library
    caplog.set_level(logging.DEBUG)
    for words in (("info",), ("doctor",), ("doctor", "--json"), ("verify",), ("search", "rain"), ("keys", "list")):
        outputs.append(soundalike(*words, "--library", library))
    outputs.append(soundalike("backup", library.parent / "b", "--library", library))
    outputs.append(soundalike("init", "--library", library, "--catalog", "postgresql://x@y/z"))
    printed = "".join(done.stdout + done.stderr for done in outputs) + caplog.text + "".join(capfd.readouterr())
    assert SECRET not in printed
    assert "soundalike:***@" in printed
    assert stat.S_IMODE((library / "library.toml").stat().st_mode) == 0o600
    with wiring.library(library, settings(library)) as opened:
        assert SECRET not in repr(opened.catalog._database.__dict__["name"]) + repr(opened.catalog)


def test_the_doctor_names_version_rights_clock_and_round_trip(server_library):
    library, _ = server_library
    findings = json.loads(soundalike("doctor", "--library", library, "--json").stdout)
    assert [finding["what"] for finding in findings] == [
        "catalog", "version", "rights", "commits", "round trip", "clock", "index", "root",
    ]  # fmt: skip
    unsafe = {finding["what"] for finding in findings if finding["remedy"]}
    assert unsafe <= {"commits", "round trip"}  # the tests' server is told not to wait for its disk


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (f'catalog = "postgresql://a:{SECRET}@b/c', "is not TOML"),
        ("catalogue = 'x'", "catalogue is not a setting"),
        ("catalog = 7", "a URL in quotes"),
        (f'catalog = "mysql://a:{SECRET}@b/c"', "mysql: is not a kind of catalog"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(tmp_path, said, match):
    (tmp_path / "library.toml").write_text(said, "utf-8")
    with pytest.raises(LibraryError, match=match) as raised:
        wiring.library(tmp_path, settings(tmp_path), create=True)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_library_in_a_folder_can_be_made_before_it_is_filled(tmp_path):
    """The default: no description, no server."""
    assert soundalike("init", "--library", tmp_path / "new").returncode == 0
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["catalog.sqlite"]
    assert soundalike("init", "--library", tmp_path / "new").returncode == 2
    done = soundalike("doctor", "--library", tmp_path / "new")
    assert done.returncode == 0
    assert "SQLite 3" in done.stdout


@pytest.mark.thorough
def test_a_copy_in_a_folder_is_restored_into_it(server_library, tmp_path):
    """What `migrate` made is a backup; running readers and the index follow, and what was removed is found again."""
    library, _ = server_library
    assert soundalike("migrate", library, "--to", tmp_path / "copy").returncode == 0
    assert soundalike("remove", "--library", library, "--clip", 1).returncode == 0
    with wiring.library(library, settings(library)) as reader:
        assert not reader.reader.clips([1])
        done = soundalike("restore", tmp_path / "copy" / "catalog.sqlite", "--library", library)
        assert (done.returncode, done.stderr) == (0, "")
        assert [clip.id for clip in reader.reader.clips([1])] == [1]
    assert soundalike("verify", "--library", library).returncode == 0
