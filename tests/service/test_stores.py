"""A library whose sounds are in an object store: from library.toml to what a browser plays and shows."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
import soundfile
from flask.testing import FlaskClient

from indexer import working
from search import plugins, wiring
from search.audio.stores.finding import store_of
from search.errors import LibraryError
from search.library import description
from search.library.library import Library
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.jobs.runner import Runner
from search.service.jobs.uploads import uploads_of
from search.service.service import Service
from tests.commandline import soundalike
from tests.s3 import S3, served
from tests.service.conftest import RATE_HZ, settings, wav, work_off


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with served() as server:
        yield server


@pytest.fixture
def stored(server, tmp_path) -> tuple[S3, str, Path]:
    """The server, a root in it with two sounds, and the folder of a library that is to be."""
    bucket = server.bucket()
    for seed in (1, 2):
        server.put(bucket, f"sounds/{seed}.wav", wav(seed))
    server.forget()
    return server, f"s3://{bucket}/sounds", tmp_path / "library"


@pytest.fixture
def client(stored):
    server, url, folder = stored
    with wiring.library(folder, settings(folder), create=True) as library:
        for place in (f"{url}/1.wav", url):  # so that clip 1 is 1.wav
            plugins.job("index")(library, "spectral", [place], settings(folder))
        server.forget()
        yield create_app(Service.over(library, ServiceConfig(folder))).test_client()


def test_a_clip_in_a_store_is_heard_whole_and_in_ranges(client, stored) -> None:
    """The service reads it for the browser, which needs no right of its own."""
    whole = client.get("/api/v1/clips/1/audio")
    part = client.get("/api/v1/clips/1/audio", headers={"Range": "bytes=100-199"})
    same = client.get("/api/v1/clips/1/audio", headers={"If-None-Match": whole.headers["ETag"]})

    assert (whole.status_code, whole.data) == (200, wav(1))
    assert (part.status_code, part.data) == (206, wav(1)[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(wav(1))}"
    assert same.status_code == 304


def test_a_clip_in_a_store_has_a_waveform_and_a_picture(client) -> None:
    """As a file has."""
    peaks = client.get("/api/v1/clips/2/peaks?buckets=20").get_json()
    picture = client.get("/api/v1/clips/2/spectrogram.png?width=64&height=32")

    assert len(peaks["low"]) == 20
    assert max(peaks["high"]) > 0.3
    assert picture.data.startswith(b"\x89PNG")


def test_what_is_gone_or_away_is_said_and_names_no_place(client, stored) -> None:
    """404 for an object that is not there, 503 while the store does not answer; neither tells where sounds lie."""
    server, url, _ = stored
    server.delete(url.removeprefix("s3://").partition("/")[0], "sounds/1.wav")
    gone = client.get("/api/v1/clips/1/audio")
    server.refuse = lambda _method, _path: "503 Slow Down"
    away = client.get("/api/v1/clips/2/audio")
    server.forget()

    assert (gone.status_code, away.status_code) == (404, 503)
    assert away.headers["Retry-After"]
    assert "s3://" not in gone.get_data(as_text=True) + away.get_data(as_text=True)


def test_a_sound_that_stops_coming_is_no_shorter_sound(client, stored, monkeypatch) -> None:
    """A network that goes while a file is decoded is an error, never a truncated waveform."""
    from search.audio.stores import ranges

    monkeypatch.setattr(ranges, "_JUMP_BYTES", 4096)
    monkeypatch.setattr(ranges, "SMALL_BYTES", 0)
    server = stored[0]
    server.refuse = lambda method, _path: "503 Slow Down" if method == "GET" and len(server.gets()) > 2 else None
    away = client.get("/api/v1/clips/2/peaks?buckets=20")
    server.forget()

    assert away.status_code == 503


def test_roots_in_library_toml_are_indexed_checked_and_moved(stored, tmp_path, capsys) -> None:
    """``soundalike init --root``, ``index`` without a PATH, ``doctor``; ``migrate`` takes the roots along."""
    server, url, folder = stored
    library = ["--library", str(folder)]
    assert soundalike("init", *library, "--root", url).returncode == 0
    assert soundalike("index", *library, "--encoder", "spectral", "--quiet").returncode == 0
    doctor = soundalike("doctor", *library, "--json")
    findings = {one["what"]: one for one in json.loads(doctor.stdout)}

    assert doctor.returncode == 0
    assert findings["root"]["value"].startswith(f"{url} (")
    assert soundalike("migrate", str(folder), "--to", str(tmp_path / "moved")).returncode == 0
    assert description.roots_of(tmp_path / "moved") == (url,)
    server.refuse = lambda _method, _path: "403 Forbidden"
    refused = soundalike("doctor", *library)
    server.forget()
    assert refused.returncode == 1
    assert "the store denies access" in refused.stdout


@pytest.mark.parametrize("written", ['roots = "s3://x"', "roots = [1]", 'roots = [""]'])
def test_roots_that_are_no_list_of_places_are_refused(written, tmp_path) -> None:
    """With the line as it should be."""
    (tmp_path / "library.toml").write_text(written)
    with pytest.raises(LibraryError, match="must be a list"):
        description.roots_of(tmp_path)


def test_a_bundle_and_a_passage_are_made_of_what_lies_in_a_store(client) -> None:
    """A ZIP has the file as it is, a passage its very samples."""
    bundle = client.post("/api/v1/export", json={"items": [{"clip_id": 1}]})
    passage = client.get("/api/v1/clips/1/passage.wav?start_s=0.5&end_s=1.0")

    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        assert archive.read("1.wav") == wav(1)
    samples, rate_hz = soundfile.read(io.BytesIO(passage.data))
    assert (len(samples), rate_hz) == (RATE_HZ // 2, RATE_HZ)


def test_a_machine_that_has_only_the_urls_searches_what_another_indexed(stored, tmp_path) -> None:
    """``soundalike init --store``, ``doctor``, ``index`` there; ``init`` and ``search`` here."""
    server, url, folder = stored
    store = f"s3://{server.bucket()}/library"
    urls = ["--catalog", f"sqlite:///{tmp_path}/shared.sqlite", "--store", store]
    there, here = ["--library", folder], ["--library", tmp_path / "here"]
    assert soundalike("init", *there, *urls, "--cache", tmp_path / "fast disk").returncode == 0
    assert soundalike("index", url, *there, "--encoder", "spectral", "--quiet").returncode == 0
    doctor = soundalike("doctor", *there, "--json")
    findings = {one["what"]: one for one in json.loads(doctor.stdout)}
    assert doctor.returncode == 0
    assert findings["store"]["value"].startswith(f"{store} (reads, writes, removes;")
    assert findings["cache"]["value"] == str(tmp_path / "fast disk")
    assert (tmp_path / "fast disk/spaces/1/index").is_dir()
    assert not (folder / "spaces").exists()

    assert soundalike("init", *here, *urls).returncode == 0
    found = [soundalike("search", "--clip", 1, "--json", *place) for place in (there, here)]
    hits = [[(hit["clip_id"], hit["score"]) for hit in json.loads(one.stdout)["hits"]] for one in found]
    assert hits[0] == hits[1] != []
    assert (tmp_path / "here/spaces/1/index").is_dir()
    assert soundalike("verify", *here).returncode == 0
    server.refuse = lambda method, _path: "403 Forbidden" if method in {"PUT", "DELETE"} else None
    assert "that is enough to search" in soundalike("doctor", *here).stdout
    server.forget()


@pytest.mark.parametrize("store", ["/mnt/shared", "file://relative", "http://x/y", "s3://"])
def test_what_is_no_store_is_refused(store, tmp_path) -> None:
    """With how one is written; no library is made."""
    done = soundalike("init", "--library", tmp_path / "library", "--store", store)

    assert done.returncode == 2
    assert "s3://bucket" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_asks_for_it_is_sent_to_the_store_itself(client, stored) -> None:
    """By an address that needs no right; without ``direct`` it comes through the service, as a page needs it."""
    sent_on = client.get("/api/v1/clips/1/audio?direct=true")
    assert sent_on.status_code == 307
    assert sent_on.headers["Cache-Control"] == "no-store"
    assert "X-Amz-Signature=" in sent_on.headers["Location"]
    with urllib.request.urlopen(sent_on.headers["Location"]) as answer:
        assert answer.read() == wav(1)
    assert client.get("/api/v1/clips/1/audio").status_code == 200


@pytest.fixture
def shared_service(stored, tmp_path) -> Iterator[tuple[FlaskClient, Library, str]]:
    """A service of a library with a store, whose jobs are left to workers elsewhere."""
    store = f"s3://{stored[0].bucket()}/library"
    folder = tmp_path / "served"
    wiring.new_library(folder, settings(folder), store=store)
    with wiring.library(folder, settings(folder)) as library:
        yield create_app(Service.over(library, ServiceConfig(folder))).test_client(), library, store


@contextmanager
def worker_of(library: Library) -> Iterator[None]:
    """A worker of a library, as it would run on another machine."""
    stop = Event()
    encoder = wiring.encoder("spectral", library.settings)
    thread = Thread(target=partial(working.work, library, lambda _: encoder, threads=1, stop=stop, once=False))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_uploads_lie_in_the_store_and_workers_elsewhere_do_the_job(shared_service) -> None:
    """With SOUNDALIKE_SHARE=0 nobody here decodes; the clip is heard, and its object goes with it."""
    client, library, store = shared_service
    sent = {"files": [(io.BytesIO(wav(7)), "kicks/deep.wav"), (io.BytesIO(wav(8)), "high.wav")]}
    job = client.post("/api/v1/clips", data=sent, headers={"Idempotency-Key": "one drop"}).get_json()
    assert job["state"] == "queued", job
    assert not list((library.path / "uploads").rglob("*.wav"))

    with worker_of(library):
        work_off(library.path, replace(settings(library.path), share=0))
    done = client.get(f"/api/v1/jobs/{job['id']}").get_json()
    clips = client.get("/api/v1/clips").get_json()["clips"]

    assert (done["state"], done["failures"]) == ("done", [])
    assert sorted(clip["path"] for clip in clips) == ["high.wav", "kicks/deep.wav"]
    assert all(clip.absolute_path.startswith(f"{store}/uploads/") for clip in library.reader.clips([1, 2]))
    heard = [client.get(f"/api/v1/clips/{clip['id']}/audio").data for clip in clips]
    assert sorted(heard) == sorted([wav(7), wav(8)])
    assert client.get("/api/v1/roots").get_json()["roots"] == []
    assert client.delete("/api/v1/clips/1").status_code == 204
    assert client.get("/api/v1/clips/1/audio").status_code == 404
    assert len(list(store_of(store)[0].objects("library/uploads"))) == 1


def test_an_upload_while_the_store_is_away_is_refused_and_nothing_is_left(shared_service, stored) -> None:
    """503, and the client sends it again later."""
    client, library, _ = shared_service
    stored[0].refuse = lambda _method, _path: "503 Slow Down"
    refused = client.post("/api/v1/clips", data={"files": [(io.BytesIO(wav(7)), "a.wav")]})
    stored[0].forget()

    assert refused.status_code == 503
    assert library.jobs.list(None, offset=0, limit=10) == (0, [])
    assert not list((library.path / "uploads").rglob("*.wav"))


def test_a_job_waits_for_a_store_that_is_away_and_is_done_once_it_is_back(shared_service, stored, tmp_path) -> None:
    """Nothing of it is lost: what it made is shipped then."""
    _, library, _ = shared_service
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "a.wav").write_bytes(wav(7))
    job_id = library.jobs.add("scan", [(str(tmp_path / "sounds"), "sounds")]).id
    waits = []

    class Stop(Event):
        """The store is back after the first wait; the second ends the runner."""

        def wait(self, timeout: float | None = None) -> bool:
            job = library.jobs.get(job_id)
            waits.append((job.state, job.reason, list(library.catalog.shipments.newest())))
            stored[0].forget()
            if len(waits) == 2:
                self.set()
            return self.is_set()

    stored[0].refuse = lambda _method, _path: "503 Slow Down"
    Runner(library, library.catalog.queue, uploads_of(library), settings(library.path), 60.0).run(Stop())

    (first, why, nothing), (second, _, shipped) = waits
    assert (first, nothing, second) == ("queued", [], "done")
    assert why.startswith("waits for the store: ")
    assert shipped


def test_ready_says_what_is_away(shared_service, monkeypatch) -> None:
    """Of snapshots that cannot be fetched, with 200; while the catalog is away 503 and when to ask again."""
    client, library, _ = shared_service
    library.shipping.trouble = "s3://bucket: does not answer"
    fetching = client.get("/ready")
    assert fetching.status_code == 200
    assert [one["what"] for one in fetching.get_json()["degraded"]] == ["snapshots"]
    assert "s3://" not in fetching.get_data(as_text=True)

    def away() -> None:
        raise LibraryError("the server does not answer")

    monkeypatch.setattr(library.catalog, "spaces", away)
    gone = client.get("/ready")
    assert (gone.status_code, gone.get_json()["status"]) == (503, "away")
    assert gone.headers["Retry-After"]
    assert [one["what"] for one in gone.get_json()["degraded"]] == ["catalog"]
