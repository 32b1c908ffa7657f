"""Uploads become jobs, jobs become clips; on a real server, by polling and by server-sent events."""

from __future__ import annotations

import io
import json
import random
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from sqlalchemy import Engine, event
from werkzeug.datastructures import FileStorage

from search import plugins, wiring
from search.catalog.store import Catalog
from search.library import spaces
from search.library.duplicates import DuplicateFinder
from search.library.maps import Maps
from search.library.measuring import Facts
from search.model import DescribeClip, JobOutcome
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.jobs.runner import Runner
from search.service.jobs.uploads import Uploads, folder_of, safe_name, safe_path, shown_name, uploads_of
from search.service.processes.answering import RECEIVE_S
from search.service.service import Service
from tests.service.conftest import serving, settings, wav
from tests.waiting import PATIENCE_S, wait_until


def events(server, job_id):
    """Every job that event streams tell of, until it has ended; a stream that ends before is asked for again."""
    found = []

    def follow():
        with server.get(f"/api/v1/jobs/{job_id}/events", stream=True) as stream:
            if stream.status_code == 429:  # others that were left have not given their places back yet
                return False
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            for line in stream.iter_lines(decode_unicode=True):
                if line.startswith("data: "):
                    found.append(json.loads(line.removeprefix("data: ")))
        return found[-1]["state"] in ("done", "failed", "cancelled")

    wait_until(follow)
    return found


def best(server, **question):
    """The clip and the path of the best hit: whoever was told that a job is done finds what it wrote."""
    answer = server.post("/api/v1/search", **question)
    assert answer.status_code == 200, answer.text
    [hit] = answer.json()["hits"][:1]
    return hit["clip_id"], hit["path"]


def connected(server) -> socket.socket:
    """A connection to the server, to send a request piece by piece."""
    where = urlsplit(server.url)
    return socket.create_connection((where.hostname, where.port), PATIENCE_S)


def upload_head(body_bytes: int, more: bytes = b"") -> bytes:
    """How an upload of so many bytes begins; its parts are divided by ``--x``."""
    return (
        b"POST /api/v1/clips HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n%s\r\n" % (body_bytes, more)
    )


def broken_wav() -> bytes:
    """A WAV file whose header is fine, of samples that are no numbers."""
    out = io.BytesIO()
    soundfile.write(out, np.full(48_000, np.nan, np.float32), 16_000, format="WAV", subtype="FLOAT")
    return out.getvalue()


def test_an_upload_becomes_clips_that_are_found(server):
    """202 with the job's place; its events end with it; the new clips are found by sound and by name."""
    response = server.upload(("../../owl call.wav", wav(7)), ("second.wav", wav(8, 2.0)))
    assert response.status_code == 202
    job = response.json()
    assert job["files"] == ["owl call.wav", "second.wav"]
    assert response.headers["Location"] == f"/api/v1/jobs/{job['id']}"
    sent = events(server, job["id"])
    assert [one["state"] for one in sent][-1] == "done"
    assert sent[-1]["progress"]["files_done"] == 2
    owl, second = sent[-1]["clip_ids"]
    assert best(server, files={"audio": ("q.wav", wav(7))}) == (owl, "owl call.wav")
    assert best(server, json={"parts": [{"text": "second"}]}) == (second, "second.wav")
    assert server.get(f"/api/v1/clips/{owl}/audio").content == wav(7)


def test_an_upload_whose_answer_was_lost_is_sent_again_and_joins_what_it_is_a_part_of(server):
    """Under its key: the same job, no copies, no files left over. Other files under that key are refused."""
    key = {"Idempotency-Key": "one drop, first part"}

    def send(*files, headers=key, **form):
        return server.post("/api/v1/clips", files=[("files", one) for one in files], headers=headers, data=form)

    before = set(server.library.glob("uploads/*/*.wav"))
    first = send(("lost 1.wav", wav(31))).json()
    assert send(("lost 1.wav", wav(31))).json()["id"] == first["id"]
    other = send(("lost 1.wav", wav(32)))  # another sound, of the same name and size
    assert (other.status_code, "Idempotency-Key" in other.json()["detail"]) == (409, True)
    joined = send(("lost 2.wav", wav(32)), headers={}, job=str(first["id"])).json()
    assert (joined["id"], joined["files"]) == (first["id"], ["lost 1.wav", "lost 2.wav"])
    wait_until(lambda: len(server.get(f"/api/v1/jobs/{first['id']}").json()["clip_ids"]) == 2)
    assert server.wait(first["id"], "done")["progress"]["files_total"] == 2
    assert len(set(server.library.glob("uploads/*/*.wav")) - before) == 2
    assert send(("lost 3.wav", wav(33)), headers={}, job="99999").status_code == 409
    assert len(set(server.library.glob("uploads/*/*.wav")) - before) == 2
    assert server.delete(f"/api/v1/jobs/{first['id']}").status_code == 204
    assert server.get(f"/api/v1/jobs/{first['id']}").status_code == 404


@pytest.mark.parametrize("path", ["/jobs/1", "/jobs", "/jobs/1/events"])
def test_who_is_told_that_a_job_is_done_finds_what_it_wrote(library_path, monkeypatch, path):
    """Though the library is followed by a thread of its own, which does not look for an hour here."""
    monkeypatch.setattr(spaces, "FOLLOW_EVERY_S", 3600)
    with wiring.library(library_path, settings(library_path)) as library:
        client = create_app(Service.over(library, ServiceConfig(library_path))).test_client()

        def tagged() -> int:
            return client.get("/api/v1/clips", query_string={"where": 'own_tag = "new"'}).json["total"]

        assert tagged() == 0
        [clip, *_] = library.reader.clips(library.clips.ids().tolist())
        with wiring.library(library_path, settings(library_path)) as elsewhere:
            elsewhere.catalog.queue.add("index", [])
            with elsewhere.writer.lease("a job", 60) as lease:
                elsewhere.writer.apply(lease, [DescribeClip(clip.id, clip.title, clip.metadata, ("new",))])
            job = elsewhere.catalog.queue.request(1, "cancel")
        assert tagged() == 0
        assert job.state in client.get(f"/api/v1{path}").text
        assert tagged() == 1


def test_an_uploaded_folder_keeps_its_folders(server):
    """Files of one name in two folders stay apart, by path and as facets, and are found by what their folder is called.

    Taken out one by one, each takes the folders along that are empty then, and nothing else.
    """
    before = set(server.library.glob("uploads/*"))
    names = ["pack/kicks/01.wav", "pack/snares/01.wav"]
    job = server.upload(*((name, wav(30 + n, 1.0)) for n, name in enumerate(names))).json()
    assert job["files"] == names
    kick, snare = server.wait(job["id"], "done")["clip_ids"]
    assert [server.get(f"/api/v1/clips/{clip}").json()["path"] for clip in (kick, snare)] == names
    assert best(server, json={"parts": [{"text": "kicks"}]}) == (kick, names[0])
    facets = server.get("/api/v1/clips?facets=true").json()["facets"]["folders"]
    assert {"pack/kicks", "pack/snares"} <= {one["value"] for one in facets}
    (batch,) = set(server.library.glob("uploads/*")) - before
    server.delete(f"/api/v1/clips/{kick}")
    assert [path.relative_to(batch).as_posix() for path in batch.rglob("*.wav")] == names[1:]
    assert not (batch / "pack" / "kicks").exists()
    server.delete(f"/api/v1/clips/{snare}")
    assert not batch.exists()
    assert batch.parent.exists()


def test_names_of_one_upload_that_collide_are_all_kept(server):
    """Equal names, a folder called like a file, and a file without a suffix called like both."""
    names = ["a.wav", "a.wav", "a.wav/b.wav", "a", "k/c.wav", "k", "k.wav"]
    sounds = [wav(40 + n, 1.0) for n in range(len(names))]
    job = server.upload(*zip(names, sounds, strict=True)).json()
    assert job["files"] == names
    clips = server.wait(job["id"], "done")["clip_ids"]
    paths = [server.get(f"/api/v1/clips/{clip}").json()["path"] for clip in clips]
    assert paths == ["a.wav", "a (2).wav", "a (3).wav/b.wav", "a (4).wav", "k/c.wav", "k (2).wav", "k.wav"]
    assert [server.get(f"/api/v1/clips/{clip}/audio").content for clip in clips] == sounds


def test_a_file_in_a_folder_that_breaks_fails_by_its_name(server):
    broken = broken_wav()
    job = server.upload(("pack/kicks/broken.wav", broken), ("pack/fine.wav", wav(50, 1.0))).json()
    done = server.wait(job["id"], "done", "failed")
    assert [one["file"] for one in done["failures"]] == ["pack/kicks/broken.wav"]


def test_an_uploaded_clip_that_is_removed_takes_its_file_along(server):
    job = server.upload(("gone.wav", wav(9, 1.0))).json()
    (clip_id,) = server.wait(job["id"], "done")["clip_ids"]
    (file,) = server.library.glob("uploads/*/gone.wav")
    assert server.delete(f"/api/v1/clips/{clip_id}").status_code == 204
    assert not file.exists()


def test_what_is_no_sound_never_becomes_a_job(server):
    before = server.get("/api/v1/jobs").json()["total"]
    for name, content in [("a.wav", b"RIFF"), ("b.mp3", b"not a sound at all"), ("c.wav", b"")]:
        refused = server.upload(("good.wav", wav(1)), (name, content))
        assert refused.status_code == 422, name
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.json()["detail"].startswith(f"{name}: "), "of several files it is said which is refused"
        assert [one["where"] for one in refused.json()["errors"]] == [name]
        assert str(server.library) not in refused.text
    assert server.get("/api/v1/jobs").json()["total"] == before
    assert not list(server.library.glob("uploads/*/good.wav"))


def test_a_file_that_breaks_in_the_middle_fails_by_its_name(server):
    """Its header is fine and it is accepted; the job says which file, and why, and indexes the others."""
    job = server.upload(("broken.wav", broken_wav()), ("fine.wav", wav(2, 3.0))).json()
    done = server.wait(job["id"], "done", "failed")
    assert (done["state"], len(done["clip_ids"])) == ("done", 1)
    assert done["failures"] == [
        {"file": "broken.wav", "cause": "100 % of the samples are NaN or infinite, the first at 0.000 s"}
    ]


def test_jobs_are_listed_newest_first_and_by_state(server):
    first, second = (server.upload((f"{n}.wav", wav(n))).json()["id"] for n in (3, 4))
    server.wait(second, "done")
    listed = server.get("/api/v1/jobs?state=done&limit=2").json()
    assert [job["id"] for job in listed["jobs"]] == [second, first]
    assert server.get("/api/v1/jobs/999").status_code == 404
    assert server.post(f"/api/v1/jobs/{first}/resume").status_code == 409


def test_uploads_at_once_are_all_kept(server):
    """From many clients, of equal names and of equal bytes."""
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda n: server.upload(("same.wav", wav(n % 4, 1.0))), range(12)))
    accepted = [job.json()["id"] for job in jobs if job.status_code == 202]
    assert {job.status_code for job in jobs} <= {202, 429}
    clips = [server.wait(job_id, "done")["clip_ids"] for job_id in accepted]
    assert len({clip for found in clips for clip in found}) == len(accepted)


class Waits(threading.Event):
    """The event of a service that is about to end: its waits take no time, and the last one sets it."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._left = last

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        if not self._left:
            self.set()
        return self.is_set()


def test_who_follows_a_job_reads_it_again_only_when_it_changed(library_path):
    """In between its version is looked at, and neither the roots of the library nor its clips."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    with wiring.library(library_path, settings(library_path)) as library:
        job = library.catalog.queue.add("index", [(str(library_path / "uploads" / "a.wav"), "a.wav")])
        client = create_app(Service.over(library, ServiceConfig(library_path), Waits(20))).test_client()
        event.listen(Engine, "before_cursor_execute", note)
        try:
            sent = client.get(f"/api/v1/jobs/{job.id}/events").text
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    assert sent.count("event: job") == 1
    assert sum(" roots" in one for one in statements) == 1
    assert sum("jobs.version \nFROM jobs" in one for one in statements) == 20


def test_a_stream_ends_with_its_client(server):
    """Clients that leave give their place back: more than there are places can follow one after the other."""
    job_id = server.post("/api/v1/jobs", json={"kind": "map"}).json()["id"]
    for _ in range(8):
        response = server.get(f"/api/v1/jobs/{job_id}/events", stream=True)
        assert response.status_code in (200, 429)
        response.close()

    def is_let_in() -> bool:
        with server.get(f"/api/v1/jobs/{job_id}/events", stream=True) as response:
            return response.status_code == 200

    wait_until(is_let_in)


def test_a_slow_sender_holds_nobody_up(server):
    """As many uploads under way as the server has threads, and more: others are answered meanwhile."""
    assert PATIENCE_S < RECEIVE_S, "had they to wait for the end of the uploads, that would be told from an answer"
    answered = threading.Event()
    with ExitStack() as open_:
        slow = [open_.enter_context(connected(server)) for _ in range(30)]

        def send_slowly() -> None:
            while not answered.wait(1.0):  # none of them is idle
                for connection in slow:
                    connection.send(b"-")

        for connection in slow:
            connection.sendall(upload_head(100_000) + b"--x\r\n")
        sending = threading.Thread(target=send_slowly)
        sending.start()
        try:
            assert server.get("/api/v1/clips").status_code == 200
        finally:
            answered.set()
            sending.join()


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("door.wav", "door.wav"), ("../../etc/passwd", "passwd"), ("C:\\sounds\\rain.MP3", "rain.mp3"), ("", "upload"),
        (".hidden.wav", "hidden.wav"), ("a\x00b\n.wav", "ab.wav"), ("con.wav", "upload_con.wav"),
        ("Regen über Köln.flac", "Regen über Köln.flac"), ("雨.ogg", "雨.ogg"), ("...", "upload"),
        ("x" * 500 + ".wav", "x" * 120 + ".wav"), ("script.html", "script.html"), ("a<b>:c|d?.wav", "a_b__c_d_.wav"),
    ],
)  # fmt: skip
def test_a_name_is_made_safe(given, safe):
    assert safe_name(given) == safe


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("pack/kicks/01.wav", "pack/kicks/01.wav"), ("./a//b/./c.wav", "a/b/c.wav"), ("../../x.wav", "x.wav"),
        ("/etc/x.wav", "x.wav"), ("C:\\x.wav", "x.wav"), ("C:/sounds/x.wav", "x.wav"), ("a/../../b.wav", "b.wav"),
        ("..\\..\\x.wav", "x.wav"), ("a/..\x00/b.wav", "b.wav"), ("\x00/etc/x.wav", "x.wav"),
        ("a/\x00/b.wav", "a/b.wav"),
        (".git/.x.wav", "git/x.wav"), ("a/ .. /b.wav", "a/b.wav"), (".../.. ./b.wav", "b.wav"), ("a/", "a/upload"),
        ("aux/con/b.wav", "upload_aux/upload_con/b.wav"), ("Köln/雨/a?.wav", "Köln/雨/a_.wav"),
        ("/".join("abcdefghijklm") + "/x.wav", "d/e/f/g/h/i/j/k/l/m/x.wav"),
        ("d/" * 200 + "x.wav", "d/" * 10 + "x.wav"), ("y" * 500 + "/x.wav", "y" * 120 + "/x.wav"),
        (("z" * 120 + "/") * 9 + "x.wav", ("z" * 120 + "/") * 4 + "x.wav"),
        (None, "upload"), ("\udcff/a.wav", "a.wav"), ("a\u202e/b.wav", "a/b.wav"),
    ],
)  # fmt: skip
def test_folders_of_a_name_are_made_safe(given, safe):
    assert "/".join(safe_path(given)) == safe


def test_whatever_a_name_is_it_stays_below_the_folder():
    """No part of it is empty, hidden, a way up or holds a separator; what is told back is one short line."""
    pieces = [*"/\\. a\0\n\u2044\uff0e", "", "..", "...", "C:", ".hidden", "con", "é" * 200]
    chosen = random.Random(4)
    for _ in range(3000):
        name = chosen.choice(("", "/")).join(chosen.choices(pieces, k=chosen.randrange(12)))
        parts = safe_path(name)
        assert all(part and not part.startswith(".") and not set(part) & set("/\\\0:\n") for part in parts), name
        assert sum(len(part.encode()) + 1 for part in parts) <= 505, name
        assert ".." not in shown_name(name).split("/"), name
        assert shown_name(name).isprintable(), name


@pytest.mark.parametrize(
    "name",
    ["../../x.wav", "/etc/x.wav", "C:\\x.wav", "a/../../b.wav", "d/" * 200 + "x.wav", "y/" + "y" * 900 + "/x.wav"],
)
def test_a_hostile_name_is_kept_within_its_batch(client, library_path, name):
    before = {path for path in library_path.parent.rglob("*") if library_path / "uploads" not in path.parents}
    response = client.post("/api/v1/clips", data={"files": (io.BytesIO(wav(1, 1.0)), name)})
    assert response.status_code == 202, response.text
    assert len(list((library_path / "uploads").rglob("*.wav"))) == 1
    after = {path for path in library_path.parent.rglob("*") if library_path / "uploads" not in path.parents}
    assert after - before <= {library_path / "uploads"}


@pytest.mark.thorough
def test_shutting_down_lets_a_request_finish(library_path):
    """SIGTERM while an answer is being made: the answer comes, the status is 0, and what it promised is kept."""
    with serving(library_path) as server:
        body = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="%d.wav"\r\n\r\n%s\r\n' % (n, wav(n, 0.5))
            for n in range(5)
        )
        body += b"--x--\r\n"
        with connected(server) as connection:
            connection.sendall(upload_head(len(body), b"Expect: 100-continue\r\n"))
            assert connection.recv(65_536).startswith(b"HTTP/1.1 100 "), "the request has begun"
            web = server.workers()[0]
            web.suspend()  # or what is late on a busy machine would come after the time that it has
            server.process.send_signal(signal.SIGTERM)
            connection.sendall(body)
            web.resume()
            answer = HTTPResponse(connection)
            answer.begin()
            assert answer.status == 202
            job_id = json.load(answer)["id"]
        assert server.stop() == 0
    with Catalog.open(library_path / "catalog.sqlite") as catalog:
        job = catalog.queue.get(job_id)
    assert job.state in ("queued", "running", "done")
    assert len(list(library_path.glob("uploads/*/*.wav"))) == 5


def test_a_job_that_is_cancelled_keeps_the_files_of_what_it_indexed(library_path):
    """Of what came since it began, too."""
    with wiring.library(library_path, settings(library_path)) as library:
        uploads = Uploads(folder_of(library_path))
        kept = uploads.keep([FileStorage(io.BytesIO(wav(40)), "owl.wav")], 60.0)
        library.jobs.add("index", kept)
        begun = library.jobs.claim()
        plugins.job("index")(library, "spectral", uploads.batches([path for path, _ in kept]), settings(library_path))
        runner = Runner(library, library.catalog.queue, uploads, settings(library_path), 60.0)
        runner._finish(begun, JobOutcome("cancelled"))
        assert library.jobs.get(begun.id).clip_ids
        assert Path(kept[0][0]).is_file()


def test_a_cancelled_upload_leaves_no_file_that_is_no_clip(server):
    before = set(server.library.glob("uploads/*/*.wav"))
    job_id = server.upload(*[(f"{n}.wav", wav(n, 1.0)) for n in range(30)]).json()["id"]
    server.post(f"/api/v1/jobs/{job_id}/cancel")
    job = server.wait(job_id, "cancelled", "done")
    wait_until(lambda: len(set(server.library.glob("uploads/*/*.wav")) - before) == len(job["clip_ids"]))


def test_what_listens_to_every_sound_lets_another_job_go_first(library_path, monkeypatch):
    """It stops on the way, waits with the reason, and goes on when the other is done."""
    begun: list[str] = []
    with wiring.library(library_path, settings(library_path)) as library:
        facts = library.jobs.add("facts", [])

        def measure(_facts, progress):
            begun.append("facts")
            if len(begun) == 1:
                library.jobs.add("duplicates", [])
                while not threading.Event().wait(0.01):
                    progress(1, 2)
            return ()

        def find(_duplicates, _progress):
            waiting = library.jobs.get(facts.id)
            begun.append(f"duplicates, facts {waiting.state}: {waiting.reason}")
            library.jobs.add("map", [])

        monkeypatch.setattr(Facts, "measure", measure)
        monkeypatch.setattr(DuplicateFinder, "find", find)
        monkeypatch.setattr(Maps, "draw", lambda _maps, progress: begun.append("map"))
        stop = threading.Event()
        runner = Runner(library, library.jobs, uploads_of(library), settings(library_path), 60.0)
        thread = threading.Thread(target=runner.run, args=[stop])
        thread.start()
        wait_until(lambda: library.jobs.get(facts.id).state == "done")
        stop.set()
        thread.join()
    assert begun == ["facts", "duplicates, facts queued: another job goes first; then this one resumes", "map", "facts"]
